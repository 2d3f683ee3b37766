"""Tempo map of a Standard MIDI File: the minimal parser that gives the times of quarter notes.

Standard MIDI Files 1.0 (MIDI Manufacturers Association, RP-001): chunks ``MThd`` and ``MTrk``,
variable-length quantities, running status, meta event 0x51 (tempo, microseconds per quarter note).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

DEFAULT_TEMPO = 500_000  # microseconds per quarter note before the first tempo event, by the standard
ONE_DATA_BYTE = (0xC, 0xD)  # program change and channel pressure; all other channel messages have two


def quarter_times(content: bytes, quarters: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the times of quarter notes, in seconds from the start of the file.

    Parameters
    ----------
    content : the file
    quarters : positions counted in quarter notes from 0; may be fractional

    Raises
    ------
    ValueError : not a MIDI file, damaged, or with SMPTE time division
    """
    try:
        division = _division(content)
        changes = dict([(0, DEFAULT_TEMPO), *sorted(_tempos(content))])
    except IndexError:
        raise ValueError("the MIDI file ends too early") from None
    ticks = np.array(list(changes), dtype=np.float64)
    tick_s = np.array(list(changes.values())) / 1e6 / division
    starts = np.concatenate(([0.0], np.cumsum(np.diff(ticks) * tick_s[:-1])))
    wanted = quarters * division
    segment = np.searchsorted(ticks, wanted, side="right") - 1
    times: NDArray[np.float64] = starts[segment] + (wanted - ticks[segment]) * tick_s[segment]
    return times


def _division(content: bytes) -> int:
    """Return the ticks per quarter note."""
    division = int.from_bytes(content[12:14], "big")
    if content[:4] != b"MThd" or not 0 < division < 0x8000:
        raise ValueError("not a MIDI file with a time division in quarter notes")
    return division


def _tempos(content: bytes) -> Iterator[tuple[int, int]]:
    """Yield the tempo changes of all tracks: tick, microseconds per quarter note."""
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
            if track[offset] & 0x80:  # otherwise running status
                status = track[offset]
                offset += 1
            offset += 1 if status >> 4 in ONE_DATA_BYTE else 2


def _read_varint(content: bytes, offset: int) -> tuple[int, int]:
    """Return the variable-length quantity (seven bits per byte) at an offset, and the offset after it."""
    value = 0
    while content[offset] & 0x80:
        value = value << 7 | content[offset] & 0x7F
        offset += 1
    return value << 7 | content[offset], offset + 1
