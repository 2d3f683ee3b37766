"""What a prune deletes, and what it does not believe."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from musimo.library.db.files import GoneFile
from musimo.library.prune import plan_prune, prune
from tests.catalog import Catalog, Entry, direction


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    """Ten tracks whose files are there."""
    made = Catalog(tmp_path / "library.db", tmp_path / "music")
    made.add(*(Entry(f"{n}.mp3", direction(1, n)) for n in range(10)))
    (tmp_path / "music").mkdir()
    for n in range(10):
        (tmp_path / "music" / f"{n}.mp3").touch()
    return made


def lose(catalog: Catalog, *names: str, really: bool = True) -> None:
    scan_folder = catalog.scan_folder()
    for name in names:
        if really:
            Path(os.fsdecode(catalog.path(name))).unlink()
        gone = GoneFile(scan_folder.root_id, os.fsencode(name), catalog.id(name), False)
        catalog.journal.mark_missing([gone])


def test_missing_tracks_go_and_what_was_heard_of_them_stays(catalog: Catalog) -> None:
    content = catalog.store.track_by_id(catalog.id("1.mp3"))
    lose(catalog, "1.mp3", "2.mp3")
    plan = plan_prune(catalog.store)
    assert [track.path_bytes for track in plan.tracks] == [catalog.path("1.mp3"), catalog.path("2.mp3")]
    assert plan.refused == ()
    before = catalog.store.generation()
    assert prune(catalog.store, plan.tracks) == 2
    assert catalog.store.generation() != before
    assert (catalog.store.counts().tracks, catalog.store.counts().missing) == (8, 0)
    assert content is not None
    assert content.content is not None
    assert catalog.store.descriptors_of(content.content) is not None
    assert catalog.add(Entry("back.mp3", None, sound=b"1.mp3")) == ["new"]
    assert catalog.store.counts().analyzed == 9, "it was not heard again"


def test_present_tracks_and_those_that_came_back_stay(catalog: Catalog) -> None:
    lose(catalog, "1.mp3")
    lose(catalog, "2.mp3", really=False)
    plan = plan_prune(catalog.store)
    assert [track.path_bytes for track in plan.tracks] == [catalog.path("1.mp3")]
    assert plan.returned == 1
    Path(os.fsdecode(catalog.path("1.mp3"))).touch()  # while the question was on the screen
    assert prune(catalog.store, plan.tracks) == 0
    assert catalog.store.counts().tracks == 10


@pytest.mark.parametrize("what", ["the root is gone", "the root is empty", "more than a fifth"])
def test_a_drive_that_is_not_there_empties_nothing_unless_told(catalog: Catalog, what: str) -> None:
    root = Path(os.fsdecode(catalog.root))
    lose(catalog, *(f"{n}.mp3" for n in range(3 if what == "more than a fifth" else 2)))
    if what != "more than a fifth":
        shutil.rmtree(root)
    if what == "the root is empty":
        root.mkdir()
    plan = plan_prune(catalog.store)
    assert plan.tracks == ()
    [refused] = plan.refused
    assert refused.path == catalog.root
    assert "is the drive there?" in refused.reason
    told = plan_prune(catalog.store, accept_missing=True)
    assert len(told.tracks) == (3 if what == "more than a fifth" else 2)
    assert told.refused == ()


def test_each_folder_is_judged_alone(catalog: Catalog, tmp_path: Path) -> None:
    away = Catalog(catalog.store.path, tmp_path / "away")
    away.add(Entry("x.mp3", direction(2)))
    lose(away, "x.mp3", really=False)
    lose(catalog, "1.mp3")
    plan = plan_prune(catalog.store)
    assert [track.path_bytes for track in plan.tracks] == [catalog.path("1.mp3")]
    assert [root.path for root in plan.refused] == [away.root]
    prune(catalog.store, plan_prune(catalog.store, accept_missing=True).tracks)
    assert catalog.store.root_paths() == [catalog.root], "a folder that went with its last track is forgotten"


def test_one_missing_track_of_a_few_is_believed(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "library.db", tmp_path / "music")
    catalog.add(Entry("a.mp3", direction(1)), Entry("b.mp3", direction(2)))
    (tmp_path / "music").mkdir()
    (tmp_path / "music" / "a.mp3").touch()
    lose(catalog, "b.mp3", really=False)
    assert len(plan_prune(catalog.store).tracks) == 1
