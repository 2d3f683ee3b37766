"""Marks of a curve as an edit decision list (CMX 3600), which video editors import as markers.

Every frame with marks is an event one frame long, followed by the marker as DaVinci Resolve writes it
(``|C: |M: |D:``) and as Avid does (``* LOC:``). Programs ignore the one they do not know as a comment.

The timecode of ``LOC`` has colons at drop-frame rates, too, as ``FCM`` says how frames are counted: with a
semicolon, OpenTimelineIO would ignore the marker.
"""

from __future__ import annotations

from typing import Final

from musimo.output.curves import CurveAnswer, CurveOptions
from musimo.output.markers import check_times, markers, too_many
from musimo.output.naming import full_name

MAX_EVENTS: Final = 999  # their numbers have three digits
TITLE_LENGTH: Final = 70  # characters, a limit of the format
MARKER_COLORS: Final = {  # names in Resolve and Avid
    "valence": ("Blue", "BLUE"),
    "arousal": ("Yellow", "YELLOW"),
    "turn": ("Pink", "MAGENTA"),
    "reading": ("Cream", "WHITE"),
}


def check_edl(options: CurveOptions, duration_s: float = 0.0, n_readings: int = 0) -> None:
    """Raise UsageError where no edit decision list can be made of a curve, as far as that is known before it.

    Parameters
    ----------
    duration_s : of the track
    n_readings : that the curve will have
    """
    check_times(options, duration_s)
    if options.readings and n_readings > MAX_EVENTS:
        raise too_many(n_readings, MAX_EVENTS)


def edl(answer: CurveAnswer, options: CurveOptions) -> str:
    """Return an edit decision list, in ASCII, of peaks, turning points and, if asked for, readings.

    Raises
    ------
    UsageError : no such frame rate or timecode; more marks than the format can number
    """
    rate, start = check_times(options, answer.curve.duration_s)
    found = markers(answer, options)
    if len(found) > MAX_EVENTS:
        raise too_many(len(found), MAX_EVENTS)
    lines = [f"TITLE: {_title(answer)}", f"FCM: {'DROP FRAME' if rate.drop else 'NON-DROP FRAME'}", ""]
    for number, mark in enumerate(found, 1):
        frame = start + mark.frame
        first, after = rate.timecode(frame), rate.timecode(frame + 1)
        resolve, avid = MARKER_COLORS[mark.kind]
        lines += [
            f"{number:03d}  001      V     C        {first} {after} {first} {after}",
            f" |C:ResolveColor{resolve} |M:{mark.text} |D:1",
            f"* LOC: {first.replace(';', ':')} {avid:<7} {mark.text}",
            "",
        ]
    return "".join(f"{line}\r\n" for line in lines)


def _title(answer: CurveAnswer) -> str:
    """Return the name of the track in ASCII."""
    name = full_name(answer.curve.track).replace("–", "-")
    plain = "".join(c if c.isascii() and c.isprintable() else "?" for c in name)
    return plain[:TITLE_LENGTH].strip() or "musimo"
