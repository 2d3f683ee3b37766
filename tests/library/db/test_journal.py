"""What a scan writes: identity of tracks, moves, failures, and when indexes become stale."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from musimo.library.db.files import GoneFile
from musimo.library.db.journal import Journal
from musimo.library.db.schema import emotions
from musimo.library.scan.roots import claim, is_known
from musimo.library.scan.spelling import moved_from
from musimo.records import Tags
from tests.catalog import Catalog, Entry, direction


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    (tmp_path / "music").mkdir()
    return Catalog(tmp_path / "library.db", tmp_path / "music")


def touch(catalog: Catalog, *names: str) -> None:
    for name in names:
        path = Path(os.fsdecode(catalog.path(name)))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def gone(catalog: Catalog, *names: str) -> list[GoneFile]:
    root = catalog.planned("x").scan_folder.root_id
    return [GoneFile(root, os.fsencode(name), catalog.id(name), False) for name in names]


class TestMoves:
    """A sound that turns up under a new path, while a track of it has lost its file."""

    def test_a_lost_track_moves_to_the_new_path(self, catalog: Catalog) -> None:
        catalog.add(Entry("old.mp3", direction(1), sound=b"s"))
        track_id = catalog.id("old.mp3")
        assert catalog.add(Entry("new.mp3", sound=b"s", tags=Tags(title="New"))) == ["moved"]
        moved = catalog.store.track_by_id(track_id)
        assert moved is not None
        assert (moved.path_bytes, moved.tags.title) == (catalog.path("new.mp3"), "New")
        assert catalog.store.counts().tracks == 1

    def test_a_copy_is_new_while_the_first_file_is_there(self, catalog: Catalog) -> None:
        touch(catalog, "old.mp3")
        catalog.add(Entry("old.mp3", direction(1), sound=b"s"))
        assert catalog.add(Entry("new.mp3", sound=b"s")) == ["new"]
        assert catalog.store.counts().tracks == 2

    def test_a_lost_track_moves_though_a_copy_of_it_stays(self, catalog: Catalog) -> None:
        touch(catalog, "lost.mp3", "stays.mp3")
        catalog.add(Entry("lost.mp3", direction(1), sound=b"s"), Entry("stays.mp3", sound=b"s"))
        lost, stays = catalog.ids("lost.mp3", "stays.mp3")
        Path(os.fsdecode(catalog.path("lost.mp3"))).unlink()
        assert catalog.add(Entry("new.mp3", sound=b"s")) == ["moved"]
        assert catalog.ids("new.mp3", "stays.mp3") == [lost, stays]

    def test_nothing_moves_from_an_empty_folder_where_a_drive_may_be_mounted(
        self, catalog: Catalog, tmp_path: Path
    ) -> None:
        catalog.add(Entry("old.mp3", direction(1), sound=b"s"))
        catalog.root = os.fsencode(tmp_path / "elsewhere")
        assert catalog.add(Entry("new.mp3", sound=b"s")) == ["new"]

    def test_a_track_known_by_another_name_of_the_file_is_that_file(
        self, catalog: Catalog, tmp_path: Path
    ) -> None:
        """Though a copy of it is lost too; but a link, and a second hard link, do not take its row."""
        touch(catalog, "real.mp3")
        (tmp_path / "music" / "link.mp3").symlink_to("real.mp3")
        catalog.add(Entry("lost.mp3", direction(1), sound=b"other"))
        catalog.add(Entry("link.mp3", direction(1), sound=b"s"))
        track_id = catalog.id("link.mp3")
        with closing(sqlite3.connect(catalog.store.path)) as connection, connection:
            connection.execute("UPDATE tracks SET content_id = (SELECT id FROM contents WHERE hash = x'73')")
        assert catalog.add(Entry("real.mp3", sound=b"s")) == ["moved"]
        assert catalog.id("real.mp3") == track_id
        Path(os.fsdecode(catalog.path("lost.mp3"))).touch()
        assert catalog.add(Entry("link.mp3", sound=b"s")) == ["new"]
        (tmp_path / "music" / "hard.mp3").hardlink_to(tmp_path / "music" / "real.mp3")
        assert catalog.add(Entry("hard.mp3", sound=b"s")) == ["new"]

    def test_two_lost_copies_leave_open_which_one_moved(self, catalog: Catalog) -> None:
        touch(catalog, "a.mp3", "b.mp3")
        catalog.add(Entry("a.mp3", direction(1), sound=b"s"), Entry("b.mp3", sound=b"s"))
        for name in ("a.mp3", "b.mp3"):
            Path(os.fsdecode(catalog.path(name))).unlink()
        assert catalog.add(Entry("c.mp3", sound=b"s")) == ["new"]
        assert len({*catalog.ids("a.mp3", "b.mp3", "c.mp3")}) == 3

    def test_nothing_moves_from_a_drive_that_is_away(self, catalog: Catalog, tmp_path: Path) -> None:
        catalog.add(Entry("old.mp3", direction(1), sound=b"s"))
        (tmp_path / "music").rmdir()
        catalog.root = os.fsencode(tmp_path / "elsewhere")
        assert catalog.add(Entry("new.mp3", sound=b"s")) == ["new"]

    def test_a_dangling_link_is_still_its_tracks_file(self, catalog: Catalog, tmp_path: Path) -> None:
        catalog.add(Entry("link.mp3", direction(1), sound=b"s"))
        (tmp_path / "music" / "link.mp3").symlink_to("nowhere")
        assert catalog.add(Entry("new.mp3", sound=b"s")) == ["new"]

    def test_a_track_that_moved_to_another_root_is_not_missing(
        self, catalog: Catalog, tmp_path: Path
    ) -> None:
        """Even under the same name there: the name is relative to a root."""
        touch(catalog, "stays.mp3")
        catalog.add(Entry("a.mp3", direction(1), sound=b"s"))
        lost = gone(catalog, "a.mp3")
        assert catalog.journal.still_gone(lost) == lost
        catalog.root = os.fsencode(tmp_path / "second")
        assert catalog.add(Entry("a.mp3", sound=b"s")) == ["moved"]
        assert catalog.journal.still_gone(lost) == []


def test_ids_are_never_used_twice(catalog: Catalog) -> None:
    catalog.add(Entry("a.mp3", direction(1)), Entry("b.mp3", direction(2)))
    highest = max(catalog.ids("a.mp3", "b.mp3"))
    sounds = catalog.store.descriptors()[0]
    with closing(sqlite3.connect(catalog.store.path)) as connection, connection:
        for table in ("tracks", "windows", "emotions", "contents"):
            connection.execute(f"DELETE FROM {table}")
    catalog.add(Entry("c.mp3", direction(3)))
    assert catalog.id("c.mp3") > highest
    assert catalog.store.descriptors()[0].min() > sounds.max()


class TestRoots:
    """A folder belongs to one root, the outermost that was ever scanned."""

    def test_inner_roots_are_taken_in_and_tracks_keep_their_ids(
        self, catalog: Catalog, tmp_path: Path
    ) -> None:
        inner = tmp_path / "music" / os.fsdecode(b"r\xf6ck's 100%")
        inner.mkdir()
        catalog.root = os.fsencode(inner)
        names = [b"a.mp3", b"deep/b \xff.mp3"]
        catalog.add(*(Entry(name, direction(n + 1)) for n, name in enumerate(names)))
        catalog.fail("broken.mp3")
        ids, paths = catalog.ids(*names), [catalog.path(name) for name in names]
        broken = catalog.path("broken.mp3")
        scan_folder = claim(catalog.journal, os.fsencode(tmp_path / "music"))
        assert catalog.store.root_paths() == [os.fsencode(tmp_path / "music")] == [scan_folder.folder]
        tracks = [catalog.store.track_by_id(track_id) for track_id in ids]
        assert [track.path_bytes for track in tracks if track] == paths
        assert catalog.ids(*names) == ids
        assert [failure.path_bytes for failure in catalog.store.failures()] == [broken]
        assert all(isinstance(path, bytes) for path in self.stored_paths(catalog)), "text would not be found"

    def test_a_folder_inside_a_root_is_a_part_of_it(self, catalog: Catalog, tmp_path: Path) -> None:
        outer = catalog.scan_folder()
        inner = claim(catalog.journal, catalog.root + b"/rock")
        assert (inner.root_id, inner.prefix, inner.folder) == (
            outer.root_id,
            b"rock/",
            catalog.root + b"/rock",
        )
        touching = claim(catalog.journal, catalog.root + b"-more")
        assert touching.root_id != outer.root_id, "a name that begins alike is another folder"
        assert len(catalog.store.root_paths()) == 2

    def test_the_root_of_all_takes_in_every_other(self, catalog: Catalog) -> None:
        catalog.add(Entry("a.mp3", direction(1)))
        path, track_id = catalog.path("a.mp3"), catalog.id("a.mp3")
        assert claim(catalog.journal, b"/").folder == b"/"
        track = catalog.store.track_at(path)
        assert track is not None
        assert (track.id, track.path_bytes) == (track_id, path)
        assert is_known(catalog.journal, b"/anywhere")

    def test_known_files_are_those_below_the_prefix(self, catalog: Catalog) -> None:
        catalog.add(Entry("rock/a.mp3", direction(1)), Entry("rocky/b.mp3", direction(2)))
        catalog.add(Entry("ro_k/c.mp3", direction(3)))
        known = catalog.journal.known_files(claim(catalog.journal, catalog.root + b"/rock"))
        assert set(known) == {b"rock/a.mp3"}

    @staticmethod
    def stored_paths(catalog: Catalog) -> list[object]:
        with closing(sqlite3.connect(catalog.store.path)) as connection:
            rows = connection.execute("SELECT path FROM tracks UNION ALL SELECT path FROM failures")
            return [path for (path,) in rows]


class TestFailures:
    """A file that cannot be heard, and what becomes of the track it was."""

    def test_a_broken_file_takes_its_track_out_of_the_answers(self, catalog: Catalog) -> None:
        catalog.add(Entry("a.mp3", direction(1)))
        catalog.fail("a.mp3", "decode", "no sound could be decoded")
        assert len(catalog.store.descriptors()[0]) == 0
        [failure] = catalog.store.failures()
        assert (failure.path_bytes, failure.stage, failure.reason) == (
            catalog.path("a.mp3"),
            "decode",
            "no sound could be decoded",
        )

    def test_a_file_that_cannot_be_read_now_keeps_its_sound(self, catalog: Catalog) -> None:
        catalog.add(Entry("a.mp3", direction(1)))
        catalog.fail("a.mp3", "read", "no permission to read it")
        assert len(catalog.store.descriptors()[0]) == 1
        assert catalog.store.counts().failed == 1

    def test_a_second_failure_replaces_the_first_and_a_success_ends_it(self, catalog: Catalog) -> None:
        catalog.fail("a.mp3", "timeout", "slow")
        catalog.fail("a.mp3", "decode", "broken")
        assert [failure.reason for failure in catalog.store.failures()] == ["broken"]
        catalog.add(Entry("a.mp3", direction(1)))
        assert catalog.store.failures() == []

    def test_a_reason_may_hold_what_no_database_takes(self, catalog: Catalog) -> None:
        catalog.fail(b"\xff.mp3", reason=os.fsdecode(b"cannot open caf\xe9.mp3"))
        assert catalog.store.failures()[0].reason == "cannot open caf?.mp3"


class TestGeneration:
    """It changes when answers may have changed, and only then; indexes are stale by it."""

    def test_it_changes_with_the_answers(self, catalog: Catalog) -> None:
        seen = {catalog.store.generation()}

        def changed() -> bool:
            now = catalog.store.generation()
            fresh = now not in seen
            seen.add(now)
            return fresh

        catalog.add(Entry("a.mp3", direction(1)), Entry("b.mp3", direction(2)))
        assert changed()
        catalog.fail("a.mp3")
        assert changed(), "a track lost its sound"
        catalog.journal.mark_missing(gone(catalog, "b.mp3"))
        assert changed()
        catalog.journal.mark_found(catalog.ids("b.mp3"))
        assert changed()
        assert len(seen) == 5

    def test_it_stays_while_they_stay(self, catalog: Catalog) -> None:
        catalog.add(Entry("a.mp3", direction(1)))
        before = catalog.store.generation()
        catalog.fail("new.mp3")
        catalog.fail("a.mp3", "read")
        catalog.journal.write([], [], moved_from)
        root = catalog.planned("a.mp3").scan_folder.root_id
        catalog.journal.mark_missing([GoneFile(root, b"new.mp3", None, False)])
        catalog.journal.mark_missing([GoneFile(root, b"a.mp3", catalog.id("a.mp3"), True)])
        catalog.journal.mark_found([])
        claim(catalog.journal, b"/")
        Journal(catalog.store, "plain-features", "full")
        assert catalog.store.generation() == before

    def test_two_libraries_never_share_it(self, tmp_path: Path) -> None:
        """One made anew in the place of another must not be answered from the old one's indexes."""
        generations = set()
        for name in ("first", "second"):
            catalog = Catalog(tmp_path / f"{name}.db", tmp_path)
            catalog.add(Entry("a.mp3", direction(1)))
            generations.add(catalog.store.generation())
        assert len(generations) == 2


