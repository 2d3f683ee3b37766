"""A mix that lasts as long as wished, of what ranks best.

Rows are taken from the top. Where the length comes out right with a row, that is the mix. Where it does
not, the last rows and some more below them are chosen from anew: of all choices that come right, the one
whose time is spent highest up, so that the sum of each row's place in the ranking, times its length, is least
(a knapsack, solved exactly but for lengths rounded to a two-thousandth of the whole).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from musimo.search.mood_path import DURATION_TOLERANCE

T = TypeVar("T")

FEW_S: Final = 5.0  # off, which nobody minds however short the mix is
SPARE: Final = 64  # rows that may be exchanged, and rows below that may come in their place
STEPS: Final = 2000  # of the length: rounding a hundred lengths is off by some 3 steps, a sixth of `CLOSE`


def close(duration_s: float) -> float:
    """How far off a mix of that length may be, in s."""
    return max(CLOSE * duration_s, FEW_S)


def mix(rows: Iterable[T], length_of: Callable[[T], float | None], duration_s: float) -> list[T]:
    """Of a ranking, best first, the rows that last ``duration_s`` together, in its order.

    Reads no more of it than fills the length, and some spare rows. Rows of unknown length, or longer than the
    whole mix, are left out. All that is left is taken where it is not enough.
    """
    pool: list[T] = []
    lengths: list[float] = []
    total, spare = 0.0, 0
    for row in rows:
        length = length_of(row)
        if not length or length > duration_s + close(duration_s):
            continue
        pool.append(row)
        lengths.append(length)
        spare += total >= duration_s
        total += length
        if abs(total - duration_s) <= close(duration_s) or spare == SPARE:
            break
    return [pool[place] for place in fill(lengths, duration_s)]


def fill(lengths: Sequence[float], duration_s: float) -> list[int]:
    """Places of the lengths (above 0, in s, best first) that make up ``duration_s``, ascending."""
    totals = np.cumsum(lengths)
    right = np.flatnonzero(np.abs(totals - duration_s) <= close(duration_s))
    if len(right):
        return [*range(int(right[0]) + 1)]
    if not len(totals) or totals[-1] < duration_s:
        return [*range(len(lengths))]
    fixed = max(0, int(np.searchsorted(totals, duration_s)) - SPARE)
    left_s = duration_s - (float(totals[fixed - 1]) if fixed else 0.0)
    free = _knapsack(np.array(lengths[fixed:]), left_s, close(duration_s))
    return [*range(fixed), *(fixed + place for place in free)]


def _knapsack(lengths: NDArray[np.float64], whole_s: float, off_s: float) -> list[int]:
    """Places of lengths that come within ``off_s`` of the whole, or as near as can be, at the least cost."""
    step = whole_s / STEPS
    sizes = np.maximum(np.rint(lengths / step), 1).astype(np.int64)
    costs = np.full(2 * STEPS + 1, np.inf)
    costs[0] = 0
    taken = np.zeros((len(sizes), len(costs)), np.bool_)
    for place, size in enumerate(sizes.tolist()):
        with_it = costs[: max(0, len(costs) - size)] + place * size
        better = with_it < costs[size:]
        taken[place, size:] = better
        costs[size:][better] = with_it[better]
    # Lengths are rounded, so it aims at half of what may be off.
    off = np.maximum(np.abs(np.arange(len(costs)) * step - whole_s), off_s / 2)
    at = int(np.lexsort((costs, np.where(np.isfinite(costs), off, np.inf)))[0])
    chosen = []
    for place in range(len(sizes) - 1, -1, -1):
        if taken[place, at]:
            chosen.append(place)
            at -= int(sizes[place])
    return chosen[::-1]
