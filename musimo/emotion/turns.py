"""Find peaks and turning points of emotion over time.

A peak is a local maximum of valence or arousal whose topographic prominence is at least ``MIN_PROMINENCE``:
how far the curve falls on both sides before it rises above the peak. The ends of the curve count, because a
song may end at its height; they need to fall on one side only.

A turning point is a time between two adjacent windows that do not overlap. The change at that time is the
distance between their points on the valence-arousal plane; turning points are the peaks of the change. Here
the ends do not count: where a change still grows at an end, its maximum lies where no whole window is left.

Not ``scipy.signal.find_peaks``, which ignores the ends, and SciPy is not needed to scan or ask.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from musimo.records import Dimension, Peak, Turn, WindowEmotion

DIMENSIONS: tuple[Dimension, ...] = get_args(Dimension)

# Half a point of the 1-9 scale: listeners rate in whole points, so the network was trained on no smaller
# difference. It is also several times the noise between readings: their differences have an SD of 0.01 with
# windows of 15 s and more, of 0.02 with windows of 5 s.
MIN_PROMINENCE = 1 / 16


def find_peaks(readings: Sequence[WindowEmotion], min_prominence: float = MIN_PROMINENCE) -> tuple[Peak, ...]:
    """Return the peaks of valence and arousal, in order of time.

    Parameters
    ----------
    readings : in order of time
    min_prominence : smallest prominence of a peak, 0..1
    """
    peaks = [
        Peak(readings[index].window.middle_s, dimension, float(values[index]), prominence)
        for dimension in DIMENSIONS
        for values in [np.array([getattr(one, dimension) for one in readings], np.float64)]
        for index, prominence in prominences(values)
        if prominence >= min_prominence
    ]
    return tuple(sorted(peaks, key=lambda peak: (peak.time_s, peak.dimension)))


def find_turns(
    readings: Sequence[WindowEmotion], window_s: float, min_prominence: float = MIN_PROMINENCE
) -> tuple[Turn, ...]:
    """Return the turning points, in order of time; none in a track shorter than two windows.

    Parameters
    ----------
    readings : in order of time
    window_s : length of their windows
    min_prominence : smallest prominence of a change
    """
    turns = _changes(readings, window_s)
    found = prominences(np.array([turn.change for turn in turns]), ends=False)
    return tuple(turns[index] for index, prominence in found if prominence >= min_prominence)


def prominences(values: NDArray[np.float64], *, ends: bool = True) -> list[tuple[int, float]]:
    """Return index and prominence of each local maximum; of a plateau, the index of its middle.

    The prominence is the height above the higher of two floors: on either side, the lowest value before a
    higher one or the end. A maximum at an end has one floor, and counts only with ``ends``.
    """
    found = []
    for first, last in _plateaus(values):
        height = values[first]
        floors = [_floor(side, height) for side in (values[:first][::-1], values[last + 1 :]) if len(side)]
        if len(floors) >= (1 if ends else 2) and max(floors) < height:
            found.append(((first + last) // 2, float(height - max(floors))))
    return found


def _plateaus(values: NDArray[np.float64]) -> list[tuple[int, int]]:
    """Return first and last index of each run of equal values."""
    starts = [index for index in range(len(values)) if index == 0 or values[index] != values[index - 1]]
    return [(start, end - 1) for start, end in zip(starts, [*starts, len(values)][1:], strict=True)]


def _floor(side: NDArray[np.float64], height: float) -> float:
    """Return the lowest value before a higher one, going outward; ``height`` if that is the next."""
    higher = np.flatnonzero(side > height)
    reach = side[: higher[0]] if len(higher) else side
    return float(reach.min()) if len(reach) else height


def _changes(readings: Sequence[WindowEmotion], window_s: float) -> list[Turn]:
    """Return the change at the start of every window that is preceded by a whole one."""
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
