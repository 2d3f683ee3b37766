"""Times as people write them, and passages of a track."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musimo.errors import UsageError
from musimo.records import Window
from musimo.search.times import format_time, parse_time, passage


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("70", 70),
        ("70.5", 70.5),
        ("1:10", 70),
        ("0:05.25", 5.25),
        ("1:02:03", 3723),
        ("90:00", 5400),
        ("0", 0),
    ],
)
def test_times(text: str, seconds: float) -> None:
    assert parse_time(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "1:7", "1:70", "1:60:00", "-5", "1e3", "nan", "1:2:3:4", "a", "9" * 400]
)
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(UsageError, match="is no time"):
        parse_time(text)


@given(st.integers(0, 1_000_000))
def test_a_moment_reads_back(tenths: int) -> None:
    assert parse_time(format_time(tenths / 10)) == pytest.approx(tenths / 10)


def test_moments() -> None:
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
