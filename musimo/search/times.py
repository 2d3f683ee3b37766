"""Durations and points in time as text: one grammar for every option that reads them, and what prints them.

A time is written in units (``45m``, ``1h30m``, ``90s``), on the clock (``4:00``, ``1:30:00``) or in plain
seconds (``70``, ``70.5``). Seconds may have decimals; upper case and blanks make no difference. Every printed
time can be read back.
"""

from __future__ import annotations

import math
import re
from typing import Final

from musimo.audio.windows import MIN_WINDOW_S
from musimo.errors import UsageError
from musimo.records import Window

MAX_DURATION_S: Final = 7 * 24 * 3600  # of a playlist; beyond a week it is a typing error
EXAMPLES: Final = "write 45m, 1h30m, 90s, 4:00, 1:30:00 or seconds"

_UNITS: Final = re.compile(r"(?=.)(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.(\d+))?)s?)?", re.ASCII)
_CLOCK: Final = re.compile(r"(?:(\d+):)?(\d+):([0-5]\d(?:\.(\d+))?)", re.ASCII)


def parse_time(text: str) -> float:
    """Return a point in time, or a duration, in seconds.

    Raises
    ------
    UsageError : the text is not a time
    """
    found = read_time(text)
    if found is None:
        raise UsageError(f"{text!r} is not a time", EXAMPLES)
    return found[0]


def parse_duration(text: str) -> float:
    """Return the duration of a playlist in seconds.

    Raises
    ------
    UsageError : the text is not a duration, or it is zero or above a week
    """
    found = read_time(text)
    if found is None:
        raise UsageError(f"{text!r} is not a duration", EXAMPLES)
    if not 0 < found[0] <= MAX_DURATION_S:
        raise UsageError(f"{text!r} is not a duration of a playlist", f"{EXAMPLES}; at most a week (168h)")
    return found[0]


def read_time(text: str) -> tuple[float, float] | None:
    """Return a time and its precision, both in seconds; None where the text is not a finite time.

    The precision is one unit of the last written digit: 3600 for ``2h``, 60 for ``45m``, 1 for ``4:00``,
    0.1 for ``70.5``.
    """
    written = text.strip().lower().replace(" ", "")
    if clock := _CLOCK.fullmatch(written):
        hours, minutes, seconds, decimals = clock.groups()
        precision = 10.0 ** -len(decimals or "")
    elif units := _UNITS.fullmatch(written):
        hours, minutes, seconds, decimals = units.groups()
        precision = 10.0 ** -len(decimals or "") if seconds else 60.0 if minutes else 3600.0
    else:
        return None
    total = 3600 * float(hours or 0) + 60 * float(minutes or 0) + float(seconds or 0)
    return (total, precision) if math.isfinite(total) else None


def format_time(seconds: float) -> str:
    """Return ``m:ss`` or ``h:mm:ss``; with tenths where the time is not a whole number of seconds."""
    minutes, rest = divmod(round(seconds * 10), 600)
    hours, minutes = divmod(minutes, 60)
    written = f"{rest / 10:04.1f}".removesuffix(".0")
    return f"{hours}:{minutes:02d}:{written}" if hours else f"{minutes}:{written}"


def passage(start_s: float | None, end_s: float | None, duration_s: float) -> Window:
    """Return the passage of a track between two times.

    Parameters
    ----------
    start_s, end_s : None for the start, or the end, of the track
    duration_s : of the track

    Raises
    ------
    UsageError : the passage is not within the track, is reversed, or is too short to be analyzed
    """
    start_s = 0.0 if start_s is None else start_s
    end_s = duration_s if end_s is None else end_s
    length = f"the track is {format_time(duration_s)} long"
    for time_s in (start_s, end_s):
        # Tables show whole seconds: the second that a track is shown to end at counts as its end.
        if not 0 <= time_s <= math.ceil(duration_s):
            raise UsageError(f"{format_time(time_s)} is not in the track", length)
    end_s = min(end_s, duration_s)
    if end_s <= start_s:
        raise UsageError(
            f"the passage from {format_time(start_s)} to {format_time(end_s)} runs backwards or is empty",
            length,
        )
    if end_s - start_s < min(MIN_WINDOW_S, duration_s):
        raise UsageError(
            f"a passage of {end_s - start_s:.1f} s is too short to be analyzed",
            f"choose at least {MIN_WINDOW_S:g} s; {length}",
        )
    return Window(start_s, end_s)
