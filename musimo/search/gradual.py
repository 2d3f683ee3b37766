"""A list whose moods go evenly from one point of the plane to another, and which lasts as long as wished.

The targets lie evenly on the line between the two points, as many as tracks of ordinary length make the
wished length. Each target in turn takes the nearest track that is free. Then the length is mended: of all
exchanges of one track for a free one near its target that at least halve what the length is off (or lessen
it, where none does), the one that costs the least distance is made, until the length is right. At last the
tracks are put in order along the line, so that the mood never turns back.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musimo.records import FloatArray
from musimo.search.plane import Plane, Point

CLOSE = 0.01  # of the wished length: half a minute in three quarters of an hour, which nobody minds
TRIES = 5  # numbers of tracks that are tried; two or three are enough nearly always
POOL = 64  # tracks near a target that may stand in for one another
MUCH, LITTLE = 0.5, 0.95  # of what the length is off may be left by an exchange; the former where it can be
TRACK_S = 60.0  # there is hardly a track a minute: so many targets at most

Positions = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Candidates:
    """Tracks a list may take.

    Parameters
    ----------
    places : (n, 2) on the plane
    durations : (n,) s, above 0
    groups : of each track the keys under which it is counted, None for one that counts alone
    caps : most tracks of a key, for each position in ``groups``' rows; None for no cap
    """

    places: FloatArray
    durations: NDArray[np.float64]
    groups: Sequence[tuple[Hashable | None, ...]]
    caps: tuple[int | None, ...]


def line(start: Point, end: Point, n: int) -> FloatArray:
    """Evenly spaced points from ``start`` to ``end`` [shape=(n, 2)]; their middle for one."""
    along = np.linspace(0, 1, n) if n > 1 else np.array([0.5])
    a, b = np.array(start), np.array(end)
    return np.asarray(a + along[:, None] * (b - a), np.float32)


def max_targets(duration_s: float) -> int:
    """How many targets a list of that length has at most."""
    return max(2, round(duration_s / TRACK_S))


def choose_mood_path(candidates: Candidates, start: Point, end: Point, duration_s: float) -> list[tuple[int, float]]:
    """Positions of the tracks chosen, in order, and how far each is from the mood of its place.

    Shorter than wished where there are not enough tracks.
    """
    if not len(candidates.durations):
        return []
    n = max(1, round(duration_s / float(np.median(candidates.durations))))
    lists: dict[int, list[int]] = {}
    while n not in lists and len(lists) < TRIES:
        chosen = lists[n] = _chosen(candidates, line(start, end, n), duration_s)
        lasts = float(candidates.durations[chosen].sum())
        if abs(duration_s - lasts) <= CLOSE * duration_s or len(chosen) < n:
            break
        more = round((duration_s - lasts) * n / lasts)
        n = max(1, n + (more or (1 if lasts < duration_s else -1)))
    best = min(lists.values(), key=lambda chosen: _badness(candidates, chosen, start, end, duration_s))
    ordered = _in_order(candidates.places, best, start, end)
    return list(zip(ordered, _off(candidates.places, ordered, start, end).tolist(), strict=True))


def _chosen(candidates: Candidates, targets: FloatArray, duration_s: float) -> list[int]:
    """A track for each target while there are any, of about the wished length together."""
    free = _Free(candidates)
    near = [_near(candidates.places, target) for target in targets]
    chosen: list[int] = []
    kept: list[Positions] = []
    for order, target in zip(near, targets, strict=True):
        fitting = next((int(position) for position in order if free.may_take(int(position))), None)
        if fitting is None:  # all that are near are taken
            rest = np.argsort(_distances(candidates.places, target), kind="stable")
            fitting = next((int(position) for position in rest if free.may_take(int(position))), None)
        if fitting is None:
            break
        free.take(fitting)
        chosen.append(fitting)
        kept.append(order)
    _mend(candidates, free, chosen, targets[: len(chosen)], kept, duration_s)
    return chosen


def _mend(
    candidates: Candidates,
    free: _Free,
    chosen: list[int],
    targets: FloatArray,
    near: Sequence[Positions],
    duration_s: float,
) -> None:
    """Exchange tracks for free ones until the length is right, or nothing brings it nearer."""
    while abs(gap := duration_s - float(candidates.durations[chosen].sum())) > CLOSE * duration_s:
        exchange = None
        for share in (MUCH, LITTLE):
            exchange = exchange or _cheapest(candidates, free, chosen, targets, near, gap, share)
        if exchange is None:
            return
        slot, position = exchange
        free.give_back(chosen[slot])
        free.take(position)
        chosen[slot] = position


def _cheapest(
    candidates: Candidates,
    free: _Free,
    chosen: Sequence[int],
    targets: FloatArray,
    near: Sequence[Positions],
    gap: float,
    share: float,
) -> tuple[int, int] | None:
    """The exchange that leaves at most a share of the gap and costs the least distance: slot and position."""
    best: tuple[float, int, int] | None = None
    for slot, taken in enumerate(chosen):
        free.give_back(taken)
        left = np.abs(gap - (candidates.durations[near[slot]] - candidates.durations[taken]))
        costs = _distances(candidates.places[near[slot]], targets[slot])
        costs -= _distances(candidates.places[[taken]], targets[slot])
        for at in np.flatnonzero(left <= share * abs(gap)):
            if (best is None or costs[at] < best[0]) and free.may_take(int(near[slot][at])):
                best = float(costs[at]), slot, int(near[slot][at])
        free.take(taken)
    return None if best is None else best[1:]


class _Free:
    """Which tracks may still be taken: no track twice, no key beyond its cap."""

    def __init__(self, candidates: Candidates) -> None:
        self._groups, self._caps = candidates.groups, candidates.caps
        self._taken: set[int] = set()
        self._counts: Counter[tuple[int, Hashable]] = Counter()

    def may_take(self, position: int) -> bool:
        return position not in self._taken and all(
            cap is None or key is None or self._counts[kind, key] < cap
            for kind, (key, cap) in enumerate(zip(self._groups[position], self._caps, strict=True))
        )

    def take(self, position: int) -> None:
        self._taken.add(position)
        self._counts.update(enumerate(self._groups[position]))

    def give_back(self, position: int) -> None:
        self._taken.discard(position)
        self._counts.subtract(enumerate(self._groups[position]))


def _badness(
    candidates: Candidates, chosen: Sequence[int], start: Point, end: Point, duration_s: float
) -> tuple[float, float]:
    """What is worse is larger: what the length is off beyond what nobody minds, then the mean distance."""
    off = abs(float(candidates.durations[[*chosen]].sum()) - duration_s)
    ordered = _in_order(candidates.places, chosen, start, end)
    return max(off, CLOSE * duration_s), float(_off(candidates.places, ordered, start, end).mean())


def _in_order(places: FloatArray, chosen: Sequence[int], start: Point, end: Point) -> list[int]:
    along = places[[*chosen]] @ np.subtract(end, start)
    return [chosen[at] for at in np.argsort(along, kind="stable")]


def _off(places: FloatArray, ordered: Sequence[int], start: Point, end: Point) -> NDArray[np.float64]:
    return np.asarray(np.linalg.norm(places[[*ordered]] - line(start, end, len(ordered)), axis=1), np.float64)


def _near(places: FloatArray, target: FloatArray) -> Positions:
    return np.argsort(_distances(places, target), kind="stable")[:POOL_SIZE]


def _distances(places: FloatArray, target: FloatArray) -> NDArray[np.float64]:
    return np.asarray(np.linalg.norm(places - target, axis=1), np.float64)


def near_line(plane: Plane, start: Point, end: Point, duration_s: float) -> list[int]:
    """Return the ids, ascending, of the candidates near the line from ``start`` to ``end``."""
    found: set[int] = set()
    for target in points_on_line(start, end, max_targets(duration_s)):
        distances = plane.distances((float(target[0]), float(target[1])))
        found.update(plane.ids[np.argsort(distances, kind="stable")[:POOL_SIZE]].tolist())
    return sorted(found)
