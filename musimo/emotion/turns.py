"""Find peaks and turning points of emotion over time.

A peak is a local maximum of valence or arousal whose topographic prominence is at least ``MIN_PROMINENCE``:
how far the curve falls on both sides before it rises above the peak. The ends of the curve count, because a
song may end at its height; they need to fall on one side only.

Within a section whose readings differ by less than that, they count as equal: where an even part is loudest
is chance. What lies in a silent section is no peak.

A turning point is the boundary of two sections, where the music changes, see :mod:`musimo.audio.novelty`, at
which the mood changes as well. The change is the distance, on the valence-arousal plane, between the last
window before it and the first window after it. After silence, the next section is compared with the one
before the silence.

Not ``scipy.signal.find_peaks``, which ignores the ends, and SciPy is not needed to scan or ask.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from musimo.records import WindowEmotion
from musimo.records.curve import Dimension, Peak, Section, Turn

DIMENSIONS: tuple[Dimension, ...] = get_args(Dimension)

# Half a point of the 1-9 scale: listeners rate in whole points, so the network was trained on no smaller
# difference. It is also several times the noise between readings: their differences have an SD of 0.01 with
# windows of 15 s and more, of 0.02 with windows of 5 s.
MIN_PROMINENCE = 1 / 16

SHORT_S = (
    10.0  # readings of shorter windows, repeated many times, are off by more: they need twice the change
)


def find_peaks(
    readings: Sequence[WindowEmotion],
    sections: Sequence[Section] = (),
    min_prominence: float = MIN_PROMINENCE,
) -> tuple[Peak, ...]:
    """Return the peaks of valence and arousal, in order of time.

    Parameters
    ----------
    readings : in order of time
    sections : of the track; none: it is one
    min_prominence : smallest prominence of a peak, 0..1
    """
    groups = _by_section(readings, sections)
    counted = [one for group in groups for one in group]
    peaks = [
        Peak(counted[index].window.middle_s, dimension, float(values[index]), prominence)
        for dimension in DIMENSIONS
        for values in [np.concatenate([_leveled(group, dimension) for group in groups] or [np.empty(0)])]
        for index, prominence in prominences(values)
        if prominence >= min_prominence
    ]
    return tuple(sorted(peaks, key=lambda peak: (peak.time_s, peak.dimension)))


def find_turns(
    readings: Sequence[WindowEmotion],
    sections: Sequence[Section],
    min_change: float = MIN_PROMINENCE,
) -> tuple[Turn, ...]:
    """Return the turning points, in order of time.

    Parameters
    ----------
    readings : in order of time
    sections : of the track
    min_change : smallest change of the mood; twice that beside a window shorter than ``SHORT_S``
    """
    turns = []
    for section, following in pairwise(_by_section(readings, sections)):
        before, after = section[-1], following[0]
        turn = Turn(after.window.start_s, after.valence - before.valence, after.arousal - before.arousal)
        shortest_s = min(one.window.end_s - one.window.start_s for one in (before, after))
        if turn.change >= (min_change if shortest_s >= SHORT_S else 2 * min_change):
            turns.append(turn)
    return tuple(turns)


def _by_section(
    readings: Sequence[WindowEmotion], sections: Sequence[Section]
) -> list[Sequence[WindowEmotion]]:
    """Return the readings of each section that is not silent and has any."""
    if not sections:
        return [readings] if readings else []
    ends_s = [section.window.end_s for section in sections]
    groups: list[list[WindowEmotion]] = [[] for _ in sections]
    for one in readings:
        groups[min(bisect_right(ends_s, one.window.middle_s), len(sections) - 1)].append(one)
    return [group for group, section in zip(groups, sections, strict=True) if group and not section.silent]


def _leveled(readings: Sequence[WindowEmotion], dimension: Dimension) -> NDArray[np.float64]:
    """Return the values of a section; their mean in place of each where they hardly differ."""
    values = np.array([getattr(one, dimension) for one in readings], np.float64)
    return np.full_like(values, values.mean()) if np.ptp(values) < MIN_PROMINENCE else values


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
