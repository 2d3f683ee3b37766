"""Musical keys: how people write them (``Am``, ``f#m``, ``8A``, ``1m``), and the circle of fifths."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from musimo.errors import UsageError
from musimo.records import KEYS
from musimo.records.keys import CAMELOT_OF_C, OPEN_KEY_OF_C

MAJOR_KEYS, MINOR_KEYS = KEYS[:12], KEYS[12:]

_SEMITONES: Final = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}
_ACCIDENTALS: Final = {"": 0, "#": 1, "♯": 1, "b": -1, "♭": -1}
# A capital M alone is refused: some write it for major, others mistype m.
_KEY: Final = re.compile(r"([A-Ga-g])([#♯b♭]?)[\s-]*(?:(m)|((?i:min|minor))|(?i:maj|major))?")
_NUMBERED: Final = re.compile(r"0?(1[0-2]|[1-9])([ABDMabdm])", re.ASCII)  # Camelot has A, B; Open Key d, m


def parse_keys(text: str) -> tuple[str, ...]:
    """Return the members of ``KEYS`` that a text means: one, all of a mode, or all for an empty text.

    Raises
    ------
    UsageError : the text is not a key
    """
    words = text.strip()
    several = {"": KEYS, "major": MAJOR_KEYS, "minor": MINOR_KEYS}.get(words.lower())
    if several is not None:
        return several
    if numbered := _NUMBERED.fullmatch(words):
        letter = numbered[2].lower()
        fifths = int(numbered[1]) - (CAMELOT_OF_C if letter in "ab" else OPEN_KEY_OF_C)
        minor = letter in "am"
        return (_key((9 if minor else 0) + 7 * fifths, minor=minor),)
    if found := _tonic_and_mode(words):
        tonic, minor = found
        return (_key(tonic, minor=minor),)
    raise UsageError(
        f"--where key:{text}: {text!r} is not a key",
        "write it as C, Am, F#m, Bb minor, Eb major, 8A (Camelot) or 1m (Open Key), or major or minor alone",
    )


def compatible_keys(keys: Iterable[str]) -> tuple[str, ...]:
    """Return keys that mix well with one of ``keys``: itself, its neighbors in fifths, and its relative key.

    >>> compatible_keys(["A minor"])
    ('C major', 'D minor', 'E minor', 'A minor')
    """
    positions = {position for key in keys if (position := circle_position(key)) is not None}
    near = {(tonic, not minor) for tonic, minor in positions}
    near |= {((tonic + step) % 12, minor) for tonic, minor in positions for step in (-1, 0, 1)}
    return tuple(key for key in KEYS if circle_position(key) in near)


def circle_position(key: str | None) -> tuple[int, bool] | None:
    """Return the position of a key on the circle of fifths, and whether it is minor; None if unknown.

    C major and A minor are at 0, G major and E minor at 1, up to 11.
    """
    found = _tonic_and_mode(key or "")
    if found is None:
        return None
    tonic, minor = found
    return (tonic + 3 * minor) * 7 % 12, minor


def _tonic_and_mode(text: str) -> tuple[int, bool] | None:
    """Return the tonic in semitones above C, and whether the mode is minor."""
    found = _KEY.fullmatch(text)
    if found is None:
        return None
    tonic = _SEMITONES[found[1].lower()] + _ACCIDENTALS[found[2]]
    return tonic, bool(found[3] or found[4])


def _key(tonic: int, *, minor: bool) -> str:
    return (MINOR_KEYS if minor else MAJOR_KEYS)[tonic % 12]
