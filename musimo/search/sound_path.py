"""Choose tracks that lead from one sound to another in even steps.

The shortest way between two unit vectors is the arc between them. Evenly spaced points on it are the targets,
and the tracks nearest to a target are its pool. Dynamic programming finds the path through the pools with the
least sum of squared angles: of each track to its target, so that the path advances evenly, and of each track
to the one before, so that neighbors sound alike.

A path never turns back: the angle to the start never falls, and the angle to the end never rises. If no such
path has a track for every target, a cosine may slip back, as little as the library allows; but each step must
gain more on one side than it loses on the other, so that no track comes twice. If there are still too few
tracks, targets are skipped, and the path is shorter.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from musimo.emotion.space import unit
from musimo.records import FloatArray
from musimo.search.diversify import CappedKey, GroupCounter, GroupKeys
from musimo.search.space import Ids

N_NEAREST: Final = 512  # tracks looked up per target: near an end, many of them would be steps back
POOL_SIZE: Final = 256  # per target: with 64, paths of 12 were often not found among 3,000 tracks
MIN_POOL_SIZE: Final = 64  # where there are many targets, whose pools overlap
MAX_POOLED: Final = 3072  # tracks in all pools (12 × 256), since every pair is compared
SKIP_COST: Final = 2 * np.pi**2  # of an empty target: the largest possible cost of a step and an offset
SLIPS: Final = (0.0, 0.02, 0.1, 2.0)  # of cosines, tried in turn: none, hardly audible, a little, any
ROUNDING: Final = 1e-6  # of cosines in single precision

NearestIds = Callable[[FloatArray, int], Ids]
"""Return the ids of the k nearest tracks of a vector [shape=(d,)], nearest first."""


@dataclass(frozen=True, slots=True)
class PathSpace:
    """Tracks that a path may contain.

    Parameters
    ----------
    nearest : search for the tracks nearest to a vector
    vectors : return the unit vectors of ids [shape=(n, d)]
    groups : return the keys under which tracks are counted, by id
    caps : most tracks per key, one cap for each position of the keys; None for no cap
    """

    nearest: NearestIds
    vectors: Callable[[Ids], FloatArray]
    groups: Callable[[Ids], dict[int, GroupKeys]]
    caps: tuple[int | None, ...]


def angles(a: FloatArray, b: FloatArray) -> FloatArray:
    """Return angles between rows of unit vectors [shape=(n, m)] over π: 0 = equal, 0.5 = orthogonal."""
    return np.asarray(np.arccos(np.clip(a @ b.T, -1, 1)) / np.pi, np.float32)


def points_on_arc(start: FloatArray, end: FloatArray, n: int) -> FloatArray:
    """Return ``n`` evenly spaced points on the arc between unit vectors, without the ends [shape=(n, d)]."""
    angle = float(np.arccos(np.clip(start @ end, -1, 1)))
    fractions = np.arange(1, n + 1) / (n + 1)
    if np.sin(angle) < ROUNDING:  # equal or opposite vectors have no unique arc
        return unit([(1 - t) * start + t * end for t in fractions])
    return unit([np.sin((1 - t) * angle) * start + np.sin(t * angle) * end for t in fractions])


def tracks_per_leg(stops: FloatArray, n: int) -> list[int]:
    """Distribute ``n`` tracks over the legs between stops [shape=(m, d)] in proportion to their angles."""
    lengths = [float(angles(a[None], b[None])[0, 0]) for a, b in pairwise(stops)]
    total = sum(lengths)
    shares = [n * length / total if total else n / len(lengths) for length in lengths]
    counts = [int(share) for share in shares]
    by_remainder = sorted(range(len(shares)), key=lambda leg: (counts[leg] - shares[leg], leg))
    for leg in by_remainder[: n - sum(counts)]:
        counts[leg] += 1
    return counts


def choose_sound_path(
    space: PathSpace,
    stops: FloatArray,
    stop_ids: Sequence[int | None],
    stop_groups: Sequence[GroupKeys],
    n: int,
) -> list[list[int]]:
    """Return the ids of the tracks on each leg between two stops; each id once, and no stop.

    Parameters
    ----------
    space : tracks that the path may contain
    stops : (m, d) unit vectors, in order
    stop_ids : ids of the stops; None for a stop outside the library
    stop_groups : keys of the stops, which are counted first and never left out
    n : number of tracks on all legs together; there are fewer if the space has no more
    """
    used = {id_ for id_ in stop_ids if id_ is not None}
    counter = GroupCounter(space.caps)
    for keys in stop_groups:
        counter.add(keys)
    legs = []
    for at, n_tracks in enumerate(tracks_per_leg(stops, n)):
        leg = _leg(space, stops[at], stops[at + 1], n_tracks, used, counter)
        legs.append(leg)
        used.update(leg)
    return legs


def _leg(
    space: PathSpace, start: FloatArray, end: FloatArray, n: int, used: set[int], counter: GroupCounter
) -> list[int]:
    """Return the ids of one leg, and count them."""
    targets = points_on_arc(start, end, n)
    found = [space.nearest(target, N_NEAREST + len(used)) for target in targets]
    ids = np.array(sorted({int(id_) for near in found for id_ in near} - used), np.int64)
    if not len(ids):
        return []
    vectors, groups = space.vectors(ids), space.groups(ids)
    keys = [groups[id_] for id_ in ids.tolist()]
    pool_size = min(POOL_SIZE, max(MIN_POOL_SIZE, MAX_POOLED // max(n, 1)))
    positions = [_positions(ids, near) for near in found]
    allowed = np.array([counter.allows(key) for key in keys])
    best: list[int] = []
    for slip in SLIPS:
        path = _within_caps(
            vectors, targets, positions, allowed, pool_size, (start, end), slip, keys, counter
        )
        best = max(best, path, key=len)
        if len(best) == n:
            break
    for position in best:
        counter.add(keys[position])
    return [int(ids[position]) for position in best]


def _within_caps(
    vectors: FloatArray,
    targets: FloatArray,
    found: Sequence[Ids],
    allowed: NDArray[np.bool_],
    pool_size: int,
    ends: tuple[FloatArray, FloatArray],
    slip: float,
    keys: Sequence[GroupKeys],
    counter: GroupCounter,
) -> list[int]:
    """Return the positions of the best path within the caps.

    If a path exceeds the cap of a key, the tracks of that key that are nearest to their targets stay, all
    others are excluded, and the search is repeated.
    """
    usable = allowed & _between(vectors, *ends, slip)
    while True:
        pools = [near[usable[near]][:pool_size] for near in found]
        path = best_path(vectors, targets, pools, *ends, slip)
        surplus = _surplus(path, vectors, targets, keys, counter)
        if not len(surplus):
            return [position for _, position in path]
        usable[surplus] = False


def _between(vectors: FloatArray, start: FloatArray, end: FloatArray, slip: float) -> NDArray[np.bool_]:
    """Return a mask of the vectors that are neither behind the start nor beyond the end."""
    cosines, end_cosine = vectors @ np.stack([start, end], axis=1), start @ end
    gained = np.abs(cosines[:, 1] - cosines[:, 0]) <= 1 - end_cosine + ROUNDING
    return np.asarray(gained & (cosines >= end_cosine - slip - ROUNDING).all(axis=1))


def _positions(ids: Ids, found: Ids) -> Ids:
    """Return the positions in ``ids`` (ascending) of those found that are among them, in the order found."""
    at = np.minimum(np.searchsorted(ids, found), len(ids) - 1)
    return np.asarray(at[ids[at] == found])


def best_path(
    vectors: FloatArray,
    targets: FloatArray,
    pools: Sequence[Ids],
    start: FloatArray,
    end: FloatArray,
    slip: float,
) -> list[tuple[int, int]]:
    """Return the cheapest path through the pools as pairs of a target and a position; targets may be skipped.

    Parameters
    ----------
    vectors : (n, d) unit vectors
    targets : (m, d)
    pools : for each target, positions of its tracks
    start, end : (d,)
    slip : how far a cosine may turn back in a step
    """
    nodes = np.concatenate([np.empty(0, np.int64), *pools])
    if not len(nodes):
        return []
    vectors, step_of = vectors[nodes], np.repeat(np.arange(len(pools)), [len(pool) for pool in pools])
    to_ends = vectors @ np.stack([start, end], axis=1)
    from_start, to_end = _squared_angles(to_ends[:, 0]), _squared_angles(to_ends[:, 1])
    offsets = _squared_angles(np.einsum("nd,nd->n", vectors, targets[step_of]))
    costs = from_start + offsets + SKIP_COST * step_of
    previous = np.full(len(nodes), -1)
    for step in range(1, len(pools)):
        earlier, here = np.flatnonzero(step_of < step), np.flatnonzero(step_of == step)
        if not len(earlier) or not len(here):
            continue
        through = costs[earlier][:, None] + _squared_angles(vectors[earlier] @ vectors[here].T)
        through += offsets[here]
        through += SKIP_COST * (step - step_of[earlier] - 1)[:, None]
        through[~_onward(to_ends, nodes, earlier, here, slip)] = np.inf
        best = through.argmin(axis=0)
        cheapest = through[best, np.arange(len(here))]
        better = cheapest < costs[here]
        costs[here[better]], previous[here[better]] = cheapest[better], earlier[best[better]]
    last = int(np.argmin(costs + to_end + SKIP_COST * (len(pools) - 1 - step_of)))
    return [(int(step_of[node]), int(nodes[node])) for node in _backwards(last, previous)][::-1]


def _squared_angles(cosines: FloatArray) -> NDArray[np.float64]:
    return np.asarray(np.arccos(np.clip(cosines, -1, 1).astype(np.float64)) ** 2)


def _onward(to_ends: FloatArray, nodes: Ids, earlier: Ids, here: Ids, slip: float) -> NDArray[np.bool_]:
    """Return which steps are allowed [shape=(n, m)]. They form a strict order, so that no track comes twice.

    Parameters
    ----------
    to_ends : cosines to the start and to the end
    nodes : positions of the tracks, which break ties
    earlier, here : (n,) and (m,) indices into both
    """
    (from_start, to_end), (then_from, then_to) = to_ends[earlier].T[:, :, None], to_ends[here].T
    gained, then_gained = to_end - from_start, then_to - then_from
    onward = (then_from <= from_start + slip) & (then_to >= to_end - slip) & (then_gained >= gained)
    return np.asarray(onward & ((then_gained > gained) | (nodes[earlier][:, None] < nodes[here])))


def _backwards(node: int, previous: NDArray[np.int64]) -> Iterator[int]:
    while node >= 0:
        yield node
        node = int(previous[node])


def _surplus(
    path: Sequence[tuple[int, int]],
    vectors: FloatArray,
    targets: FloatArray,
    keys: Sequence[GroupKeys],
    counter: GroupCounter,
) -> list[int]:
    """Return the positions of all tracks whose key exceeds its cap in the path, except those that stay."""
    counted: Counter[CappedKey] = Counter()
    kept: set[int] = set()
    exceeded: set[CappedKey] = set()
    for _, position in sorted(path, key=lambda at: (-float(vectors[at[1]] @ targets[at[0]]), at)):
        if full := counter.full(keys[position], counted):
            exceeded |= full
        else:
            counted.update(enumerate(keys[position]))
            kept.add(position)
    if not exceeded:
        return []
    return [at for at, key in enumerate(keys) if at not in kept and exceeded & {*enumerate(key)}]
