"""Find tracks that are the same recording: pairs of similar sounds, groups of pairs, and the best file. Pure.

Sounds are compared by the cosine of their sound vectors as in ``similar``, but without the hubness offset,
which depends on the library.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from musimo.records import FloatArray, Track
from musimo.records.fields import SCORE_DIGITS, number
from musimo.records.scale import Scale
from musimo.search.artists import lead_artist
from musimo.search.space import Ids
from musimo.search.titles import contradiction
from musimo.search.versions import without_guests

# Measured on 30 tracks, each as it came, as MP3 128k, Opus 96k, FLAC, and FLAC started half a second later,
# among 350 others. The median cosine of the 300 true pairs is .991, and 95% are above .944; MP3 and Opus of
# one track are the least similar. Among different recordings of equal length the nearest reached .940 and
# .840. With the limits below no two of these are reported as the same recording; 60% of the true pairs are,
# and 82% as probable or better.
SAME_NAMED: Final = 0.95  # artist and title are equal
SAME: Final = 0.97  # the titles can name one recording
SAME_UNNAMED: Final = 0.985  # one has no title; the same loop started elsewhere reached .980
PROBABLE: Final = 0.8  # artist and title are equal: the lowest of the true pairs is .827
MAX_APART_S: Final = 2.0  # encoders pad, and rippers cut, by some tenths of a second; a fade-out by more
MAX_NAMESAKES: Final = 32  # tracks with one artist and title, above which the title says nothing ("Untitled")
NAMESAKES_APART_S: Final = 10.0  # another master may fade later, or end in silence
MAX_NEAR: Final = 64  # similar sounds of one length, above which they are silence or test tones, not copies
BLOCK: Final = 2048  # contents compared at a time with those of their length: 20 MB at 100,000 contents

DuplicateKind = Literal["sound", "recording", "probable"]
DUPLICATE_KINDS: Final[tuple[DuplicateKind, ...]] = ("sound", "recording", "probable")

_LOSSLESS: Final = frozenset(
    {"flac", "alac", "wavpack", "ape", "tta", "tak", "shorten", "mlp", "truehd", "wmalossless", "als"}
)
EFFICIENCY: Final = {"opus": 1.4, "aac": 1.4, "vorbis": 1.4}
"""Factor to the bitrate of an equally good MP3: listeners rated 96 kbit/s no worse than 136 kbit/s of MP3."""


@dataclass(frozen=True, slots=True)
class SimilarPair:
    """Two content ids, the lower first, and the cosine of their sound vectors."""

    first: int
    second: int
    similarity: float


@dataclass(frozen=True, slots=True)
class ComparisonProgress:
    """Event: ``done`` of ``total`` contents have been compared."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class DuplicateGroup:
    """Tracks that are the same, best quality first.

    Parameters
    ----------
    kind : ``sound``: identical encoded audio; ``recording``: one recording in several encodings;
        ``probable``: only the names, or only the sounds, indicate it
    similarity : of the two least similar tracks, 0..1
    tracks : two or more
    note : what speaks against it, or that some are links to one file; empty otherwise
    """

    kind: DuplicateKind
    similarity: float
    tracks: tuple[Track, ...]
    note: str = ""

    def as_dict(self, scale: Scale = "0-1") -> dict[str, object]:
        """Return the fields of the JSON contract."""
        return {
            "kind": self.kind,
            "similarity": number(self.similarity, SCORE_DIGITS),
            "note": self.note or None,
            "tracks": [
                {"rank": rank, "quality": describe_quality(track), **track.as_dict(scale)}
                for rank, track in enumerate(self.tracks, 1)
            ],
        }


