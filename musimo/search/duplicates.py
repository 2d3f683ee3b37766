"""Tracks that are the same recording: pairs of near sounds of one length, and groups of them. Pure.

Sounds are compared by the cosine of their places, in the space that ``similar`` measures in, without what it
takes off for what is ordinary: that depends on the library, and a copy does not.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from musimo.library.db.folding import fold
from musimo.records import FloatArray, Track
from musimo.records.fields import SCORE_DIGITS, number
from musimo.records.scale import Scale
from musimo.search.duplicates import describe_quality, rank
from musimo.search.space import Ids
from musimo.search.titles import contradiction

# Measured on 30 tracks, each as it came, as MP3 128k, Opus 96k, FLAC, and FLAC begun half a second later,
# among 350 others. Of the 300 true pairs the median lies at .991, and 95% above .944; MP3 and Opus of one are
# the least alike. Of different recordings of one length the nearest came to .940 and .840. With the limits
# below no two of these are told as the same recording; 60% of the true pairs are, and 82% as probable at
# least.
SAME_NAMED: Final = 0.95  # artist and title are the same
SAME: Final = 0.97  # titles can be of one recording
SAME_UNNAMED: Final = 0.985  # one has no title; the same loop begun elsewhere came to .980
PROBABLE: Final = 0.8  # artist and title are the same: the least of the true pairs came to .827
APART_S: Final = 2.0  # encoders pad, and rippers cut, by some tenths of a second; a fade-out by more
NAMESAKES: Final = 32  # tracks of one artist and title, above which the title ("Untitled") tells nothing
NAMESAKES_APART_S: Final = 10.0  # another master may fade later, or end in silence
CROWD: Final = 64  # near sounds in a stretch, above which they are no copies but silence, or test tones
BLOCK: Final = 2048  # sounds compared at once with those as long: some 20 MB in a library of 100,000

DuplicateKind = Literal["sound", "recording", "probable"]
DUPLICATE_KINDS: Final[tuple[DuplicateKind, ...]] = ("sound", "recording", "probable")


@dataclass(frozen=True, slots=True)
class SimilarPair:
    """Two sounds, by content id, the lower first; similarity is the cosine of their places."""

    first: int
    second: int
    similarity: float


@dataclass(frozen=True, slots=True)
class ComparisonProgress:
    """An event of a search: so many sounds of so many have been compared."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class DuplicateGroup:
    """Tracks that are the same, those of the best quality first.

    Parameters
    ----------
    kind : ``sound``: the same encoded sound; ``recording``: one recording, encoded in several ways;
        ``probable``: the same by what they are called, or by their sound against what they are called
    similarity : of the two that are least alike, 0..1
    tracks : two or more
    note : what speaks against it, or for no more than ``probable``, or that some are names of one file;
        empty otherwise
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
                {"rank": place, "quality": described(track), **track.as_dict(scale)}
                for place, track in enumerate(self.tracks, 1)
            ],
        }


def near_pairs(
    ids: Ids,
    durations: NDArray[np.float64],
    places: Callable[[Ids], FloatArray],
    least: float = SAME,
) -> Iterator[ComparisonProgress | SimilarPair]:
    """Pairs of sounds at least so similar and at most ``APART_S`` apart in length, and how far the search is.

    In order of length, every sound has those of its length beside it: a block is compared with its own
    stretch of the library, and nothing is missed that an index might miss.

    Parameters
    ----------
    ids, durations : of the sounds [shape=(n,)]
    places : unit vectors of ids [shape=(m, d)]
    least : similarity of a pair
    """
    order = np.lexsort((ids, durations))
    ids, durations = ids[order], durations[order]
    for start in range(0, len(ids), BLOCK):
        end = min(start + BLOCK, len(ids))
        block = places(ids[start:end])
        upto = int(np.searchsorted(durations, durations[end - 1] + APART_S, side="right"))
        for begin in range(start, upto, BLOCK):
            stop = min(begin + BLOCK, upto)
            near = block @ (block if begin == start and stop == end else places(ids[begin:stop])).T
            mask = near >= least
            mask &= (mask.sum(1, keepdims=True) <= CROWD) & (mask.sum(0, keepdims=True) <= CROWD)
            for i, j in zip(*np.nonzero(mask), strict=True):
                a, b = start + int(i), begin + int(j)
                if a < b and durations[b] - durations[a] <= APART_S:
                    low, high = sorted((int(ids[a]), int(ids[b])))
                    yield SimilarPair(low, high, min(float(near[i, j]), 1.0))
        yield ComparisonProgress(end, len(ids))


def judged(pair: SimilarPair, first: Track, second: Track) -> tuple[DuplicateKind, str] | None:
    """What a pair is, by its sound and by what its tracks are called, and what is to be noted.

    None is two recordings.
    """
    against = contradiction(first.tags.title, second.tags.title)
    named = namesakes(first, second)
    known = first.tags.title is not None and second.tags.title is not None
    limit = SAME_NAMED if named else SAME if known else SAME_UNNAMED
    apart_s = abs((first.duration_s or 0) - (second.duration_s or 0))
    if pair.similarity >= limit and apart_s <= APART_S and not against:
        return "recording", ""
    if pair.similarity >= SAME and apart_s <= APART_S:
        return "probable", against or "not both have a title"
    if pair.similarity >= PROBABLE and named:
        return "probable", "the same artist and title, and a sound that is near"
    return None


def namesakes(first: Track, second: Track) -> bool:
    """Whether artist and title are known, and the same but for case."""
    names = [(fold(one.tags.artist or ""), fold(one.tags.title or "")) for one in (first, second)]
    return all(names[0]) and names[0] == names[1]


def grouped(pairs: Sequence[SimilarPair]) -> list[tuple[list[int], float]]:
    """Groups in which every two are a pair, and their least similarity; the most similar are joined first.

    That A is like B and B is like C does not make A like C: chains of such would join what is different.
    """
    alike = {(pair.first, pair.second): pair.similarity for pair in pairs}
    group_of: dict[int, set[int]] = {}
    for pair in sorted(pairs, key=lambda one: (-one.similarity, one.first, one.second)):
        one, other = (group_of.setdefault(id_, {id_}) for id_ in (pair.first, pair.second))
        if one is other or any((min(a, b), max(a, b)) not in alike for a in one for b in other):
            continue
        one |= other
        group_of.update(dict.fromkeys(other, one))
    joined = {id(group): sorted(group) for group in group_of.values() if len(group) > 1}.values()
    return [(group, min(_within(group, alike))) for group in sorted(joined)]


def _within(group: Sequence[int], alike: dict[tuple[int, int], float]) -> Iterator[float]:
    for place, first in enumerate(group):
        for second in group[place + 1 :]:
            yield alike[first, second]


def namesake_pairs(
    namesakes: Iterable[Sequence[int]],
    places: Callable[[Ids], FloatArray],
    ids: Ids,
    durations: NDArray[np.float64],
    known: Container[tuple[int, int]],
) -> Iterator[SimilarPair]:
    """Yield pairs of one artist and title that are similar in sound and length, and not known yet.

    Parameters
    ----------
    namesakes : content ids that share artist and title
    places : returns unit vectors of ids [shape=(m, d)]
    ids, durations : of the contents to be compared [shape=(n,)], ids ascending
    known : pairs, lower id first, to be left out
    """
    for some in namesakes:
        group = np.intersect1d(np.array(some, np.int64), ids)
        if not 2 <= len(group) <= NAMESAKES:
            continue
        vectors = places(group)
        lasts = durations[np.searchsorted(ids, group)]
        cosines = vectors @ vectors.T
        for i, j in combinations(range(len(group)), 2):
            near = cosines[i, j] >= PROBABLE and abs(lasts[i] - lasts[j]) <= NAMESAKES_APART_S
            if near and (int(group[i]), int(group[j])) not in known:
                yield SimilarPair(int(group[i]), int(group[j]), float(cosines[i, j]))


def sound_groups(copies: Iterable[Sequence[Track]], note: Callable[[Sequence[Track]], str]) -> list[DuplicateGroup]:
    """Return a group for each content that several tracks share, ordered by path.

    Parameters
    ----------
    copies : the tracks of each content
    note : returns what is to be noted of some tracks; empty for nothing
    """
    shared = (tracks for tracks in copies if len(tracks) > 1)
    return _by_path(DuplicateGroup("sound", 1.0, _best_first(tracks), note(tracks)) for tracks in shared)


def recording_groups(pairs: Iterable[SimilarPair], tracks: Mapping[int, Sequence[Track]]) -> list[DuplicateGroup]:
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
        verdict = judged(pair, tracks[pair.first][0], tracks[pair.second][0])
        if verdict is None:
            continue
        every.append(pair)
        if verdict[0] == "recording":
            sure.append(pair)
        else:
            notes[pair.first, pair.second] = verdict[1]
    recordings = grouped(sure)
    known = {tuple(ids) for ids, _ in recordings}
    probable = [group for group in grouped(every) if tuple(group[0]) not in known]
    return [
        *_by_path(_group("recording", *one, tracks, {}) for one in recordings),
        *_by_path(_group("probable", *one, tracks, notes) for one in probable),
    ]


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
    return tuple(sorted(tracks, key=lambda track: (rank(track), track.path_bytes)))


def _by_path(groups: Iterable[DuplicateGroup]) -> list[DuplicateGroup]:
    return sorted(groups, key=lambda group: min(track.path_bytes for track in group.tracks))
