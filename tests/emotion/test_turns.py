"""Peaks and turning points of curves that are known on paper."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from musimo.emotion.turns import MIN_PROMINENCE, find_peaks, find_turns, prominences
from musimo.records import Window, WindowEmotion

WINDOW_S = 20.0


def curve(
    mood: Callable[[float], tuple[float, float]], duration_s: float = 120, hop_s: float = 5
) -> list[WindowEmotion]:
    """Readings of windows of 20 s: means of ``mood`` over each."""
    readings = []
    for start_s in np.arange(0, duration_s - WINDOW_S + 1e-9, hop_s):
        moods = [mood(start_s + second + 0.5) for second in range(int(WINDOW_S))]
        valence, arousal = (float(mean) for mean in np.mean(moods, axis=0))
        readings.append(WindowEmotion(Window(start_s, start_s + WINDOW_S), valence, arousal))
    return readings


def series(*arousals: float) -> list[WindowEmotion]:
    return [WindowEmotion(Window(5 * n, 5 * n + WINDOW_S), 0.5, value) for n, value in enumerate(arousals)]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0, 3, 1, 2, 0], [(1, 3), (3, 1)]),  # from 2, the way to the 3 goes down to 1
        ([0, 2, 1, 3, 0], [(1, 1), (3, 3)]),
        ([1, 3, 2], [(1, 1)]),  # the higher floor of the two
        ([0, 1, 2], [(2, 2)]),  # at the end there is one side
        ([2, 1, 2], [(0, 1), (2, 1)]),
        ([0, 2, 2, 2, 0], [(2, 2)]),  # the middle of a plateau
        ([1, 2, 2, 3], [(3, 2)]),  # a step on the way up is no peak
        ([1, 1, 1], []),
        ([1], []),
        ([], []),
    ],
)
def test_prominences_on_paper(values: list[float], expected: list[tuple[int, float]]) -> None:
    assert prominences(np.array(values, np.float64)) == expected


def test_without_the_ends_only_what_falls_on_both_sides_counts() -> None:
    assert prominences(np.array([2.0, 0, 1, 0, 3]), ends=False) == [(2, 1)]
    assert prominences(np.array([0.0, 1, 2]), ends=False) == []


@given(st.lists(st.floats(0, 1), max_size=30))
def test_a_maximum_is_as_high_as_all_around_and_the_highest_falls_to_a_floor(values: list[float]) -> None:
    array = np.array(values, np.float64)
    found = prominences(array)
    for place, prominence in found:
        assert array[place] >= array[max(0, place - 1) : place + 2].max()
        assert 0 < prominence <= np.ptp(array)
    if len(values) > 1 and np.ptp(array) > 0:
        assert array.max() in array[[place for place, _ in found]]


def test_peaks_carry_their_time_height_and_prominence() -> None:
    readings = series(0.2, 0.4, 0.7, 0.5, 0.55, 0.3)
    [peak] = find_peaks(readings)
    assert (peak.time_s, peak.dimension, peak.value) == (20.0, "arousal", 0.7)  # window 10..30
    assert peak.prominence == pytest.approx(0.4)
    assert [one.time_s for one in find_peaks(readings, min_prominence=0.04)] == [20.0, 30.0]


def test_what_no_listener_could_rate_is_no_peak() -> None:
    assert find_peaks(series(0.5, 0.5 + MIN_PROMINENCE - 0.001, 0.5)) == ()
    assert len(find_peaks(series(0.5, 0.5 + MIN_PROMINENCE + 0.001, 0.5))) == 1


def test_a_step_is_one_turn_at_its_time() -> None:
    readings = curve(lambda s: (0.5, 0.2) if s < 60 else (0.4, 0.8))
    [turn] = find_turns(readings, WINDOW_S)
    assert turn.time_s == 60
    assert (turn.valence, turn.arousal) == pytest.approx((-0.1, 0.6))
    assert turn.change == pytest.approx(np.hypot(0.1, 0.6))


def test_a_passage_has_a_turn_into_it_and_one_out_of_it() -> None:
    readings = curve(lambda s: (0.5, 0.8) if 40 <= s < 80 else (0.5, 0.2))
    into, out = find_turns(readings, WINDOW_S)
    assert (into.time_s, out.time_s) == (40, 80)
    assert (into.arousal, out.arousal) == pytest.approx((0.6, -0.6))


def test_a_hop_that_does_not_divide_the_window_still_finds_the_step() -> None:
    [turn] = find_turns(curve(lambda s: (0.5, 0.2) if s < 60 else (0.5, 0.8), hop_s=6), WINDOW_S)
    assert turn.time_s == 60


def test_a_steady_drift_and_a_change_without_a_whole_window_left_are_no_turns() -> None:
    assert find_turns(curve(lambda s: (0.5, s / 120)), WINDOW_S) == ()
    assert find_turns(curve(lambda s: (0.5, 0.2 if s < 110 else 0.9)), WINDOW_S) == ()


def test_short_curves_have_no_turns() -> None:
    assert find_turns([], WINDOW_S) == ()
    assert find_peaks([]) == ()
    assert find_turns(series(0.1, 0.9), WINDOW_S) == ()