def similar_pairs(
    ids: Ids,
    durations: NDArray[np.float64],
    vectors: Callable[[Ids], FloatArray],
    least: float = SAME,
) -> Iterator[ComparisonProgress | SimilarPair]:
    """Yield pairs with at least the given similarity and at most ``MAX_APART_S`` between their lengths.

    Contents are sorted by length, and each block is compared with all contents of about its length. The
    search is exhaustive, whereas an approximate index might miss pairs.

    Parameters
    ----------
    ids, durations : of the contents [shape=(n,)]
    vectors : return unit vectors of ids [shape=(m, d)]
    least : similarity of a pair
    """
    order = np.lexsort((ids, durations))
    ids, durations = ids[order], durations[order]
    for start in range(0, len(ids), BLOCK):
        end = min(start + BLOCK, len(ids))
        block = vectors(ids[start:end])
        limit = int(np.searchsorted(durations, durations[end - 1] + MAX_APART_S, side="right"))
        for begin in range(start, limit, BLOCK):
            stop = min(begin + BLOCK, limit)
            cosines = block @ (block if begin == start and stop == end else vectors(ids[begin:stop])).T
            mask = cosines >= least
            mask &= (mask.sum(1, keepdims=True) <= MAX_NEAR) & (mask.sum(0, keepdims=True) <= MAX_NEAR)
            for i, j in zip(*np.nonzero(mask), strict=True):
                a, b = start + int(i), begin + int(j)
                if a < b and durations[b] - durations[a] <= MAX_APART_S:
                    low, high = sorted((int(ids[a]), int(ids[b])))
                    yield SimilarPair(low, high, min(float(cosines[i, j]), 1.0))
        yield ComparisonProgress(end, len(ids))


def classify_pair(pair: SimilarPair, first: Track, second: Track) -> tuple[DuplicateKind, str] | None:
    """Return the kind of a pair and a note, from its similarity and its tags; None for two recordings."""
    against = contradiction(first.tags.title, second.tags.title)
    named = are_namesakes(first, second)
    titled = first.tags.title is not None and second.tags.title is not None
    limit = SAME_NAMED if named else SAME if titled else SAME_UNNAMED
    apart_s = abs((first.duration_s or 0) - (second.duration_s or 0))
    if pair.similarity >= limit and apart_s <= MAX_APART_S and not against:
        return "recording", ""
    if pair.similarity >= SAME and apart_s <= MAX_APART_S:
        return "probable", against or "not both have a title"
    if pair.similarity >= PROBABLE and named:
        return "probable", "the same artist and title, and a sound that is near"
    return None


def are_namesakes(first: Track, second: Track) -> bool:
    """Return whether artist and title are known and equal, see :func:`name_key`."""
    key = name_key(first.tags.artist, first.tags.title)
    return key is not None and key == name_key(second.tags.artist, second.tags.title)


def name_key(artist: str | None, title: str | None) -> tuple[str, str] | None:
    """Return first artist and title without guests, normalized; None unless both are known."""
    lead, bare = lead_artist(artist), without_guests(title or "")
    return (lead, bare) if lead and bare else None


def group_pairs(pairs: Sequence[SimilarPair]) -> list[tuple[list[int], float]]:
    """Return groups in which every two are a pair, with their least similarity.

    The most similar are joined first. A chain of pairs is no group: A like B and B like C do not make A like
    C.
    """
    similarities = {(pair.first, pair.second): pair.similarity for pair in pairs}
    group_of: dict[int, set[int]] = {}
    for pair in sorted(pairs, key=lambda one: (-one.similarity, one.first, one.second)):
        one, other = (group_of.setdefault(id_, {id_}) for id_ in (pair.first, pair.second))
        if one is other or any((min(a, b), max(a, b)) not in similarities for a in one for b in other):
            continue
        one |= other
        group_of.update(dict.fromkeys(other, one))
    joined = {id(group): sorted(group) for group in group_of.values() if len(group) > 1}.values()
    return [(group, min(_similarities(group, similarities))) for group in sorted(joined)]


def namesake_pairs(
    namesakes: Iterable[Sequence[int]],
    vectors: Callable[[Ids], FloatArray],
    ids: Ids,
    durations: NDArray[np.float64],
    known: Container[tuple[int, int]],
) -> Iterator[SimilarPair]:
    """Yield pairs of one artist and title that are similar in sound and length, and not known yet.

    Parameters
    ----------
    namesakes : content ids that share artist and title
    vectors : return unit vectors of ids [shape=(m, d)]
    ids, durations : of the contents to be compared [shape=(n,)], ids ascending
    known : pairs, lower id first, to be left out
    """
    for some in namesakes:
        group = np.intersect1d(np.array(some, np.int64), ids)
        if not 2 <= len(group) <= MAX_NAMESAKES:
            continue
        of_group = vectors(group)
        lasts = durations[np.searchsorted(ids, group)]
        cosines = of_group @ of_group.T
        for i, j in combinations(range(len(group)), 2):
            near = cosines[i, j] >= PROBABLE and abs(lasts[i] - lasts[j]) <= NAMESAKES_APART_S
            if near and (int(group[i]), int(group[j])) not in known:
                yield SimilarPair(int(group[i]), int(group[j]), float(cosines[i, j]))


