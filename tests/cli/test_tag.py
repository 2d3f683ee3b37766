"""``musimo tag``: what it shows, asks and returns."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest
import soundfile

from musimo.audio.tag_writing import read_fields
from tests.cli.conftest import HOSTILE, Shell, harmless
from tests.sounds import sine


@pytest.fixture
def music(shell: Shell, tmp_path: Path) -> Path:
    """Three tracks, scanned; one has a name from a stranger."""
    folder = tmp_path / "music"
    folder.mkdir()
    for n in range(2):
        soundfile.write(folder / f"{n}.flac", sine(200 + 50 * n, 0.3), 22_050)
    soundfile.write(folder / "x.wav", sine(990, 0.3), 22_050)
    (folder / "x.wav").rename(folder / f"{HOSTILE}.wav")
    assert shell("scan", folder).code == 0
    return folder


def said(music: Path) -> list[dict[str, str]]:
    return [dict(read_fields(path, {})[0]) for path in sorted(music.iterdir())]


def test_it_only_shows_unless_told_to_write(shell: Shell, music: Path) -> None:
    ran = shell("tag")
    assert ran.code == 0
    assert b"3 files = 3 to be written\n" in ran.out
    assert b"the same with --write writes it" in ran.err
    assert b"valence 0." in ran.out
    assert harmless(ran.out)
    assert said(music) == [{}, {}, {}]


def test_it_asks_before_it_writes(shell: Shell, music: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = shell("tag", "--write")
    assert ran.code == 2
    assert b"stdin is no terminal\n-y writes" in ran.err
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("click.confirm", lambda *_, **__: False)
    assert shell("tag", "--write").code == 0
    assert said(music) == [{}, {}, {}]
    monkeypatch.setattr("click.confirm", lambda *_, **__: True)
    ran = shell("tag", "--write")
    assert b"3 files = 3 written\n" in ran.out
    assert all(said(music))
    monkeypatch.setattr("click.confirm", lambda *_, **__: pytest.fail("there is nothing to ask"))
    assert b"3 files = 3 unchanged\n" in shell("tag", "--write").out


def test_what_fails_after_the_question_is_told_and_nothing_is_told_twice(
    shell: Shell, music: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    (music / "0.flac").unlink()
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("click.confirm", lambda *_, **__: True)
    monkeypatch.setattr("musimo.audio.tag_writing.write_copy", full)
    ran = shell("tag", "--write")
    assert ran.code == 3
    assert ran.out.count(b"it is not there") == 1
    assert ran.out.count(b"1.flac\n    no space left on device\n") == 1
    assert ran.out.endswith(b"3 files = 3 left out\n")
    assert len([*music.iterdir()]) == 2


def test_in_json_and_out_again(shell: Shell, music: Path) -> None:
    ran = shell("tag", "--write", "-y", "--json", "--where", "format:flac", "--keep-mtime")
    assert (ran.code, ran.document["written"], ran.document["dry_run"]) == (0, 2, False)
    [first, _] = ran.document["results"]
    assert first["fields"] == dict(read_fields(music / "0.flac", {})[0])
    assert (first["state"], first["before"], first["reason"]) == ("written", {}, None)
    assert shell("tag", "--remove", "0.flac").out.endswith(
        b"no valence, no arousal, no mood, no key\n1 file = 1 to be written\n"
    )
    assert shell("tag", "--remove", "--write", "-y").out.endswith(b"3 files = 2 written + 1 unchanged\n")
    assert said(music) == [{}, {}, {}]
    assert b"3 unchanged" in shell("scan", music).out


def test_what_is_left_out_is_told_by_name(shell: Shell, music: Path) -> None:
    (music / "0.flac").unlink()
    (music / "1.flac").chmod(0o444)
    ran = shell("tag", "--write", "-y")
    assert ran.code == 3
    assert b"0.flac\n    it is not there\n" in ran.out
    assert b"1.flac\n    it is read-only\n" in ran.out
    assert b"3 files = 1 written + 2 left out\n" in ran.out
    ran = shell("tag", "--json", "1.flac")
    assert (ran.code, ran.document["left_out"]) == (3, 1)


def test_wrong_usage_and_nothing_found(shell: Shell, music: Path) -> None:
    assert shell("tag", "0.flac", "--where", "year:1990").code == 2
    assert shell("tag", "--where", "frob:1").code == 2
    assert shell("tag", "no such track").code == 4
    assert shell("tag", "--where", "year:1990").code == 4
