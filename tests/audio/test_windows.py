"""Where the windows of a track lie."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from musimo.audio.windows import WINDOW_S, plan_windows, sliding_plan, tile
from musimo.errors import UsageError
from musimo.records import Window, WindowPlan


def starts(duration_s: float, coverage: WindowPlan = "windows") -> list[float]:
    return [round(window.start_s, 6) for window in plan_windows(duration_s, coverage)]


@pytest.mark.parametrize(
    ("duration_s", "expected"),
    [
        (0.5, [0.0]),
        (45.0, [0.0]),
        (50.0, [2.5]),  # one span 0..50: one window, centred
        (90.0, [0.0, 45.0]),  # 15, 45, 75 +- 22.5 merge to 0..90: two windows fit
        (112.0, [0.0, 67.0]),  # 112 / 45 = 2.49: two, at both ends of the span
        (120.0, [0.0, 37.5, 75.0]),  # 20 +- 22.5 is clipped to 0: span 0..120, three windows, 37.5 apart
        (180.0, [7.5, 67.5, 127.5]),  # 30, 90, 150: none overlap
        (360.0, [37.5, 157.5, 277.5]),
    ],
)
def test_three_windows_on_paper(duration_s: float, expected: list[float]) -> None:
    assert starts(duration_s) == expected


@pytest.mark.parametrize(
    ("duration_s", "expected"),
    [(30.0, [0.0]), (90.0, [0.0, 45.0]), (100.0, [0.0, 27.5, 55.0]), (180.0, [0.0, 45.0, 90.0, 135.0])],
)
def test_full_on_paper(duration_s: float, expected: list[float]) -> None:
    assert starts(duration_s, "full") == expected


@given(st.floats(0.01, 40_000), st.sampled_from(["windows", "full"]))
def test_windows_are_inside_in_order_and_long(duration_s: float, coverage: WindowPlan) -> None:
    windows = plan_windows(duration_s, coverage)
    assert windows[0].start_s >= 0
    assert windows[-1].end_s <= duration_s
    for window in windows:
        assert window.end_s - window.start_s == pytest.approx(min(WINDOW_S, duration_s))
    for before, after in pairwise(windows):
        assert before.start_s < after.start_s
    if coverage == "windows":
        assert len(windows) <= 3


@given(st.floats(0.01, 40_000))
def test_full_covers_every_second(duration_s: float) -> None:
    windows = plan_windows(duration_s, "full")
    assert windows[0].start_s == 0
    assert windows[-1].end_s == pytest.approx(duration_s)
    for before, after in pairwise(windows):
        assert after.start_s <= before.end_s + 1e-6


def test_tile_repeats_and_cuts() -> None:
    samples = np.array([1, 2, 3], np.float32)
    assert tile(samples, 7).tolist() == [1, 2, 3, 1, 2, 3, 1]
    assert tile(samples, 2).tolist() == [1, 2]
    assert tile(samples, 3).tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("duration_s", "expected"),
    [
        (30.0, [0.0]),
        (45.0, [0.0]),
        (60.0, [0.0, 5.0, 10.0, 15.0]),
        (62.0, [0.0, 5.0, 10.0, 15.0, 17.0]),  # the last one ends with the track
        (60.005, [0.0, 5.0, 10.0, 15.005]),  # not a window at 15 and one at 15.005
    ],
)
def test_sliding_windows_on_paper(duration_s: float, expected: list[float]) -> None:
    assert starts(duration_s, sliding_plan()) == expected


@given(st.floats(0.1, 4_000), st.floats(5, 45), st.floats(0.5, 5))
def test_sliding_windows_cover_a_track_from_end_to_end(
    duration_s: float, window_s: float, hop_s: float
) -> None:
    windows = plan_windows(duration_s, sliding_plan(window_s, hop_s))
    assert windows[0].start_s == 0
    assert windows[-1].end_s == duration_s
    for window in windows:
        assert window.end_s - window.start_s == pytest.approx(min(window_s, duration_s), abs=0.011)
    for before, after in pairwise(windows):
        assert 0 < after.start_s - before.start_s <= hop_s + 0.011


@pytest.mark.parametrize(
    ("window_s", "hop_s"), [(4.9, 1), (46, 5), (float("nan"), 5), (20, 21), (20, 0.4), (20, -1)]
)
def test_windows_out_of_range_are_refused(window_s: float, hop_s: float) -> None:
    with pytest.raises(UsageError, match="is not within"):
        sliding_plan(window_s, hop_s)


def test_a_passage_is_covered_and_no_more() -> None:
    assert plan_windows(200, Window(70, 100)) == (Window(70, 100),)
    assert plan_windows(200, Window(70, 160)) == (Window(70, 115), Window(115, 160))
    assert plan_windows(90, Window(70, 100)) == (Window(70, 90),)
