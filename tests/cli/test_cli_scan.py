"""Scanning from the command line: the audit, the notes, the exit code."""

from __future__ import annotations

import os
import shlex
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import mutagen
import pytest
import soundfile

from musimo.cli.main import COMMANDS
from tests.cli.conftest import HOSTILE, Ran, Shell, harmless
from tests.sounds import encode, melody, sine

open_tags: Any = mutagen.File
COUNTS = ("new", "changed", "moved", "unchanged", "failed", "ignored")


@pytest.fixture
def music(tmp_path: Path) -> Path:
    """Two sounds, a picture and a fake."""
    folder = tmp_path / "music"
    (folder / "sub").mkdir(parents=True)
    soundfile.write(folder / "a.wav", sine(220, 1), 22_050)
    soundfile.write(folder / "sub" / "b.wav", sine(330, 1), 22_050)
    (folder / "cover.jpg").write_bytes(b"\xff\xd8")
    (folder / "fake.mp3").write_text("not music\n" * 50)
    return folder


def audit(ran: Ran) -> dict[str, int]:
    """The audit of a scan, which adds up, without the time it took."""
    read = ran.document
    assert {*read} >= {"schema", "seen", *COUNTS, "missing", "seconds"}
    assert read["seen"] == sum(read[name] for name in COUNTS)
    assert read["seconds"] >= 0
    return {name: read[name] for name in (*COUNTS, "missing") if read[name]}


def test_sounds_without_tempo_and_key_are_heard_again_and_it_says_so(
    shell: Shell, music: Path, home: Path
) -> None:
    (music / "fake.mp3").unlink()
    soundfile.write(music / "a.wav", melody(20), 22_050)
    assert shell("scan", music).err == b""
    shown = shell("show", "a.wav", "--json").document["track"]
    assert (shown["tempo"], shown["tempo_confidence"] > 0.5) == (pytest.approx(120, rel=2e-3), True)
    with closing(sqlite3.connect(home / "library.db")) as connection, connection:
        connection.execute("DELETE FROM tempo_keys")
    ran = shell("scan", music, "--json")
    assert audit(ran) == {"changed": 2, "ignored": 1}
    assert ran.err.startswith(b"2 tracks of the library have no tempo and key yet, or older ones")
    assert shell("show", "a.wav", "--json").document["track"] == shown
    assert shell("scan", music).err == b""


def test_a_scan_accounts_for_every_file_and_makes_the_library_ask_able(
    shell: Shell, music: Path, home: Path
) -> None:
    ran = shell("scan", music, "--json")
    assert ran.code == 3
    assert audit(ran) == {"new": 2, "failed": 1, "ignored": 1}
    [note] = ran.err.decode().splitlines()
    assert note.startswith(f"failed: {music / 'fake.mp3'}: ")
    assert {file.name for file in home.iterdir()} == {
        "library.db",
        "library.db.similar.index",
        "library.db.mood.index",
        "library.db.models",
    }
    assert shell("status", "--json").document["indexed"] == 2
    [found] = shell("similar", music / "a.wav", "--json").document["results"]
    assert found["path"] == str(music / "sub" / "b.wav")


def test_what_happens_to_files_happens_in_the_audit(shell: Shell, music: Path) -> None:
    shell("scan", music)
    (music / "a.wav").rename(music / "renamed.wav")
    soundfile.write(music / "sub" / "b.wav", sine(550, 2), 22_050)
    assert audit(shell("scan", music, "--json")) == {"moved": 1, "changed": 1, "failed": 1, "ignored": 1}
    (music / "renamed.wav").unlink()
    assert audit(shell("scan", music, "--json")) == {"unchanged": 1, "failed": 1, "ignored": 1, "missing": 1}
    (music / "fake.mp3").unlink()
    ran = shell("scan", music, "--json")
    assert audit(ran) == {"unchanged": 1, "ignored": 1, "missing": 1}
    assert (ran.code, ran.err) == (0, b"")
    assert shell("errors", "--json").document["errors"] == []


