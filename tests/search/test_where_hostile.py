"""Whatever is typed after ``--where`` is read, or refused in words, at once; none of it becomes SQL."""

from __future__ import annotations

import time

import pytest
from sqlalchemy.dialects import sqlite

from musimo.errors import UsageError
from musimo.library.db.conditions import condition
from musimo.search.where import FIELDS, TEXT_FIELDS, parse

SOON_S = 1.0  # CPU seconds: other programs take none of them
INJECTED = [
    "x' OR '1'='1",
    "x'; DROP TABLE tracks; --",
    'x" OR ""="',
    "%' UNION SELECT path FROM tracks --",
    "1) OR (1=1",
    "1..2 OR 1=1",
    "1; ATTACH DATABASE '/tmp/x' AS x",
    ":id ?1 @x $y {0} %s",
    "a\0b' --",
    "\ud800 \udcff'",
    "\x1b[2J\u202e",
    "..", "...", "1..2..3", "..1..", "1e400", "nan", "inf", "-0", "+.", "٣", "１", "1:99", "0x10", "1_000",
    '"', '""', '"\'', "^", ":", "::", "^^x:y", "",
]  # fmt: skip
LONG = 100_000
UNITS = [
    "0",
    "1.",
    ".",
    "..",
    "1:",
    ":",
    "+",
    "-",
    " ",
    '"',
    "^",
    "'",
    "\\",
    "ß",
    "ﷺ",
    "e\u0301",
    "\u0301",
    "\0",
]


def read(expression: str) -> str:
    """What an expression became: the SQL it makes, or the words of its refusal."""
    begin = time.process_time()
    try:
        said = str(condition(parse(expression)).compile(dialect=sqlite.dialect()))
    except UsageError:
        said = ""
    assert time.process_time() - begin < SOON_S
    return said


@pytest.mark.parametrize("field", [*FIELDS, "", "none", "id) OR (1", "tracks.id", "__class__", "\x1b"])
def test_what_is_typed_never_becomes_sql(field: str) -> None:
    shapes = {"", *(read(f"{field}:{value}") for value in ("x", "1", "1..", "..1", "..", ""))}
    for value in INJECTED:
        assert read(f"{field}:{value}") in shapes
        assert read(value) == ""
    assert bool(read(f"{field}:x")) == (field in (*TEXT_FIELDS, "path", "heard"))


@pytest.mark.parametrize("unit", UNITS, ids=ascii)
@pytest.mark.parametrize("field", ["title", "path", "year", "duration", "valence", "", "nothing"])
def test_long_and_repetitive_text_is_read_at_once(field: str, unit: str) -> None:
    long = unit * (LONG // len(unit))
    for expression in (f"{field}:{long}", f"{field}:{long}x", f"{long}:{field}", f"{field}{long}", long):
        read(expression)
