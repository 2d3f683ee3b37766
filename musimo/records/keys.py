"""Musical keys by name, and as DJs number them: Camelot (``8A``) and Open Key (``1m``)."""

from __future__ import annotations

from typing import Final, Literal

KEYS: Final = (
    *("C major", "Db major", "D major", "Eb major", "E major", "F major"),
    *("F# major", "G major", "Ab major", "A major", "Bb major", "B major"),
    *("C minor", "C# minor", "D minor", "Eb minor", "E minor", "F minor"),
    *("F# minor", "G minor", "G# minor", "A minor", "Bb minor", "B minor"),
)
"""Names of all keys, by mode and rising tonic, spelled with the fewest accidentals; else the usual one."""

KeyNotation = Literal["musical", "camelot", "openkey"]
"""How keys are written: ``Am``, ``8A`` or ``1m``."""

CAMELOT_OF_C: Final = 8  # C major is 8B, A minor 8A; each number up is a fifth up
OPEN_KEY_OF_C: Final = 1  # C major is 1d, A minor 1m


def written_key(key: str | None, notation: KeyNotation) -> str | None:
    """Return a member of ``KEYS`` in a notation; None where the key is not known.

    >>> [written_key("A minor", notation) for notation in ("musical", "camelot", "openkey")]
    ['Am', '8A', '1m']
    """
    if key not in KEYS:
        return None
    tonic, minor = KEYS.index(key) % 12, key.endswith("minor")
    if notation == "musical":
        return key.partition(" ")[0] + "m" * minor
    fifths = (tonic + 3 * minor) * 7  # of the major key with the same signature
    if notation == "camelot":
        return f"{(fifths + CAMELOT_OF_C - 1) % 12 + 1}{'A' if minor else 'B'}"
    return f"{(fifths + OPEN_KEY_OF_C - 1) % 12 + 1}{'m' if minor else 'd'}"
