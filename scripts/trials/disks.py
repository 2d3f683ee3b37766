"""Trials of drives that go away, disks that are full or cannot be written, and indexes that are none."""

from __future__ import annotations

import json
import shutil
import zlib
from collections.abc import Callable
from pathlib import Path

from musimo.search.sections import MAGIC, PAGE
from scripts.trials.harness import Row, Stage, Trial, adds_up, difference, whole
from scripts.trials.mounts import IS_ROOT, Drive, can_mount, fill, read_only, small_disk

DISK_MB = 4  # a library of two dozen tracks, its log and its indexes take two


def unplug_drives(stage: Stage, rounds: int) -> Trial:
    """A drive goes away between scans and in the middle of one: nothing is marked, and all comes back."""
    trial = Trial("drive unplugged, also while scanning", 2 * rounds)
    place = stage.folder()
    mounts = can_mount(place)
    for number in range(rounds):
        point, library = place / f"drive {number}", place / f"{number}.db"
        files = stage.copy_pieces(place / f"files {number}")
        later = place / f"later {number}"
        later.mkdir()
        for path in sorted(path for path in files.rglob("*") if path.is_file())[::2]:
            shutil.move(path, later / path.name)
        drive = Drive(files, point, mounts=mounts)
        drive.plug()
        trial.check(stage.scan(library, point).code == 0, "a first scan ends well")
        known = stage.export(library)
        drive.pull()
        _check_away(trial, stage, library, point, known)
        for path in later.iterdir():
            shutil.move(path, files / path.name)
        drive.plug()
        scan = stage.start_scan(library, point)
        n_told = stage.draw.randint(0, 2)
        scan.wait_worker()
        scan.wait_stored(n_told)
        drive.pull()
        ended = scan.end()
        trial.check(ended.code in (0, 3) and adds_up(ended.document), f"pulled while scanning: {ended}")
        trial.check(ended.document.get("missing") == 0, "nothing is marked missing")
        stored = stage.export(library)
        trial.check(all(row in stored for row in known), "what was known is known")
        _check_away(trial, stage, library, point, stored)
        drive.plug()
        ended = stage.scan(library, point)
        trial.check(ended.code == 0, f"plugged in again: {ended}")
        fresh = place / f"{number} fresh.db"
        stage.scan(fresh, point)
        wrong = difference(stage.export(library), stage.export(fresh))
        trial.check(not wrong, f"all is back: {wrong}")
        drive.pull()
    trial.remark = "unmounted" if mounts else "renamed: only root can unmount"
    return trial


def _check_away(trial: Trial, stage: Stage, library: Path, point: Path, known: list[Row]) -> None:
    ended = stage.scan(library, point)
    trial.check(ended.code == 3, f"an empty drive is refused: {ended}")
    trial.check("is the drive there?" in ended.err, "it says why")
    trial.check(stage.export(library) == known, "an empty drive changes nothing")
    status = stage.ask(library, "status", "--json").document
    trial.check(status.get("missing") == 0, "nothing is marked missing")


