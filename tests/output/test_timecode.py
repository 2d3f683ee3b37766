"""Timecodes at the boundaries of frames, minutes and hours."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musimo.errors import UsageError
from musimo.output.timecode import FRAME_RATES, frame_rate


@pytest.mark.parametrize(
    ("fps", "frame", "timecode"),
    [
        ("25", 0, "00:00:00:00"),
        ("25", 24, "00:00:00:24"),
        ("25", 25, "00:00:01:00"),
        ("24", 24 * 3600, "01:00:00:00"),
        ("23.976", 24 * 60 - 1, "00:00:59:23"),
        ("30", 1800, "00:01:00:00"),
        ("29.97ndf", 1800, "00:01:00:00"),
        ("29.97", 1799, "00:00:59;29"),
        ("29.97", 1800, "00:01:00;02"),  # ;00 and ;01 are left out
        ("29.97", 3597, "00:01:59;29"),
        ("29.97", 3598, "00:02:00;02"),
        ("29.97", 17_981, "00:09:59;29"),
        ("29.97", 17_982, "00:10:00;00"),  # the tenth minute leaves none out
        ("29.97", 107_892, "01:00:00;00"),
        ("59.94", 3599, "00:00:59;59"),
        ("59.94", 3600, "00:01:00;04"),
        ("59.94", 215_784, "01:00:00;00"),
    ],
)
def test_timecodes_on_paper(fps: str, frame: int, timecode: str) -> None:
    rate = frame_rate(fps)
    assert rate.timecode(frame) == timecode
    assert rate.frame_of(timecode) == frame


@given(st.sampled_from(sorted(FRAME_RATES)), st.integers(0, 24 * 3600 * 23))
def test_a_timecode_names_its_frame(fps: str, frame: int) -> None:
    rate = frame_rate(fps)
    assert rate.frame_of(rate.timecode(frame)) == frame
    assert rate.frames(float(frame / rate.rate)) == frame


def test_drop_frame_keeps_pace_with_the_clock() -> None:
    assert frame_rate("29.97").timecode(frame_rate("29.97").frames(3600)) == "01:00:00;00"
    assert frame_rate("29.97ndf").timecode(frame_rate("29.97ndf").frames(3600)) == "00:59:56:12"


def test_a_time_is_told_by_its_nearest_frame() -> None:
    rate = frame_rate("25")
    assert [rate.frames(s) for s in (0.0, 0.019, 0.021, 0.04, 10.0)] == [0, 0, 1, 1, 250]


@pytest.mark.parametrize(
    "text", ["", "1:00:00:00", "00:00:60:00", "00:60:00:00", "24:00:00:00", "00:00:00:25"]
)
def test_what_is_no_timecode(text: str) -> None:
    with pytest.raises(UsageError, match="is not a timecode"):
        frame_rate("25").frame_of(text)


def test_numbers_that_are_dropped_rates_that_are_none_and_the_end_of_the_day() -> None:
    with pytest.raises(UsageError, match="skips it"):
        frame_rate("29.97").frame_of("00:01:00;01")
    with pytest.raises(UsageError, match="no frame rate '26'"):
        frame_rate("26")
    with pytest.raises(UsageError, match="24 hours"):
        frame_rate("25").timecode(24 * 3600 * 25)
