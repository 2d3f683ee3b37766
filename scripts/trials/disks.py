"""Trials of drives that disappear, full and read-only disks, and damaged indexes."""

from __future__ import annotations

import json
import shutil
import zlib
from collections.abc import Callable
from pathlib import Path

from musimo.search.segment_file import MAGIC, PAGE
from scripts.trials.harness import Harness, Row, Trial, audit_adds_up, difference, is_intact
from scripts.trials.mounts import IS_ROOT, Drive, can_mount, fill, read_only, small_disk

DISK_MB = 4  # a library of two dozen tracks with log and indexes takes two


def unplug_drives(harness: Harness, rounds: int) -> Trial:
    """Unplug a drive between and during scans: no track is marked missing, and all are there afterwards."""
    trial = Trial("drive unplugged, also while scanning", 2 * rounds)
    folder = harness.folder()
    mounts = can_mount(folder)
    for number in range(rounds):
        point, library = folder / f"drive {number}", folder / f"{number}.db"
        files = harness.copy_excerpts(folder / f"files {number}")
        later = folder / f"later {number}"
        later.mkdir()
        for path in sorted(path for path in files.rglob("*") if path.is_file())[::2]:
            shutil.move(path, later / path.name)
        drive = Drive(files, point, mounts=mounts)
        drive.plug()
        trial.check(harness.scan(library, point).code == 0, "a first scan ends well")
        known = harness.export(library)
        drive.pull()
        _check_away(trial, harness, library, point, known)
        for path in later.iterdir():
            shutil.move(path, files / path.name)
        drive.plug()
        scan = harness.start_scan(library, point)
        n_reported = harness.draw.randint(0, 2)
        scan.wait_worker()
        scan.wait_stored(n_reported)
        drive.pull()
        ended = scan.end()
        trial.check(ended.code in (0, 3) and audit_adds_up(ended.document), f"pulled while scanning: {ended}")
        trial.check(ended.document.get("missing") == 0, "nothing is marked missing")
        stored = harness.export(library)
        trial.check(all(row in stored for row in known), "known tracks are kept")
        _check_away(trial, harness, library, point, stored)
        drive.plug()
        ended = harness.scan(library, point)
        trial.check(ended.code == 0, f"plugged in again: {ended}")
        fresh = folder / f"{number} fresh.db"
        harness.scan(fresh, point)
        wrong = difference(harness.export(library), harness.export(fresh))
        trial.check(not wrong, f"all tracks are back: {wrong}")
        drive.pull()
    trial.remark = "unmounted" if mounts else "renamed: only root can unmount"
    return trial


def _check_away(trial: Trial, harness: Harness, library: Path, point: Path, known: list[Row]) -> None:
    ended = harness.scan(library, point)
    trial.check(ended.code == 3, f"an empty drive is refused: {ended}")
    trial.check("is the drive there?" in ended.err, "the message gives the reason")
    trial.check(harness.export(library) == known, "an empty drive changes nothing")
    status = harness.run_command(library, "status", "--json").document
    trial.check(status.get("missing") == 0, "nothing is marked missing")


