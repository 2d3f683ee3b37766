"""Choose tracks whose moods lead evenly from one point of the plane to another in a given time.

Targets are evenly spaced on the line between the points, as many as tracks of median length fill the time.
Each target in turn takes the nearest free track. Then the total duration is corrected by exchanging tracks
for free ones near the same target: among all exchanges that at least halve the error (or reduce it, if none
halves it), the one with the least additional distance is made, until the duration is within the tolerance.
Finally the tracks are sorted along the line, so that the mood never turns back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from musimo.records import FloatArray
from musimo.search.diversify import GroupCounter, GroupKeys
from musimo.search.plane import Plane, Point

DURATION_TOLERANCE: Final = 0.01  # of the duration: half a minute in three quarters of an hour
MAX_TRIES: Final = 5  # numbers of tracks that are tried; two or three nearly always suffice
POOL_SIZE: Final = 64  # tracks near a target that may replace one another
HALVED, REDUCED = 0.5, 0.95  # share of the error that an exchange may leave; the former is tried first
MIN_TRACK_S: Final = 60.0  # hardly any track is shorter, which limits the number of targets

Positions = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class MoodPathCandidates:
    """Tracks that a path may contain.

    Parameters
    ----------
    points : (n, 2) on the plane
    durations : (n,) s, above 0
    groups : for each track, the keys under which it is counted
    caps : most tracks per key, one cap for each position of the keys; None for no cap
    """

    points: FloatArray
    durations: NDArray[np.float64]
    groups: Sequence[GroupKeys]
    caps: tuple[int | None, ...]


def points_on_line(start: Point, end: Point, n: int) -> FloatArray:
    """Return evenly spaced points from ``start`` to ``end`` [shape=(n, 2)]; the middle for ``n`` = 1."""
    fractions = np.linspace(0, 1, n) if n > 1 else np.array([0.5])
    a, b = np.array(start), np.array(end)
    return np.asarray(a + fractions[:, None] * (b - a), np.float32)


def max_targets(duration_s: float) -> int:
    """Return the largest number of targets for a duration."""
    return max(2, round(duration_s / MIN_TRACK_S))


def choose_mood_path(
    candidates: MoodPathCandidates, start: Point, end: Point, duration_s: float
) -> list[tuple[int, float]]:
    """Return the positions of the chosen tracks in order, each with its distance to its target.

    The list is shorter than requested if there are too few tracks.
    """
    if not len(candidates.durations):
        return []
    n = max(1, round(duration_s / float(np.median(candidates.durations))))
    paths: dict[int, list[int]] = {}
    while n not in paths and len(paths) < MAX_TRIES:
        chosen = paths[n] = _choose(candidates, points_on_line(start, end, n), duration_s)
        total_s = float(candidates.durations[chosen].sum())
        if abs(duration_s - total_s) <= DURATION_TOLERANCE * duration_s or len(chosen) < n:
            break
        more = round((duration_s - total_s) * n / total_s)
        n = max(1, n + (more or (1 if total_s < duration_s else -1)))
    best = min(paths.values(), key=lambda chosen: _badness(candidates, chosen, start, end, duration_s))
    ordered = _along_line(candidates.points, best, start, end)
    return list(zip(ordered, _target_distances(candidates.points, ordered, start, end).tolist(), strict=True))


def _choose(candidates: MoodPathCandidates, targets: FloatArray, duration_s: float) -> list[int]:
    """Return a track for each target, as long as there are any, of about the given duration together."""
    free = _FreeTracks(candidates)
    nearest = [_nearest(candidates.points, target) for target in targets]
    chosen: list[int] = []
    pools: list[Positions] = []
    for pool, target in zip(nearest, targets, strict=True):
        found = next((int(position) for position in pool if free.contains(int(position))), None)
        if found is None:  # the whole pool is taken
            rest = np.argsort(_distances(candidates.points, target), kind="stable")
            found = next((int(position) for position in rest if free.contains(int(position))), None)
        if found is None:
            break
        free.take(found)
        chosen.append(found)
        pools.append(pool)
    _correct_duration(candidates, free, chosen, targets[: len(chosen)], pools, duration_s)
    return chosen


def _correct_duration(
    candidates: MoodPathCandidates,
    free: _FreeTracks,
    chosen: list[int],
    targets: FloatArray,
    pools: Sequence[Positions],
    duration_s: float,
) -> None:
    """Exchange tracks until the duration is within the tolerance, or no exchange reduces the error."""
    tolerance_s = DURATION_TOLERANCE * duration_s
    while abs(error_s := duration_s - float(candidates.durations[chosen].sum())) > tolerance_s:
        exchange = None
        for share in (HALVED, REDUCED):
            exchange = exchange or _cheapest(candidates, free, chosen, targets, pools, error_s, share)
        if exchange is None:
            return
        slot, position = exchange
        free.give_back(chosen[slot])
        free.take(position)
        chosen[slot] = position


def _cheapest(
    candidates: MoodPathCandidates,
    free: _FreeTracks,
    chosen: Sequence[int],
    targets: FloatArray,
    pools: Sequence[Positions],
    error_s: float,
    share: float,
) -> tuple[int, int] | None:
    """Return slot and position of the cheapest exchange that leaves at most a share of the error."""
    best: tuple[float, int, int] | None = None
    for slot, taken in enumerate(chosen):
        free.give_back(taken)
        left = np.abs(error_s - (candidates.durations[pools[slot]] - candidates.durations[taken]))
        costs = _distances(candidates.points[pools[slot]], targets[slot])
        costs -= _distances(candidates.points[[taken]], targets[slot])
        for at in np.flatnonzero(left <= share * abs(error_s)):
            if (best is None or costs[at] < best[0]) and free.contains(int(pools[slot][at])):
                best = float(costs[at]), slot, int(pools[slot][at])
        free.take(taken)
    return None if best is None else best[1:]


class _FreeTracks:
    """Tracks that may still be taken: each once, and within the caps."""

    def __init__(self, candidates: MoodPathCandidates) -> None:
        self._groups: Final = candidates.groups
        self._counter: Final = GroupCounter(candidates.caps)
        self._taken: Final[set[int]] = set()

    def contains(self, position: int) -> bool:
        return position not in self._taken and self._counter.allows(self._groups[position])

    def take(self, position: int) -> None:
        self._taken.add(position)
        self._counter.add(self._groups[position])

    def give_back(self, position: int) -> None:
        self._taken.discard(position)
        self._counter.remove(self._groups[position])


def _badness(
    candidates: MoodPathCandidates, chosen: Sequence[int], start: Point, end: Point, duration_s: float
) -> tuple[float, float]:
    """Return a sort key, larger for worse: error in duration above the tolerance, then mean distance."""
    error_s = abs(float(candidates.durations[[*chosen]].sum()) - duration_s)
    ordered = _along_line(candidates.points, chosen, start, end)
    distances = _target_distances(candidates.points, ordered, start, end)
    return max(error_s, DURATION_TOLERANCE * duration_s), float(distances.mean())


def _along_line(points: FloatArray, chosen: Sequence[int], start: Point, end: Point) -> list[int]:
    projections = points[[*chosen]] @ np.subtract(end, start)
    return [chosen[at] for at in np.argsort(projections, kind="stable")]


def _target_distances(
    points: FloatArray, ordered: Sequence[int], start: Point, end: Point
) -> NDArray[np.float64]:
    targets = points_on_line(start, end, len(ordered))
    return np.asarray(np.linalg.norm(points[[*ordered]] - targets, axis=1), np.float64)


def _nearest(points: FloatArray, target: FloatArray) -> Positions:
    return np.argsort(_distances(points, target), kind="stable")[:POOL_SIZE]


def _distances(points: FloatArray, target: FloatArray) -> NDArray[np.float64]:
    return np.asarray(np.linalg.norm(points - target, axis=1), np.float64)


def near_line(plane: Plane, start: Point, end: Point, duration_s: float) -> list[int]:
    """Return the ids, ascending, of the candidates near the line from ``start`` to ``end``."""
    found: set[int] = set()
    for target in points_on_line(start, end, max_targets(duration_s)):
        distances = plane.distances((float(target[0]), float(target[1])))
        found.update(plane.ids[np.argsort(distances, kind="stable")[:POOL_SIZE]].tolist())
    return sorted(found)
