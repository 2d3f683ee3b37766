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
LEAST_STRETCH: Final = 10  # columns a stretching column keeps on the narrowest terminal


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Parameters
    ----------
    name : its heading
    right : aligned right, as numbers are
    stretches : takes what the other columns leave, and is cut to it; one column at most
    keep : which end of a cut cell stays
    """

    name: str
    right: bool = False
    stretches: bool = False
    keep: Literal["start", "end"] = "start"


def table(columns: Sequence[Column], rows: Sequence[Sequence[str]], columns_wide: int) -> list[str]:
    """Lines of a table: the headings, then a line a row. Cells are safe text."""
    lines = [[column.name for column in columns], *rows]
    widths = [max(width(line[place]) for line in lines) for place in range(len(columns))]
    for place, column in enumerate(columns):
        if column.stretches:
            others = sum(widths) - widths[place] + len(GAP) * (len(columns) - 1)
            widths[place] = max(LEAST_STRETCH, min(widths[place], columns_wide - others))
    return [_line(columns, line, widths) for line in lines]


def facts(pairs: Sequence[tuple[str, str]]) -> list[str]:
    """Lines of names and values, the values in one column; a name that is empty continues the one above."""
    longest = max(width(name) for name, _ in pairs)
    return [f"{pad(name, longest)}{GAP}{value}".rstrip() for name, value in pairs]


def decimal(value: float | None, digits: int) -> str:
    """A number with ``digits`` decimals."""
    return UNKNOWN if value is None or not math.isfinite(value) else f"{value:.{digits}f}"


def clock(seconds: float | None) -> str:
    """Seconds as ``m:ss`` or ``h:mm:ss``."""
    if seconds is None or not math.isfinite(seconds):
        return UNKNOWN
    return format_time(round(seconds))


def _line(columns: Sequence[Column], cells: Sequence[str], widths: Sequence[int]) -> str:
    fitted = [
        pad(cut(cell, room, column.keep), room, right=column.right)
        for column, cell, room in zip(columns, cells, widths, strict=True)
    ]
    return GAP.join(fitted).rstrip()
