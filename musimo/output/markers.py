"""Marks of a curve at the frames of a video, for editors: one marker a frame."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import Final

from musimo.errors import UsageError
from musimo.output.csv_out import csv_text
from musimo.output.curves import CurveAnswer, CurveOptions, Kind, marks
from musimo.output.timecode import FrameRate, frame_rate
from musimo.records.fields import SECOND_DIGITS, number

IMPORTANCE: Final[tuple[Kind, ...]] = ("turn", "arousal", "valence", "reading")
"""Of several marks at one frame, the marker has the color of the first kind."""

COLUMNS: Final = ("timecode", "frame", "time", "kind", "name")


@dataclass(frozen=True, slots=True)
class Marker:
    """A marker, one frame long.

    Parameters
    ----------
    frame : from the beginning of the track
    time_s : of that frame
    kind : of its most important mark
    text : of all its marks; ASCII, on one line
    """

    frame: int
    time_s: float
    kind: Kind
    text: str


def markers(answer: CurveAnswer, options: CurveOptions) -> list[Marker]:
    """Return the marks of a curve, those at one frame together, in order of time."""
    rate = frame_rate(options.fps)
    found = []
    for frame, group in groupby(marks(answer, options), lambda mark: rate.frames(mark.time_s)):
        together = sorted(group, key=lambda mark: IMPORTANCE.index(mark.kind))
        found.append(
            Marker(
                frame,
                float(frame / rate.rate),
                together[0].kind,
                "; ".join(mark.text for mark in together),
            )
        )
    return found


def check_times(options: CurveOptions, duration_s: float = 0.0) -> tuple[FrameRate, int]:
    """Return the frame rate of the options, and the frame at which the track begins.

    Raises
    ------
    UsageError : no such frame rate, no timecode at that rate, or the track passes 24 hours
    """
    rate = frame_rate(options.fps)
    start = rate.frame_of(options.start_timecode)
    rate.timecode(start + rate.frames(duration_s))
    return rate, start


def markers_csv(answer: CurveAnswer, options: CurveOptions) -> str:
    """Return markers as CSV, with a header."""
    rate, start = check_times(options, answer.curve.duration_s)
    return csv_text(
        COLUMNS,
        [
            {
                "timecode": rate.timecode(start + one.frame),
                "frame": one.frame,
                "time": number(one.time_s, SECOND_DIGITS),
                "kind": one.kind,
                "name": one.text,
            }
            for one in markers(answer, options)
        ],
    )


def too_many(n: int, most: int) -> UsageError:
    """Return the error for more marks than an edit decision list can number."""
    return UsageError(
        f"an EDL holds at most {most} events, not {n}",
        "omit --readings, use a longer --hop, or write .otio or .fcpxml, which hold any number",
    )
