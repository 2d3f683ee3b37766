"""Peaks and turning points of a mood over time, by arithmetic alone.

A peak is a reading with nothing higher around it that stands out by ``LEAST_CHANGE``: its topographic
prominence, how far the curve falls on both sides before it rises above the peak. The ends of the curve count,
for a song may end at its height; they need fall on the one side they have.

A turning point is a time between two stretches of sound, each as long as a window, that share nothing: the
one that ends there and the one that begins there. The change at that time is how far the mood of the second
lies from that of the first on the plane; turning points are the peaks of the change. Here the ends do not
count: a change that still grows there has its place where no whole window is left to tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from musimo.records import Dimension, Peak, Turn, WindowEmotion

DIMENSIONS: tuple[Dimension, ...] = get_args(Dimension)

# Half a point of the 1-9 scale: listeners rate in whole points, so none of them could tell a smaller
# difference, and the network learnt from none. It is also several times what chance adds from one reading to
# the next: steps have an SD of 0.01 with windows of 15 s and more, of 0.02 with windows of 5 s.
LEAST_CHANGE = 1 / 16


def find_peaks(readings: Sequence[WindowEmotion], least: float = LEAST_CHANGE) -> tuple[Peak, ...]:
    """Peaks of valence and of arousal, in order of time.

    Parameters
    ----------
    readings : in order of time
    least : prominence, 0..1, of the smallest peak that is told
    """
    peaks = [
        Peak(readings[place].window.middle_s, dimension, float(values[place]), prominence)
        for dimension in DIMENSIONS
        for values in [np.array([getattr(one, dimension) for one in readings], np.float64)]
        for place, prominence in prominences(values)
        if prominence >= least
    ]
    return tuple(sorted(peaks, key=lambda peak: (peak.time_s, peak.dimension)))


def find_turns(
    readings: Sequence[WindowEmotion], window_s: float, least: float = LEAST_CHANGE
) -> tuple[Turn, ...]:
    """Turning points, in order of time; none in a track shorter than two windows.

    Parameters
    ----------
    readings : in order of time
    window_s : length of their windows
    least : prominence of the smallest change that is told
    """
    turns = _changes(readings, window_s)
    found = prominences(np.array([turn.change for turn in turns]), ends=False)
    return tuple(turns[place] for place, prominence in found if prominence >= least)


def prominences(values: NDArray[np.float64], *, ends: bool = True) -> list[tuple[int, float]]:
    """Local maxima of a series, and the prominence of each; of a plateau the middle is taken.

    The prominence is the height above the higher of two floors: on either side, the lowest value on the way
    to higher ground or to the end. A maximum at an end has one floor, and counts only with ``ends``.
    """
    found = []
    for first, last in _plateaus(values):
        height = values[first]
        floors = [_floor(side, height) for side in (values[:first][::-1], values[last + 1 :]) if len(side)]
        if len(floors) >= (1 if ends else 2) and max(floors) < height:
            found.append(((first + last) // 2, float(height - max(floors))))
    return found


def _plateaus(values: NDArray[np.float64]) -> list[tuple[int, int]]:
    """Ends of each run of equal values, both included."""
    starts = [place for place in range(len(values)) if place == 0 or values[place] != values[place - 1]]
    return [(start, end - 1) for start, end in zip(starts, [*starts, len(values)][1:], strict=True)]


def _floor(side: NDArray[np.float64], height: float) -> float:
    """The lowest value before one that is higher, going outward; ``height`` itself where that is the next."""
    higher = np.flatnonzero(side > height)
    reach = side[: higher[0]] if len(higher) else side
    return float(reach.min()) if len(reach) else height


def _changes(readings: Sequence[WindowEmotion], window_s: float) -> list[Turn]:
    """The change at the beginning of every window that another one could go before."""
    if not readings:
        return []
    middles = np.array([one.window.middle_s for one in readings])
    moods = np.array([(one.valence, one.arousal) for one in readings])
    turns = []
    for one, after in zip(readings, moods, strict=True):
        before_s = one.window.middle_s - window_s
        if before_s >= middles[0]:
            before = [np.interp(before_s, middles, column) for column in moods.T]
            turns.append(Turn(one.window.start_s, *map(float, after - before)))
    return turns
