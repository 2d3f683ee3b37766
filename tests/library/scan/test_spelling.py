"""One file, one row: whatever its name is spelled like, and whichever link, mount or root leads to it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Collection, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from musimo.library.db.files import Renaming, ScanFolder
from musimo.library.db.folding import fold_path
from musimo.library.db.journal import Journal
from musimo.library.db.queries import Store
from musimo.library.scan import plan as plan_module
from musimo.library.scan.events import Audit
from musimo.library.scan.plan import ScanPlan, make_plans
from musimo.library.scan.roots import Identities, claim, is_known, locate, outermost
from musimo.library.scan.scan import ScanOptions, scan
from musimo.library.scan.spelling import as_listed
from musimo.library.scan.walk import WalkEvent, walk
from tests.catalog import Catalog, Entry, direction
from tests.conftest import PlainPredictor
from tests.library.scan.test_plan import lay
from tests.library.scan.test_scan import tone

NFC, NFD = "Bj\u00f6rk.mp3", "Bjo\u0308rk.mp3"


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    (tmp_path / "music").mkdir()
    return Catalog(tmp_path / "library.db", tmp_path / "music")


class Disk:
    """A disk that leads ``hidden`` names to the files of their other spelling, and does not list them."""

    def __init__(self, catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
        self.catalog = catalog
        self.hidden: set[bytes] = set()
        monkeypatch.setattr(plan_module, "walk", self._walk)

    def respell(self, old: str | bytes, new: str | bytes) -> None:
        lay(self.catalog, os.fsdecode(new))
        hidden = Path(os.fsdecode(self.catalog.path(old)))
        hidden.parent.mkdir(parents=True, exist_ok=True)
        hidden.hardlink_to(os.fsdecode(self.catalog.path(new)))
        self.hidden.add(self.catalog.path(old))

    def _walk(self, top: bytes, others: Collection[bytes], *more: Any) -> Iterator[WalkEvent]:
        return (event for event in walk(top, others, *more) if top + b"/" + event.path not in self.hidden)


@pytest.fixture
def disk(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(catalog, monkeypatch)


def plan_of(catalog: Catalog, scan_folder: ScanFolder | None = None) -> ScanPlan:
    [plan] = make_plans(catalog.journal, [scan_folder or catalog.scan_folder()])
    return plan


RESPELLED = [
    ("a.mp3", "A.mp3"),
    ("Rock/Deep/a.mp3", "rock/deep/a.mp3"),
    (NFC, NFD),
    (NFD, NFC.upper()),
    ("Stra\u00dfe.mp3", "STRASSE.mp3"),
    (b"\xff A.mp3", b"\xff a.mp3"),
]


@pytest.mark.parametrize(("old", "new"), RESPELLED)
def test_another_spelling_of_a_file_is_the_same_file_and_is_not_opened(
    catalog: Catalog, disk: Disk, old: str | bytes, new: str | bytes
) -> None:
    catalog.add(Entry(old, direction(1)))
    track_id = catalog.id(old)
    disk.respell(old, new)
    plan = plan_of(catalog)
    assert (plan.n_unchanged, plan.to_open, plan.gone, plan.n_present) == (1, [], [], 1)
    assert catalog.id(new) == track_id
    assert catalog.store.counts().tracks == 1


def test_a_failure_is_known_under_another_spelling_and_a_changed_file_is_heard(
    catalog: Catalog, disk: Disk
) -> None:
    catalog.fail("Broken.mp3")
    catalog.add(Entry("Changed.mp3", direction(1), mtime_ns=5))
    disk.respell("Broken.mp3", "broken.mp3")
    disk.respell("Changed.mp3", "changed.mp3")
    plan = plan_of(catalog)
    assert (plan.n_known_failures, [file.file.path for file in plan.to_open]) == (1, [b"changed.mp3"])
    assert [failure.path_bytes for failure in catalog.store.failures()] == [catalog.path("broken.mp3")]


def test_a_missing_track_returns_under_another_spelling(catalog: Catalog, disk: Disk) -> None:
    catalog.add(Entry("a.mp3", direction(1)))
    catalog.journal.mark_missing(plan_of(catalog).gone)
    disk.respell("a.mp3", "A.mp3")
    assert plan_of(catalog).found_again == [catalog.id("A.mp3")]


def test_names_that_the_disk_tells_apart_stay_apart(catalog: Catalog) -> None:
    for number, name in enumerate(("a.mp3", "A.mp3", NFC, NFD)):
        catalog.add(Entry(name, direction(1, number)))
        lay(catalog, name)
    assert plan_of(catalog).n_unchanged == 4
    Path(os.fsdecode(catalog.path("a.mp3"))).unlink()
    plan = plan_of(catalog)
    assert ([file.path for file in plan.gone], plan.n_unchanged) == ([b"a.mp3"], 3)
    lay(catalog, "B.mp3")
    catalog.add(Entry("b.mp3", direction(2)))
    plan = plan_of(catalog)
    assert [file.file.path for file in plan.to_open] == [b"B.mp3"], "another file, on a disk that keeps both"


def test_two_rows_that_turn_out_to_be_one_file_become_one_with_the_older_date(
    catalog: Catalog, disk: Disk
) -> None:
    catalog.add(Entry("a.mp3", direction(1)), Entry("A.mp3", direction(2)))
    with closing(sqlite3.connect(catalog.store.path)) as connection, connection:
        connection.execute("UPDATE tracks SET added_at = '2001' WHERE path = ?", (b"a.mp3",))
    kept, before = catalog.id("A.mp3"), catalog.store.generation()
    disk.respell("a.mp3", "A.mp3")
    plan = plan_of(catalog)
    assert (plan.n_unchanged, plan.gone, plan.n_present) == (1, [], 1)
    assert [track.id for track in catalog.store.all_tracks()] == [kept]
    with closing(sqlite3.connect(catalog.store.path)) as connection:
        assert connection.execute("SELECT path, added_at FROM tracks").fetchall() == [(b"A.mp3", "2001")]
    assert catalog.store.generation() != before


def test_a_part_of_a_root_is_known_under_another_spelling(catalog: Catalog, disk: Disk) -> None:
    catalog.add(Entry("Rock/a.mp3", direction(1)), Entry("Rock/b.mp3", direction(2)))
    whole = catalog.scan_folder()
    disk.respell("Rock/a.mp3", "rock/a.mp3")
    plan = plan_of(catalog, ScanFolder(whole.root_id, whole.root, b"rock/"))
    assert (plan.n_unchanged, plan.to_open, plan.gone) == (1, [], [])
    assert sorted(catalog.journal.known_files(whole)) == [b"Rock/b.mp3", b"rock/a.mp3"]


def test_nothing_is_asked_of_the_disk_for_names_that_are_not_alike(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog.add(*(Entry(f"old {n}.mp3", direction(1, n)) for n in range(9)))
    for n in range(9):
        lay(catalog, f"new {n}.mp3")
    monkeypatch.setattr(os.path, "samestat", None)
    assert len(plan_of(catalog).to_open) == 9


def test_a_path_is_spelled_as_the_disk_lists_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = os.fsencode(tmp_path)
    (tmp_path / "Rock").mkdir()
    (tmp_path / "Rock" / "A.mp3").touch()
    (tmp_path / "Rock" / "a.mp3").hardlink_to(tmp_path / "Rock" / "A.mp3")
    assert as_listed(root, b"Rock/a.mp3") == b"Rock/a.mp3"
    assert as_listed(root, b"nowhere/a.mp3") == b"nowhere/a.mp3"
    honest = os.listdir
    monkeypatch.setattr(
        os, "listdir", lambda path: [name for name in honest(path) if os.fsencode(name) != b"a.mp3"]
    )
    assert as_listed(root, b"Rock/a.mp3") == b"Rock/A.mp3"
    assert fold_path(b"\xff\xc3\x89") == fold_path(b"\xffe\xcc\x81") != fold_path(b"\xfe\xc3\x89")


def test_a_root_is_known_under_any_name_that_leads_to_it(catalog: Catalog, tmp_path: Path) -> None:
    """Links stand for what a bind mount, or a disk that knows no case, does to names."""
    (tmp_path / "music" / "rock").mkdir()
    (tmp_path / "again").symlink_to("music")
    (tmp_path / "up").symlink_to(".")
    outer = catalog.scan_folder()
    for name, prefix in (("again", b""), ("again/rock", b"rock/"), ("up/music/rock", b"rock/")):
        assert is_known(catalog.journal, os.fsencode(tmp_path / name))
        scan_folder = claim(catalog.journal, os.fsencode(tmp_path / name))
        assert (scan_folder.root_id, scan_folder.root, scan_folder.prefix) == (
            outer.root_id,
            outer.root,
            prefix,
        )
    catalog.add(Entry("rock/a.mp3", direction(1)))
    assert is_known(catalog.journal, os.fsencode(tmp_path / "up"))
    above = claim(catalog.journal, os.fsencode(tmp_path / "up"))
    assert catalog.store.root_paths() == [above.root]
    assert [track.path_bytes for track in catalog.store.all_tracks()] == [above.root + b"/music/rock/a.mp3"]
    assert not is_known(catalog.journal, os.fsencode(tmp_path.parent / "elsewhere"))


def test_folders_inside_others_are_walked_once(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "link").symlink_to("a")
    names = ["a", "a/b", "link", "link/b", "a-more", "gone", "gone/too"]
    folders = [os.fsencode(tmp_path / name) for name in names]
    assert outermost(folders) == [os.fsencode(tmp_path / name) for name in ("a", "a-more", "gone")]
    assert outermost([folders[3], folders[1]]) == [folders[1]]
    assert locate(folders[6], folders[5:6]) == (folders[5], b"too")
    assert locate(folders[3], folders[:1]) is None, "by name alone"
    assert locate(folders[3], folders[:1], Identities()) == (folders[0], b"b")


def test_a_renaming_of_what_is_not_known_does_nothing(catalog: Catalog) -> None:
    catalog.add(Entry("a.mp3", direction(1)))
    root, before = catalog.scan_folder().root_id, catalog.store.generation()
    catalog.journal.rename([Renaming(root, b"b.mp3", root, b"a.mp3")])
    assert (catalog.store.counts().tracks, catalog.store.generation()) == (1, before)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Catalog(tmp_path / "library.db", tmp_path, "plain-1").store


def scanned(store: Store, *folders: Path) -> Audit:
    journal = Journal(store, "plain-features", "windows")
    names = [os.fsencode(folder) for folder in folders]
    *_, audit = scan(journal, names, PlainPredictor, ScanOptions())
    assert isinstance(audit, Audit)
    return audit


LINKS = {"a folder": "B/sub", "a root": "B", "what holds a root": ".", "a file": "B/1.wav"}


@pytest.mark.parametrize("order", ["A B", "B A", "AB", "A A B", "A AB"])
@pytest.mark.parametrize("leads_to", list(LINKS))
def test_a_link_into_another_root_makes_no_second_row(
    store: Store, tmp_path: Path, leads_to: str, order: str
) -> None:
    data = tmp_path / "data"
    for number, name in enumerate(("B/1.wav", "B/sub/2.wav", "B/sub/3.wav", "loose.wav")):
        tone(data / name, 220 + 110 * number, 0.3)
    tone(tmp_path / "A" / "own.wav", 880, 0.3)
    ending = ".wav" if leads_to == "a file" else ""
    (tmp_path / "A" / f"link{ending}").symlink_to(data / LINKS[leads_to])
    folders = {"A": tmp_path / "A", "B": data / "B"}
    ids: set[int | None] = set()
    for step in order.split():
        audit = scanned(store, *(folders[name] for name in step))
        assert (audit.refused, audit.failed, audit.missing) == (0, 0, 0)
        now = {track.id for track in store.all_tracks()}
        assert ids <= now, "a track that is found under its own name keeps its row"
        ids = now
    real = ["A/own.wav", "data/B/1.wav", "data/B/sub/2.wav", "data/B/sub/3.wav"]
    outside = ["A/link/loose.wav"] if leads_to == "what holds a root" else []
    expected = sorted(os.fsencode(tmp_path / name) for name in [*real, *outside])
    for step in ("", "A", "B", "AB"):
        if step:
            audit = scanned(store, *(folders[name] for name in step))
            assert audit.seen == audit.unchanged, step
        assert [track.path_bytes for track in store.all_tracks()] == expected
        assert store.counts().tracks == len(expected)


def test_rows_that_were_known_through_a_link_are_not_taken_for_vanished(store: Store, tmp_path: Path) -> None:
    """A library in which both names have a row, all of one root's being links."""
    for number in range(6):
        tone(tmp_path / "B" / f"{number}.wav", 220 + 50 * number, 0.3)
    (tmp_path / "A").mkdir()
    (tmp_path / "A" / "link").symlink_to(tmp_path / "B")
    scanned(store, tmp_path / "A")
    known = Catalog(store.path, tmp_path / "B", "plain-1")
    known.add(*(Entry(f"{number}.wav", direction(1, number)) for number in range(6)))
    assert store.counts().tracks == 12
    audit = scanned(store, tmp_path / "A")
    assert (audit.refused, audit.missing, store.counts().tracks) == (0, 0, 6)


