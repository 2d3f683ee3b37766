"""Groups of clips that a split must not separate (artists, albums), and stratified folds of whole groups."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from musimo.search.artists import lead_artist

# fmt: off
# Placeholders for an artist or album, normalized by `album_group`; "n a" and "v a" are n/a and V.A.
PLACEHOLDER_NAMES = frozenset((
    "n a", "na", "nan", "none", "null", "v a", "va", "various", "various artist", "various artists",
    "various composers", "unknown", "unknown artist", "unknown album", "not available", "no artist",
    "no album",
))

# Titles of unrelated albums, normalized by `album_group`.
GENERIC_TITLES = frozenset((
    "album", "best of", "compilation", "debut", "demo", "demos", "ep", "first album", "greatest hits", "hits",
    "live", "lp", "original soundtrack", "ost", "remixes", "s t", "self titled", "selftitled", "single",
    "singles", "soundtrack", "unplugged", "unreleased", "unreleased tracks", "untitled", "very best of",
))
# fmt: on

LONE = "clip "  # begins the name of a group of one clip; its number counts within its data set


def artist_group(credit: str) -> str:
    """Return the first artist of a credit without case, accents, punctuation and article; empty for nobody.

    The first artist is that of `musimo.search.artists`: guests, partners and bands are cut off.
    """
    return " ".join(_name_words(lead_artist(credit) or ""))


def album_group(title: str) -> str:
    """Return an album title without case, accents, punctuation, article, "and", and parts in brackets."""
    bare = re.sub(r"\(.*?\)|\[.*?\]", " ", title)
    return " ".join(word for word in _name_words(bare) or _name_words(title) if word != "and")


def join_groups(artists: Sequence[str], albums: Sequence[str]) -> list[str]:
    """Return the group of each clip: clips connected by a shared artist or album, directly or through others.

    Placeholder names ("various artists", "n/a", empty) and generic titles ("Greatest Hits", "Untitled")
    connect nothing, nor does an album named after its artist. A clip with neither is a group of its own.

    Parameters
    ----------
    artists, albums : of each clip, as in the data set
    """
    leaders: dict[tuple[int, str], tuple[int, str]] = {}

    def leader(key: tuple[int, str]) -> tuple[int, str]:
        while leaders.setdefault(key, key) != key:
            key = leaders[key]
        return key

    clips = [
        _group_keys(number, artist, album)
        for number, (artist, album) in enumerate(zip(artists, albums, strict=True))
    ]
    for first, *others in clips:
        for other in others:
            low, high = sorted((leader(first), leader(other)))
            leaders[high] = low  # the first artist by name, so that group names do not depend on the order
    return [("", "album ", LONE)[kind] + name for kind, name in (leader(first) for first, *_ in clips)]


def shared_groups(one: Iterable[str], other: Iterable[str]) -> set[str]:
    """Return the groups of clips that occur in two data sets; nameless clips are not shared."""
    return {group for group in set(one) & set(other) if not group.startswith(LONE)}


def _group_keys(number: int, artist: str, album: str) -> list[tuple[int, str]]:
    """Return the keys of a clip: (0, artist), (1, album), or (2, its number) if it has neither."""
    credit, title = artist_group(artist), album_group(album)
    keys = []
    if credit and not {credit, album_group(artist)} & PLACEHOLDER_NAMES:
        keys.append((0, credit))
    if (
        title
        and title not in PLACEHOLDER_NAMES | GENERIC_TITLES
        and title not in (credit, album_group(artist))
    ):
        keys.append((1, title))
    return keys or [(2, str(number))]


def _name_words(text: str) -> list[str]:
    """Return the words of a name without case, accents, punctuation and leading article."""
    plain = unicodedata.normalize("NFKD", text).casefold()
    words = re.findall(r"\w+", "".join(c for c in plain if not unicodedata.combining(c)))
    return words[1:] if len(words) > 1 and words[0] in ("the", "a", "an") else words


def grouped_folds(
    groups: Sequence[str], ratings: NDArray[np.float64], n_folds: int, seed: int
) -> NDArray[np.int64]:
    """Return the fold of each clip: no group is in two folds, and folds have similar ratings.

    Groups are ordered by thirds of valence and, within them, by arousal; of each run of ``n_folds`` groups,
    every fold receives one, the smallest fold the largest group.

    Parameters
    ----------
    groups : group of each clip
    ratings : [shape=(n, 2)]
    n_folds : number of folds
    seed : breaks ties between fold sizes

    Raises
    ------
    ValueError : there are fewer groups than folds
    """
    rng = np.random.default_rng(seed)
    names, member = np.unique(np.array(groups), return_inverse=True)
    if len(names) < n_folds:
        raise ValueError(f"{len(names)} groups do not fill {n_folds} folds")
    sizes = np.bincount(member)
    means = np.stack([np.bincount(member, weights=column) / sizes for column in ratings.T], axis=1)
    valence_rank = np.argsort(np.argsort(means[:, 0], kind="stable"), kind="stable")
    order = np.lexsort((means[:, 1], valence_rank * 3 // len(names)))
    fold_of_group = np.empty(len(names), dtype=np.int64)
    fold_sizes = np.zeros(n_folds)
    for start in range(0, len(names), n_folds):
        run = order[start : start + n_folds]
        folds = np.lexsort((rng.random(n_folds), fold_sizes))[: len(run)]
        largest_first = run[np.argsort(-sizes[run], kind="stable")]
        fold_of_group[largest_first] = folds
        fold_sizes[folds] += sizes[largest_first]
    return fold_of_group[member]
