"""Markdown from figures: tables whose columns stay equal, and names of strangers that stay names."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from musimo.training.bootstrap import Interval

UNDEFINED = "–"
DIMENSIONS = ("valence", "arousal")

HEADINGS = {"R2": "R²", "r": "Pearson r", "pairs": "pair accuracy"}  # of metrics whose name is short for it

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]+")
_MARKS = re.compile(r"[\\`*_\[\]~$#!]")  # emphasis, code, links, strikes, formulas, headings
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;"})


def escape(text: str) -> str:
    """Text of unknown origin on one line, so that Markdown and HTML show it and nothing more."""
    return _MARKS.sub(r"\\\g<0>", plain(text)).translate(_ENTITIES)


def plain(text: str) -> str:
    """Text of unknown origin on one line, without characters that steer rather than show."""
    return " ".join(_CONTROL.sub(" ", text).split())


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; cells are escaped already, the first column is text, the others are numbers.

    Raises
    ------
    ValueError : a row is not as long as the head
    """
    if any(len(row) != len(head) for row in rows):
        raise ValueError("rows of unequal length")
    lines = [head, ["---", *["--:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def heading(metric: str) -> str:
    """Name of a metric as a table shows it."""
    return HEADINGS.get(metric, metric)


def number(value: float, signed: bool = False) -> str:
    """Three decimals, the digits that a few hundred clips can bear."""
    if not math.isfinite(value):
        return UNDEFINED
    rounded = round(value, 3) + 0.0  # no "-0.000"
    return f"{rounded:+.3f}" if signed else f"{rounded:.3f}"


def spread(values: Sequence[float]) -> str:
    """Mean ± sample SD; undefined where one value is, the mean alone of a single one."""
    n = len(values)
    mean = sum(values) / n
    if n < 2 or not math.isfinite(mean):
        return number(mean)
    return f"{number(mean)} ± {number(math.sqrt(sum((value - mean) ** 2 for value in values) / (n - 1)))}"


def with_interval(interval: Interval, signed: bool = False) -> str:
    """A figure with its interval behind it."""
    if not math.isfinite(interval.value):
        return UNDEFINED
    ends = (number(end, signed) for end in (interval.low, interval.high))
    return f"{number(interval.value, signed)} [{', '.join(ends)}]"
