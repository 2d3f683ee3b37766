"""Durations and points in time: one grammar to read and write them, and passages of a track."""

from __future__ import annotations

import math
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musimo.errors import UsageError
from musimo.records import RangeFilter, Tags, Track, Window
from musimo.search.times import format_time, parse_duration, parse_time, passage, read_time
from musimo.search.where import matches, parse


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("45m", 2700),
        ("1h30m", 5400),
        ("1h 30M", 5400),
        ("2h", 7200),
        ("90s", 90),
        ("90", 90),
        ("1h5s", 3605),
        ("1h5", 3605),
        ("3:30", 210),
        ("1:02:03", 3723),
        ("70", 70),
        ("70.5", 70.5),
        ("1:10", 70),
        (" 1:10 ", 70),
        ("0:05.25", 5.25),
        ("90:00", 5400),
        ("1m30.5s", 90.5),
        ("1:75:00", 8100),  # --duration and --where have always read it so
    ],
)
def test_every_option_reads_the_same_times(text: str, seconds: float) -> None:
    assert parse_time(text) == parse_duration(text) == seconds
    at_most = parse(f"duration:..{text}")
    assert at_most == RangeFilter("duration", None, seconds, False)
    assert parse(f"duration:{text}..") == RangeFilter("duration", seconds, None, False)


NO_TIMES = [
    *("", " ", "m", "5x", "1.5h", "3:70", "1:7", "30m1h", "45m45m", "-5", "-5m", "+5", "1e3", "nan", "inf"),
    *("1:2:3:4", "1:10m", ":30", "1:", "1.5.5", ".5", "5.", "a", "٣m", "٣", "9" * 400, "9" * 400 + "h"),
    *("9" * 400 + ":00", "9" * 5000 + "m"),
]


@pytest.mark.parametrize("text", NO_TIMES)
def test_what_is_no_time_is_wrong_usage(text: str) -> None:
    with pytest.raises(UsageError, match="is not a time") as time:
        parse_time(text)
    with pytest.raises(UsageError, match="is not a duration") as duration:
        parse_duration(text)
    assert "45m" in time.value.hint
    assert "1:30:00" in duration.value.hint


@pytest.mark.parametrize("text", ["0", "0m", "0:00", "9" * 12, "168h1s", "8000:00:00"])
def test_a_playlist_lasts_some_time_and_at_most_a_week(text: str) -> None:
    with pytest.raises(UsageError, match="is not a duration") as caught:
        parse_duration(text)
    assert "week" in caught.value.hint
    assert math.isfinite(parse_time(text))
    assert parse_duration("168h") == 7 * 24 * 3600


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("4:00", 239.5, 240.5),
        ("240", 239.5, 240.5),
        ("4m", 210, 270),
        ("4m0s", 239.5, 240.5),
        ("1h", 1800, 5400),
        ("1h30m", 5370, 5430),
        ("4:00.5", 240.45, 240.55),
    ],
)
def test_where_matches_a_duration_as_precisely_as_it_is_written(text: str, low: float, high: float) -> None:
    condition = parse(f"duration:{text}")
    assert isinstance(condition, RangeFilter)
    assert (condition.low, condition.high) == pytest.approx((low, high), abs=1e-9)


@pytest.mark.parametrize(
    ("text", "seconds"), [("+5", 5.0), (".5", 0.5), ("5.", 5.0), ("-5", -5.0), ("-0", 0.0)]
)
def test_where_still_reads_a_duration_as_any_other_number(text: str, seconds: float) -> None:
    assert parse(f"duration:..{text}") == RangeFilter("duration", None, seconds, False)


@given(st.floats(0, 1e7))
def test_what_is_printed_reads_back(seconds: float) -> None:
    """To the tenth of a second, and to the second where whole seconds are printed."""
    printed = format_time(seconds)
    assert parse_time(printed) == pytest.approx(seconds, abs=0.05 + 1e-6)
    assert format_time(parse_time(printed)) == printed
    assert parse_time(format_time(round(seconds))) == round(seconds)


@given(st.integers(0, 1_000_000))
def test_tenths_read_back_exactly(tenths: int) -> None:
    assert parse_time(format_time(tenths / 10)) == pytest.approx(tenths / 10, abs=1e-9)


@given(st.floats(0, 1e6))
def test_a_track_is_found_by_the_duration_that_is_printed(seconds: float) -> None:
    track = Track(1, b"/m/a", Tags(), seconds, None, None, None)
    assert matches(parse(f"duration:{format_time(round(seconds))}"), track)


@given(st.text(max_size=20))
def test_any_text_is_a_time_or_refused(text: str) -> None:
    with suppress(UsageError):
        assert 0 <= parse_time(text) < math.inf
    with suppress(UsageError):
        assert 0 < parse_duration(text) <= 7 * 24 * 3600
    found = read_time(text)
    assert found is None or found[1] in (3600, 60, *(10.0**-n for n in range(20)))


def test_times_are_printed_in_tenths_at_most() -> None:
    assert [format_time(s) for s in (0, 22.5, 59.96, 60, 3599.97, 3723)] == [
        *("0:00", "0:22.5", "1:00", "1:00", "1:00:00", "1:02:03")
    ]


def test_passages() -> None:
    assert passage(70, 100, 200) == Window(70, 100)
    assert passage(None, 100, 200) == Window(0, 100)
    assert passage(70, None, 200.4) == Window(70, 200.4)
    assert passage(70, 201, 200.4) == Window(70, 200.4)  # shown as 3:20, or 3:21 by other players
    assert passage(0, 3, 3) == Window(0, 3)  # a whole track is never too short


@pytest.mark.parametrize(
    ("start_s", "end_s", "said"),
    [
        (210, None, "3:30 is not in the track"),
        (10, 300, "5:00 is not in the track"),
        (100, 70, "runs backwards"),
        (70, 70, "empty"),
        (70, 74, "too short"),
    ],
)
def test_passages_that_are_none(start_s: float, end_s: float | None, said: str) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        passage(start_s, end_s, 200)
    assert "3:20" in caught.value.hint
