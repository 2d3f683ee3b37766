"""Paths of any type become the bytes that the file system has."""

from __future__ import annotations

from pathlib import Path

import pytest

from musimo.audio.files import AnyPath, path_bytes


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