def test_the_audit_in_words_ends_in_the_same_sum(shell: Shell, music: Path) -> None:
    lines = shell("scan", music).out.decode().splitlines()
    assert lines[-1].startswith("4 seen = 2 new + 1 failed + 1 ignored, in ")
    assert "see musimo errors" in lines[0]
    lines = shell("scan", music).out.decode().splitlines()
    assert lines[-1].startswith("4 seen = 2 unchanged + 1 failed + 1 ignored, in ")
    assert "1 of them before" in lines[0]


def test_failures_are_tried_again_when_asked_for(shell: Shell, music: Path) -> None:
    good = (music / "a.wav").read_bytes()
    mended = music / "fake.wav"
    mended.write_bytes(b"x" * len(good))
    os.utime(mended, ns=(0, 0))
    shell("scan", music)
    mended.write_bytes(good)  # as long and as old as before: from outside it is the same file
    os.utime(mended, ns=(0, 0))
    ran = shell("scan", music, "--json")
    assert audit(ran) == {"unchanged": 2, "failed": 2, "ignored": 1}
    assert ran.err == b"", "a known failure is not news"
    ran = shell("scan", music, "--retry-failed", "--json")
    assert audit(ran) == {"unchanged": 2, "new": 1, "failed": 1, "ignored": 1}


