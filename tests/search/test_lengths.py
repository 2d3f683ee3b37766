"""Lengths of time as people write them."""

from __future__ import annotations

import pytest

from musimo.errors import UsageError
from musimo.search.times import parse_duration


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("45m", 2700),
        ("1h30m", 5400),
        ("1h 30M", 5400),
        ("2h", 7200),
        ("90s", 90),
        ("90", 90),
        ("1h5s", 3605),
        ("3:30", 210),
        ("1:02:03", 3723),
    ],
)
def test_lengths_are_read(written: str, seconds: float) -> None:
    assert parse_duration(written) == seconds


@pytest.mark.parametrize(
    "written", ["", "0", "0m", "-5m", "m", "5x", "1.5h", "3:70", "30m1h", "9" * 12, "٣m"]
)
def test_what_is_no_length_is_wrong_usage(written: str) -> None:
    with pytest.raises(UsageError, match="no length of time"):
        parse_duration(written)
