"""Folders → files: links, loops, pipes, markers and names of any bytes."""

from __future__ import annotations

import os
from pathlib import Path

from musimo.library.db.files import FoundFile
from musimo.library.scan.walk import IgnoredFile, UnreadableEntry, walk


def found(top: Path) -> list[bytes]:
    return [event.path for event in walk(os.fsencode(top)) if isinstance(event, FoundFile)]


def touch(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    return path


def test_files_come_in_order_of_names_and_folders_after_files(tmp_path: Path) -> None:
    for name in ("b.mp3", "a/2.flac", "a/1.ogg", "z.wav"):
        touch(tmp_path / name)
    assert found(tmp_path) == [b"b.mp3", b"z.wav", b"a/1.ogg", b"a/2.flac"]


def test_a_file_carries_its_size_and_time_of_change(tmp_path: Path) -> None:
    file = touch(tmp_path / "a.mp3")
    os.utime(file, ns=(1, 1_600_000_000_123_456_789))
    assert list(walk(os.fsencode(tmp_path))) == [FoundFile(b"a.mp3", 1, 1_600_000_000_123_456_789)]


def test_what_is_not_music_is_ignored(tmp_path: Path) -> None:
    touch(tmp_path / "cover.jpg")
    touch(tmp_path / "._song.mp3")
    os.mkfifo(tmp_path / "pipe.mp3")
    events = list(walk(os.fsencode(tmp_path)))
    assert events == [IgnoredFile(b"._song.mp3"), IgnoredFile(b"cover.jpg"), IgnoredFile(b"pipe.mp3")]


def test_a_folder_with_a_music_ending_is_a_folder(tmp_path: Path) -> None:
    touch(tmp_path / "song.mp3" / "inside.mp3")
    assert found(tmp_path) == [b"song.mp3/inside.mp3"]


def test_trash_and_marked_folders_are_left_alone(tmp_path: Path) -> None:
    for name in ("@eaDir/a.mp3", ".Trash-1000/b.mp3", "speech/.notmusic", "speech/deep/c.mp3", "d.mp3"):
        touch(tmp_path / name)
    assert found(tmp_path) == [b"d.mp3"]


def test_links_lead_to_every_file_once(tmp_path: Path) -> None:
    music, elsewhere = tmp_path / "music", tmp_path / "elsewhere"
    touch(music / "real" / "a.mp3")
    touch(elsewhere / "b.mp3")
    touch(elsewhere / "single.mp3")
    (music / "again").symlink_to(music / "real")
    (music / "loop").symlink_to(music)
    (music / "out").symlink_to(elsewhere)
    (music / "same.mp3").symlink_to(music / "real" / "a.mp3")
    (music / "one.mp3").symlink_to(elsewhere / "single.mp3")
    assert found(music) == [b"real/a.mp3", b"one.mp3", b"out/b.mp3", b"out/single.mp3"]


def test_a_dangling_link_is_told_when_it_looks_like_music(tmp_path: Path) -> None:
    (tmp_path / "gone.mp3").symlink_to(tmp_path / "nowhere")
    (tmp_path / "gone.txt").symlink_to(tmp_path / "nowhere")
    assert list(walk(os.fsencode(tmp_path))) == [
        UnreadableEntry(b"gone.mp3", "the link points to nothing", is_folder=False),
        IgnoredFile(b"gone.txt"),
    ]


def test_two_links_that_point_at_each_other_end(tmp_path: Path) -> None:
    (tmp_path / "a.mp3").symlink_to(tmp_path / "b.mp3")
    (tmp_path / "b.mp3").symlink_to(tmp_path / "a.mp3")
    assert all(isinstance(event, UnreadableEntry) for event in walk(os.fsencode(tmp_path)))


def test_names_are_bytes(tmp_path: Path) -> None:
    names = {b"\xff\xfe.mp3", "🎵.mp3".encode(), b"new\nline.mp3", b"e\xcc\x81.mp3"}
    for name in names:
        (Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))).write_bytes(b"x")
    assert set(found(tmp_path)) == names
