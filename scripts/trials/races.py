"""Trials of concurrent commands: one writes, others wait or name the writer; queries are answered."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from scripts.trials.harness import Harness, Row, ScanProcess, Trial, audit_adds_up, difference, is_intact

QUERIES = (
    ("status", "--json"),
    ("export", "--format", "jsonl"),
    ("mood", "--valence", "0.5", "--arousal", "0.5", "--json"),
    ("errors", "--json"),
)
N_QUERIES = 10  # during each scan
AT_ONCE = 5
NOTHING_FOUND = 4  # exit code


def race(harness: Harness, rounds: int) -> Trial:
    """Run two scans of one library and a third that waits; query and maintain it during scans."""
    trial = Trial("scans, queries, maintenance at once", rounds)
    folder = harness.folder()
    music = harness.copy_excerpts(folder / "music")
    harness.scan(folder / "undisturbed.db", music)
    wanted = harness.export(folder / "undisturbed.db")
    n_asked = 0
    for number in range(rounds):
        library = folder / f"{number}.db"
        analyzed_before = harness.n_analyzed()
        rivals = [harness.start_scan(library, music) for _ in range(2)]
        waiting = harness.start_scan(library, music, "--wait")
        n_asked += _query_meanwhile(trial, harness, library, [*rivals, waiting], wanted)
        ends = [rival.end() for rival in rivals]
        for end in ends:
            holds = end.code == 0 or (end.code == 1 and "is writing to the library" in end.err)
            trial.check(holds, f"a second scan ends well or names the writer: {end}")
        last = waiting.end()
        trial.check(last.code == 0 and audit_adds_up(last.document), f"the one that waits ends well: {last}")
        new = [end.document.get("new", 0) for end in [*ends, last]]
        trial.check(sum(new) == max(new) == len(wanted), f"one of them stores all: {new}")
        trial.check(harness.n_analyzed() - analyzed_before == len(wanted), "a file was analyzed twice")
        trial.check(is_intact(library), "the library is damaged")
        wrong = difference(harness.export(library), wanted)
        trial.check(not wrong, f"the export is that of an undisturbed scan: {wrong}")
        _maintain_meanwhile(trial, harness, folder / f"{number} care.db", music, wanted)
    trial.remark = f"{n_asked} queries answered during scans"
    return trial


def _query_meanwhile(
    trial: Trial, harness: Harness, library: Path, scans: list[ScanProcess], wanted: list[Row]
) -> int:
    """Run queries during scans; return how many completed before their end."""

    def ask(number: int) -> bool:
        query = QUERIES[number % len(QUERIES)]
        n_reported = max(len(scan.stored) for scan in scans)
        answer = harness.run_command(library, *query)
        in_time = any(scan.process.poll() is None for scan in scans)
        nothing_yet = answer.code == NOTHING_FOUND and not n_reported
        trial.check(answer.code == 0 or nothing_yet, f"{query[0]} during a scan: {answer}")
        if query[0] == "export":
            paths = {json.loads(line)["path"] for line in answer.out.splitlines()}
            trial.check(paths <= known, "a row was returned that was not committed")
            trial.check(len(paths) >= n_reported, "committed rows were not returned")
        return in_time

    known = {row["path"] for row in wanted}
    scans[-1].wait_until(library.with_name(f"{library.name}.lock").exists)
    with ThreadPoolExecutor(AT_ONCE) as askers:
        return sum(askers.map(ask, range(N_QUERIES)))


def _maintain_meanwhile(
    trial: Trial, harness: Harness, library: Path, music: Path, wanted: list[Row]
) -> None:
    """Run backup, prune and relocate during a scan."""
    scan = harness.start_scan(library, music)
    scan.wait_stored(1)
    reported = len(scan.stored)
    copy = library.with_suffix(".copy")
    saved = harness.run_command(library, "backup", copy)
    trial.check(saved.code == 0, f"backup during a scan: {saved}")
    elsewhere = shutil.copytree(music, library.with_suffix(".elsewhere"))
    moved = harness.run_command(library, "relocate", music, elsewhere)
    still_runs = scan.process.poll() is None
    refused = moved.code == 1 and "is writing to the library" in moved.err
    trial.check(refused or not still_runs, f"relocate during a scan: {moved}")
    pruned = harness.run_command(library, "prune", "-y")
    trial.check(pruned.code in (0, 1), f"prune during a scan: {pruned}")
    ended = scan.end()
    trial.check(ended.code == 0 and audit_adds_up(ended.document), f"the scan goes on: {ended}")
    if refused:
        wrong = difference(harness.export(library), wanted)
        trial.check(not wrong, f"the export is that of an undisturbed scan: {wrong}")
    kept = harness.export(copy)
    trial.check(
        len(kept) >= reported and all(row in wanted for row in kept), "the copy lacks what was stored"
    )
    trial.check(is_intact(copy), "the copy is damaged")
