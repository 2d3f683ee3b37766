"""Tags and padding before and behind the audio never count: formats times heads and tails."""

from __future__ import annotations

import io
import random
from pathlib import Path

import pytest

from musimo.audio.decode import open_audio
from musimo.audio.extent import audio_extent
from tests.audio.tails import HEADS, TAILS, ape, id3v1, id3v2
from tests.sounds import ENCODERS, encode, melody


@pytest.mark.parametrize("kind", sorted(ENCODERS))
def test_only_the_audio_counts(tmp_path: Path, kind: str) -> None:
    path = encode(tmp_path / f"bare.{kind}", melody(3, 44_100))
    data = path.read_bytes()
    tagged = tmp_path / f"tagged.{'m4a' if kind == 'alac' else kind}"

    def heard() -> tuple[bytes, float]:
        with open_audio(tagged) as audio:
            return audio.content, audio.duration_s

    tagged.write_bytes(data)
    bare = heard()
    for name, tail in TAILS.items():
        tagged.write_bytes(data + tail)
        assert heard() == bare, f"{kind} before {name}"
    for name, head in HEADS.items():
        tagged.write_bytes(head + data)
        assert heard() == bare, f"{kind} behind {name}"


@pytest.mark.parametrize("tail", TAILS)
def test_extent_by_hand(tail: str) -> None:
    """Zero bytes alone may be audio; before and behind tags they are not."""
    audio = b"fLaC" + random.Random(2).randbytes(3_000) + b"!"
    behind = TAILS[tail]
    end = len(audio) + (len(behind) if not behind.strip(b"\0") else 3_000 * (tail == "zeros and APEv2"))
    assert audio_extent(io.BytesIO(audio + behind)) == (0, end)


def test_what_only_looks_like_a_tag_is_audio() -> None:
    audio = b"fLaC" + random.Random(2).randbytes(3_000)
    for almost in (
        id3v1(17)[:-1],
        id3v1(17) + b"x",
        ape()[:-1] + b"xx",
        id3v2() + b"x",
        b"LYRICSBEGIN999999LYRICS200",
        b"APETAGEX" + b"\xff" * 24,
        b"ID3",
    ):
        assert audio_extent(io.BytesIO(audio + almost)) == (0, len(audio + almost)), almost
    for empty in (b"", b"\0", bytes(1_000), id3v1(), ape(), id3v2()):
        start, end = audio_extent(io.BytesIO(empty))
        assert 0 <= start <= end <= len(empty)
