"""Peaks and turning points of curves that are known on paper."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from musimo.emotion.turns import MIN_PROMINENCE, find_peaks, find_turns, prominences
from musimo.records import Window, WindowEmotion
from musimo.records.curve import Section

WINDOW_S = 20.0


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


def section(start_s: float, end_s: float, *, silent: bool = False) -> Section:
    return Section(Window(start_s, end_s), silent)


def even(*parts: tuple[float, float, float, float]) -> list[WindowEmotion]:
    """Readings of parts: start, end, valence and arousal; windows of 20 s, 10 s apart, inside each."""
    return [
        WindowEmotion(Window(at, at + WINDOW_S), valence, arousal)
        for start_s, end_s, valence, arousal in parts
        for at in np.arange(start_s, end_s - WINDOW_S + 1e-9, 10).tolist()
    ]


def test_a_turn_is_where_the_mood_changes_with_the_music() -> None:
    readings = even((0, 60, 0.5, 0.2), (60, 120, 0.4, 0.8), (120, 180, 0.4, 0.82), (180, 240, 0.4, 0.2))
    sections = [section(at, at + 60) for at in (0, 60, 120, 180)]
    up, down = find_turns(readings, sections)
    assert (up.time_s, down.time_s) == (60, 180)
    assert (up.valence, up.arousal) == pytest.approx((-0.1, 0.6))
    assert up.change == pytest.approx(np.hypot(0.1, 0.6))
    assert down.arousal == pytest.approx(-0.62)


def test_a_turn_compares_the_windows_next_to_it() -> None:
    readings = series(0.2, 0.3, 0.4)
    readings += [WindowEmotion(Window(30, 50), 0.5, 0.9), WindowEmotion(Window(40, 60), 0.5, 0.7)]
    [turn] = find_turns(readings, [section(0, 30), section(30, 60)])
    assert turn.time_s == 30
    assert turn.arousal == pytest.approx(0.5)


def test_silence_is_no_turn_and_what_comes_after_it_is_compared_with_what_was_before() -> None:
    sections = [section(0, 60), section(60, 100, silent=True), section(100, 160)]
    same = even((0, 60, 0.5, 0.4), (60, 100, 0.9, 0.9), (100, 160, 0.5, 0.4))
    assert find_turns(same, sections) == ()
    assert find_peaks(same, sections) == ()
    other = even((0, 60, 0.5, 0.4), (60, 100, 0.5, 0.5), (100, 160, 0.5, 0.6))
    [turn] = find_turns(other, sections)
    assert turn.time_s == 100
    assert turn.arousal == pytest.approx(0.2)


def test_an_even_section_has_its_peak_in_its_middle() -> None:
    readings = even((0, 60, 0.5, 0.2), (60, 120, 0.5, 0.8), (120, 180, 0.5, 0.2))
    noisy = [replace(one, arousal=one.arousal + 0.01 * (n % 3)) for n, one in enumerate(readings)]
    [peak] = find_peaks(noisy, [section(0, 60), section(60, 120), section(120, 180)])
    assert peak.time_s == 90
    assert peak.value == pytest.approx(0.81, abs=0.01)


@pytest.mark.parametrize(("seconds", "n_turns"), [(8, 0), (12, 1)])
def test_short_windows_need_a_greater_change(seconds: float, n_turns: int) -> None:
    readings = [WindowEmotion(Window(0, 20), 0.5, 0.5), WindowEmotion(Window(20, 20 + seconds), 0.5, 0.6)]
    sections = [section(0, 20), section(20, 20 + seconds)]
    assert len(find_turns(readings, sections)) == n_turns
    readings[1] = replace(readings[1], arousal=0.63)
    assert len(find_turns(readings, sections)) == 1


def test_one_section_has_no_turn() -> None:
    assert find_turns([], []) == ()
    assert find_peaks([]) == ()
    assert find_turns(series(0.1, 0.9), [section(0, 30)]) == ()
