"""Text tables: columns that fit a terminal, and the numbers in them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from musimo.output.text import cut, pad, width
from musimo.search.times import format_time

UNKNOWN: Final = "–"
GAP: Final = "  "
SHORT_S: Final = 10.0
MIN_STRETCH: Final = 10  # width of a stretching column on the narrowest terminal


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Parameters
    ----------
    name : heading
    right : align right, as for numbers
    stretches : fill the width that the other columns leave; at most one column
    keep : the end of a cut cell that stays
    """

    name: str
    right: bool = False
    stretches: bool = False
    keep: Literal["start", "end"] = "start"


def table(columns: Sequence[Column], rows: Sequence[Sequence[str]], columns_wide: int) -> list[str]:
    """Return the lines of a table: the headings, then a line per row. Cells are safe text."""
    lines = [[column.name for column in columns], *rows]
    widths = [max(width(line[place]) for line in lines) for place in range(len(columns))]
    for place, column in enumerate(columns):
        if column.stretches:
            others = sum(widths) - widths[place] + len(GAP) * (len(columns) - 1)
            widths[place] = max(MIN_STRETCH, min(widths[place], columns_wide - others))
    return [_line(columns, line, widths) for line in lines]


def facts(pairs: Sequence[tuple[str, str]]) -> list[str]:
    """Return lines of names and values in two columns; an empty name continues the one above."""
    longest = max(width(name) for name, _ in pairs)
    return [f"{pad(name, longest)}{GAP}{value}".rstrip() for name, value in pairs]


def decimal(value: float | None, digits: int) -> str:
    """Return a number with ``digits`` decimals, or a dash."""
    return UNKNOWN if value is None or not math.isfinite(value) else f"{value:.{digits}f}"


def clock(seconds: float | None) -> str:
    """Return seconds as ``m:ss`` or ``h:mm:ss``, or a dash."""
    if seconds is None or not math.isfinite(seconds):
        return UNKNOWN
    return format_time(round(seconds))


def duration(seconds: float | None) -> str:
    """Return a duration as :func:`clock` does, with milliseconds below 10 s, or a dash."""
    if seconds is None or not 0 < seconds < SHORT_S:
        return clock(seconds)
    milliseconds = round(1000 * seconds)
    return clock(seconds) if milliseconds % 1000 == 0 else f"0:{milliseconds / 1000:06.3f}"


def _line(columns: Sequence[Column], cells: Sequence[str], widths: Sequence[int]) -> str:
    fitted = [
        pad(cut(cell, room, column.keep), room, right=column.right)
        for column, cell, room in zip(columns, cells, widths, strict=True)
    ]
    return GAP.join(fitted).rstrip()
