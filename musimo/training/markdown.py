"""Format figures as Markdown: tables of equal columns, and escaped names of unknown origin."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from musimo.training.bootstrap import Interval

UNDEFINED = "–"
DIMENSIONS = ("valence", "arousal")

HEADINGS = {"R2": "R²", "r": "Pearson r", "pairs": "pair accuracy"}  # of metrics with a short name

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]+")
_MARKS = re.compile(r"[\\`*_\[\]~$#!]")  # emphasis, code, links, strikes, formulas, headings
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;"})


def escape(text: str) -> str:
    """Return text of unknown origin on one line, escaped for Markdown and HTML."""
    return _MARKS.sub(r"\\\g<0>", plain(text)).translate(_ENTITIES)


def plain(text: str) -> str:
    """Return text of unknown origin on one line, without control characters."""
    return " ".join(_CONTROL.sub(" ", text).split())


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table; cells must be escaped, the first column is text, the others are numbers.

    Raises
    ------
    ValueError : a row does not have the length of the head
    """
    if any(len(row) != len(head) for row in rows):
        raise ValueError("rows of unequal length")
    lines = [head, ["---", *["--:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def heading(metric: str) -> str:
    """Return the name of a metric in table headings."""
    return HEADINGS.get(metric, metric)


def number(value: float, signed: bool = False) -> str:
    """Format with three decimals, the precision that a few hundred clips allow."""
    if not math.isfinite(value):
        return UNDEFINED
    rounded = round(value, 3) + 0.0  # no "-0.000"
    return f"{rounded:+.3f}" if signed else f"{rounded:.3f}"


def spread(values: Sequence[float]) -> str:
    """Format mean ± sample SD; undefined if a value is, without SD for a single value."""
    n = len(values)
    mean = sum(values) / n
    if n < 2 or not math.isfinite(mean):
        return number(mean)
    return f"{number(mean)} ± {number(math.sqrt(sum((value - mean) ** 2 for value in values) / (n - 1)))}"


def with_interval(interval: Interval, signed: bool = False) -> str:
    """Format a figure followed by its interval."""
    if not math.isfinite(interval.value):
        return UNDEFINED
    ends = (number(end, signed) for end in (interval.low, interval.high))
    return f"{number(interval.value, signed)} [{', '.join(ends)}]"
