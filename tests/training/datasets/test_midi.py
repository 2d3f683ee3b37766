"""Times of quarter notes, on MIDI files written byte by byte."""

from __future__ import annotations

import numpy as np
import pytest

from musimo.training.datasets.midi import quarter_times


def chunk(kind: bytes, content: bytes) -> bytes:
    return kind + len(content).to_bytes(4, "big") + content


def tempo(quarter_ms: int) -> bytes:
    return b"\xff\x51\x03" + (quarter_ms * 1000).to_bytes(3, "big")


def midi(*tracks: bytes, division: int = 96) -> bytes:
    head = b"".join(number.to_bytes(2, "big") for number in (1, len(tracks), division))
    return chunk(b"MThd", head) + b"".join(chunk(b"MTrk", track) for track in tracks)


END = b"\x00\xff\x2f\x00"


def times(content: bytes, *quarters: float) -> list[float]:
    return [round(float(t), 6) for t in quarter_times(content, np.array(quarters))]


def test_the_default_tempo_is_half_a_second_per_quarter_note() -> None:
    assert times(midi(END), 0, 1, 2.5, 8) == [0, 0.5, 1.25, 4]


def test_tempo_changes() -> None:
    # 1 s a quarter from the start, 0.25 s from quarter 2 on: delta of 192 ticks is 0x81 0x40
    content = midi(b"\x00" + tempo(1000) + b"\x81\x40" + tempo(250) + END)
    assert times(content, 0, 1, 2, 3, 6) == [0, 1, 2, 2.25, 3]


def test_tempo_events_are_found_in_any_track_between_any_events() -> None:
    notes = (
        b"\x00\x90\x3c\x40"  # note on
        b"\x60\x3c\x00"  # a quarter later, off, by running status
        b"\x00\xc0\x05"  # program change: one byte of data
        b"\x00\xf0\x03\x43\x51\xf7"  # system exclusive with 0x51 in it
        b"\x00\xff\x03\x01\x51"  # a name with 0x51 in it
        b"\x60" + tempo(2000) + END
    )
    assert times(midi(END, notes), 1, 2, 3) == [0.5, 1, 3]


def test_unknown_chunks_are_skipped() -> None:
    content = midi(b"\x00" + tempo(1000) + END)
    assert times(content[:14] + chunk(b"XYZ!", b"\xff\x51\x03") + content[14:], 3) == [3]


@pytest.mark.parametrize(
    "content", [b"", b"RIFF....", midi(END, division=0xE728), midi(b"\x00\xff"), midi(b"\x81")]
)
def test_invalid_midi_files_are_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="MIDI file"):
        times(content, 1)
