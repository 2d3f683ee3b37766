"""The queries ``mood`` and ``mood-path``: tracks near a point or a line of the valence-arousal plane."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from musimo.library.db.heard import with_heard
from musimo.library.db.queries import Store
from musimo.records import FloatArray, Track
from musimo.search.index import VectorIndex
from musimo.search.plane import Plane, Point, in_tiers
from musimo.search.query import nearest_moods
from musimo.search.rows import MoodTrack
from musimo.search.seeds import Seed
from musimo.search.selection import Row, Selection, allowed, select_ranked
from musimo.search.versions import capped_keys

Similarities = Callable[[Sequence[int]], dict[int, float]]
"""Similarities of content ids to one track, by id; those that are not known are left out."""


@dataclass(frozen=True, slots=True)
class MoodQuery:
    """What ``mood`` is asked.

    Parameters
    ----------
    point : valence and arousal, 0..1
    relative : the point is in percentiles of the library, and so are all distances
    spread : only tracks within this distance, in an order drawn by ``seed``; None for a ranking
    seed : of the random order
    """

    point: Point
    selection: Selection
    relative: bool = False
    spread: float | None = None
    seed: int = 0


def near(store: Store, index: VectorIndex, query: MoodQuery) -> tuple[MoodTrack, ...]:
    """Return tracks near the point, nearest first unless ``spread`` says otherwise."""
    if not query.relative and query.spread is None:
        ranking = nearest_moods(index, *query.point, allowed(store, query.selection))
    else:
        plane = _plane(store, index, query.selection, relative=query.relative)
        if query.spread is None:
            ranking = plane.nearest(query.point)
        else:
            ranking = plane.shuffled_within(query.point, query.spread, query.seed)
    return _rows(select_ranked(store, ranking, query.selection).rows, relative=query.relative)


def near_and_like(
    store: Store, index: VectorIndex, query: MoodQuery, like: Seed, similarities: Similarities
) -> tuple[tuple[MoodTrack, ...], tuple[Track, ...]]:
    """Return tracks near the point, ranked by similarity to ``like``, and the versions of it left out.

    Near are those within ``spread``, or the nearest tenth of the library, and then the next tenth. ``like``
    itself and its exact copies are left out.
    """
    selection = query.selection
    plane = _plane(store, index, selection, relative=query.relative)
    if like.content is not None:
        plane = plane.without({like.content})
    if query.spread is not None:
        plane = plane.within(query.point, query.spread)
    everything = query.spread is not None or (selection.limit is None and selection.duration_s is None)
    least = len(plane.ids) if everything else selection.limit or 1
    known: dict[int, float] = {}

    def ranked() -> Iterator[tuple[int, float]]:
        nearest = plane.nearest(query.point)
        for id_, distance, similarity in in_tiers(nearest, len(plane.ids), least, similarities):
            known[id_] = similarity
            yield id_, distance

    found = select_ranked(store, ranked(), selection, [like.track])
    return _rows(found.rows, known, relative=query.relative), found.of_asked[0]


def similarities_to(index: VectorIndex, query_vector: FloatArray) -> Similarities:
    """Return a function that asks an index of sound vectors for similarities to one query vector."""

    def similarities(ids: Sequence[int]) -> dict[int, float]:
        found, scores = index.search(query_vector, len(ids), np.array(ids, np.int64))
        return dict(zip(found.tolist(), scores.tolist(), strict=True))

    return similarities


def mood_path(
    store: Store,
    index: VectorIndex,
    start: Point,
    end: Point,
    duration_s: float,
    selection: Selection,
    *,
    relative: bool,
) -> tuple[MoodTrack, ...]:
    """Return tracks whose moods lead evenly from ``start`` to ``end``; see :mod:`musimo.search.mood_path`."""
    from musimo.search.mood_path import MoodPathCandidates, choose_mood_path, near_line

    plane = _plane(store, index, selection, relative=relative)
    ids = near_line(plane, start, end, duration_s)
    found = store.tracks_of(ids, selection.filters)
    tracks = [found[id_] for id_ in ids if id_ in found and found[id_].duration_s]
    if not tracks:
        return ()
    at = np.searchsorted(plane.ids, [track.content or 0 for track in tracks])
    candidates = MoodPathCandidates(
        plane.points[at],
        np.array([track.duration_s for track in tracks], np.float64),
        [capped_keys(track) for track in tracks],
        selection.caps,
    )
    chosen = choose_mood_path(candidates, start, end, duration_s)
    listed = with_heard(store, [tracks[position] for position, _ in chosen])
    return tuple(
        MoodTrack(rank, distance, track, relative=relative)
        for rank, ((_, distance), track) in enumerate(zip(chosen, listed, strict=True), 1)
    )


def _plane(store: Store, index: VectorIndex, selection: Selection, *, relative: bool) -> Plane:
    """Return the contents that may be listed; percentiles are of the whole library."""
    ids = index.ids
    plane = Plane(ids, index.vectors(ids))
    return (plane.relative() if relative else plane).only(allowed(store, selection))


def _rows(
    rows: Sequence[Row], known: Mapping[int, float] | None = None, *, relative: bool
) -> tuple[MoodTrack, ...]:
    """Rank rows; with their similarities, by content, where those are known."""
    return tuple(
        MoodTrack(rank, row.score, row.track, _similarity(row.track, known), row.versions, relative)
        for rank, row in enumerate(rows, 1)
    )


def _similarity(track: Track, known: Mapping[int, float] | None) -> float | None:
    return None if known is None else min(max(known[track.content or 0], 0.0), 1.0)
