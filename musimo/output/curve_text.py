"""A curve as text for a terminal: sparklines and a table."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap
from typing import Final

import numpy as np

from musimo.output.curves import CurveAnswer, CurveOptions, what_a_reading_covers
from musimo.output.naming import full_name
from musimo.output.tables import Column, decimal, duration, table
from musimo.output.text import cut, joined, safe
from musimo.records import Window
from musimo.records.curve import Section, Turn
from musimo.records.scale import RANGES, Scale, from_unit
from musimo.search.times import format_time

BLOCKS: Final = "▁▂▃▄▅▆▇█"
MIN_RANGE: Final = 1 / 8  # of 0..1 from the lowest block to the highest, so that noise stays flat
MOOD_DIGITS: Final = 2


def curve_text(answer: CurveAnswer, options: CurveOptions) -> str:
    """Return a curve in lines of at most ``options.width`` columns."""
    curve, scale = answer.curve, options.scale
    lines = [cut(f"{safe(full_name(curve.track))}, {duration(curve.duration_s)}", options.width)]
    lines += wrap(what_a_reading_covers(curve), options.width)
    if curve.partial is not None:
        lines.append(f"{min(99, 100 * curve.partial):.0f} % of it could be decoded")
    lines.append("")
    for dimension in ("valence", "arousal"):
        values = [getattr(one, dimension) for one in curve.readings]
        lines.append(_drawn(dimension, values, options))
    peaks: dict[float, list[str]] = {}
    for peak in answer.peaks:
        peaks.setdefault(peak.time_s, []).append(f"{peak.dimension} peak")
    columns = (
        Column("time", right=True),
        Column("window"),
        Column("valence", right=True),
        Column("arousal", right=True),
        Column("", stretches=True),
    )
    rows = [
        (
            format_time(one.window.middle_s),
            f"{format_time(one.window.start_s)} to {format_time(one.window.end_s)}",
            decimal(from_unit(one.valence, scale), MOOD_DIGITS),
            decimal(from_unit(one.arousal, scale), MOOD_DIGITS),
            ", ".join(_remarks(one.window, peaks.get(one.window.middle_s, []), curve.sections)),
        )
        for one in curve.readings
    ]
    lines += ["", *table(columns, rows, options.width), "", *_turns(answer.turns, options)]
    return joined(lines)


def _remarks(window: Window, peaks: list[str], sections: Sequence[Section]) -> list[str]:
    """Return what is said of one reading."""
    silent = any(one.silent and one.window.start_s <= window.middle_s < one.window.end_s for one in sections)
    return ["silence"] if silent else peaks


def sparkline(values: Sequence[float], columns: int) -> str:
    """Return values as blocks of eight heights.

    Parameters
    ----------
    columns : maximum width; each block is the mean of an equal share of the values

    The blocks span the range of the values, or ``MIN_RANGE`` where that is wider.
    """
    shares = np.array_split(np.asarray(values, np.float64), min(len(values), max(1, columns)))
    means = np.array([share.mean() for share in shares])
    heights = (means - means.min()) / max(float(np.ptp(means)), MIN_RANGE)
    return "".join(BLOCKS[int(height)] for height in np.rint(heights * (len(BLOCKS) - 1)))


def _drawn(name: str, values: Sequence[float], options: CurveOptions) -> str:
    low, high = (decimal(from_unit(end, options.scale), MOOD_DIGITS) for end in (min(values), max(values)))
    lead, ends = f"{name}  ", f"  {low} to {high}"
    return f"{lead}{sparkline(values, options.width - len(lead) - len(ends))}{ends}"


def _turns(turns: Sequence[Turn], options: CurveOptions) -> list[str]:
    if not turns:
        return ["no turning points"]
    caption = "turning points, and the change from the window before to the window after"
    columns = (Column("time", right=True), Column("valence", right=True), Column("arousal", right=True))
    rows = [(format_time(turn.time_s), *_signed(turn, options.scale)) for turn in turns]
    return [*wrap(caption, options.width), *table(columns, rows, options.width)]


def _signed(turn: Turn, scale: Scale) -> tuple[str, str]:
    low, high = RANGES[scale]
    valence, arousal = turn.valence * (high - low), turn.arousal * (high - low)
    return f"{valence:+.{MOOD_DIGITS}f}", f"{arousal:+.{MOOD_DIGITS}f}"
