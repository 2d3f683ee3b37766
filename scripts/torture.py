"""Kill, move, unplug, fill and race on real music, and print what was lost; see scripts/torture."""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from scripts.trials.disks import fill_disks, harm_indexes, unplug_drives
from scripts.trials.excerpts import cut_pieces
from scripts.trials.harness import ROOT, Stage, Trial
from scripts.trials.kills import interrupt_scans, kill_scans, kill_workers
from scripts.trials.moves import move_files
from scripts.trials.races import race

PIECES = 24  # of music: a scan of them takes some seconds
TRIALS: tuple[tuple[Callable[[Stage, int], Trial], float], ...] = (
    (kill_scans, 1),
    (kill_workers, 0.4),
    (interrupt_scans, 0.1),
    (move_files, 0.4),
    (unplug_drives, 0.1),
    (fill_disks, 0.15),
    (harm_indexes, 0.03),
    (race, 0.1),
)
"""Each trial, and its rounds as a share of those of the first; a round of some is many scans."""


def main() -> None:
    """Run every trial and print the table; exit code 1 where anything was lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="real music; only read")
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--mutants", type=int, default=200, help="damaged files to scan, by scripts/fuzz")
    arguments = parser.parse_args()
    draw = random.Random(arguments.seed)
    with tempfile.TemporaryDirectory(prefix="musimo-torture-") as name:
        place = Path(name).resolve()
        (place / "pieces").mkdir()
        n_pieces = cut_pieces(arguments.folder, place / "pieces", PIECES, draw)
        if n_pieces < PIECES // 2:
            sys.exit(
                f"{arguments.folder} has only {n_pieces} files to cut pieces from; {PIECES // 2} are needed"
            )
        print(f"{n_pieces} pieces of the music in {arguments.folder}, seed {arguments.seed}\n")
        stage = Stage(place, place / "pieces", draw)
        trials = run_trials(stage, arguments.rounds)
    trials += fuzz(arguments.mutants, arguments.seed)
    lost = [f"{trial.name}: {what}" for trial in trials for what in trial.lost]
    for what in lost:
        print(f"LOST {what}")
    sys.exit(1 if lost else 0)


def run_trials(stage: Stage, rounds: int) -> list[Trial]:
    """Every trial, each told as a row of the table as soon as it is done."""
    print(f"{'what was done':38} {'how often':>9}  {'lost':>7}  remark")
    done = []
    for run, share in TRIALS:
        done.append(run(stage, max(1, round(share * rounds))))
        tell(done[-1])
    return done


def tell(trial: Trial) -> None:
    """Print one row of the table."""
    lost = str(len(trial.lost)) if trial.lost else "nothing"
    print(f"{trial.name:38} {trial.times:9}  {lost:>7}  {trial.remark}", flush=True)


def fuzz(mutants: int, seed: int) -> Sequence[Trial]:
    """The row of damaged files, where the checkout has its script."""
    if not (ROOT / "scripts" / "fuzz.py").is_file() or not mutants:
        return []
    command = [sys.executable, "-P", "-m", "scripts.fuzz", "--mutants", str(mutants), "--seed", str(seed)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    trial = Trial("files damaged by chance", mutants, remark="".join(done.stdout.strip().splitlines()[-1:]))
    trial.check(done.returncode == 0, f"code {done.returncode}: {done.stderr.strip()[-300:]}")
    tell(trial)
    return [trial]


if __name__ == "__main__":
    main()
