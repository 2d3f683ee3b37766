import pytest

from musimo.output.tables import Column, clock, decimal, duration, facts, table
from musimo.search.times import parse_time


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(None, "–"), (float("nan"), "–"), (0.0, "0:00"), (59.6, "1:00"), (173.4, "2:53"), (3725.0, "1:02:05")],
)
def test_clock(seconds: float | None, shown: str) -> None:
    assert clock(seconds) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(None, "–"), (0.0, "0:00"), (0.65, "0:00.650"), (9.9994, "0:09.999"), (9.9996, "0:10"), (3.0, "0:03")],
)
def test_a_duration_below_ten_seconds_has_milliseconds(seconds: float | None, shown: str) -> None:
    assert duration(seconds) == shown
    assert seconds is None or parse_time(shown) == pytest.approx(seconds, abs=0.0005)
    assert duration(173.4) == clock(173.4)


def test_decimal() -> None:
    assert [decimal(0.625, 3), decimal(None, 2), decimal(float("inf"), 2)] == ["0.625", "–", "–"]


def test_the_stretching_column_takes_what_is_left() -> None:
    columns = (Column("n", right=True), Column("track", stretches=True), Column("end"))
    rows = [("1", "a" * 50, "x"), ("10", "b", "y")]
    assert table(columns, rows, 30) == [
        " n  track                  end",
        " 1  " + "a" * 20 + "…  x",
        "10  b                      y",
    ]
    assert table(columns, rows, 5)[1] == " 1  " + "a" * 9 + "…  x"
    assert table(columns, rows, 200)[1] == " 1  " + "a" * 50 + "  x"


def test_facts() -> None:
    assert facts([("a", "1"), ("long", "2"), ("", "3")]) == ["a     1", "long  2", "      3"]
