"""A walk through the space of sounds, from one to another.

The straight way between two sounds is the arc between their unit vectors. Evenly spaced points on it are the
targets, and the sounds nearest to a target are the pool for its step. Of the ways through the pools the one
is taken (by dynamic programming) whose squared angles are least in sum: of each sound to its target, so that
the walk goes on evenly, and of each sound to the one before, so that neighbours sound alike.

A way never turns back: its angle to the start never falls and its angle to the end never rises. Where no
such way has a sound for every target, a cosine may slip back, as little as the library allows; but what a
step gains on one side is always more than it loses on the other, so that no sound comes twice. Where even so
there are not enough sounds, targets are passed over, and the walk is shorter.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from musimo.emotion.space import unit
from musimo.records import FloatArray
from musimo.search.space import Ids

LOOK = 512  # sounds looked at near a target: of those around an end, many would be steps back
POOL = 256  # sounds that may stand for a target: with 64, ways of 12 were often not found among 3,000 sounds
LEAST_POOL = 64  # where targets are many; their pools overlap
MOST_PAIRED = 3072  # sounds of all pools together (12 × 256), for every pair of them is compared
PASSED_OVER = 2 * np.pi**2  # what an empty target costs: as much as a step and an offset can at most
SLIPS = (0.0, 0.02, 0.1, 2.0)  # of cosines, tried in turn: none, hardly to be heard, a little, any
ROUNDING = 1e-6  # of cosines in single precision

Keys = tuple[Hashable | None, ...]
Near = Callable[[FloatArray, int], Ids]
"""Ids of the sounds nearest to a place [shape=(d,)], so many, nearest first."""


@dataclass(frozen=True, slots=True)
class PathSpace:
    """Where a walk may go.

    Parameters
    ----------
    near : finds sounds near a place
    places : of some ids, unit vectors [shape=(n, d)]
    groups : of some ids the keys under which each is counted, None for one that counts alone
    caps : most sounds of a key, one number a position of the keys; None for no cap
    """

    near: Near
    places: Callable[[Ids], FloatArray]
    groups: Callable[[Ids], dict[int, GroupKeys]]
    caps: tuple[int | None, ...]


def angles(a: FloatArray, b: FloatArray) -> FloatArray:
    """Between rows of unit vectors [shape=(n, m)], 0..1: 0 = the same sound, 0.5 = nothing in common."""
    return np.asarray(np.arccos(np.clip(a @ b.T, -1, 1)) / np.pi, np.float32)


def points_between(start: FloatArray, end: FloatArray, n: int) -> FloatArray:
    """``n`` evenly spaced points on the arc between two unit vectors, without its ends [shape=(n, d)]."""
    angle = float(np.arccos(np.clip(start @ end, -1, 1)))
    along = np.arange(1, n + 1) / (n + 1)
    if np.sin(angle) < ROUNDING:  # the same place, or opposite ones, between which no arc is the shortest
        return unit([(1 - t) * start + t * end for t in along])
    return unit([np.sin((1 - t) * angle) * start + np.sin(t * angle) * end for t in along])


def steps_between(stops: FloatArray, n: int) -> list[int]:
    """How many of ``n`` sounds lie between each two stops [shape=(m, d)]: as the angles between them are."""
    lengths = [float(angles(a[None], b[None])[0, 0]) for a, b in pairwise(stops)]
    total = sum(lengths)
    shares = [n * length / total if total else n / len(lengths) for length in lengths]
    steps = [int(share) for share in shares]
    by_rest = sorted(range(len(shares)), key=lambda leg: (steps[leg] - shares[leg], leg))
    for leg in by_rest[: n - sum(steps)]:
        steps[leg] += 1
    return steps


def walk(
    terrain: PathSpace, stops: FloatArray, at_stops: Sequence[int | None], stop_groups: Sequence[Keys], n: int
) -> list[list[int]]:
    """Ids of the sounds between each two stops; no sound twice, none of the stops.

    Parameters
    ----------
    terrain : where it may go
    stops : (m, d) unit vectors, in order
    at_stops : ids of the stops; None for one outside
    stop_groups : keys of the stops, which are counted first and never left out
    n : sounds between the stops, all together; fewer are found where the terrain has no more
    """
    used = {id_ for id_ in at_stops if id_ is not None}
    counts = _Counts(terrain.caps)
    for keys in stop_groups:
        counts.add(keys)
    legs = []
    for place, steps in enumerate(steps_between(stops, n)):
        leg = _leg(terrain, stops[place], stops[place + 1], steps, used, counts)
        legs.append(leg)
        used.update(leg)
    return legs


def _leg(
    terrain: PathSpace, start: FloatArray, end: FloatArray, steps: int, used: set[int], counts: _Counts
) -> list[int]:
    """One leg, within the caps: where a way goes beyond one, the sounds of that key that lie nearest to their
    targets stay, the others are left out, and the way is sought again.
    """
    targets = points_between(start, end, steps)
    near = [terrain.near(target, LOOK + len(used)) for target in targets]
    ids = np.array(sorted({int(id_) for found in near for id_ in found} - used), np.int64)
    if not len(ids):
        return []
    places, groups = terrain.places(ids), terrain.groups(ids)
    keys = [groups[id_] for id_ in ids.tolist()]
    size = min(POOL, max(LEAST_POOL, MOST_PAIRED // max(steps, 1)))
    at = [_positions(ids, found) for found in near]
    roomy = np.array([counts.allow(key) for key in keys])
    best: list[int] = []
    for slip in SLIPS:
        way = _within_caps(places, targets, at, roomy, size, (start, end), slip, keys, counts)
        best = max(best, way, key=len)
        if len(best) == steps:
            break
    for position in best:
        counts.add(keys[position])
    return [int(ids[position]) for position in best]


def _within_caps(
    places: FloatArray,
    targets: FloatArray,
    near: Sequence[Ids],
    roomy: NDArray[np.bool_],
    size: int,
    ends: tuple[FloatArray, FloatArray],
    slip: float,
    keys: Sequence[Keys],
    counts: _Counts,
) -> list[int]:
    """Positions of the sounds of one leg, with so much slip."""
    usable = roomy & _between(places, *ends, slip)
    while True:
        pools = [found[usable[found]][:size] for found in near]
        way = best_way(places, targets, pools, *ends, slip)
        surplus = _surplus(way, places, targets, keys, counts)
        if not len(surplus):
            return [position for _, position in way]
        usable[surplus] = False


def _between(places: FloatArray, start: FloatArray, end: FloatArray, slip: float) -> NDArray[np.bool_]:
    """Which sounds are no step back from the start, and not beyond the end."""
    cosines, apart = places @ np.stack([start, end], axis=1), start @ end
    gained = np.abs(cosines[:, 1] - cosines[:, 0]) <= 1 - apart + ROUNDING
    return np.asarray(gained & (cosines >= apart - slip - ROUNDING).all(axis=1))


def _positions(ids: Ids, found: Ids) -> Ids:
    """Where those of ``found`` that are among ``ids`` lie in them, in the order of their finding."""
    at = np.minimum(np.searchsorted(ids, found), len(ids) - 1)
    return np.asarray(at[ids[at] == found])


def best_way(
    places: FloatArray,
    targets: FloatArray,
    pools: Sequence[Ids],
    start: FloatArray,
    end: FloatArray,
    slip: float,
) -> list[tuple[int, int]]:
    """The way through the pools that costs least: targets that have a sound, and the sounds' positions.

    Parameters
    ----------
    places : (n, d) unit vectors
    targets : (m, d)
    pools : of each target the positions of its sounds
    start, end : (d,)
    slip : how far a cosine may turn back in a step
    """
    sounds = np.concatenate([np.empty(0, np.int64), *pools])
    if not len(sounds):
        return []
    places, of_step = places[sounds], np.repeat(np.arange(len(pools)), [len(pool) for pool in pools])
    to_ends = places @ np.stack([start, end], axis=1)
    from_start, to_end = _squared(to_ends[:, 0]), _squared(to_ends[:, 1])
    off = _squared(np.einsum("nd,nd->n", places, targets[of_step]))
    costs = from_start + off + PASSED_OVER * of_step
    before = np.full(len(sounds), -1)
    for step in range(1, len(pools)):
        earlier, here = np.flatnonzero(of_step < step), np.flatnonzero(of_step == step)
        if not len(earlier) or not len(here):
            continue
        through = costs[earlier][:, None] + _squared(places[earlier] @ places[here].T) + off[here]
        through += PASSED_OVER * (step - of_step[earlier] - 1)[:, None]
        through[~_onward(to_ends, sounds, earlier, here, slip)] = np.inf
        best = through.argmin(axis=0)
        cheapest = through[best, np.arange(len(here))]
        better = cheapest < costs[here]
        costs[here[better]], before[here[better]] = cheapest[better], earlier[best[better]]
    last = int(np.argmin(costs + to_end + PASSED_OVER * (len(pools) - 1 - of_step)))
    return [(int(of_step[node]), int(sounds[node])) for node in _back(last, before)][::-1]


def _squared(cosines: FloatArray) -> NDArray[np.float64]:
    """Squared angles of some cosines."""
    return np.asarray(np.arccos(np.clip(cosines, -1, 1).astype(np.float64)) ** 2)


def _onward(to_ends: FloatArray, sounds: Ids, earlier: Ids, here: Ids, slip: float) -> NDArray[np.bool_]:
    """Whether a walk may go from some sounds to others [shape=(n, m)]: a strict order, so none comes twice.

    Parameters
    ----------
    to_ends : cosines to the start and to the end
    sounds : what tells equal ones apart
    earlier, here : (n,) and (m,) positions
    """
    (from_start, to_end), (then_from, then_to) = to_ends[earlier].T[:, :, None], to_ends[here].T
    gained, then_gained = to_end - from_start, then_to - then_from
    onward = (then_from <= from_start + slip) & (then_to >= to_end - slip) & (then_gained >= gained)
    return np.asarray(onward & ((then_gained > gained) | (sounds[earlier][:, None] < sounds[here])))


def _back(node: int, before: NDArray[np.int64]) -> Iterator[int]:
    while node >= 0:
        yield node
        node = int(before[node])


class _Counts:
    """How many sounds of each key a walk has."""

    def __init__(self, caps: tuple[int | None, ...]) -> None:
        self._caps: Final = caps
        self._counts: Counter[tuple[int, Hashable]] = Counter()

    def add(self, keys: Keys) -> None:
        self._counts.update(enumerate(keys))

    def allow(self, keys: Keys) -> bool:
        """Whether there is room for one more."""
        return not self.beyond(keys, Counter())

    def beyond(self, keys: Keys, among: Counter[tuple[int, Hashable]]) -> set[tuple[int, Hashable]]:
        """The keys, each with its position, of which there is no room for one more beside ``among``."""
        return {
            (kind, key)
            for kind, (key, cap) in enumerate(zip(keys, self._caps, strict=True))
            if cap is not None and key is not None and self._counts[kind, key] + among[kind, key] >= cap
        }


def _surplus(
    way: Sequence[tuple[int, int]],
    places: FloatArray,
    targets: FloatArray,
    keys: Sequence[Keys],
    counts: _Counts,
) -> list[int]:
    """Positions of all sounds of the keys that a way has too many of, but for those of its own that stay."""
    among: Counter[tuple[int, Hashable]] = Counter()
    kept: set[int] = set()
    full: set[tuple[int, Hashable]] = set()
    for _, position in sorted(way, key=lambda at: (-float(places[at[1]] @ targets[at[0]]), at)):
        if beyond := counts.beyond(keys[position], among):
            full |= beyond
        else:
            among.update(enumerate(keys[position]))
            kept.add(position)
    if not full:
        return []
    return [at for at, key in enumerate(keys) if at not in kept and full & {*enumerate(key)}]
