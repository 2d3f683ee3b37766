"""Marks of a curve as an edit decision list (CMX 3600), which video editors import as markers.

Every mark is an event one frame long, followed by the marker as DaVinci Resolve writes it (``|C: |M: |D:``)
and as Avid does (``* LOC:``). Programs ignore the one they do not know as a comment.
"""

from __future__ import annotations

from typing import Final

from musimo.errors import UsageError
from musimo.output.curves import CurveAnswer, CurveOptions, marks
from musimo.output.naming import full_name
from musimo.output.timecode import frame_rate

MAX_EVENTS: Final = 999  # their numbers have three digits
TITLE_LENGTH: Final = 70  # characters, a limit of the format
MARKER_COLORS: Final = {  # names in Resolve and Avid
    "valence": ("Blue", "BLUE"),
    "arousal": ("Yellow", "YELLOW"),
    "turn": ("Pink", "MAGENTA"),
    "reading": ("Cream", "WHITE"),
}


def check_edl(options: CurveOptions) -> None:
    """Raise UsageError if the options name no frame rate, or no timecode at that rate."""
    frame_rate(options.fps).frame_of(options.start_timecode)


def edl(answer: CurveAnswer, options: CurveOptions) -> str:
    """Return an edit decision list, in ASCII, of peaks, turning points and, if asked for, readings.

    Raises
    ------
    UsageError : no such frame rate or timecode; more marks than the format can number
    """
    rate = frame_rate(options.fps)
    start = rate.frame_of(options.start_timecode)
    found = marks(answer, options)
    if len(found) > MAX_EVENTS:
        raise UsageError(
            f"an EDL holds at most {MAX_EVENTS} events, not {len(found)}",
            "omit --readings, or use a longer --hop",
        )
    lines = [f"TITLE: {_title(answer)}", f"FCM: {'DROP FRAME' if rate.drop else 'NON-DROP FRAME'}", ""]
    for place, mark in enumerate(found, 1):
        frame = start + rate.frames(mark.time_s)
        first, after = rate.timecode(frame), rate.timecode(frame + 1)
        resolve, avid = MARKER_COLORS[mark.kind]
        lines += [
            f"{place:03d}  001      V     C        {first} {after} {first} {after}",
            f" |C:ResolveColor{resolve} |M:{mark.text} |D:1",
            f"* LOC: {first} {avid:<7} {mark.text}",
            "",
        ]
    return "".join(f"{line}\r\n" for line in lines)


def _title(answer: CurveAnswer) -> str:
    """Return the name of the track in ASCII."""
    name = full_name(answer.curve.track).replace("–", "-")
    plain = "".join(c if c.isascii() and c.isprintable() else "?" for c in name)
    return plain[:TITLE_LENGTH].strip() or "musimo"
