"""How long a mix shall be, as people write it."""

from __future__ import annotations

import re
from typing import Final

from musimo.errors import UsageError

_UNITS: Final = re.compile(r"(?=.)(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s?)?", re.ASCII)
_CLOCK: Final = re.compile(r"(?:(\d+):)?(\d+):([0-5]\d)", re.ASCII)
LONGEST_S: Final = 7 * 24 * 3600  # a week: longer than anyone listens at a stretch


def parse_duration(text: str) -> float:
    """Read ``45m``, ``1h30m``, ``90s``, ``45:00``, ``1:30:00`` or plain seconds.

    Raises
    ------
    UsageError : it is no such length, or nothing, or longer than a week
    """
    written = text.strip().lower().replace(" ", "")
    found = _CLOCK.fullmatch(written) or _UNITS.fullmatch(written)
    if found is not None:
        hours, minutes, seconds = (int(part or 0) for part in found.groups())
        total = 3600 * hours + 60 * minutes + seconds
        if 0 < total <= LONGEST_S:
            return float(total)
    raise UsageError(f"{text!r} is no length of time", "write 45m, 1h30m, 90s or 1:30:00; a week at most")