def fill_disks(stage: Stage, rounds: int) -> Trial:
    """The disk of the library is full in the middle of a scan: words, no damage, and it goes on later."""
    trial = Trial("disk full", rounds)
    place = stage.folder()
    if not can_mount(place):
        trial.times, trial.remark = 0, "skipped: only root can make a small disk"
        return trial
    music = stage.copy_pieces(place / "music")
    calm = place / "calm.db"
    stage.scan(calm, music)
    wanted = stage.export(calm)
    n_answered = n_failed = 0
    for number in range(rounds):
        with small_disk(place / f"disk {number}", DISK_MB) as disk:
            library = disk / "library.db"
            scan = stage.start_scan(library, music)
            n_told = stage.draw.randint(1, len(wanted) - 5)
            scan.wait_stored(n_told)
            ballast = fill(disk)
            ended = scan.end()
            n_failed += ended.code == 1
            trial.check(ended.code in (0, 1), f"it ends in words: {ended}")
            said = "error: " in ended.err and ("is full" in ended.err or "No space left" in ended.err)
            trial.check(ended.code == 0 or said, f"it says why: {ended}")
            n_answered += stage.ask(library, "status").code == 0
            copied = stage.ask(calm, "backup", disk / "copy.db")
            trial.check(copied.code == 1, f"a copy to a full disk is refused: {copied}")
            left = {path.name for path in disk.iterdir()} - {"ballast"}
            trial.check(all(name.startswith("library.db") for name in left), f"it leaves behind {left}")
            ballast.unlink()
            trial.check(whole(library), "the library is damaged")
            stored = stage.export(library)
            paths = {str(row["path"]) for row in stored}
            trial.check(set(scan.stored) <= paths, "what was told to be stored is there")
            trial.check(all(row in wanted for row in stored), "a track is not what it should be")
            again = stage.scan(library, music)
            trial.check(again.code == 0, f"with space again: {again}")
            wrong = difference(stage.export(library), wanted)
            trial.check(not wrong, f"the export is that of an undisturbed scan: {wrong}")
            answers = stage.answers(library)
            for index in disk.glob("*.index"):
                index.unlink()
            ballast = fill(disk)
            trial.check(stage.answers(library) == answers, "without room for an index the answers are others")
            ballast.unlink()
    trial.remark = f"{n_failed} scans stopped; {n_answered} of {rounds} libraries answered while it was full"
    return trial


def harm_indexes(stage: Stage, rounds: int) -> Trial:
    """Indexes that are missing, cut, garbage, of another model or newer, and a folder that is only read."""
    trial = Trial("index harmed, folder read-only")
    place = stage.folder()
    music = stage.copy_pieces(place / "music")
    home = place / "home"
    home.mkdir()
    library = home / "library.db"
    stage.scan(library, music)
    wanted = stage.answers(library)
    for _ in range(rounds):
        for name, harm in HARMS.items():
            trial.times += 1
            for index in home.glob("*.index"):
                harm(index)
            trial.check(stage.answers(library) == wanted, f"index {name}: the answers are others")
        if not can_mount(place) and IS_ROOT:
            trial.remark = "nothing read-only: this root may not mount"
            continue
        for name, harm in HARMS.items():
            trial.times += 1
            for index in home.glob("*.index"):
                harm(index)
            with read_only(home):
                trial.check(stage.answers(library) == wanted, f"read-only, index {name}: answers are others")
                refused = stage.scan(library, music)
                said = refused.code == 1 and "\nerror: cannot " in f"\n{refused.err}"
                trial.check(said, f"a scan of it says so: {refused}")
            stage.ask(library, "reindex")
    return trial


def _cut(index: Path) -> None:
    index.write_bytes(index.read_bytes()[: index.stat().st_size // 2])


def _flip(index: Path) -> None:
    data = bytearray(index.read_bytes())
    data[-100] ^= 0xFF
    index.write_bytes(data)


def _rename_model(index: Path) -> None:
    data = index.read_bytes()
    page = json.loads(data[len(MAGIC) : PAGE].rstrip(b"\0").partition(b" ")[2])
    page["facts"]["model"] = "another-model"
    changed = json.dumps(page).encode()
    first = MAGIC + b"%08x " % zlib.crc32(changed) + changed + b"\n"
    index.write_bytes(first.ljust(PAGE, b"\0") + data[PAGE:])


def _age(index: Path) -> None:
    index.write_bytes(index.read_bytes().replace(MAGIC, MAGIC.replace(b"2", b"9"), 1))


HARMS: dict[str, Callable[[Path], object]] = {
    "missing": Path.unlink,
    "empty": lambda index: index.write_bytes(b""),
    "cut": _cut,
    "garbage": lambda index: index.write_bytes(bytes(range(256)) * 64),
    "with a bit flipped": _flip,
    "of another model": _rename_model,
    "newer": _age,
}
