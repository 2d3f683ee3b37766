"""Moods as people ask for them, from Python: what the commands ``mood`` and ``mood-path`` do.

from musimo import Library, moods
library = Library.open()
moods.near(library, moods.named(library, "energetic dark"), relative=True)
moods.path(library, moods.named(library, "calm"), moods.named(library, "excited"), 45 * 60, relative=True)
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from musimo.api import Library, Seed
from musimo.records import MoodTrack, Track
from musimo.search.diversify import album_key, artist_key
from musimo.search.mood_path import (
    POOL_SIZE,
    MoodPathCandidates,
    choose_mood_path,
    max_targets,
    points_on_line,
)
from musimo.search.mood_words import point_of
from musimo.search.plane import Plane, Point, in_tiers
from musimo.search.selection import Row, Selection, allowed, select_ranked
from musimo.search.versions import work_key

SEEDS = 10**6  # to draw a seed from: short enough to be typed again


def named(library: Library, words: str) -> Point:
    """The place that words name, ``calm`` or ``energetic dark``; the user's own words count as well."""
    return point_of(words, library.settings.moods)


def drawn_seed() -> int:
    """A seed for a mix that was not asked for with one."""
    return random.SystemRandom().randrange(SEEDS)


@dataclass(frozen=True, slots=True)
class Near:
    """Tracks near a mood; ``versions`` are those of the piece they were to sound like, which are left out."""

    rows: tuple[MoodTrack, ...]
    versions: tuple[Track, ...] = ()


def near(
    library: Library,
    point: Point,
    selection: Selection | None = None,
    *,
    relative: bool = False,
    spread: float | None = None,
    seed: int = 0,
    like: str | Path | Seed | None = None,
) -> list[MoodTrack]:
    """Tracks whose mood is near a point, nearest first unless ``spread`` or ``like`` says otherwise.

    Parameters
    ----------
    point : valence and arousal, 0..1
    selection : which tracks, and how many; None for ten, with diversity
    relative : the point is in percentiles of the library's own sounds, and so are the distances
    spread : only tracks within this distance, in an order drawn by ``seed``
    like : a track: those near the mood are ranked by their similarity to it, without it and its exact copies;
        near are those within ``spread``, or the nearest tenth of the library, and then the next tenth

    Raises
    ------
    NotFoundError, UsageError, AudioError : as of :meth:`musimo.api.Library.similar`
    """
    found = listed(library, point, selection, relative=relative, spread=spread, seed=seed, like=like)
    return list(found.rows)


def listed(
    library: Library,
    point: Point,
    selection: Selection | None = None,
    *,
    relative: bool = False,
    spread: float | None = None,
    seed: int = 0,
    like: str | Path | Seed | None = None,
) -> Near:
    """As :func:`near`, and the versions of ``like`` that would have stood in the list as well."""
    selection = selection or Selection()
    if not relative and spread is None and like is None:
        return Near(tuple(library.mood(*point, selection)))
    plane = _plane(library, selection, relative=relative)
    if like is not None:
        return _near_and_like(library, plane, point, spread, library.seed(like), selection)
    ranking = plane.nearest(point) if spread is None else plane.shuffled_within(point, spread, seed)
    rows = select_ranked(library.opened.store, ranking, selection).rows
    return Near(_rows(rows))


def path(
    library: Library,
    start: Point,
    end: Point,
    duration_s: float,
    selection: Selection | None = None,
    *,
    relative: bool = False,
) -> list[MoodTrack]:
    """Tracks whose moods go evenly from one point to another, about ``duration_s`` long together.

    Distances are from the mood of a track's place in the list. See :mod:`musimo.search.mood_path`.

    Parameters
    ----------
    selection : which tracks; its limit does not count, and None is for any, with diversity
    relative : as of :func:`near`

    Raises
    ------
    NotFoundError : nothing of the library is analysed by the model
    """
    selection = selection or Selection(None)
    store = library.opened.store
    plane = _plane(library, selection, relative=relative)
    ids = _along(plane, start, end, duration_s)
    found = store.tracks_of(ids, selection.where)
    tracks = [found[id_] for id_ in ids if id_ in found and found[id_].duration_s]
    if not tracks:
        return []
    at = np.searchsorted(plane.ids, [track.content or 0 for track in tracks])
    candidates = MoodPathCandidates(
        plane.points[at],
        np.array([track.duration_s for track in tracks], np.float64),
        [(artist_key(track), album_key(track), work_key(track)) for track in tracks],
        (selection.max_per_artist, selection.max_per_album, 1 if selection.fold_versions else None),
    )
    chosen = choose_mood_path(candidates, start, end, duration_s)
    return [
        MoodTrack(rank, distance, tracks[position]) for rank, (position, distance) in enumerate(chosen, 1)
    ]


def _plane(library: Library, selection: Selection, *, relative: bool) -> Plane:
    """The sounds an answer may hold; percentiles are of all."""
    index = library.asked(library.opened.indexes.moods())
    ids, _ = index.seen()
    plane = Plane(ids, index.vectors(ids))
    return (plane.relative() if relative else plane).only(allowed(library.opened.store, selection))


def _along(plane: Plane, start: Point, end: Point, duration_s: float) -> list[int]:
    """Ids of the sounds near the line from one point to another."""
    found: set[int] = set()
    for target in points_on_line(start, end, max_targets(duration_s)):
        distances = plane.distances((float(target[0]), float(target[1])))
        found.update(plane.ids[np.argsort(distances, kind="stable")[:POOL_SIZE]].tolist())
    return sorted(found)


def _near_and_like(
    library: Library, plane: Plane, point: Point, spread: float | None, like: Seed, selection: Selection
) -> Near:
    indexes = library.opened.indexes
    index = library.asked(indexes.sounds("both"))
    [question] = indexes.questions([like.sound], "both")

    def similarities(ids: Sequence[int]) -> dict[int, float]:
        found, scores = index.search(question, len(ids), np.array(ids, np.int64))
        return dict(zip(found.tolist(), scores.tolist(), strict=True))

    plane = plane.without({like.content} - {None})  # type: ignore[arg-type]
    if spread is not None:
        plane = plane.within(point, spread)
    everything = selection.limit is None and selection.duration_s is None
    least = len(plane.ids) if spread is not None or everything else selection.limit or 1
    known: dict[int, float] = {}

    def ranked() -> Iterator[tuple[int, float]]:
        for id_, distance, similarity in in_tiers(plane.nearest(point), len(plane.ids), least, similarities):
            known[id_] = similarity
            yield id_, distance

    found = select_ranked(library.opened.store, ranked(), selection, [like.track])
    return Near(_rows(found.rows, known), found.of_asked[0])


def _rows(rows: Sequence[Row], known: Mapping[int, float] | None = None) -> tuple[MoodTrack, ...]:
    """Ranked rows; with their similarities, by sound, where those are known."""
    return tuple(
        MoodTrack(rank, row.score, row.track, _alike(row.track, known), row.versions)
        for rank, row in enumerate(rows, 1)
    )


def _alike(track: Track, known: Mapping[int, float] | None) -> float | None:
    return None if known is None else min(max(known[track.content or 0], 0.0), 1.0)
