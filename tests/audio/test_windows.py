"""Where the windows of a track lie."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from musimo.audio.windows import WINDOW_S, place_windows, tile
from musimo.records import Coverage


def starts(duration_s: float, coverage: Coverage = "windows") -> list[float]:
    return [round(window.start_s, 6) for window in place_windows(duration_s, coverage)]


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
def test_windows_are_inside_in_order_and_long(duration_s: float, coverage: Coverage) -> None:
    windows = place_windows(duration_s, coverage)
    assert windows[0].start_s >= 0
    assert windows[-1].end_s <= duration_s
    for window in windows:
        assert window.end_s - window.start_s == pytest.approx(min(WINDOW_S, duration_s))
    for before, after in pairwise(windows):
        assert before.start_s < after.start_s
    if coverage == "windows":
        assert len(windows) <= 3


@given(st.floats(0.01, 40_000))
def test_full_hears_every_second(duration_s: float) -> None:
    windows = place_windows(duration_s, "full")
    assert windows[0].start_s == 0
    assert windows[-1].end_s == pytest.approx(duration_s)
    for before, after in pairwise(windows):
        assert after.start_s <= before.end_s + 1e-6


def test_tile_repeats_and_cuts() -> None:
    samples = np.array([1, 2, 3], np.float32)
    assert tile(samples, 7).tolist() == [1, 2, 3, 1, 2, 3, 1]
    assert tile(samples, 2).tolist() == [1, 2]
    assert tile(samples, 3).tolist() == [1, 2, 3]
