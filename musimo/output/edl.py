"""Marks as an edit decision list of the kind CMX 3600, which video editors read as markers.

Every mark is an event one frame long. Below it stand the marker as DaVinci Resolve writes it
(``|C: |M: |D:``) and as Avid does (``* LOC:``); what a program does not know of these it takes for a comment.
"""

from __future__ import annotations

from typing import Final

from musimo.errors import UsageError
from musimo.output.curves import CurveAnswer, CurveOptions, marks
from musimo.output.naming import full_name
from musimo.output.timecode import frame_rate

MOST_EVENTS: Final = 999  # their numbers have three digits
LONGEST_TITLE: Final = 70  # characters, as the format allows
COLOURS: Final = {  # in Resolve, in Avid
    "valence": ("Blue", "BLUE"),
    "arousal": ("Yellow", "YELLOW"),
    "turn": ("Pink", "MAGENTA"),
    "reading": ("Cream", "WHITE"),
}


def check_edl(options: CurveOptions) -> None:
    """Raise UsageError where the options name no frame rate, or no timecode of it."""
    frame_rate(options.fps).frame_of(options.start_timecode)


def edl(answer: CurveAnswer, options: CurveOptions) -> str:
    """An edit decision list, ASCII, of peaks, turning points and, where asked for, readings.

    Raises
    ------
    UsageError : a frame rate or a timecode that is none; more marks than the format can number
    """
    rate = frame_rate(options.fps)
    start = rate.frame_of(options.start_timecode)
    found = marks(answer, options)
    if len(found) > MOST_EVENTS:
        raise UsageError(
            f"an EDL holds at most {MOST_EVENTS} events, not {len(found)}",
            "leave out --readings, or take a longer --hop",
        )
    lines = [f"TITLE: {_title(answer)}", f"FCM: {'DROP FRAME' if rate.drop else 'NON-DROP FRAME'}", ""]
    for place, mark in enumerate(found, 1):
        frame = start + rate.frames(mark.time_s)
        first, after = rate.timecode(frame), rate.timecode(frame + 1)
        resolve, avid = COLOURS[mark.kind]
        lines += [
            f"{place:03d}  001      V     C        {first} {after} {first} {after}",
            f" |C:ResolveColor{resolve} |M:{mark.text} |D:1",
            f"* LOC: {first} {avid:<7} {mark.text}",
            "",
        ]
    return "".join(f"{line}\r\n" for line in lines)


def _title(answer: CurveAnswer) -> str:
    """What the track is called, as far as ASCII goes."""
    name = full_name(answer.curve.track).replace("–", "-")
    plain = "".join(c if c.isascii() and c.isprintable() else "?" for c in name)
    return plain[:LONGEST_TITLE].strip() or "musimo"
