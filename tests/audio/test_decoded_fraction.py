"""Decoded fraction and expected duration."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from musimo.audio.decode import SAMPLE_RATE, open_audio
from musimo.audio.decoded_fraction import decoded_fraction, expected_duration_s
from musimo.audio.extract import extract_windows
from musimo.records import ExtractedWindow, FileOpened, Tags, Window
from tests.sounds import encode, melody, wav_header


def share(path: Path) -> float | None:
    opened, *clips = extract_windows(path, "windows", lambda content: True)
    assert isinstance(opened, FileOpened)
    heard = [clip for clip in clips if isinstance(clip, ExtractedWindow)]
    return decoded_fraction(opened, [clip.window for clip in heard], sum(clip.missing_s for clip in heard))


@pytest.mark.parametrize("kind", ["mp3", "flac", "wav", "wv", "tta"])
def test_half_a_file_has_half_its_audio(tmp_path: Path, kind: str) -> None:
    whole = encode(tmp_path / f"whole.{kind}", melody(20, 44_100))
    half = tmp_path / f"half.{kind}"
    half.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    assert share(whole) is None
    assert share(half) == pytest.approx(0.5, abs=0.06)


@pytest.mark.parametrize("kind", ["ogg", "opus", "m4a", "alac", "aac", "wma", "aiff", "mka"])
def test_a_complete_file_is_complete(tmp_path: Path, kind: str) -> None:
    assert share(encode(tmp_path / f"whole.{kind}", melody(20, 44_100))) is None


def test_a_flac_that_claims_hours_has_its_measured_duration(tmp_path: Path) -> None:
    path = encode(tmp_path / "claims.flac", melody(6, 44_100))
    data = bytearray(path.read_bytes())
    data[21:26] = bytes([data[21] & 0xF0]) + (3600 * 10 * 44_100).to_bytes(4, "big")  # total samples
    path.write_bytes(data)
    opened = next(extract_windows(path, "windows", lambda content: False))
    assert isinstance(opened, FileOpened)
    assert opened.duration_s == pytest.approx(6)
    assert opened.expected_duration_s == pytest.approx(36_000)
    assert share(path) == pytest.approx(6 / 36_000)


def test_the_header_of_a_recorder_that_never_finished_promises_nothing(tmp_path: Path) -> None:
    path = tmp_path / "live.wav"
    path.write_bytes(wav_header(44_100, 2, 16, 0xFFFFFFFF - 36) + bytes(3 * 44_100 * 4))
    assert share(path) is None


@pytest.mark.parametrize(
    ("claim_s", "codec", "promised"),
    [
        (None, "flac", None),
        (100.9, "mp3", None),
        (90.0, "flac", None),
        (150.0, "flac", 150.0),
        (150.0, "pcm_s16le", 150.0),
        (20_000.0, "pcm_s16le", None),
    ],
)
def test_promise(claim_s: float | None, codec: str, promised: float | None) -> None:
    assert expected_duration_s(claim_s, codec, 1411, 100.0) == promised


@pytest.mark.parametrize(
    ("decoded", "promised", "expected"),
    [
        ([Window(0, 45), Window(60, 105)], None, None),
        ([Window(0, 45), Window(60, 104.6)], None, None),
        ([Window(0, 45)], None, 0.5),
        ([Window(0, 45), Window(60, 105)], 240.0, 0.5),
        ([Window(0, 45)], 240.0, 0.25),
    ],
)
def test_fraction_by_hand(decoded: list[Window], promised: float | None, expected: float | None) -> None:
    opened = FileOpened(Tags(), b"", 120.0, (Window(0, 45), Window(60, 105)), promised)
    assert decoded_fraction(opened, decoded) == expected


DAMAGED = (0.45, 0.5)  # of the file's bytes: in the second of its three windows


def damaged(path: Path, fill: str, size: float = DAMAGED[1] - DAMAGED[0]) -> Path:
    """Return a copy of a file with its middle overwritten."""
    data = bytearray(path.read_bytes())
    begin, end = round(DAMAGED[0] * len(data)), round((DAMAGED[0] + size) * len(data))
    data[begin:end] = bytes(end - begin) if fill == "zeros" else random.Random(1).randbytes(end - begin)
    copy = path.with_stem(fill)
    copy.write_bytes(data)
    return copy


@pytest.mark.parametrize("fill", ["zeros", "noise"])
@pytest.mark.parametrize(
    ("kind", "of_s"), [("m4a", 45), ("alac", 45), ("wma", 60), ("mp3", 60), ("ogg", 60), ("opus", 60)]
)
def test_a_gap_in_the_middle_counts_as_missing(tmp_path: Path, kind: str, of_s: float, fill: str) -> None:
    """A fraction of the one window of a minute, or of all where the packets are missing too."""
    path = encode(tmp_path / f"whole.{kind}", melody(60, 44_100))
    lost_s = 60 * (DAMAGED[1] - DAMAGED[0])
    assert share(path) is None
    assert share(damaged(path, fill)) == pytest.approx(1 - lost_s / of_s, abs=0.025)


@pytest.mark.parametrize(("kind", "lost_s"), [("ogg", 0.88), ("opus", 1.0), ("wma", 0.65), ("m4a", 0.63)])
def test_less_than_a_second_is_reported_too(tmp_path: Path, kind: str, lost_s: float) -> None:
    """Ogg loses whole pages, of a second in Opus. One window of 45 s is analyzed of a minute."""
    path = encode(tmp_path / f"whole.{kind}", melody(60, 44_100))
    assert share(damaged(path, "zeros", 0.01)) == pytest.approx(1 - lost_s / 45, abs=0.003)


@pytest.mark.parametrize("kind", ["ogg", "opus", "wma"])
def test_a_jump_of_the_clock_is_a_gap_where_the_header_counts_it_in(tmp_path: Path, kind: str) -> None:
    path = encode(tmp_path / f"whole.{kind}", melody(120, 44_100))
    lacking = 1 - (share(damaged(path, "zeros", 0.012)) or 1)
    assert 1.4 < lacking * 120 < 3.5  # 1.44 s overwritten, and what is left of the first and the last page


def test_audio_behind_a_gap_keeps_its_time(tmp_path: Path) -> None:
    path = encode(tmp_path / "whole.m4a", melody(60, 44_100))
    window = Window(20, 40)
    with open_audio(path) as sound:
        whole = sound.decode(window)
    with open_audio(damaged(path, "zeros")) as sound:
        holed = sound.decode(window)
        behind = sound.decode(Window(40, 50))
    assert whole.missing_s == behind.missing_s == 0
    assert holed.missing_s == pytest.approx(3, abs=0.3)
    assert len(holed.samples) == pytest.approx((20 - holed.missing_s) * SAMPLE_RATE, abs=1)
    second = SAMPLE_RATE
    np.testing.assert_allclose(holed.samples[: 5 * second], whole.samples[: 5 * second], atol=1e-5)
    np.testing.assert_allclose(holed.samples[-5 * second :], whole.samples[-5 * second :], atol=2e-2)


@pytest.mark.parametrize(
    ("claim_s", "skipped_s", "promised"),
    [(101.5, 1.5, 101.5), (100.0, 1.5, None), (100.9, 0.0, None), (101.9, 60.0, None), (None, 1.5, None)],
)
def test_a_jump_alone_promises_nothing(
    claim_s: float | None, skipped_s: float, promised: float | None
) -> None:
    """Chained streams jump too."""
    assert expected_duration_s(claim_s, "opus", 96, 100.0, skipped_s) == promised