def fill_disks(harness: Harness, rounds: int) -> Trial:
    """Fill the disk of the library during a scan: a message, no damage, and a later scan resumes."""
    trial = Trial("disk full", rounds)
    folder = harness.folder()
    if not can_mount(folder):
        trial.times, trial.remark = 0, "skipped: only root can make a small disk"
        return trial
    music = harness.copy_excerpts(folder / "music")
    undisturbed = folder / "undisturbed.db"
    harness.scan(undisturbed, music)
    wanted = harness.export(undisturbed)
    n_answered = n_failed = 0
    for number in range(rounds):
        with small_disk(folder / f"disk {number}", DISK_MB) as disk:
            library = disk / "library.db"
            scan = harness.start_scan(library, music)
            n_reported = harness.draw.randint(1, len(wanted) - 5)
            scan.wait_stored(n_reported)
            ballast = fill(disk)
            ended = scan.end()
            n_failed += ended.code == 1
            trial.check(ended.code in (0, 1), f"it ends with a message: {ended}")
            said = "error: " in ended.err and ("is full" in ended.err or "No space left" in ended.err)
            trial.check(ended.code == 0 or said, f"the message gives the reason: {ended}")
            n_answered += harness.run_command(library, "status").code == 0
            copied = harness.run_command(undisturbed, "backup", disk / "copy.db")
            trial.check(copied.code == 1, f"a copy to a full disk is refused: {copied}")
            left = {path.name for path in disk.iterdir()} - {"ballast"}
            trial.check(all(name.startswith("library.db") for name in left), f"it leaves behind {left}")
            ballast.unlink()
            trial.check(is_intact(library), "the library is damaged")
            stored = harness.export(library)
            paths = {str(row["path"]) for row in stored}
            trial.check(set(scan.stored) <= paths, "files reported as stored are there")
            trial.check(all(row in wanted for row in stored), "a track has wrong values")
            again = harness.scan(library, music)
            trial.check(again.code == 0, f"with space again: {again}")
            wrong = difference(harness.export(library), wanted)
            trial.check(not wrong, f"the export is that of an undisturbed scan: {wrong}")
            answers = harness.query_results(library)
            for index in disk.glob("*.index"):
                index.unlink()
            ballast = fill(disk)
            trial.check(
                harness.query_results(library) == answers, "without space for an index the results differ"
            )
            ballast.unlink()
    trial.remark = f"{n_failed} scans stopped; {n_answered} of {rounds} libraries answered while it was full"
    return trial


def damage_indexes(harness: Harness, rounds: int) -> Trial:
    """Damage or delete indexes, also in a read-only folder: results are unchanged."""
    trial = Trial("index damaged, folder read-only")
    folder = harness.folder()
    music = harness.copy_excerpts(folder / "music")
    home = folder / "home"
    home.mkdir()
    library = home / "library.db"
    harness.scan(library, music)
    wanted = harness.query_results(library)
    for _ in range(rounds):
        for name, damage in DAMAGES.items():
            trial.times += 1
            for index in home.glob("*.index"):
                damage(index)
            trial.check(harness.query_results(library) == wanted, f"index {name}: the results differ")
        if not can_mount(folder) and IS_ROOT:
            trial.remark = "nothing read-only: this root may not mount"
            continue
        for name, damage in DAMAGES.items():
            trial.times += 1
            for index in home.glob("*.index"):
                damage(index)
            with read_only(home):
                trial.check(
                    harness.query_results(library) == wanted, f"read-only, index {name}: the results differ"
                )
                refused = harness.scan(library, music)
                said = refused.code == 1 and "\nerror: cannot " in f"\n{refused.err}"
                trial.check(said, f"a scan of it is refused: {refused}")
            harness.run_command(library, "reindex")
    return trial


def _cut(index: Path) -> None:
    index.write_bytes(index.read_bytes()[: index.stat().st_size // 2])


def _flip(index: Path) -> None:
    data = bytearray(index.read_bytes())
    data[100] ^= 0xFF  # of a vector
    data[-PAGE - 100] ^= 0xFF  # of a stamp
    index.write_bytes(data)


def _rename_model(index: Path) -> None:
    data = index.read_bytes()
    page = json.loads(data[-PAGE:].removeprefix(MAGIC).rstrip(b"\0").partition(b" ")[2])
    page["header"]["model"] = "another-model"
    changed = json.dumps(page).encode()
    last = MAGIC + b"%08x " % zlib.crc32(changed) + changed + b"\n"
    index.write_bytes(data[:-PAGE] + last.ljust(PAGE, b"\0"))


def _age(index: Path) -> None:
    index.write_bytes(index.read_bytes().replace(MAGIC, MAGIC.replace(b"3", b"9"), 1))


DAMAGES: dict[str, Callable[[Path], object]] = {
    "missing": Path.unlink,
    "empty": lambda index: index.write_bytes(b""),
    "cut": _cut,
    "garbage": lambda index: index.write_bytes(bytes(range(256)) * 64),
    "with a bit flipped": _flip,
    "of another model": _rename_model,
    "newer": _age,
}
