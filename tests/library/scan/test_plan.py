"""What a scan decides before it opens a file, and when it believes that files are gone."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from musimo.library.db.files import FoundFile, PlannedFile
from musimo.library.scan.plan import ScanPlan, make_plans, refusal
from musimo.library.scan.roots import claim
from tests.catalog import Catalog, Entry, direction


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    (tmp_path / "music").mkdir()
    return Catalog(tmp_path / "library.db", tmp_path / "music")


def lay(catalog: Catalog, name: str, size: int = 1000, mtime_ns: int = 0) -> None:
    """A file that is never opened: of that size, changed at that time."""
    path = Path(os.fsdecode(catalog.path(name)))
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.truncate(size)
    os.utime(path, ns=(mtime_ns, mtime_ns))


def plan_of(catalog: Catalog, folder: str = "", *, retry_failed: bool = False) -> ScanPlan:
    path = catalog.root + b"/" + folder.encode() if folder else catalog.root
    [plan] = make_plans(catalog.journal, [claim(catalog.journal, path)], retry_failed=retry_failed)
    return plan


def names(files: list[PlannedFile]) -> list[bytes]:
    return [planned.file.path for planned in files]


@pytest.mark.parametrize(
    ("size", "mtime_ns", "heard"), [(1000, 0, False), (1001, 0, True), (1000, 1, True), (1000, -1, True)]
)
def test_a_file_is_heard_again_when_its_size_or_time_differ(
    catalog: Catalog, size: int, mtime_ns: int, heard: bool
) -> None:
    catalog.add(Entry("a.mp3", direction(1)))
    lay(catalog, "a.mp3", size, mtime_ns)
    plan = plan_of(catalog)
    assert (names(plan.to_open), plan.n_unchanged) == (([b"a.mp3"], 0) if heard else ([], 1))


def test_what_another_model_heard_is_heard_again(catalog: Catalog, tmp_path: Path) -> None:
    catalog.add(Entry("a.mp3", direction(1)), Entry("b.mp3", direction(2)))
    lay(catalog, "a.mp3")
    lay(catalog, "b.mp3")
    other = Catalog(tmp_path / "library.db", tmp_path / "music", "plain-2")
    assert names(plan_of(other).to_open) == [b"a.mp3", b"b.mp3"]
    other.add(Entry("a.mp3", direction(1)))
    assert names(plan_of(other).to_open) == [b"b.mp3"]


def test_a_known_failure_waits_but_one_that_may_pass_does_not(catalog: Catalog) -> None:
    for name in ("broken.mp3", "locked.mp3", "changed.mp3"):
        catalog.fail(name, "read" if name == "locked.mp3" else "decode")
        lay(catalog, name, size=1000 + (name == "changed.mp3"))
    plan = plan_of(catalog)
    assert names(plan.to_open) == [b"changed.mp3", b"locked.mp3"]
    assert plan.n_known_failures == 1
    assert names(plan_of(catalog, retry_failed=True).to_open) == [
        b"broken.mp3",
        b"changed.mp3",
        b"locked.mp3",
    ]


def test_a_plan_for_a_part_of_a_root_leaves_the_rest_alone(catalog: Catalog) -> None:
    catalog.add(Entry("rock/a.mp3", direction(1)), Entry("jazz/b.mp3", direction(2)))
    lay(catalog, "rock/new.mp3")
    catalog.scan_folder()
    plan = plan_of(catalog, "rock")
    assert names(plan.to_open) == [b"rock/new.mp3"]
    assert [(file.path, file.track_id) for file in plan.gone] == [(b"rock/a.mp3", catalog.id("rock/a.mp3"))]
    assert plan.n_present == 1


@pytest.mark.parametrize("folder", ["", "rock"])
def test_nothing_is_gone_from_a_folder_that_cannot_be_listed(
    catalog: Catalog, folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog.add(
        *(Entry(f"rock/{n}.mp3", direction(1, n)) for n in range(3)), Entry("rocky.mp3", direction(9))
    )
    lay(catalog, "rock/0.mp3")
    honest = os.scandir

    def scandir(path: bytes) -> object:
        if path.rstrip(b"/").endswith(b"/rock"):
            raise PermissionError(13, "Permission denied")
        return honest(path)

    monkeypatch.setattr(os, "scandir", scandir)
    plan = plan_of(catalog, folder)
    assert [file.path for file in plan.gone] == ([] if folder else [b"rocky.mp3"])
    [(planned, reason)] = plan.unreadable
    assert (planned.full_path, reason) == (catalog.path("rock"), "no permission to read it")


@pytest.mark.parametrize(
    ("n_present", "n_music", "n_vanished", "believed"),
    [
        (0, 0, 0, True),
        (10, 0, 10, False),
        (1, 0, 1, False),
        (2, 1, 1, True),
        (5, 3, 2, False),
        (10, 8, 2, True),
        (10, 7, 3, False),
        (1000, 800, 200, True),
        (1000, 799, 201, False),
        (10, 20, 3, False),
    ],
)
def test_a_fifth_may_vanish_and_not_everything(
    catalog: Catalog, n_present: int, n_music: int, n_vanished: int, believed: bool
) -> None:
    plan = ScanPlan(catalog.planned("a.mp3").scan_folder, n_present=n_present, n_music=n_music)
    assert (refusal(plan, n_vanished) is None) == believed


def test_a_missing_track_that_is_back_is_found_not_heard(catalog: Catalog) -> None:
    catalog.add(Entry("a.mp3", direction(1)))
    catalog.journal.mark_missing(plan_of(catalog).gone)
    assert [file.was_missing for file in plan_of(catalog).gone] == [True]
    lay(catalog, "a.mp3")
    plan = plan_of(catalog)
    assert (plan.found_again, plan.to_open, plan.gone, plan.n_unchanged) == ([catalog.id("a.mp3")], [], [], 1)


def test_paths_of_a_plan_are_relative_to_the_root_and_bytes(catalog: Catalog) -> None:
    lay(catalog, "deep/er/a.mp3", 7, 5)
    catalog.scan_folder()
    [planned] = plan_of(catalog, "deep").to_open
    assert planned.file == FoundFile(b"deep/er/a.mp3", 7, 5)
    assert planned.full_path == catalog.path("deep/er/a.mp3")


def test_a_folder_that_can_be_listed_again_is_no_failure_any_more(catalog: Catalog) -> None:
    catalog.scan_folder()
    catalog.fail("rock", "read", "no permission to read it")
    lay(catalog, "rock/a.mp3")
    for folder in ("", "rock"):
        assert [(file.path, file.track_id) for file in plan_of(catalog, folder).gone] == [(b"rock", None)]
