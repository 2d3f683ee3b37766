"""Times as people write them, and the passage of a track that two of them mark."""

from __future__ import annotations

import math
import re

from musimo.audio.windows import MIN_WINDOW_S
from musimo.errors import UsageError
from musimo.records import Window

_TIME = re.compile(r"(?:(?:(\d+):)?(\d+):(?=\d\d(?:\.|$)))?(\d+(?:\.\d+)?)", re.ASCII)
EXAMPLES = "write seconds, m:ss or h:mm:ss, such as 70, 1:10 or 1:02:03.5"


def parse_time(text: str) -> float:
    """Seconds written as ``70``, ``70.5``, ``1:10`` or ``1:02:03.5``.

    Raises
    ------
    UsageError : anything else
    """
    found = _TIME.fullmatch(text.strip())
    if found is None:
        raise UsageError(f"{text!r} is no time", EXAMPLES)
    hours, minutes, seconds = (float(part or 0) for part in found.groups())
    if found[2] is not None and (seconds >= 60 or (found[1] is not None and minutes >= 60)):
        raise UsageError(f"{text!r} is no time: minutes and seconds end at 59", EXAMPLES)
    total = 3600 * hours + 60 * minutes + seconds
    if not math.isfinite(total):
        raise UsageError(f"{text!r} is no time", EXAMPLES)
    return total


def passage(start_s: float | None, end_s: float | None, duration_s: float) -> Window:
    """The passage of a track between two times; None for its beginning, or its end.

    Raises
    ------
    UsageError : it does not lie in the track, runs backwards, or is too short to be heard
    """
    start_s = 0.0 if start_s is None else start_s
    end_s = duration_s if end_s is None else end_s
    length = f"the track is {format_time(duration_s)} long"
    for time_s in (start_s, end_s):
        # a track is shown in whole seconds: the one that it is shown to end at is its end
        if not 0 <= time_s <= math.ceil(duration_s):
            raise UsageError(f"{format_time(time_s)} is not in the track", length)
    end_s = min(end_s, duration_s)
    if end_s <= start_s:
        raise UsageError(
            f"a passage from {format_time(start_s)} to {format_time(end_s)} runs backwards or is empty", length
        )
    if end_s - start_s < min(MIN_WINDOW_S, duration_s):
        raise UsageError(
            f"a passage of {end_s - start_s:.1f} s is too short to tell what it is like",
            f"take at least {MIN_WINDOW_S:g} s; {length}",
        )
    return Window(start_s, end_s)


def format_time(seconds: float) -> str:
    """A time as ``m:ss`` or ``h:mm:ss``, to the tenth of a second where it is no whole one."""
    minutes, rest = divmod(round(seconds * 10), 600)
    hours, minutes = divmod(minutes, 60)
    written = f"{rest / 10:04.1f}".removesuffix(".0")
    return f"{hours}:{minutes:02d}:{written}" if hours else f"{minutes}:{written}"
