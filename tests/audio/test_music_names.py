"""Which names are music, and how a file that is not audio is described."""

from __future__ import annotations

import pytest

from musimo.audio.formats import MUSIC_SUFFIXES, describe_non_audio, is_music
from tests.sounds import ENCODERS, jpeg


@pytest.mark.parametrize(
    "name",
    [
        b"song.mp3",
        b"SONG.MP3",
        b"a.b.c.Flac",
        b"\xff\xfe.ogg",
        b"new\nline.opus",
        b".mp3.mp3",
        b"..m4a",
        b"x" * 251 + b".wav",
        b"old.mp+",
    ],
)
def test_music(name: bytes) -> None:
    assert is_music(name)


@pytest.mark.parametrize(
    "name",
    [b"", b"mp3", b".mp3", b"song.mp3.txt", b"song.", b"cover.jpg", b"list.m3u8", b"._song.mp3", b"a.mp\xb3"],
)
def test_not_music(name: bytes) -> None:
    assert not is_music(name)


def test_every_format_written_in_the_tests_is_known() -> None:
    assert set(ENCODERS) <= MUSIC_SUFFIXES


@pytest.mark.parametrize(
    ("head", "said"),
    [
        (jpeg(), "picture (JPEG)"),
        (b"\x89PNG\r\n\x1a\n", "picture (PNG)"),
        (b"PK\x03\x04 ...", "ZIP archive"),
        (bytes(100), "zero bytes"),
        ("Müller\n".encode() * 10, "text"),
        ("Müll".encode() + "ü".encode()[:1], "text"),
        (b"\x01\x02\x03\xff", "damaged"),
        (b"\xff\xfb\x90\x00abc", "damaged"),
    ],
)
def test_describe_non_audio(head: bytes, said: str) -> None:
    assert said in describe_non_audio(head)