def test_sound_that_changed_behind_its_size_and_time_is_told_when_verified(shell: Shell, music: Path) -> None:
    shell("-q", "scan", music)
    before = (music / "a.wav").stat()
    soundfile.write(music / "a.wav", sine(660, 1), 22_050)
    os.utime(music / "a.wav", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert audit(shell("scan", music, "--json")) == {"unchanged": 2, "failed": 1, "ignored": 1}
    ran = shell("scan", music, "--verify", "--json")
    assert audit(ran) == {"changed": 1, "unchanged": 1, "failed": 1, "ignored": 1}
    [note] = ran.err.decode().splitlines()
    assert note.startswith(f"the audio of {music / 'a.wav'} changed, its size and time did not: ")
    ran = shell("scan", music, "--verify", "--json")
    assert (ran.err, audit(ran)) == (b"", {"unchanged": 2, "failed": 1, "ignored": 1})


def test_how_much_is_told(shell: Shell, music: Path) -> None:
    ran = shell("-v", "scan", music)
    notes = ran.err.decode().splitlines()
    assert f"new: {music / 'a.wav'}" in notes
    assert len(notes) == 3
    shutil.rmtree(music / "sub")
    assert shell("-q", "scan", music, "--retry-failed").err == b""


@pytest.mark.parametrize("missing", ["nowhere", "~nobody-of-that-name"])
def test_a_folder_that_is_not_there_is_wrong_usage(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = shell("scan", missing)
    assert (ran.code, ran.out) == (2, b"")
    assert b"there is no folder" in ran.err


def test_a_file_is_no_folder_and_the_error_says_what_to_do(shell: Shell, music: Path) -> None:
    ran = shell("scan", music / "a.wav")
    assert ran.code == 2
    assert b"musimo analyze" in ran.err


def test_folders_that_vanish_are_not_believed_until_one_insists(shell: Shell, music: Path) -> None:
    shell("scan", music)
    shutil.rmtree(music)
    ran = shell("scan", music, "--json")
    assert ran.code == 3
    assert b"is the drive there?" in ran.err
    assert b"--accept-missing" in ran.err
    assert shell("status", "--json").document["missing"] == 0
    ran = shell("scan", music, "--accept-missing", "--json")
    assert (ran.code, audit(ran)) == (0, {"missing": 2})
    assert shell("export", "--json").code == 4


def test_a_new_library_is_not_answered_for_by_the_indexes_of_the_old_one(
    shell: Shell, music: Path, home: Path, tmp_path: Path
) -> None:
    """Content ids start at 1 in both, and both were written to as often."""
    shell("scan", music / "sub")
    first = shell("mood", "--valence", "0", "--arousal", "0", "--json").document["results"]
    (home / "library.db").unlink()
    other = tmp_path / "other"
    other.mkdir()
    soundfile.write(other / "c.wav", 0.01 * sine(1760, 1), 22_050)
    shell("scan", other)
    [row] = shell("mood", "--valence", "0", "--arousal", "0", "--json").document["results"]
    assert row["path"] == str(other / "c.wav")
    assert row["distance"] == pytest.approx((row["valence"] ** 2 + row["arousal"] ** 2) ** 0.5, abs=1e-4)
    assert row["distance"] != first[0]["distance"]


def test_hostile_tags_and_names_come_through_a_scan_unharmed_and_harmless(
    shell: Shell, tmp_path: Path
) -> None:
    folder = tmp_path / "hostile"
    folder.mkdir()
    for name in ("a.flac", "\x1b[2Jb\n.mp3"):
        file = open_tags(encode(folder / name, melody(1, seed=len(name))), easy=True)
        for field in ("title", "artist", "album", "genre"):
            file[field] = f"{HOSTILE} {field}"
        file.save()
    (folder / "\x1b]0;owned\x07\n.mp3").write_text("not music\n" * 50)
    for arguments in (
        ("-v", "scan", folder),
        ("similar", folder / "a.flac"),
        ("show", folder / "a.flac"),
        ("export", "--format", "table"),
        ("export", "--json"),
        ("mood", "--valence", "0.5", "--arousal", "0.5"),
        ("errors",),
        ("errors", "--json"),
        ("show", "mp3"),
    ):
        ran = shell(*arguments)
        assert ran.out + ran.err
        assert harmless(ran.out)
        assert harmless(ran.err)
    [row] = shell("export", "--where", "path:a.flac", "--json").document["results"]
    assert "\x1b[31mred" in row["title"], "JSON escapes what it holds, and loses nothing"
    [row] = shell("errors", "--json").document["errors"]
    assert row["path"] == str(folder / "\x1b]0;owned\x07\n.mp3")


def test_a_part_of_a_track_is_never_told_as_the_whole(shell: Shell, tmp_path: Path) -> None:
    folder = tmp_path / "partial"
    folder.mkdir()
    whole = encode(folder / "whole.flac", melody(20, 44_100, 1))
    data = encode(folder / "half.flac", melody(20, 44_100, 2)).read_bytes()
    (folder / "half.flac").write_bytes(data[: len(data) // 2])
    assert shell("-q", "scan", folder, "--json").document["new"] == 2
    status = shell("status", "--json").document
    assert (status["analyzed"], status["partial"]) == (2, 1)
    assert b"partial   1 of them" in shell("status").out
    partial = {row["path"]: row["partial"] for row in shell("export", "--json").document["results"]}
    assert partial[str(whole)] is None
    assert 0.4 < partial[str(folder / "half.flac")] < 0.6
    assert b"% of it could be decoded" in shell("show", folder / "half.flac").out
    assert b"% of it could be decoded" not in shell("show", whole).out
    (folder / "half.flac").write_bytes(data)  # the download is finished
    shell("-q", "scan", folder)
    assert shell("status", "--json").document["partial"] == 0


def test_a_known_failure_is_counted_and_no_failure_again(shell: Shell, music: Path) -> None:
    first = shell("-q", "scan", music)
    assert first.code == 3
    assert b"1 failed" in first.out, "quiet is no silence where something is wrong"
    for again in ([], ["--retry-failed"], ["--verify"]):
        ran = shell("scan", music, *again, "--json")
        assert (ran.code, ran.document["failed"], ran.document["failed_before"]) == (0, 1, 1)
        assert shell("scan", music, *again, "--strict", "--json").code == 3
    (music / "fake.mp3").write_bytes(b"another fake, which is new")
    assert shell("scan", music).code == 3
    assert shell("scan", music).code == 0


def test_what_cannot_be_read_fails_once(shell: Shell, music: Path) -> None:
    shell("scan", music)
    (music / "broken link.mp3").symlink_to("nowhere")
    assert [shell("scan", music).code for _ in range(3)] == [3, 0, 0]
    assert shell("scan", music, "--strict").code == 3


@pytest.mark.parametrize("quiet", ["-q", "--quiet"])
def test_quiet_says_nothing_where_nothing_is_wrong(shell: Shell, music: Path, quiet: str) -> None:
    (music / "fake.mp3").unlink()
    for words in (["scan", music], ["scan", music], ["reindex"], ["rate", "a.wav", "--like"]):
        for ran in (shell(quiet, *words), shell(*words, quiet)):
            assert (ran.code, ran.out, ran.err) == (0, b"", b"")
    shutil.rmtree(music)
    ran = shell("scan", music, quiet)
    assert ran.code == 3
    assert ran.out


def test_quiet_and_verbose_are_options_of_every_command(shell: Shell) -> None:
    for name in COMMANDS:
        ran = shell(name, "-q", "-v", "--help")
        assert (ran.code, ran.err) == (0, b"")
        assert b"-q, --quiet" in ran.out


def test_excluded_tracks_leave_the_answers_and_return(shell: Shell, music: Path, home: Path) -> None:
    (music / "fake.mp3").unlink()
    shell("scan", music)
    assert audit(shell("scan", music, "--exclude", "SUB", "--json")) == {
        "unchanged": 1,
        "ignored": 1,
        "missing": 1,
    }
    assert len(shell("export", "--json").document["results"]) == 1
    (home / "config.toml").write_text("exclude = ['b.*', 'a.wav']")
    ran = shell("scan", music, "--json")
    assert ran.code == 0, "a drive that is told to be skipped is not away"
    assert audit(ran) == {"ignored": 3, "missing": 2}
    (home / "config.toml").unlink()
    assert audit(shell("scan", music, "--json")) == {"unchanged": 2, "ignored": 1}


def test_a_bin_that_an_older_musimo_scanned_leaves_the_answers(
    shell: Shell, music: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (music / "fake.mp3").unlink()
    (music / "@Recycle").mkdir()
    (music / "a.wav").rename(music / "@Recycle" / "a.wav")
    with monkeypatch.context() as older:
        older.setattr("musimo.library.scan.exclusions.SYSTEM_FOLDERS", {})
        assert audit(shell("scan", music, "--json"))["new"] == 2
    ran = shell("scan", music, "--json")
    assert (ran.code, audit(ran)) == (0, {"unchanged": 1, "ignored": 1, "missing": 1})


def test_a_folder_that_may_have_moved_ends_the_scan_with_the_command(
    shell: Shell, music: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("musimo.library.scan.moved_roots.DRIVE_FOLDERS", (os.fsencode(tmp_path),))
    shell("scan", music)
    moved = tmp_path / "it's new"
    music.rename(moved)
    last = shell("scan", moved).out.decode().splitlines()[-1]
    command = last[last.index("musimo relocate") :]
    assert command == f"musimo relocate {shlex.quote(str(music))} {shlex.quote(str(moved))}"
    shell(*shlex.split(command)[1:])
    assert [row["path"] for row in shell("export", "--json").document["results"]] == [
        str(moved / "a.wav"),
        str(moved / "sub" / "b.wav"),
    ]


def test_paths_that_are_nowhere_are_told_and_links_are_resolved(
    shell: Shell, music: Path, tmp_path: Path
) -> None:
    link = tmp_path / "link"
    link.symlink_to(music)
    shell("-q", "scan", link)
    ran = shell("export", "--format", "m3u8", "--path-map", f"{link}/=/sd")
    assert (ran.code, ran.err) == (0, b"")
    assert b"\n/sd/a.wav\n" in ran.out
    ran = shell("export", "--format", "m3u8", "--path-map", "/nowhere=/sd")
    assert b"no path of this list begins with /nowhere" in ran.err
    assert len(shell("export", "--where", f"path:{link}/sub", "--json").document["results"]) == 1
    ran = shell("export", "--where", "path:/nowhere")
    assert ran.code == 4
    assert f"its folders: {music}".encode() in ran.err
