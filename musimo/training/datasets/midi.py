"""When the notes of a Standard MIDI File sound: just enough of the format to follow its tempo.

Standard MIDI Files 1.0 (MIDI Manufacturers Association, RP-001): chunks ``MThd`` and ``MTrk``, quantities of
variable length, running status, meta event 0x51 (tempo, microseconds a quarter note).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

DEFAULT_TEMPO = 500_000  # microseconds a quarter note until a file says otherwise, by the standard
ONE_DATA_BYTE = (0xC, 0xD)  # program change and channel pressure; all other channel messages have two


def quarter_times(content: bytes, quarters: NDArray[np.float64]) -> NDArray[np.float64]:
    """Seconds from the start of the file at which quarter notes begin, counted from 0; fractions allowed.

    Raises
    ------
    ValueError : not a MIDI file, damaged, or one that counts in film frames
    """
    try:
        division = _division(content)
        changes = dict([(0, DEFAULT_TEMPO), *sorted(_tempos(content))])
    except IndexError:
        raise ValueError("the MIDI file ends too early") from None
    ticks = np.array(list(changes), dtype=np.float64)
    pace = np.array(list(changes.values())) / 1e6 / division  # seconds a tick
    starts = np.concatenate(([0.0], np.cumsum(np.diff(ticks) * pace[:-1])))
    wanted = quarters * division
    stretch = np.searchsorted(ticks, wanted, side="right") - 1
    times: NDArray[np.float64] = starts[stretch] + (wanted - ticks[stretch]) * pace[stretch]
    return times


def _division(content: bytes) -> int:
    """Ticks a quarter note."""
    division = int.from_bytes(content[12:14], "big")
    if content[:4] != b"MThd" or not 0 < division < 0x8000:
        raise ValueError("not a MIDI file that counts in quarter notes")
    return division


def _tempos(content: bytes) -> Iterator[tuple[int, int]]:
    """Changes of tempo in all tracks: tick, and microseconds a quarter note from there on."""
    offset = 8 + int.from_bytes(content[4:8], "big")
    while offset + 8 <= len(content):
        end = offset + 8 + int.from_bytes(content[offset + 4 : offset + 8], "big")
        if content[offset : offset + 4] == b"MTrk":
            yield from _tempos_of_track(content[offset + 8 : end])
        offset = end


def _tempos_of_track(track: bytes) -> Iterator[tuple[int, int]]:
    offset = tick = status = 0
    while offset < len(track):
        delta, offset = _read_varint(track, offset)
        tick += delta
        if track[offset] == 0xFF:  # meta event: kind, length, data
            kind = track[offset + 1]
            length, offset = _read_varint(track, offset + 2)
            if kind == 0x51:
                yield tick, int.from_bytes(track[offset : offset + length], "big")
            offset += length
        elif track[offset] in (0xF0, 0xF7):  # system exclusive: length, data
            length, offset = _read_varint(track, offset + 1)
            offset += length
        else:
            if track[offset] & 0x80:  # else the status of the event before still runs
                status = track[offset]
                offset += 1
            offset += 1 if status >> 4 in ONE_DATA_BYTE else 2


def _read_varint(content: bytes, offset: int) -> tuple[int, int]:
    """A variable-length quantity, seven bits a byte, and the offset after it."""
    value = 0
    while content[offset] & 0x80:
        value = value << 7 | content[offset] & 0x7F
        offset += 1
    return value << 7 | content[offset], offset + 1
