"""Paths of any type become the bytes that the file system has."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from musimo.audio.paths import AnyPath, path_bytes, typed_text


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("~/Music", b"/home/u/Music"),
        (b"~/caf\xe9", b"/home/u/caf\xe9"),
        (Path("~/a.mp3"), b"/home/u/a.mp3"),
        ("caf\udce9.ogg", b"caf\xe9.ogg"),
        ("a/~b", b"a/~b"),
        ("~nobody-of-this-name/x", b"~nobody-of-this-name/x"),
    ],
)
def test_path_bytes(path: AnyPath, expected: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/u")
    assert path_bytes(path) == expected


@pytest.mark.parametrize(
    ("typed", "encoding", "meant"),
    [
        (b"caf\xe9", "iso-8859-1", "café"),
        ("夜想曲".encode("euc_jp"), "euc_jp", "夜想曲"),
        ("夜想曲".encode(), "euc_jp", "夜想曲"),
        (b"caf\xe9", "utf-8", "caf\udce9"),
        (b"plain", "ascii", "plain"),
    ],
)
def test_words_are_read_in_the_encoding_of_the_terminal(
    typed: bytes, encoding: str, meant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("locale.getencoding", lambda: encoding)
    assert typed_text(os.fsdecode(typed)) == meant


def test_half_a_character_stays_half() -> None:
    assert typed_text("\ud800") == "\ud800"
