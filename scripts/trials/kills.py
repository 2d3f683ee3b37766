"""Trials of scans that end early: killed, interrupted, or with crashed workers."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from scripts.trials.harness import (
    BATCH,
    IN_HAND,
    PATIENCE_S,
    POLL_S,
    Harness,
    Row,
    ScanProcess,
    Trial,
    audit_adds_up,
    difference,
    is_intact,
)

STAGES = ("start-up", "analysis", "commit", "indexing")
DEATHS = (signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT)
START_UP_S = 3.0  # a scan imports, opens the library and walks the folder
ORPHANS_S = 10.0  # a worker notices the end of its parent at its next message
SILENCE_S = 8.0  # instead of a minute: many times what an excerpt takes


def kill_scans(harness: Harness, rounds: int) -> Trial:
    """Kill scans by SIGKILL; the library opens, answers, and has lost no more than promised."""
    trial = Trial("kill -9 of a scan", rounds)
    folder = harness.folder()
    music = harness.copy_excerpts(folder / "music")
    undisturbed = folder / "undisturbed.db"
    started = time.monotonic()
    trial.check(harness.scan(undisturbed, music).code == 0, "an undisturbed scan ends well")
    usual_s = time.monotonic() - started
    wanted = harness.export(undisturbed)
    library = folder / "0.db"
    most_twice = n_ended = 0
    for number in range(rounds):
        before, analyzed_before = harness.rows(library), harness.n_analyzed()
        moment = STAGES[number % len(STAGES)]
        scan = harness.start_scan(library, music)
        reached = _reach(harness, scan, moment, library, usual_s)
        orphans = scan.workers() if reached else []
        scan.process.kill()
        ended = scan.end()
        n_ended += ended.code == 0
        trial.check(_all_end(orphans), f"kill {number}: workers were left behind")
        _check_library(trial, harness, library, f"kill {number}, {moment}", scan.stored, wanted)
        twice = harness.n_analyzed() - analyzed_before - (harness.rows(library) - before)
        most_twice = max(most_twice, twice)
        trial.check(0 <= twice <= BATCH + IN_HAND, f"kill {number}: {twice} files will be analyzed twice")
        if harness.rows(library) == len(wanted):
            _finish(trial, harness, library, music, wanted)
            library = folder / f"{number + 1}.db"
    _finish(trial, harness, library, music, wanted)
    trial.remark = f"at most {most_twice} files analyzed twice after a kill (a batch is {BATCH})"
    if n_ended:
        trial.remark += f"; {n_ended} came after the end"
    return trial


def kill_workers(harness: Harness, rounds: int) -> Trial:
    """Kill, crash or stop workers: each costs its file, once, until the file changes."""
    trial = Trial("worker killed, crashed or stopped", rounds)
    folder = harness.folder()
    music = harness.copy_excerpts(folder / "music")
    trial.check(harness.scan(folder / "undisturbed.db", music).code == 0, "an undisturbed scan ends well")
    wanted = harness.export(folder / "undisturbed.db")
    n_crashed = n_silent = done = 0
    while done < rounds:
        library = folder / f"{done}.db"
        scan = harness.start_scan(library, music, TRIAL_SILENCE_S=str(SILENCE_S))
        scan.wait_worker()
        n_sent = 0
        stops = done == 0  # once, and alone: the scan waits for a stopped worker
        for _ in range(1 if stops else min(3, rounds - done)):
            number = signal.SIGSTOP if stops else harness.draw.choice(DEATHS)
            done += 1
            n_reported = len(scan.notes) + harness.draw.randint(1, 4)
            if scan.wait_noted(n_reported) and (workers := scan.workers()):
                n_sent += _signal(harness.draw.choice(workers), number)
        ended = scan.end()
        audit = ended.document
        trial.check(ended.code in (0, 3) and audit_adds_up(audit), f"the scan goes on: {ended}")
        failed = harness.run_command(library, "errors", "--json").document.get("errors", [])
        stages = [row["stage"] for row in failed]
        n_crashed, n_silent = n_crashed + stages.count("crashed"), n_silent + stages.count("timeout")
        trial.check(len(failed) <= n_sent, f"{n_sent} signals cost {len(failed)} files")
        trial.check(set(stages) <= {"crashed", "timeout"}, f"failures are reported as {stages}")
        trial.check(audit.get("failed") == len(failed), "the audit and the errors agree")
        analyzed_before = harness.n_analyzed()
        again = harness.scan(library, music)
        trial.check(again.document.get("failed") == len(failed), "failures stay known")
        trial.check(harness.n_analyzed() == analyzed_before, "a file that crashed is not tried again")
        for row in failed:
            os.utime(row["path"])
        _finish(trial, harness, library, music, wanted)
    trial.remark = f"{n_crashed} files crashed, {n_silent} timed out"
    return trial


def interrupt_scans(harness: Harness, rounds: int) -> Trial:
    """Press Ctrl-C once (the batch is completed) or twice (the scan stops at once); the library is intact."""
    trial = Trial("Ctrl-C, once and twice", 2 * rounds)
    folder = harness.folder()
    music = harness.copy_excerpts(folder / "music")
    trial.check(harness.scan(folder / "undisturbed.db", music).code == 0, "an undisturbed scan ends well")
    wanted = harness.export(folder / "undisturbed.db")
    for number in range(2 * rounds):
        library = folder / f"{number}.db"
        scan = harness.start_scan(library, music)
        n_reported = harness.draw.randint(1, len(wanted) // 2)
        scan.wait_stored(n_reported)
        scan.interrupt()
        if number % 2:
            scan.wait_until(partial(_asks_for_second_interrupt, scan))
            scan.interrupt()
        ended = scan.end()
        trial.check(ended.code == 130, f"it ends as interrupted: {ended}")
        stored = harness.export(library)
        if ended.document:
            audit = ended.document
            trial.check(
                audit_adds_up(audit) and audit["new"] == len(stored), "the audit reports what was stored"
            )
            trial.check(audit["left"] == len(wanted) - audit["new"], "the audit reports what is left")
        _check_library(trial, harness, library, f"Ctrl-C {number}", scan.stored, wanted)
        _finish(trial, harness, library, music, wanted)
    return trial


def _asks_for_second_interrupt(scan: ScanProcess) -> bool:
    return any("press Ctrl-C again" in note for note in scan.notes)


def _reach(harness: Harness, scan: ScanProcess, moment: str, library: Path, usual_s: float) -> bool:
    """Let a scan run until such a moment; return False if it ended before."""
    if moment == "start-up":
        pause_s = harness.draw.uniform(0, START_UP_S)
    elif moment == "analysis":
        scan.wait_worker()
        pause_s = harness.draw.uniform(0, max(usual_s - START_UP_S, 1.0))
    elif moment == "commit":
        n_reported = harness.draw.randint(0, 3) * BATCH
        scan.wait_stored(n_reported)
        log = library.with_name(f"{library.name}-wal")
        size = _size(log)
        scan.wait_until(lambda: _size(log) != size)  # a transaction is being written
        pause_s = harness.draw.uniform(0, 0.002)
    else:
        before = _indexes(library)
        scan.wait_until(lambda: _indexes(library) != before)
        pause_s = harness.draw.uniform(0, 0.005)
    until = time.monotonic() + pause_s
    return scan.wait_until(lambda: time.monotonic() >= until) and scan.process.poll() is None


def _check_library(
    trial: Trial, harness: Harness, library: Path, when: str, reported: list[str], wanted: list[Row]
) -> None:
    """Check that the library opens, answers, and contains all reported and no wrong tracks."""
    if not library.exists():
        trial.check(not reported, f"{when}: files were reported as stored, but there is no library")
        return
    status = harness.run_command(library, "status", "--json")
    trial.check(status.code == 0, f"{when}: status: {status}")
    trial.check(is_intact(library), f"{when}: the library is damaged")
    mood = harness.run_command(library, "mood", "--valence", "0.5", "--arousal", "0.5", "--json")
    stored = harness.export(library)
    trial.check(mood.code == (0 if stored else 4), f"{when}: mood: {mood}")
    trial.check(set(reported) <= {str(row["path"]) for row in stored}, f"{when}: stored files are not there")
    trial.check(all(row in wanted for row in stored), f"{when}: a track has wrong values")
    counted = status.document.get("analyzed")
    trial.check(counted == len(stored), f"{when}: status counts {counted} of {len(stored)} tracks")


def _finish(trial: Trial, harness: Harness, library: Path, music: Path, wanted: list[Row]) -> None:
    """Check that the next scan leads to the export of an undisturbed one."""
    ended = harness.scan(library, music)
    trial.check(ended.code == 0 and audit_adds_up(ended.document), f"the next scan ends well: {ended}")
    wrong = difference(harness.export(library), wanted)
    trial.check(not wrong, f"the export is that of an undisturbed scan: {wrong}")


def _all_end(pids: list[int]) -> bool:
    """Return whether processes end by themselves."""
    return _in_time(lambda: not any(_runs(pid) for pid in pids), ORPHANS_S)


def _in_time(happened: Callable[[], bool], within_s: float = PATIENCE_S) -> bool:
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if happened():
            return True
        time.sleep(POLL_S)
    return happened()


def _runs(pid: int) -> bool:
    """Return whether a process is alive; zombies are not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def _signal(pid: int, number: signal.Signals) -> bool:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _indexes(library: Path) -> set[str]:
    """Return names and times of the index files, temporary ones included."""
    found = set()
    for path in library.parent.iterdir():
        if path.name.startswith((".musimo-", f"{library.name}.similar", f"{library.name}.mood")):
            try:
                found.add(f"{path.name} {path.stat().st_mtime_ns}")
            except OSError:
                continue
    return found
