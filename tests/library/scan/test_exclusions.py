"""Recycle bins, snapshots and the user's globs: which folders and files a scan skips."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from musimo.library.db.files import FoundFile
from musimo.library.scan.exclusions import SYSTEM_FOLDERS, Exclusions
from musimo.library.scan.walk import IgnoredFile, walk

BINS = [
    *("$Recycle.Bin", "@Recycle", "@Recently-Snapshot", "#snapshot", "#recycle", ".stversions", ".snapshots"),
    *(".zfs/snapshot/daily", ".sync/Archive", "@eaDir", ".Trash-1000/files", "lost+found"),
    *("System Volume Information", "@GMT-2026.01.31-12.00.00", ".local/share/Trash/files"),
]
CASES = [case(name) for name in BINS for case in (str, str.upper, str.lower, str.title)]


@pytest.mark.parametrize("folder", sorted({*CASES, *SYSTEM_FOLDERS, "RECYCLER", ".Recycle", ".recycle.BIN"}))
@pytest.mark.parametrize("above", ["", "Artist/Album/"])
def test_bins_and_snapshots_are_skipped_in_any_case(tmp_path: Path, above: str, folder: str) -> None:
    inside = tmp_path / above / folder
    inside.mkdir(parents=True)
    (inside / "old.mp3").touch()
    (tmp_path / "song.mp3").touch()
    assert [event.path for event in walk(os.fsencode(tmp_path))] == [b"song.mp3"]
    assert Exclusions().covers(os.fsencode(f"{above}{folder}/old.mp3"))


@pytest.mark.parametrize(
    "folder", ["Recycler", "Recycled", "Trash", "Snapshot", "Sync", "ZFS", "Archive", "Versions", "Bin"]
)
def test_albums_with_such_names_are_scanned(tmp_path: Path, folder: str) -> None:
    (tmp_path / folder).mkdir()
    (tmp_path / folder / "song.mp3").touch()
    assert [event.path for event in walk(os.fsencode(tmp_path))] == [os.fsencode(f"{folder}/song.mp3")]


@pytest.mark.parametrize(
    ("glob", "skipped", "kept"),
    [
        ("Old", [b"Old/a.mp3", b"x/old/y/a.mp3"], [b"Older/a.mp3", b"x/Old.mp3"]),
        ("Old/", [b"Old/a.mp3"], [b"Olds/a.mp3"]),
        ("*.wav", [b"a.wav", b"x/a.WAV"], [b"a.wave", b"wav/a.mp3"]),
        ("Live/*.wav", [b"Live/a.wav", b"x/live/a.wav"], [b"Live/x/a.wav", b"a.wav", b"Live/a.mp3"]),
        ("**/Live/*", [b"Live/a.mp3", b"x/Live/y/a.mp3"], [b"Alive/a.mp3"]),
        ("/music/Old", [b"Old/a.mp3"], [b"x/Old/a.mp3"]),
        ("/elsewhere/Old", [], [b"Old/a.mp3"]),
        ("Bücher", ["Bu\u0308cher/a.mp3".encode()], [b"B\xfccher/a.mp3"]),
        ("[ab].mp3", [b"a.mp3", b"x/B.mp3"], [b"c.mp3"]),
    ],
)
def test_globs(glob: str, skipped: list[bytes], kept: list[bytes]) -> None:
    exclusions = Exclusions([glob], b"/music")
    assert [path for path in skipped if not exclusions.covers(path)] == []
    assert [path for path in kept if exclusions.covers(path)] == []


def test_an_excluded_file_is_ignored_and_an_excluded_folder_not_walked(tmp_path: Path) -> None:
    for path in ("a.mp3", "a.wav", "Old/b.mp3"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).touch()
    top = os.fsencode(tmp_path)
    events = list(walk(top, exclusions=Exclusions(["*.wav", "old"], top)))
    assert [type(event) for event in events] == [FoundFile, IgnoredFile]
    assert [event.path for event in walk(top + b"/Old", (), Exclusions(["old/*"], top), b"Old/")] == [
        b"b.mp3"
    ]
    assert [type(event) for event in walk(top + b"/Old", (), Exclusions(["old/*"], top), b"Old/")] == [
        IgnoredFile
    ]
