"""Keys as people write them: ``Am``, ``A minor``, ``f#m``, ``Gb major``, ``8A`` of the Camelot wheel."""

from __future__ import annotations

import re
from typing import Final

from musimo.errors import UsageError
from musimo.records import KEYS

MAJOR_KEYS, MINOR_KEYS = KEYS[:12], KEYS[12:]

_SEMITONES: Final = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}
_ACCIDENTALS: Final = {"": 0, "#": 1, "♯": 1, "b": -1, "♭": -1}
# M alone is major to some, and to others a slip of the shift key: it is not understood
_WRITTEN = re.compile(r"([A-Ga-g])([#♯b♭]?)[\s-]*(?:(m)|((?i:min|minor))|(?i:maj|major))?")
_CAMELOT = re.compile(r"(1[0-2]|[1-9])([ABab])", re.ASCII)
_WHEEL_START: Final = 8  # 8A is A minor, 8B is C major; each step onwards is a fifth up


def parse_keys(text: str) -> tuple[str, ...]:
    """The keys of ``KEYS`` that a text means: one; all of a mode; all of them, where it is empty.

    Raises
    ------
    UsageError : it means none
    """
    words = text.strip()
    several = {"": KEYS, "major": MAJOR_KEYS, "minor": MINOR_KEYS}.get(words.lower())
    if several is not None:
        return several
    if camelot := _CAMELOT.fullmatch(words):
        fifths = int(camelot[1]) - _WHEEL_START
        minor = camelot[2] in "Aa"
        return (_key((9 if minor else 0) + 7 * fifths, minor=minor),)
    if written := _WRITTEN.fullmatch(words):
        tonic = _SEMITONES[written[1].lower()] + _ACCIDENTALS[written[2]]
        return (_key(tonic, minor=bool(written[3] or written[4])),)
    raise UsageError(
        f"--where key:{text}: {text!r} is no key",
        "write it as C, Am, F#m, Bb minor, Eb major or 8A (Camelot), or major or minor alone",
    )


def _key(tonic: int, *, minor: bool) -> str:
    return (MINOR_KEYS if minor else MAJOR_KEYS)[tonic % 12]
