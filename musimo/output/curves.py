"""One door to all formats of a curve: mood inside a track in, bytes out."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, get_args

from musimo.errors import UsageError
from musimo.output import json_out
from musimo.records import Curve, Peak, Turn, WindowEmotion
from musimo.records.fields import SCORE_DIGITS, SECOND_DIGITS, Fields, mood, number
from musimo.records.scale import RANGES, Scale, from_unit
from musimo.search.times import format_time

CurveFormat = Literal["table", "csv", "json", "jsonl", "labels", "edl", "svg", "png"]
CURVE_FORMATS: Final[tuple[CurveFormat, ...]] = get_args(CurveFormat)
COLUMNS: Final = ("time", "start", "end", "valence", "arousal")
TRAINED_S: Final = 45.0  # the clips that the network learnt from


@dataclass(frozen=True, slots=True)
class CurveAnswer:
    """Answer of ``curve``: a curve, and what stands out of it."""

    curve: Curve
    peaks: Sequence[Peak]
    turns: Sequence[Turn]


@dataclass(frozen=True, slots=True)
class CurveOptions:
    """How a curve is written.

    Parameters
    ----------
    width : columns a table may take
    scale : in which valence and arousal are shown
    readings : whether labels and markers hold every reading too
    fps, start_timecode : of an edit decision list
    """

    width: int = 80
    scale: Scale = "0-1"
    readings: bool = False
    fps: str = "25"
    start_timecode: str = "01:00:00:00"


@dataclass(frozen=True, slots=True)
class Mark:
    """A time worth a label or a marker; its text is ASCII, on one line."""

    time_s: float
    kind: Literal["valence", "arousal", "turn", "reading"]
    text: str


def render_curve(answer: CurveAnswer, format: CurveFormat, options: CurveOptions) -> bytes:
    """Write a curve in a format.

    Raises
    ------
    UsageError : an edit decision list that cannot be
    MusimoError : PNG, and matplotlib is not installed
    """
    # Each format is a module that loads no other's: a table needs no XML, and nothing but PNG matplotlib.
    match format:
        case "table":
            from musimo.output.curve_text import curve_text

            return curve_text(answer, options).encode()
        case "json":
            return json_out.document(_content(answer, options.scale)).encode()
        case "jsonl":
            return json_out.lines(_readings(answer.curve.readings, options.scale)).encode()
        case "csv":
            return _csv(answer, options.scale).encode()
        case "labels":
            return labels(answer, options).encode()
        case "edl":
            from musimo.output.edl import edl

            return edl(answer, options).encode("ascii")
        case "svg":
            from musimo.output.curve_svg import curve_svg

            return curve_svg(answer, options.scale).encode()
        case "png":
            from musimo.output.curve_png import curve_png

            return curve_png(answer, options.scale)
    raise UsageError(f"a curve cannot be written as {format}", f"it can be: {', '.join(CURVE_FORMATS)}")


def marks(answer: CurveAnswer, options: CurveOptions) -> list[Mark]:
    """Peaks, turning points and, where asked for, readings, in order of time."""
    low, high = RANGES[options.scale]
    found = [
        Mark(
            peak.time_s,
            peak.dimension,
            f"{peak.dimension} peak {from_unit(peak.value, options.scale):.2f}",
        )
        for peak in answer.peaks
    ]
    found += [
        Mark(
            turn.time_s,
            "turn",
            f"turn: valence {turn.valence * (high - low):+.2f}, arousal {turn.arousal * (high - low):+.2f}",
        )
        for turn in answer.turns
    ]
    if options.readings:
        found += [
            Mark(
                one.window.middle_s,
                "reading",
                f"valence {from_unit(one.valence, options.scale):.2f},"
                f" arousal {from_unit(one.arousal, options.scale):.2f}",
            )
            for one in answer.curve.readings
        ]
    return sorted(found, key=lambda mark: (mark.time_s, mark.kind))


def labels(answer: CurveAnswer, options: CurveOptions) -> str:
    """A label track as Audacity reads it: start, end and text, apart by tabs; every label is a point."""
    return "".join(f"{mark.time_s:.6f}\t{mark.time_s:.6f}\t{mark.text}\n" for mark in marks(answer, options))


def what_is_heard(curve: Curve) -> str:
    """In words, of how much sound a reading is."""
    window_s = curve.plan.window_s
    if curve.duration_s <= window_s:
        said = f"one reading, of the whole track ({format_time(curve.duration_s)})"
        window_s = curve.duration_s
    else:
        said = f"each reading is of the {window_s:g} s around its time, {curve.plan.hop_s:g} s after the last"
    if window_s < TRAINED_S - 1:
        said += f"; repeated to the {TRAINED_S:g} s that the network was trained on"
    return said


def _content(answer: CurveAnswer, scale: Scale) -> dict[str, object]:
    curve = answer.curve
    low, high = RANGES[scale]

    def difference(value: float) -> float | None:
        return number(value * (high - low), SCORE_DIGITS)

    return {
        "track": curve.track.as_dict(scale),
        "window": curve.plan.window_s,
        "hop": curve.plan.hop_s,
        "readings": _readings(curve.readings, scale),
        "peaks": [
            {
                "time": number(peak.time_s, SECOND_DIGITS),
                "of": peak.dimension,
                "value": mood(peak.value, scale),
                "prominence": difference(peak.prominence),
            }
            for peak in answer.peaks
        ],
        "turns": [
            {
                "time": number(turn.time_s, SECOND_DIGITS),
                "valence_change": difference(turn.valence),
                "arousal_change": difference(turn.arousal),
                "change": difference(turn.change),
            }
            for turn in answer.turns
        ],
    }


def _readings(readings: Sequence[WindowEmotion], scale: Scale) -> list[Fields]:
    return [
        {
            "time": number(one.window.middle_s, SECOND_DIGITS),
            "start": number(one.window.start_s, SECOND_DIGITS),
            "end": number(one.window.end_s, SECOND_DIGITS),
            "valence": mood(one.valence, scale),
            "arousal": mood(one.arousal, scale),
        }
        for one in readings
    ]


def _csv(answer: CurveAnswer, scale: Scale) -> str:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS)
    writer.writeheader()
    writer.writerows(_readings(answer.curve.readings, scale))
    return text.getvalue()