def test_embeddings_are_stored_as_little_endian_floats_of_unit_length(catalog: Catalog) -> None:
    vector = direction(0.25, -3, 0.5)
    catalog.add(Entry("a.mp3", vector.astype(">f4")))
    with catalog.store.engine.connect() as connection:
        blob = connection.execute(emotions.select()).one().embedding
    assert blob == vector.astype("<f4").tobytes()
    assert len(blob) == 4 * 256
    assert np.linalg.norm(np.frombuffer(blob, "<f4")) == pytest.approx(1, abs=1e-6)


def test_a_batch_that_fails_leaves_nothing_behind(catalog: Catalog) -> None:
    before = catalog.store.generation()
    broken = Entry("b.mp3", direction(1), tags=Tags(title="lone \ud800"))
    with pytest.raises(UnicodeEncodeError):
        catalog.add(Entry("a.mp3", direction(1)), broken)
    assert catalog.store.counts().tracks == 0
    assert catalog.store.generation() == before


def test_full_coverage_needs_no_windows_but_windows_do_not_make_it_full(catalog: Catalog) -> None:
    catalog.add(Entry("a.mp3", direction(1), sound=b"s"))
    full = Journal(catalog.store, "plain-features", "full")
    assert catalog.journal.known_contents() == {b"s"}
    assert full.known_contents() == set()
    catalog.journal = full
    catalog.add(Entry("a.mp3", direction(1), sound=b"s"))
    assert full.known_contents() == {b"s"}
    assert Journal(catalog.store, "plain-features", "windows").known_contents() == {b"s"}
