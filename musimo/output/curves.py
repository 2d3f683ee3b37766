"""The curve of one track as records, labels, JSON and CSV."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from musimo.output.csv_out import csv_text
from musimo.records import WindowEmotion
from musimo.records.curve import Curve, Peak, Turn
from musimo.records.fields import SCORE_DIGITS, SECOND_DIGITS, Fields, mood, number
from musimo.records.scale import RANGES, Scale, from_unit
from musimo.search.times import format_time

COLUMNS: Final = ("time", "start", "end", "valence", "arousal")
TRAINING_CLIP_S: Final = 45.0

Kind = Literal["valence", "arousal", "turn", "reading"]
"""Kinds of marks."""


@dataclass(frozen=True, slots=True)
class CurveAnswer:
    """Answer of ``curve``: a curve with its peaks and turning points."""

    curve: Curve
    peaks: Sequence[Peak]
    turns: Sequence[Turn]


@dataclass(frozen=True, slots=True)
class CurveOptions:
    """How a curve is written.

    Parameters
    ----------
    width : columns of a table
    scale : scale of valence and arousal
    readings : include every reading in labels and markers
    fps, start_timecode : of markers for video editors
    """

    width: int = 80
    scale: Scale = "0-1"
    readings: bool = False
    fps: str = "25"
    start_timecode: str = "01:00:00:00"


@dataclass(frozen=True, slots=True)
class Mark:
    """A time with a label; the text is ASCII, on one line."""

    time_s: float
    kind: Kind
    text: str


def marks(answer: CurveAnswer, options: CurveOptions) -> list[Mark]:
    """Return peaks, turning points and, if asked for, readings, in order of time."""
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
    """Return a label track for Audacity: start, end and text, separated by tabs; every label is a point."""
    return "".join(f"{mark.time_s:.6f}\t{mark.time_s:.6f}\t{mark.text}\n" for mark in marks(answer, options))


def what_a_reading_covers(curve: Curve) -> str:
    """Return a sentence on how much audio a reading covers."""
    window_s = curve.plan.window_s
    if curve.duration_s <= window_s and len(curve.sections) <= 1:
        sentence = f"one reading, of the whole track ({format_time(curve.duration_s)})"
        window_s = curve.duration_s
    else:
        sentence = f"a reading every {curve.plan.hop_s:g} s, each of the {window_s:g} s around its time"
        if len(curve.sections) > 1:
            sentence += ", within its section"
    if window_s < TRAINING_CLIP_S - 1:
        sentence += f"; repeated to the {TRAINING_CLIP_S:g} s that the network was trained on"
    return sentence


def curve_content(answer: CurveAnswer, scale: Scale) -> dict[str, object]:
    """Return a curve as the content of its JSON document."""
    curve = answer.curve
    low, high = RANGES[scale]

    def difference(value: float) -> float | None:
        return number(value * (high - low), SCORE_DIGITS)

    return {
        "track": curve.track.as_dict(scale),
        "window": curve.plan.window_s,
        "hop": curve.plan.hop_s,
        "readings": reading_rows(curve.readings, scale),
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
        "sections": [section.as_dict() for section in curve.sections],
    }


def reading_rows(readings: Sequence[WindowEmotion], scale: Scale) -> list[Fields]:
    """Return readings as objects of JSON, rows of CSV."""
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


def curve_csv(answer: CurveAnswer, scale: Scale) -> str:
    """Return readings as CSV, with a header."""
    return csv_text(COLUMNS, reading_rows(answer.curve.readings, scale))
