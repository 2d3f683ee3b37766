"""A list of a given duration, chosen from the top of a ranking.

Rows are taken from the top. If the total duration comes within the tolerance after some row, the list ends
there. If not, the last rows are chosen anew together with some rows below them: among all choices of the
right duration, the one with the least sum of rank times length. This is a knapsack problem; it is solved
exactly for lengths rounded to a two-thousandth of the total.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from musimo.search.mood_path import DURATION_TOLERANCE

T = TypeVar("T")

MIN_TOLERANCE_S: Final = 5.0
N_SPARE: Final = 64  # rows that may be exchanged, and rows below that may replace them
N_STEPS: Final = 2000  # of the total: rounding 100 lengths is off by about 3 steps, a sixth of the tolerance


def tolerance_s(duration_s: float) -> float:
    """Return how far the duration of a list may be off, in seconds."""
    return max(DURATION_TOLERANCE * duration_s, MIN_TOLERANCE_S)


def mix(rows: Iterable[T], length_of: Callable[[T], float | None], duration_s: float) -> list[T]:
    """Return rows of a ranking, best first, that last ``duration_s`` together, in the order of the ranking.

    The ranking is read until the duration is reached, plus some spare rows. Rows of unknown length, or longer
    than the whole list, are left out. If all rows together are too short, all are returned.
    """
    pool: list[T] = []
    lengths: list[float] = []
    total, spare = 0.0, 0
    for row in rows:
        length = length_of(row)
        if not length or length > duration_s + tolerance_s(duration_s):
            continue
        pool.append(row)
        lengths.append(length)
        spare += total >= duration_s
        total += length
        if abs(total - duration_s) <= tolerance_s(duration_s) or spare == N_SPARE:
            break
    return [pool[position] for position in fill(lengths, duration_s)]


def fill(lengths: Sequence[float], duration_s: float) -> list[int]:
    """Return ascending positions of lengths (s, above 0, best first) whose sum is about ``duration_s``."""
    totals = np.cumsum(lengths)
    right = np.flatnonzero(np.abs(totals - duration_s) <= tolerance_s(duration_s))
    if len(right):
        return [*range(int(right[0]) + 1)]
    if not len(totals) or totals[-1] < duration_s:
        return [*range(len(lengths))]
    n_fixed = max(0, int(np.searchsorted(totals, duration_s)) - N_SPARE)
    rest_s = duration_s - (float(totals[n_fixed - 1]) if n_fixed else 0.0)
    chosen = _knapsack(np.array(lengths[n_fixed:]), rest_s, tolerance_s(duration_s))
    return [*range(n_fixed), *(n_fixed + position for position in chosen)]


def _knapsack(lengths: NDArray[np.float64], total_s: float, off_s: float) -> list[int]:
    """Return the cheapest positions whose lengths sum to within ``off_s`` of the total, or nearest to it."""
    step = total_s / N_STEPS
    sizes = np.maximum(np.rint(lengths / step), 1).astype(np.int64)
    costs = np.full(2 * N_STEPS + 1, np.inf)
    costs[0] = 0
    taken = np.zeros((len(sizes), len(costs)), np.bool_)
    for position, size in enumerate(sizes.tolist()):
        with_it = costs[: max(0, len(costs) - size)] + position * size
        better = with_it < costs[size:]
        taken[position, size:] = better
        costs[size:][better] = with_it[better]
    # Lengths are rounded, so that only half the tolerance is used here.
    off = np.maximum(np.abs(np.arange(len(costs)) * step - total_s), off_s / 2)
    at = int(np.lexsort((costs, np.where(np.isfinite(costs), off, np.inf)))[0])
    chosen = []
    for position in range(len(sizes) - 1, -1, -1):
        if taken[position, at]:
            chosen.append(position)
            at -= int(sizes[position])
    return chosen[::-1]
