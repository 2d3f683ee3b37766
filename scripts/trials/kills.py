"""Trials of scans that end before their time: killed, interrupted, or left by their decoders."""

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
    Row,
    Running,
    Stage,
    Trial,
    adds_up,
    difference,
    whole,
)

STAGES = ("start-up", "hearing", "commit", "indexing")
DEATHS = (signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT)
START_UP_S = 3.0  # within which a scan imports, opens the library and walks the folder
ORPHANS_S = 10.0  # a decoder notices that its parent is gone when it has something to tell
SILENCE_S = 8.0  # in place of a minute: many times what a short piece takes


def kill_scans(stage: Stage, rounds: int) -> Trial:
    """``kill -9`` of the whole scan; then the library opens, answers, and lost no more than said."""
    trial = Trial("kill -9 of a scan", rounds)
    place = stage.folder()
    music = stage.copy_pieces(place / "music")
    calm = place / "calm.db"
    started = time.monotonic()
    trial.check(stage.scan(calm, music).code == 0, "an undisturbed scan ends well")
    usual_s = time.monotonic() - started
    wanted = stage.export(calm)
    library = place / "0.db"
    most_twice = n_ended = 0
    for number in range(rounds):
        before, heard_before = stage.rows(library), stage.n_heard()
        moment = STAGES[number % len(STAGES)]
        scan = stage.start_scan(library, music)
        reached = _reach(stage, scan, moment, library, usual_s)
        orphans = scan.workers() if reached else []
        scan.process.kill()
        told = scan.end()
        n_ended += told.code == 0
        trial.check(_all_end(orphans), f"kill {number}: decoders were left behind")
        _check_library(trial, stage, library, f"kill {number}, {moment}", scan.stored, wanted)
        twice = stage.n_heard() - heard_before - (stage.rows(library) - before)
        most_twice = max(most_twice, twice)
        trial.check(0 <= twice <= BATCH + IN_HAND, f"kill {number}: {twice} files will be heard twice")
        if stage.rows(library) == len(wanted):
            _finish(trial, stage, library, music, wanted)
            library = place / f"{number + 1}.db"
    _finish(trial, stage, library, music, wanted)
    trial.remark = f"at most {most_twice} files heard twice by one kill (a batch is {BATCH})"
    if n_ended:
        trial.remark += f"; {n_ended} came after the end"
    return trial


def kill_workers(stage: Stage, rounds: int) -> Trial:
    """Decoders that are killed, crash or stop cost their file, once, until it changes."""
    trial = Trial("decoder killed, crashed or stopped", rounds)
    place = stage.folder()
    music = stage.copy_pieces(place / "music")
    trial.check(stage.scan(place / "calm.db", music).code == 0, "an undisturbed scan ends well")
    wanted = stage.export(place / "calm.db")
    n_crashed = n_silent = done = 0
    while done < rounds:
        library = place / f"{done}.db"
        scan = stage.start_scan(library, music, TRIAL_SILENCE_S=str(SILENCE_S))
        scan.wait_worker()
        n_sent = 0
        stops = done == 0  # once, and alone: whoever stops is waited for
        for _ in range(1 if stops else min(3, rounds - done)):
            number = signal.SIGSTOP if stops else stage.draw.choice(DEATHS)
            done += 1
            n_told = len(scan.notes) + stage.draw.randint(1, 4)
            if scan.wait_noted(n_told) and (workers := scan.workers()):
                n_sent += _signal(stage.draw.choice(workers), number)
        ended = scan.end()
        audit = ended.document
        trial.check(ended.code in (0, 3) and adds_up(audit), f"the scan goes on: {ended}")
        failed = stage.ask(library, "errors", "--json").document.get("errors", [])
        stages = [row["stage"] for row in failed]
        n_crashed, n_silent = n_crashed + stages.count("crashed"), n_silent + stages.count("timeout")
        trial.check(len(failed) <= n_sent, f"{n_sent} signals cost {len(failed)} files")
        trial.check(set(stages) <= {"crashed", "timeout"}, f"failures are told as {stages}")
        trial.check(audit.get("failed") == len(failed), "the audit and the errors agree")
        heard = stage.n_heard()
        again = stage.scan(library, music)
        trial.check(again.document.get("failed") == len(failed), "failures stay known")
        trial.check(stage.n_heard() == heard, "a file that crashed is not tried again")
        for row in failed:
            os.utime(row["path"])
        _finish(trial, stage, library, music, wanted)
    trial.remark = f"{n_crashed} files crashed, {n_silent} timed out"
    return trial


