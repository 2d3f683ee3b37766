"""A folder that moved: every track follows, nothing is heard again, and nothing is guessed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from musimo.errors import LibraryError, UsageError
from musimo.library.db.files import GoneFile
from musimo.library.db.queries import Store
from musimo.library.relocate import relocate
from musimo.library.scan.roots import claim
from tests.catalog import Catalog, Entry, direction

SIZE = 1000  # of every file of a catalog


def put(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"x" * SIZE)


def catalog_of(tmp_path: Path, root: str, *names: str) -> Catalog:
    catalog = Catalog(tmp_path / "library.db", tmp_path / root)
    catalog.add(*(Entry(name, direction(1, n + 1)) for n, name in enumerate(names)))
    return catalog


def paths(store: Store, base: Path) -> list[str]:
    return [os.path.relpath(os.fsdecode(track.path_bytes), base) for track in store.all_tracks()]


def known_roots(store: Store, base: Path) -> list[str]:
    return [os.path.relpath(os.fsdecode(root), base) for root in store.root_paths()]


def move(
    catalog: Catalog, tmp_path: Path, old: str, new: str, *, dry_run: bool = False
) -> tuple[int, int, int]:
    done = relocate(catalog.store, os.fsencode(tmp_path / old), os.fsencode(tmp_path / new), dry_run=dry_run)
    return done.moved, done.merged, done.there


def test_a_root_moves_with_all_that_is_known_of_its_tracks(tmp_path: Path) -> None:
    catalog = catalog_of(tmp_path, "old", "a.mp3", "sub/b.mp3")
    catalog.fail("broken.mp3")
    before = {track.id: (track.content, track.valence) for track in catalog.store.all_tracks()}
    put(tmp_path / "new", "a.mp3", "sub/b.mp3")
    assert move(catalog, tmp_path, "old", "new", dry_run=True) == (2, 0, 2)
    assert paths(catalog.store, tmp_path) == ["old/a.mp3", "old/sub/b.mp3"]
    assert move(catalog, tmp_path, "old", "new") == (2, 0, 2)
    assert paths(catalog.store, tmp_path) == ["new/a.mp3", "new/sub/b.mp3"]
    assert known_roots(catalog.store, tmp_path) == ["new"]
    assert {track.id: (track.content, track.valence) for track in catalog.store.all_tracks()} == before
    [failure] = catalog.store.failures()
    assert failure.path_bytes == os.fsencode(tmp_path / "new" / "broken.mp3")
    known = catalog.journal.known_files(claim(catalog.journal, os.fsencode(tmp_path / "new")))
    assert all(file.analyzed for path, file in known.items() if path != b"broken.mp3")


def test_a_folder_within_a_root_moves_within_it_and_out_of_it(tmp_path: Path) -> None:
    catalog = catalog_of(tmp_path, "music", "Jazz/a.mp3", "Jazzier/b.mp3")
    put(tmp_path / "music" / "Cool", "a.mp3")
    assert move(catalog, tmp_path, "music/Jazz", "music/Cool") == (1, 0, 1)
    assert paths(catalog.store, tmp_path) == ["music/Cool/a.mp3", "music/Jazzier/b.mp3"]
    assert known_roots(catalog.store, tmp_path) == ["music"]
    put(tmp_path / "elsewhere", "a.mp3")
    assert move(catalog, tmp_path, "music/Cool", "elsewhere") == (1, 0, 1)
    assert paths(catalog.store, tmp_path) == ["elsewhere/a.mp3", "music/Jazzier/b.mp3"]
    assert known_roots(catalog.store, tmp_path) == ["elsewhere", "music"]


def test_a_folder_above_the_roots_takes_each_along(tmp_path: Path) -> None:
    catalog = catalog_of(tmp_path, "disk/1", "a.mp3")
    Catalog(catalog.store.path, tmp_path / "disk" / "2").add(Entry("b.mp3", direction(2)))
    put(tmp_path / "mnt", "1/a.mp3", "2/b.mp3")
    assert move(catalog, tmp_path, "disk", "mnt") == (2, 0, 2)
    assert known_roots(catalog.store, tmp_path) == ["mnt/1", "mnt/2"]
    assert paths(catalog.store, tmp_path) == ["mnt/1/a.mp3", "mnt/2/b.mp3"]


def test_roots_that_come_to_lie_in_one_another_become_one(tmp_path: Path) -> None:
    catalog = catalog_of(tmp_path, "music", "a.mp3")
    Catalog(catalog.store.path, tmp_path / "usb").add(Entry("b.mp3", direction(2)))
    put(tmp_path / "music" / "usb", "b.mp3")
    assert move(catalog, tmp_path, "usb", "music/usb") == (1, 0, 1)
    assert known_roots(catalog.store, tmp_path) == ["music"]
    put(tmp_path / "all" / "music", "a.mp3", "usb/b.mp3")
    assert move(catalog, tmp_path, "music", "all/music") == (2, 0, 2)
    Catalog(catalog.store.path, tmp_path / "old").add(Entry("c.mp3", direction(3)))
    put(tmp_path / "all", "c.mp3")
    assert move(catalog, tmp_path, "old", "all") == (1, 0, 1)
    assert known_roots(catalog.store, tmp_path) == ["all"], "the root below was taken in"
    assert paths(catalog.store, tmp_path) == ["all/c.mp3", "all/music/a.mp3", "all/music/usb/b.mp3"]


def test_a_new_root_may_be_the_old_one_of_another(tmp_path: Path) -> None:
    catalog = catalog_of(tmp_path, "m/x", "a.mp3")
    Catalog(catalog.store.path, tmp_path / "m" / "m" / "x").add(Entry("a.mp3", direction(2)))
    before = {track.id: track.content for track in catalog.store.all_tracks()}
    put(tmp_path / "m" / "m", "x/a.mp3", "m/x/a.mp3")
    assert move(catalog, tmp_path, "m", "m/m") == (2, 0, 2)
    assert known_roots(catalog.store, tmp_path) == ["m/m/m/x", "m/m/x"]
    assert paths(catalog.store, tmp_path) == ["m/m/m/x/a.mp3", "m/m/x/a.mp3"]
    assert {track.id: track.content for track in catalog.store.all_tracks()} == before


def test_a_new_path_may_be_the_old_one_of_another_track(tmp_path: Path) -> None:
    catalog = catalog_of(tmp_path, "m", "a.mp3", "m/a.mp3", "m/m/a.mp3")
    put(tmp_path / "m" / "m", "a.mp3", "m/a.mp3", "m/m/a.mp3")
    assert move(catalog, tmp_path, "m", "m/m") == (3, 0, 3)
    assert known_roots(catalog.store, tmp_path) == ["m/m"]
    assert paths(catalog.store, tmp_path) == ["m/m/a.mp3", "m/m/m/a.mp3", "m/m/m/m/a.mp3"]
    assert move(catalog, tmp_path, "m/m", "m") == (3, 0, 2)
    assert paths(catalog.store, tmp_path) == ["m/a.mp3", "m/m/a.mp3", "m/m/m/a.mp3"]


def test_a_place_that_was_scanned_already_is_merged_where_the_sound_is_the_same(tmp_path: Path) -> None:
    catalog = catalog_of(tmp_path, "old", "a.mp3", "b.mp3")
    new = Catalog(catalog.store.path, tmp_path / "new")
    new.add(Entry("a.mp3", None, sound=b"a.mp3"))
    put(tmp_path / "new", "a.mp3", "b.mp3")
    assert move(catalog, tmp_path, "old", "new") == (2, 1, 2)
    assert paths(catalog.store, tmp_path) == ["new/a.mp3", "new/b.mp3"]
    assert catalog.store.counts().analyzed == 2


def test_another_sound_at_the_new_place_is_refused_and_nothing_changes(tmp_path: Path) -> None:
    catalog = catalog_of(tmp_path, "old", "a\n.mp3", "b.mp3")
    Catalog(catalog.store.path, tmp_path / "new").add(Entry("a\n.mp3", direction(9), sound=b"other"))
    put(tmp_path / "new", "a\n.mp3", "b.mp3")
    with pytest.raises(LibraryError, match="knows 1 files at the new path with other content") as caught:
        move(catalog, tmp_path, "old", "new")
    assert "a\\n.mp3" in caught.value.message
    assert "musimo prune" in caught.value.hint
    assert paths(catalog.store, tmp_path) == ["new/a\n.mp3", "old/a\n.mp3", "old/b.mp3"]


def test_missing_tracks_return_at_once_where_their_files_are(tmp_path: Path) -> None:
    catalog = catalog_of(tmp_path, "old", "a.mp3", "b.mp3", "c.mp3")
    scan_folder = catalog.scan_folder()
    for name in ("a.mp3", "b.mp3", "c.mp3"):
        catalog.journal.mark_missing([GoneFile(scan_folder.root_id, name.encode(), catalog.id(name), False)])
    put(tmp_path / "new", "a.mp3", "b.mp3")
    (tmp_path / "new" / "b.mp3").write_bytes(b"another size")
    assert move(catalog, tmp_path, "old", "new") == (3, 0, 1)
    assert paths(catalog.store, tmp_path) == ["new/a.mp3"]
    assert catalog.store.counts().missing == 2


@pytest.mark.parametrize(
    ("old", "new", "error", "says"),
    [
        ("old", "nowhere", UsageError, "there is no folder"),
        ("old", "old/a.mp3", UsageError, "there is no folder"),
        ("elsewhere", "new", UsageError, "knows nothing below"),
        ("old/sub", "new", UsageError, "knows nothing below"),
        ("ol", "new", UsageError, "knows nothing below"),
        ("old", "old", UsageError, "both the old and the new"),
        ("old", "new", LibraryError, "none of the 2 tracks"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_words(
    tmp_path: Path, old: str, new: str, error: type[UsageError], says: str
) -> None:
    catalog = catalog_of(tmp_path, "old", "a.mp3", "b.mp3")
    put(tmp_path / "old", "a.mp3")
    (tmp_path / "new").mkdir()
    with pytest.raises(error, match=says) as caught:
        move(catalog, tmp_path, old, new)
    assert caught.value.hint
    assert paths(catalog.store, tmp_path) == ["old/a.mp3", "old/b.mp3"]
