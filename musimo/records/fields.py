"""Names, digits and forms of the fields that ``as_dict`` returns: the JSON contract, defined once.

Text may hold lone surrogates, which UTF-8 cannot encode; whoever writes it replaces them.
"""

from __future__ import annotations

import base64
import math
import os
from pathlib import Path
from typing import Final

from musimo.records.scale import RANGES, Scale, from_unit

Value = str | int | float | None
Fields = dict[str, Value]

MOOD_DIGITS: Final = 4  # the network's error is in the second
SCORE_DIGITS: Final = 6  # neighbors may differ in the fifth
SECOND_DIGITS: Final = 3
TEMPO_DIGITS: Final = 1  # of beats per minute: a steady click is measured to a few hundredths
CONFIDENCE_DIGITS: Final = 2


def number(value: float | None, digits: int) -> float | None:
    """Round a number; None for one that is not finite, or None."""
    return None if value is None or not math.isfinite(value) else round(float(value), digits)


def mood(value: float | None, scale: Scale) -> float | None:
    """Convert valence or arousal, 0..1, to ``scale``, rounded."""
    return None if value is None else number(from_unit(value, scale), MOOD_DIGITS)


def length(value: float | None, scale: Scale, digits: int) -> float | None:
    """Convert a distance or difference on the 0..1 plane to ``scale``, rounded."""
    low, high = RANGES[scale]
    return None if value is None else number(value * (high - low), digits)


def point(valence: float | None, arousal: float | None, scale: Scale) -> Fields:
    """Return the fields of a point on the valence-arousal plane."""
    return {"valence": mood(valence, scale), "arousal": mood(arousal, scale)}


def path_fields(path: bytes, name: str = "path") -> Fields:
    """Return a path as text; where it is not UTF-8, with U+FFFD in it, and its bytes in base64 beside it."""
    try:
        return {name: path.decode()}
    except UnicodeDecodeError:
        return {
            name: path.decode(errors="replace"),
            f"{name}_bytes": base64.b64encode(path).decode(),
        }


class OnDisk:
    """A record of a file: ``path_bytes`` is its path as on disk, ``path`` the same for Python programs."""

    __slots__ = ()

    path_bytes: bytes

    @property
    def path(self) -> Path:
        """The path; bytes that are not UTF-8 become surrogates, as :func:`os.fsdecode` makes them."""
        return Path(os.fsdecode(self.path_bytes))