def test_a_new_link_to_the_same_folder_renames_what_is_known_by_the_old_one(
    store: Store, tmp_path: Path
) -> None:
    for number in range(4):
        tone(tmp_path / "outside" / f"{number}.wav", 220 + 50 * number, 0.3)
    (tmp_path / "A").mkdir()
    (tmp_path / "A" / "second").symlink_to(tmp_path / "outside")
    scanned(store, tmp_path / "A")
    before = {track.id for track in store.all_tracks()}
    (tmp_path / "A" / "first").symlink_to(tmp_path / "outside")
    audit = scanned(store, tmp_path / "A")
    assert (audit.unchanged, audit.refused, audit.seen) == (4, 0, 4)
    assert {track.id for track in store.all_tracks()} == before
    assert all(b"/A/first/" in track.path_bytes for track in store.all_tracks())


def test_links_of_two_roots_to_one_folder_outside_do_not_steal_from_each_other(
    store: Store, tmp_path: Path
) -> None:
    tone(tmp_path / "outside" / "a.wav", 220, 0.3)
    for root in ("A", "C"):
        (tmp_path / root).mkdir()
        (tmp_path / root / "link").symlink_to(tmp_path / "outside")
        assert scanned(store, tmp_path / root).new == 1
    for root in ("A", "C", "A"):
        assert scanned(store, tmp_path / root).unchanged == 1


@pytest.mark.parametrize(
    "order", [("all/rock", "all"), ("all", "all/rock"), ("link", "all"), ("all", "link/rock")]
)
def test_roots_that_hold_each_other_are_one(store: Store, tmp_path: Path, order: tuple[str, str]) -> None:
    tone(tmp_path / "all" / "rock" / "a.wav", 220, 0.3)
    tone(tmp_path / "all" / "b.wav", 330, 0.3)
    (tmp_path / "link").symlink_to("all")
    for name in (*order, "all"):
        audit = scanned(store, tmp_path / name)
        assert audit.missing == audit.refused == 0
    assert store.root_paths() == [os.fsencode(tmp_path / "all")]
    assert store.counts().tracks == 2
