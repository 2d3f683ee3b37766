"""A walk through the space of sounds, from one to another.

The straight way between two sounds is the arc between their unit vectors. Evenly spaced points on it are the
targets, and the sounds nearest to a target are the pool for its step. Of the ways through the pools the one
is taken (by dynamic programming) whose squared angles are least in sum: of each sound to its target, so that
the walk goes on evenly, and of each sound to the one before, so that neighbours sound alike.

A way never turns back: its angle to the start never falls and its angle to the end never rises. Where no
such way has a sound for every target, as few targets as possible are passed over, and the walk is shorter.
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

POOL = 64  # sounds that may stand for a target; their pairs are few enough to be all compared
PASSED_OVER = 2 * np.pi**2  # what an empty target costs: as much as a step and an offset can at most
ROUNDING = 1e-6  # of cosines in single precision

Keys = tuple[Hashable | None, ...]
Near = Callable[[FloatArray, int], Ids]
"""Ids of the sounds nearest to a place [shape=(d,)], so many, nearest first."""


@dataclass(frozen=True, slots=True)
class Terrain:
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
    groups: Callable[[Ids], dict[int, Keys]]
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
    terrain: Terrain, stops: FloatArray, at_stops: Sequence[int | None], stop_groups: Sequence[Keys], n: int
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
    terrain: Terrain, start: FloatArray, end: FloatArray, steps: int, used: set[int], counts: _Counts
) -> list[int]:
    """One leg, within the caps: what is beyond them is left out, farthest from its target first, and the way
    is sought again.
    """
    targets = points_between(start, end, steps)
    barred = set(used)
    while True:
        pools = [_pool(terrain, target, barred) for target in targets]
        ids = np.array(sorted({int(id_) for pool in pools for id_ in pool}), np.int64)
        if not len(ids):
            return []
        groups = terrain.groups(ids)
        full = {id_ for id_ in ids.tolist() if not counts.allow(groups[id_])}
        if full:
            barred |= full
            continue
        places = terrain.places(ids)
        at = [np.searchsorted(ids, pool) for pool in pools]
        way = best_way(places, targets, at, start, end)
        chosen = [int(ids[position]) for _, position in way]
        off = [float(angles(places[[position]], targets[[step]])[0, 0]) for step, position in way]
        surplus = _surplus(chosen, off, groups, counts)
        if not surplus:
            for id_ in chosen:
                counts.add(groups[id_])
            return chosen
        barred |= surplus


def _pool(terrain: Terrain, target: FloatArray, barred: set[int]) -> Ids:
    near = terrain.near(target, POOL + len(barred))
    return near[[id_ not in barred for id_ in near.tolist()]][:POOL]


def best_way(
    places: FloatArray, targets: FloatArray, pools: Sequence[Ids], start: FloatArray, end: FloatArray
) -> list[tuple[int, int]]:
    """The way through the pools that costs least: targets that have a sound, and the sounds' positions.

    Parameters
    ----------
    places : (n, d) unit vectors
    targets : (m, d)
    pools : of each target the positions of its sounds
    start, end : (d,)
    """
    cosines = (places @ np.stack([start, end], axis=1)).astype(np.float64)
    step_costs = (np.pi * angles(places, places).astype(np.float64)) ** 2
    onward = _onward(cosines)
    nodes = [(step, int(position)) for step, pool in enumerate(pools) for position in pool]
    positions = np.array([position for _, position in nodes], np.int64)
    of_step = np.array([step for step, _ in nodes], np.int64)
    offs = (np.pi * np.diag(angles(places[positions], targets[of_step])).astype(np.float64)) ** 2
    first = (np.pi * angles(places, start[None])[:, 0].astype(np.float64)) ** 2
    last = (np.pi * angles(places, end[None])[:, 0].astype(np.float64)) ** 2
    costs = np.empty(len(nodes))
    before = np.full(len(nodes), -1)
    for step in range(len(pools)):
        here, earlier = np.flatnonzero(of_step == step), np.flatnonzero(of_step < step)
        costs[here] = first[positions[here]] + offs[here] + PASSED_OVER * step
        if not len(earlier) or not len(here):
            continue
        pairs = np.ix_(positions[earlier], positions[here])
        through = costs[earlier][:, None] + step_costs[pairs] + offs[here]
        through += PASSED_OVER * (step - of_step[earlier] - 1)[:, None]
        through[~onward[pairs]] = np.inf
        best = through.argmin(axis=0)
        cheapest = through[best, np.arange(len(here))]
        better = cheapest < costs[here]
        costs[here[better]], before[here[better]] = cheapest[better], earlier[best[better]]
    node = int(np.argmin(costs + last[positions] + PASSED_OVER * (len(pools) - 1 - of_step)))
    return [nodes[at] for at in _back(node, before)][::-1]


def _onward(cosines: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether a walk may go from one sound to another [shape=(n, n)]: a strict order, so none comes twice.

    Parameters
    ----------
    cosines : (n, 2) to the start and to the end
    """
    to_start, to_end = cosines.T
    away = to_start[:, None] >= to_start
    nearer = to_end[:, None] <= to_end
    order = np.lexsort((np.arange(len(cosines)), to_end, -to_start))
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(len(order))
    return np.asarray(away & nearer & (rank[:, None] < rank))


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

    def allow(self, keys: Keys, among: Counter[tuple[int, Hashable]] | None = None) -> bool:
        """Whether there is room for one more, ``among`` counted as well."""
        here = Counter() if among is None else among
        return all(
            cap is None or key is None or self._counts[kind, key] + here[kind, key] < cap
            for kind, (key, cap) in enumerate(zip(keys, self._caps, strict=True))
        )


def _surplus(
    chosen: Sequence[int], off: Sequence[float], groups: dict[int, Keys], counts: _Counts
) -> set[int]:
    """Of a way, the sounds beyond the caps; of one key those nearest to their targets stay."""
    among: Counter[tuple[int, Hashable]] = Counter()
    surplus = set()
    for at in sorted(range(len(chosen)), key=lambda at: (off[at], at)):
        if counts.allow(groups[chosen[at]], among):
            among.update(enumerate(groups[chosen[at]]))
        else:
            surplus.add(chosen[at])
    return surplus