def interrupt_scans(stage: Stage, rounds: int) -> Trial:
    """Ctrl-C once finishes the batch and says what is left; twice stops at once; the library is good."""
    trial = Trial("Ctrl-C, once and twice", 2 * rounds)
    place = stage.folder()
    music = stage.copy_pieces(place / "music")
    trial.check(stage.scan(place / "calm.db", music).code == 0, "an undisturbed scan ends well")
    wanted = stage.export(place / "calm.db")
    for number in range(2 * rounds):
        library = place / f"{number}.db"
        scan = stage.start_scan(library, music)
        n_told = stage.draw.randint(1, len(wanted) // 2)
        scan.wait_stored(n_told)
        scan.interrupt()
        if number % 2:
            scan.wait_until(partial(_told_to_press_again, scan))
            scan.interrupt()
        ended = scan.end()
        trial.check(ended.code == 130, f"it ends as interrupted: {ended}")
        stored = stage.export(library)
        if ended.document:
            audit = ended.document
            trial.check(adds_up(audit) and audit["new"] == len(stored), "the audit tells what was stored")
            trial.check(audit["left"] == len(wanted) - audit["new"], "it says what is left")
        _check_library(trial, stage, library, f"Ctrl-C {number}", scan.stored, wanted)
        _finish(trial, stage, library, music, wanted)
    return trial


def _told_to_press_again(scan: Running) -> bool:
    return any("press Ctrl-C again" in note for note in scan.notes)


def _reach(stage: Stage, scan: Running, moment: str, library: Path, usual_s: float) -> bool:
    """Let a scan run until a moment of that kind; False where it ended before."""
    if moment == "start-up":
        pause_s = stage.draw.uniform(0, START_UP_S)
    elif moment == "hearing":
        scan.wait_worker()
        pause_s = stage.draw.uniform(0, max(usual_s - START_UP_S, 1.0))
    elif moment == "commit":
        n_told = stage.draw.randint(0, 3) * BATCH
        scan.wait_stored(n_told)
        log = library.with_name(f"{library.name}-wal")
        size = _size(log)
        scan.wait_until(lambda: _size(log) != size)  # a transaction is being written
        pause_s = stage.draw.uniform(0, 0.002)
    else:
        before = _indexes(library)
        scan.wait_until(lambda: _indexes(library) != before)
        pause_s = stage.draw.uniform(0, 0.005)
    until = time.monotonic() + pause_s
    return scan.wait_until(lambda: time.monotonic() >= until) and scan.process.poll() is None


def _check_library(
    trial: Trial, stage: Stage, library: Path, when: str, told: list[str], wanted: list[Row]
) -> None:
    """The library opens and answers; what was told is in it, and nothing that is not so."""
    if not library.exists():
        trial.check(not told, f"{when}: files were told to be stored, and there is no library")
        return
    status = stage.ask(library, "status", "--json")
    trial.check(status.code == 0, f"{when}: status: {status}")
    trial.check(whole(library), f"{when}: the library is damaged")
    mood = stage.ask(library, "mood", "--valence", "0.5", "--arousal", "0.5", "--json")
    stored = stage.export(library)
    trial.check(mood.code == (0 if stored else 4), f"{when}: mood: {mood}")
    trial.check(set(told) <= {str(row["path"]) for row in stored}, f"{when}: stored files are not there")
    trial.check(all(row in wanted for row in stored), f"{when}: a track is not what it should be")
    counted = status.document.get("analyzed")
    trial.check(counted == len(stored), f"{when}: status counts {counted} of {len(stored)} tracks")


def _finish(trial: Trial, stage: Stage, library: Path, music: Path, wanted: list[Row]) -> None:
    """The next scan ends with the export of an undisturbed one."""
    ended = stage.scan(library, music)
    trial.check(ended.code == 0 and adds_up(ended.document), f"the next scan ends well: {ended}")
    wrong = difference(stage.export(library), wanted)
    trial.check(not wrong, f"the export is that of an undisturbed scan: {wrong}")


def _all_end(pids: list[int]) -> bool:
    """Whether processes end by themselves."""
    return _in_time(lambda: not any(_runs(pid) for pid in pids), ORPHANS_S)


def _in_time(happened: Callable[[], bool], within_s: float = PATIENCE_S) -> bool:
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if happened():
            return True
        time.sleep(POLL_S)
    return happened()


def _runs(pid: int) -> bool:
    """Whether a process lives; one that only waits to be buried does not."""
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
    """Names of the index files, whole or being written, with their times."""
    found = set()
    for path in library.parent.iterdir():
        if path.name.startswith((".musimo-", f"{library.name}.similar", f"{library.name}.mood")):
            try:
                found.add(f"{path.name} {path.stat().st_mtime_ns}")
            except OSError:
                continue
    return found
