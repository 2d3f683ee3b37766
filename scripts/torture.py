"""Torture test: kill, move, unplug, fill and race on real music; print what was lost. See scripts/torture."""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from scripts.trials.disks import damage_indexes, fill_disks, unplug_drives
from scripts.trials.excerpts import cut_excerpts
from scripts.trials.harness import ROOT, Harness, Trial
from scripts.trials.kills import interrupt_scans, kill_scans, kill_workers
from scripts.trials.moves import move_files
from scripts.trials.races import race

N_EXCERPTS = 24  # a scan of them takes some seconds
TRIALS: tuple[tuple[Callable[[Harness, int], Trial], float], ...] = (
    (kill_scans, 1),
    (kill_workers, 0.4),
    (interrupt_scans, 0.1),
    (move_files, 0.4),
    (unplug_drives, 0.1),
    (fill_disks, 0.15),
    (damage_indexes, 0.03),
    (race, 0.1),
)
"""Each trial, and its rounds relative to those of the first; a round of some is many scans."""


def main() -> None:
    """Run all trials and print the table; exit with 1 if anything was lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="real music; only read")
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--mutants", type=int, default=200, help="damaged files to scan, by scripts/fuzz")
    arguments = parser.parse_args()
    draw = random.Random(arguments.seed)
    with tempfile.TemporaryDirectory(prefix="musimo-torture-") as name:
        folder = Path(name).resolve()
        (folder / "excerpts").mkdir()
        n_excerpts = cut_excerpts(arguments.folder, folder / "excerpts", N_EXCERPTS, draw)
        if n_excerpts < N_EXCERPTS // 2:
            sys.exit(f"{arguments.folder} has {n_excerpts} usable files; {N_EXCERPTS // 2} are needed")
        print(f"{n_excerpts} excerpts of the music in {arguments.folder}, seed {arguments.seed}\n")
        harness = Harness(folder, folder / "excerpts", draw)
        trials = run_trials(harness, arguments.rounds)
    trials += fuzz(arguments.mutants, arguments.seed)
    lost = [f"{trial.name}: {what}" for trial in trials for what in trial.lost]
    for what in lost:
        print(f"LOST {what}")
    sys.exit(1 if lost else 0)


def run_trials(harness: Harness, rounds: int) -> list[Trial]:
    """Run all trials; print each as a row of the table."""
    print(f"{'what was done':38} {'how often':>9}  {'lost':>7}  remark")
    done = []
    for run, share in TRIALS:
        done.append(run(harness, max(1, round(share * rounds))))
        print_row(done[-1])
    return done


def print_row(trial: Trial) -> None:
    """Print one row of the table."""
    lost = str(len(trial.lost)) if trial.lost else "nothing"
    print(f"{trial.name:38} {trial.times:9}  {lost:>7}  {trial.remark}", flush=True)


def fuzz(mutants: int, seed: int) -> Sequence[Trial]:
    """Run scripts/fuzz as a row of the table, if the checkout has it."""
    if not (ROOT / "scripts" / "fuzz.py").is_file() or not mutants:
        return []
    command = [sys.executable, "-P", "-m", "scripts.fuzz", "--mutants", str(mutants), "--seed", str(seed)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    trial = Trial("randomly damaged files", mutants, remark="".join(done.stdout.strip().splitlines()[-1:]))
    trial.check(done.returncode == 0, f"code {done.returncode}: {done.stderr.strip()[-300:]}")
    print_row(trial)
    return [trial]


if __name__ == "__main__":
    main()