def sound_groups(
    copies: Iterable[Sequence[Track]], note: Callable[[Sequence[Track]], str]
) -> list[DuplicateGroup]:
    """Return a group for each content that several tracks share, ordered by path.

    Parameters
    ----------
    copies : the tracks of each content
    note : returns what is to be noted of some tracks; empty for nothing
    """
    shared = (tracks for tracks in copies if len(tracks) > 1)
    return _by_path(DuplicateGroup("sound", 1.0, _best_first(tracks), note(tracks)) for tracks in shared)


def recording_groups(
    pairs: Iterable[SimilarPair], tracks: Mapping[int, Sequence[Track]]
) -> list[DuplicateGroup]:
    """Return groups of one recording, then of probable ones, which may hold a recording's group and more.

    Parameters
    ----------
    pairs : of contents
    tracks : of each content; a pair that is not in it is left out
    """
    sure: list[SimilarPair] = []
    every: list[SimilarPair] = []
    notes: dict[tuple[int, int], str] = {}
    for pair in pairs:
        if pair.first not in tracks or pair.second not in tracks:
            continue  # removed by a scan meanwhile
        verdict = classify_pair(pair, tracks[pair.first][0], tracks[pair.second][0])
        if verdict is None:
            continue
        every.append(pair)
        if verdict[0] == "recording":
            sure.append(pair)
        else:
            notes[pair.first, pair.second] = verdict[1]
    recordings = group_pairs(sure)
    known = {tuple(ids) for ids, _ in recordings}
    probable = [group for group in group_pairs(every) if tuple(group[0]) not in known]
    return [
        *_by_path(_group("recording", *one, tracks, {}) for one in recordings),
        *_by_path(_group("probable", *one, tracks, notes) for one in probable),
    ]


def is_lossless(track: Track) -> bool:
    """Return whether the codec is lossless; its input may have been lossy before."""
    codec = track.tags.codec or ""
    return codec in _LOSSLESS or codec.startswith(("pcm", "dsd"))


def quality_rank(track: Track) -> tuple[float, ...]:
    """Return a sort key, best file first: complete, then lossless, then resolution, then bitrate."""
    tags = track.tags
    equivalent_bitrate = (tags.bitrate or 0) * EFFICIENCY.get(tags.codec or "", 1.0)
    if is_lossless(track):
        return (1 - (track.partial or 1.0), 0, -(tags.sample_rate or 0), -(tags.channels or 0))
    return (1 - (track.partial or 1.0), 1, -equivalent_bitrate)


def describe_quality(track: Track) -> str:
    """Return in words what :func:`quality_rank` compares."""
    tags = track.tags
    parts = [tags.codec or "unknown codec"]
    if is_lossless(track):
        parts.append("lossless" + (f" {tags.sample_rate / 1000:g} kHz" if tags.sample_rate else ""))
    elif tags.bitrate:
        parts.append(f"{tags.bitrate} kbit/s")
    if track.partial is not None:
        parts.append(f"only {track.partial:.0%} plays")
    return ", ".join(parts)


def _similarities(group: Sequence[int], similarities: dict[tuple[int, int], float]) -> Iterator[float]:
    for at, first in enumerate(group):
        for second in group[at + 1 :]:
            yield similarities[first, second]


def _group(
    kind: DuplicateKind,
    ids: Sequence[int],
    similarity: float,
    tracks: Mapping[int, Sequence[Track]],
    notes: Mapping[tuple[int, int], str],
) -> DuplicateGroup:
    said = [note for pair in combinations(ids, 2) if (note := notes.get(pair))]
    every = [track for id_ in ids for track in tracks[id_]]
    return DuplicateGroup(kind, similarity, _best_first(every), "; ".join(dict.fromkeys(said)))


def _best_first(tracks: Iterable[Track]) -> tuple[Track, ...]:
    return tuple(sorted(tracks, key=lambda track: (quality_rank(track), track.path_bytes)))


def _by_path(groups: Iterable[DuplicateGroup]) -> list[DuplicateGroup]:
    return sorted(groups, key=lambda group: min(track.path_bytes for track in group.tracks))
