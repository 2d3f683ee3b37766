"""Roots whose folder was moved or renamed, and then scanned under its new name."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from musimo.library.db.queries import Store
from musimo.library.scan import moved_roots
from musimo.library.scan.events import RootMayHaveMoved
from musimo.search.find import find_track
from tests.library.scan.test_scan import run, tone

Root = tuple[Path, Store]
N = 5


@pytest.fixture
def scanned(tmp_path: Path) -> Root:
    """A scanned folder of five tracks, two of them copies, and its library."""
    folder = tmp_path / "Music"
    for number in range(N - 1):
        tone(folder / "Artist" / f"song {number}.wav", 220 * (number + 1))
    shutil.copy2(folder / "Artist" / "song 0.wav", folder / "copy.wav")
    store = Store.open(tmp_path / "library.db", "plain-1", create=True)
    run(store, folder)
    return folder, store


def ids(store: Store) -> dict[str, int | None]:
    return {track.path.name: track.id for track in store.all_tracks()}


def copy_then_delete(old: Path, new: Path) -> None:
    shutil.copytree(old, new, copy_function=shutil.copy)
    for path in new.rglob("*.wav"):
        os.utime(path, ns=(10**18, 10**18))
    shutil.rmtree(old)


def move(old: Path, new: Path) -> None:
    new.parent.mkdir(parents=True, exist_ok=True)
    old.rename(new)


@pytest.mark.parametrize("how", [move, copy_then_delete])
@pytest.mark.parametrize(("to", "scan"), [("Archive", "Archive"), ("new/home/Music", "new")])
def test_tracks_of_a_moved_root_move_and_keep_their_ids(
    scanned: Root, tmp_path: Path, how: Callable[[Path, Path], None], to: str, scan: str
) -> None:
    folder, store = scanned
    before = ids(store)
    how(folder, tmp_path / to)
    audit, events = run(store, tmp_path / scan)
    assert (audit.moved, audit.seen, audit.missing) == (N, N, 0)
    assert ids(store) == before
    assert store.root_paths() == [os.fsencode(tmp_path / scan)], "the old root is empty and gone"
    assert not [event for event in events if isinstance(event, RootMayHaveMoved)]
    audit, _ = run(store, tmp_path / scan)
    assert (audit.unchanged, audit.seen) == (N, N)


def test_a_moved_root_of_which_a_track_changed_moves_all_the_others(scanned: Root, tmp_path: Path) -> None:
    folder, store = scanned
    folder.rename(tmp_path / "Archive")
    tone(tmp_path / "Archive" / "Artist" / "song 3.wav", 99, seconds=3)
    audit, events = run(store, tmp_path / "Archive")
    assert (audit.moved, audit.new) == (N - 1, 1)
    left = [event for event in events if isinstance(event, RootMayHaveMoved)]
    assert left == [RootMayHaveMoved(os.fsencode(folder), os.fsencode(tmp_path / "Archive"))]


def test_a_drive_that_is_away_keeps_its_tracks_though_some_are_copied(scanned: Root, tmp_path: Path) -> None:
    folder, store = scanned
    copies = tmp_path / "copies"
    (copies / "Artist").mkdir(parents=True)
    shutil.copy2(folder / "Artist" / "song 1.wav", copies / "Artist")
    folder.rename(tmp_path / "unplugged")
    audit, events = run(store, copies)
    assert (audit.new, audit.moved) == (1, 0)
    assert not [event for event in events if isinstance(event, RootMayHaveMoved)], "one of five is no move"
    (tmp_path / "unplugged").rename(folder)
    audit, _ = run(store, folder)
    assert (audit.unchanged, audit.seen) == (N, N)


def test_a_full_copy_of_a_drive_that_is_away_is_a_copy(
    scanned: Root, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, store = scanned
    monkeypatch.setattr(moved_roots, "DRIVE_FOLDERS", (os.fsencode(tmp_path),))
    folder.rename(tmp_path / "unplugged")
    shutil.copytree(tmp_path / "unplugged", tmp_path / "copies")
    audit, events = run(store, tmp_path / "copies")
    assert (audit.new, audit.moved) == (N, 0)
    assert [event for event in events if isinstance(event, RootMayHaveMoved)] == [
        RootMayHaveMoved(os.fsencode(folder), os.fsencode(tmp_path / "copies"))
    ]
    offered = [track.path for track in store.all_tracks()]
    assert {path.parts[len(tmp_path.parts)] for path in offered} == {"copies"}, (
        "absent files have copies here"
    )
    found = find_track(store, "song 0")
    assert found is not None
    assert found.path == tmp_path / "copies" / "Artist" / "song 0.wav"
    shown = store.tracks_of([track.content for track in store.all_tracks() if track.content is not None])
    assert {track.path.parts[len(tmp_path.parts)] for track in shown.values()} == {"copies"}
    (tmp_path / "unplugged").rename(folder)
    audit, _ = run(store, folder)
    assert (audit.unchanged, audit.seen) == (N, N)
    assert len(list(store.all_tracks())) == 2 * N


@pytest.mark.parametrize(
    ("absent", "unplugged"),
    [("full/Music", False), ("full/a/b/Music", False), ("empty/Music", True), ("empty/a/b", True)],
)
def test_an_empty_folder_may_be_a_mount_point(tmp_path: Path, absent: str, unplugged: bool) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "full" / "other").mkdir(parents=True)
    assert moved_roots.may_be_unplugged(os.fsencode(tmp_path / absent)) is unplugged


@pytest.mark.parametrize("absent", [b"/music-of-a-volume", b"/media/someone/DRIVE/Music", b"/mnt/nas/Music"])
def test_what_is_where_drives_are_mounted_may_be_on_one(absent: bytes) -> None:
    assert moved_roots.may_be_unplugged(absent)


def test_exact_copies_do_not_make_a_name_ambiguous(scanned: Root) -> None:
    folder, store = scanned
    shutil.copy2(folder / "Artist" / "song 1.wav", folder / "Artist" / "song 1 again.wav")
    run(store, folder)
    found = find_track(store, "song 1")
    assert found is not None
    assert found.path == folder / "Artist" / "song 1 again.wav", "the first by path"
