"""Trials of several musimos at once: one writes, others wait or say who does; questions are answered."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from scripts.trials.harness import Row, Running, Stage, Trial, adds_up, difference, whole

QUESTIONS = (
    ("status", "--json"),
    ("export", "--format", "jsonl"),
    ("mood", "--valence", "0.5", "--arousal", "0.5", "--json"),
    ("errors", "--json"),
)
N_QUESTIONS = 10  # during each scan
AT_ONCE = 5
NOTHING_FOUND = 4  # exit code


def race(stage: Stage, rounds: int) -> Trial:
    """Two scans of one library at once and a third that waits; questions and care during scans."""
    trial = Trial("scans, questions and care at once", rounds)
    place = stage.folder()
    music = stage.copy_pieces(place / "music")
    stage.scan(place / "calm.db", music)
    wanted = stage.export(place / "calm.db")
    n_asked = 0
    for number in range(rounds):
        library = place / f"{number}.db"
        heard = stage.n_heard()
        rivals = [stage.start_scan(library, music) for _ in range(2)]
        waiting = stage.start_scan(library, music, "--wait")
        n_asked += _ask_meanwhile(trial, stage, library, [*rivals, waiting], wanted)
        ends = [rival.end() for rival in rivals]
        for end in ends:
            holds = end.code == 0 or (end.code == 1 and "is writing to the library" in end.err)
            trial.check(holds, f"a second scan ends well or says who writes: {end}")
        last = waiting.end()
        trial.check(last.code == 0 and adds_up(last.document), f"the one that waits ends well: {last}")
        new = [end.document.get("new", 0) for end in [*ends, last]]
        trial.check(sum(new) == max(new) == len(wanted), f"one of them stores all: {new}")
        trial.check(stage.n_heard() - heard == len(wanted), "a file was heard twice")
        trial.check(whole(library), "the library is damaged")
        wrong = difference(stage.export(library), wanted)
        trial.check(not wrong, f"the export is that of an undisturbed scan: {wrong}")
        _care_meanwhile(trial, stage, place / f"{number} care.db", music, wanted)
    trial.remark = f"{n_asked} questions answered during scans"
    return trial


def _ask_meanwhile(trial: Trial, stage: Stage, library: Path, scans: list[Running], wanted: list[Row]) -> int:
    """Ask while scans run; says how many answers came in time."""

    def ask(number: int) -> bool:
        question = QUESTIONS[number % len(QUESTIONS)]
        n_told = max(len(scan.stored) for scan in scans)
        answer = stage.ask(library, *question)
        in_time = any(scan.process.poll() is None for scan in scans)
        nothing_yet = answer.code == NOTHING_FOUND and not n_told
        trial.check(answer.code == 0 or nothing_yet, f"{question[0]} during a scan: {answer}")
        if question[0] == "export":
            paths = {json.loads(line)["path"] for line in answer.out.splitlines()}
            trial.check(paths <= known, "a row is answered that was not committed")
            trial.check(len(paths) >= n_told, "rows that were committed are not answered")
        return in_time

    known = {row["path"] for row in wanted}
    scans[-1].wait_until(library.with_name(f"{library.name}.lock").exists)
    with ThreadPoolExecutor(AT_ONCE) as askers:
        return sum(askers.map(ask, range(N_QUESTIONS)))


def _care_meanwhile(trial: Trial, stage: Stage, library: Path, music: Path, wanted: list[Row]) -> None:
    """Backup, prune and relocate during a scan."""
    scan = stage.start_scan(library, music)
    scan.wait_stored(1)
    told = len(scan.stored)
    copy = library.with_suffix(".copy")
    saved = stage.ask(library, "backup", copy)
    trial.check(saved.code == 0, f"backup during a scan: {saved}")
    elsewhere = shutil.copytree(music, library.with_suffix(".elsewhere"))
    moved = stage.ask(library, "relocate", music, elsewhere)
    still_runs = scan.process.poll() is None
    refused = moved.code == 1 and "is writing to the library" in moved.err
    trial.check(refused or not still_runs, f"relocate during a scan: {moved}")
    pruned = stage.ask(library, "prune", "-y")
    trial.check(pruned.code in (0, 1), f"prune during a scan: {pruned}")
    ended = scan.end()
    trial.check(ended.code == 0 and adds_up(ended.document), f"the scan goes on: {ended}")
    if refused:
        wrong = difference(stage.export(library), wanted)
        trial.check(not wrong, f"the export is that of an undisturbed scan: {wrong}")
    kept = stage.export(copy)
    trial.check(len(kept) >= told and all(row in wanted for row in kept), "the copy lacks what was stored")
    trial.check(whole(copy), "the copy is damaged")
