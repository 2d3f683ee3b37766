"""What a library holds more than once, from Python. A report: nothing is merged, moved or deleted.

from musimo import Library
from musimo.duplicates import duplicates, DuplicateGroup
for event in duplicates(Library.open()):
    if isinstance(event, DuplicateGroup):
        print(event.kind, [track.path for track in event.tracks])
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from musimo.api import Library
from musimo.library.db.copies import Copies
from musimo.library.scan.walk import identity
from musimo.records import Filter, FloatArray, Track
from musimo.search.duplicates import (
    MAX_NAMESAKES,
    NAMESAKES_APART_S,
    PROBABLE,
    ComparisonProgress,
    DuplicateGroup,
    DuplicateKind,
    SimilarPair,
    classify_pair,
    group_pairs,
    quality_rank,
    similar_pairs,
)
from musimo.search.index import MappedIndex
from musimo.search.space import Ids

__all__ = ["ComparisonProgress", "DuplicateGroup", "duplicates"]

Tracks = dict[int, list[Track]]

ONE_FILE = "some are names of one file (links): to delete one frees no space"


def duplicates(
    library: Library, where: Sequence[Filter] = ()
) -> Iterator[ComparisonProgress | DuplicateGroup]:
    """How far the search is, then all groups: the same sound, the same recording, probably the same.

    A track may stand in one group of each kind. Two tracks are a pair only if both pass ``where``.

    Raises
    ------
    NotFoundError : nothing of the library is analysed
    """
    opened = library.opened
    copies = Copies.of(opened.store)
    index = library.asked(opened.indexes.sounds("both"))
    shared = copies.tracks_with(copies.shared(), where)
    same = [
        DuplicateGroup("sound", 1.0, _best_first(alike), _linked(alike))
        for alike in shared.values()
        if len(alike) > 1
    ]
    ids, durations = _heard(copies, index, where)
    pairs: list[SimilarPair] = []
    for event in similar_pairs(ids, durations, lambda some: index.places(some)[0]):
        if isinstance(event, SimilarPair):
            pairs.append(event)
        else:
            yield event
    pairs += _namesakes(copies.namesakes(), index, ids, durations, {(one.first, one.second) for one in pairs})
    tracks = copies.tracks_with(sorted({id_ for pair in pairs for id_ in (pair.first, pair.second)}), where)
    yield from _in_order(same)
    yield from _groups(pairs, tracks)


def _heard(copies: Copies, index: MappedIndex, where: Sequence[Filter]) -> tuple[Ids, NDArray[np.float64]]:
    """Ids of the sounds to be compared, ascending, and how long they last."""
    ids, _ = index.seen()
    if where:
        ids = ids[np.isin(ids, copies.matching_contents(where))]
    known, durations = copies.durations()
    return ids, durations[np.searchsorted(known, ids)]


def _namesakes(
    alike: Iterable[Sequence[int]],
    index: MappedIndex,
    ids: Ids,
    durations: NDArray[np.float64],
    told: set[tuple[int, int]],
) -> Iterator[SimilarPair]:
    """Pairs of the same artist and title that are not told yet, and not far apart in sound and length."""
    for some in alike:
        group = np.intersect1d(np.array(some, np.int64), ids)
        if not 2 <= len(group) <= MAX_NAMESAKES:
            continue
        places: FloatArray = index.places(group)[0]
        lasts = durations[np.searchsorted(ids, group)]
        near = places @ places.T
        for i, j in combinations(range(len(group)), 2):
            close = near[i, j] >= PROBABLE and abs(lasts[i] - lasts[j]) <= NAMESAKES_APART_S
            if close and (int(group[i]), int(group[j])) not in told:
                yield SimilarPair(int(group[i]), int(group[j]), float(near[i, j]))


def _groups(pairs: Sequence[SimilarPair], tracks: Tracks) -> Iterator[DuplicateGroup]:
    """Recordings, then what is probable; the latter may hold a recording's group and more."""
    sure: list[SimilarPair] = []
    all_: list[SimilarPair] = []
    notes: dict[tuple[int, int], str] = {}
    for pair in pairs:
        if not (pair.first in tracks and pair.second in tracks):
            continue  # a scan has taken it away meanwhile
        first, second = tracks[pair.first][0], tracks[pair.second][0]
        verdict = classify_pair(pair, first, second)
        if verdict is None:
            continue
        all_.append(pair)
        if verdict[0] == "recording":
            sure.append(pair)
        else:
            notes[pair.first, pair.second] = verdict[1]
    recordings = group_pairs(sure)
    yield from _in_order(_group("recording", *one, tracks) for one in recordings)
    known = {tuple(ids) for ids, _ in recordings}
    yield from _in_order(
        _group("probable", ids, least, tracks, notes)
        for ids, least in group_pairs(all_)
        if tuple(ids) not in known
    )


def _group(
    kind: DuplicateKind,
    ids: Sequence[int],
    similarity: float,
    tracks: Tracks,
    notes: dict[tuple[int, int], str] | None = None,
) -> DuplicateGroup:
    said = [note for pair in combinations(ids, 2) if (note := (notes or {}).get(pair))]
    every = [track for id_ in ids for track in tracks[id_]]
    return DuplicateGroup(kind, similarity, _best_first(every), "; ".join(dict.fromkeys(said)))


def _linked(tracks: Iterable[Track]) -> str:
    """A note where some of the tracks are one file, as far as their disk can be asked."""
    files = [file for track in tracks if (file := identity(track.path)) is not None]
    return ONE_FILE if len({*files}) < len(files) else ""


def _best_first(tracks: Iterable[Track]) -> tuple[Track, ...]:
    return tuple(sorted(tracks, key=lambda track: (quality_rank(track), track.path)))


def _in_order(groups: Iterable[DuplicateGroup]) -> list[DuplicateGroup]:
    return sorted(groups, key=lambda group: min(track.path for track in group.tracks))
