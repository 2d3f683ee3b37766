"""Benchmark of a scan, by stage and in total, beside other analyzers; see scripts/bench."""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from musimo.audio.windows import WINDOW_S
from scripts.contenders import CONTENDERS, Stages
from scripts.process_memory import PeakMemory

MUSIMO = [sys.executable, "-c", "from musimo.cli.main import main; main()"]
LIBRARIES = [sys.executable, "-c", "import numpy, faiss, sqlalchemy, click"]
CLICK = [sys.executable, "-c", "import click"]
FULL_LENGTH_S = 3 * WINDOW_S  # longer tracks are analyzed in three windows
TRACKS = 12  # of full length, evenly spread over the folder
ROUNDS = 3
COLD_RUNS = 9


@dataclass(frozen=True)
class Cost:
    """CPU seconds of a process and its children, wall seconds, and peak of their total memory in MB."""

    cpu_s: float
    wall_s: float
    peak_mb: float


class Contender:
    """A process that analyzes one path after another, on one core."""

    def __init__(self, name: str) -> None:
        core = min(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "scripts.contenders", name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        if core is not None:
            os.sched_setaffinity(self._process.pid, {core})
        self.title: str | None = self._answer()

    def measure(self, path: str) -> Stages | None:
        """Return CPU seconds by stage; None if the file cannot be analyzed."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(f"{path}\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            return None
        stages: Stages | None = self._answer()
        return stages

    def close(self) -> None:
        """Kill the process."""
        self._process.kill()
        self._process.communicate()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        return json.loads(line) if line else None  # it may use instructions that this processor lacks


def main() -> None:
    """Scan the folder into a temporary library, run each contender on some of it, print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--tracks", type=int, default=TRACKS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--without", action="append", default=[], choices=[*CONTENDERS][1:])
    parser.add_argument("--device", default="auto")
    parser.add_argument("--jobs", type=int, default=None)
    arguments = parser.parse_args()
    print(f"machine      {machine()}")
    with tempfile.TemporaryDirectory() as home:
        os.environ["MUSIMO_HOME"] = home
        jobs = [] if arguments.jobs is None else ["--jobs", str(arguments.jobs)]
        scan = [*MUSIMO, "scan", "--json", "--device", arguments.device, *jobs]
        full = print_scan(scan, arguments.folder)
        print_cold([*MUSIMO, "similar", "1", "--json"])
        if not full:
            sys.exit("no track of full length to measure the stages on")
        chosen = full[:: max(1, len(full) // arguments.tracks)][: arguments.tracks]
        selected = [name for name in CONTENDERS if name not in arguments.without]
        print_contenders(selected, chosen, arguments.rounds, scan)


def machine() -> str:
    """Return processor, cores, operating system and Python."""
    model = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{model}, {cores} cores, {platform.system()}, Python {platform.python_version()}"


def print_scan(scan: Sequence[str], folder: Path) -> list[str]:
    """Scan twice; print costs; return the tracks of full length."""
    cost, audit = measure([*scan, str(folder)])
    n_tracks = json.loads(audit)["new"]
    if not n_tracks:
        sys.exit(f"no track of {folder} could be analyzed")
    tracks = json.loads(output([*MUSIMO, "export", "--json"]))["results"]
    hours = sum(track["duration"] for track in tracks) / 3600
    full = [track["path"] for track in tracks if track["duration"] >= FULL_LENGTH_S]
    print(
        f"scan         {n_tracks} tracks, {hours:.1f} h of music, {len(full)} of full length (three windows)"
    )
    print(f"             {cost.cpu_s / n_tracks:.3f} CPU-s per track, start-up and all processes included")
    print(f"             {cost.wall_s:.1f} s wall time, {cost.wall_s / cost.cpu_s:.2f} of its CPU time")
    print(f"             {cost.peak_mb:.0f} MB peak memory, all processes together")
    again, _ = measure([*scan, str(folder)])
    print(f"again        {again.wall_s:.2f} s wall time without changes, {again.cpu_s:.2f} CPU-s")
    return full


def print_cold(question: Sequence[str]) -> None:
    """Print the median cost of cold queries relative to importing their libraries."""
    print(f"cold start   median of {COLD_RUNS}, alternating")
    mood = [*MUSIMO, "mood", "--valence", "0.5", "--arousal", "0.5", "--json"]
    for bare, title, commands in (
        (LIBRARIES, "numpy, faiss, sqlalchemy, click", {"similar": question, "mood": mood}),
        (CLICK, "click", {"--help": [*MUSIMO, "--help"]}),
    ):
        costs: dict[str, list[Cost]] = {name: [] for name in ("bare", *commands)}
        for _ in range(COLD_RUNS):
            for name, command in (("bare", bare), *commands.items()):
                costs[name].append(measure(command)[0])
        for name in commands:
            ratios = [cost.cpu_s / base.cpu_s for cost, base in zip(costs[name], costs["bare"], strict=True)]
            cpu_s = statistics.median(cost.cpu_s for cost in costs[name])
            print(f"  {name:10} {cpu_s:.2f} CPU-s, {spread(ratios)} times 'import {title}'")


def print_contenders(names: Sequence[str], paths: Sequence[str], rounds: int, scan: Sequence[str]) -> None:
    """Run every contender on every track in turn, several rounds; ratios are of whole rounds."""
    contenders = {name: Contender(name) for name in names}
    try:
        present = [name for name in names if contenders[name].title is not None]
        rounds_measured, whole = [], []
        for _ in range(rounds):
            rounds_measured.append(measure_round(contenders, present, paths))
            whole.append(scan_of(scan, paths))
    finally:
        for contender in contenders.values():
            contender.close()
    common = [path for path in paths if all(path in one[name] for one in rounds_measured for name in present)]
    if not common:
        sys.exit("no track that every contender can analyze")
    print(
        f"one core     CPU-s per full-length track, {len(common)} tracks, median of {rounds} rounds (range)"
    )
    totals = {name: [total(one[name], common) for one in rounds_measured] for name in present}
    for name in names:
        if name not in present:
            print(f"  {name:20} not measured: not installed, or not supported by this processor")
            continue
        print(f"  {contenders[name].title:20} {spread([t / len(common) for t in totals[name]], 3)}")
        if name == "musimo":
            print_stages([one[name] for one in rounds_measured], common)
        else:
            print(f"    {'stages / this':18} {spread(quotients(totals['musimo'], totals[name]))}")
            if len(common) == len(paths):
                print(f"    {'scan / this':18} {spread(quotients(whole, totals[name]))}")
    print(
        f"  'scan' is a complete scan of these tracks, start-up included: "
        f"{spread([cpu_s / len(paths) for cpu_s in whole], 3)}"
    )


def print_stages(rounds: Sequence[dict[str, Stages]], paths: Sequence[str]) -> None:
    """Print the time per stage."""
    middle = statistics.median(total(measured, paths) for measured in rounds)
    for stage in rounds[0][paths[0]]:
        seconds = [sum(measured[path][stage] for path in paths) for measured in rounds]
        share = statistics.median(seconds) / middle
        print(f"    {stage:18} {spread([s / len(paths) for s in seconds], 3)}, {share:.0%}")


def scan_of(scan: Sequence[str], paths: Sequence[str]) -> float:
    """Return the CPU seconds of a scan of these tracks into a new library."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "music"
        folder.mkdir()
        for number, path in enumerate(paths):
            (folder / f"{number}{Path(path).suffix}").symlink_to(path)
        before = os.environ["MUSIMO_HOME"]
        os.environ["MUSIMO_HOME"] = name
        try:
            cost, _ = measure([*scan, str(folder)])
        finally:
            os.environ["MUSIMO_HOME"] = before
    return cost.cpu_s


def quotients(numerators: Sequence[float], denominators: Sequence[float]) -> list[float]:
    """Return the quotients of each round."""
    return [a / b for a, b in zip(numerators, denominators, strict=True)]


def measure_round(
    contenders: dict[str, Contender], names: Sequence[str], paths: Iterable[str]
) -> dict[str, dict[str, Stages]]:
    """Measure each track with every contender before the next track, so that load affects all alike."""
    measured: dict[str, dict[str, Stages]] = {name: {} for name in names}
    for path in paths:
        for name in names:
            stages = contenders[name].measure(path)
            if stages is not None:
                measured[name][path] = stages
    return measured


def total(measured: dict[str, Stages], paths: Iterable[str]) -> float:
    """Return the total CPU seconds of some tracks."""
    return sum(sum(measured[path].values()) for path in paths)


def spread(values: Sequence[float], digits: int = 2) -> str:
    """Format median (minimum–maximum)."""
    low, middle, high = min(values), statistics.median(values), max(values)
    return f"{middle:.{digits}f} ({low:.{digits}f}–{high:.{digits}f})"


def measure(command: Sequence[str]) -> tuple[Cost, str]:
    """Run a command to its end; exit code 3 (some files failed) is accepted."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    peak = PeakMemory(process.pid)
    printed, _ = process.communicate()
    wall_s = time.perf_counter() - started
    peak_mb = peak.stop()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if process.returncode not in (0, 3):
        sys.exit(f"{' '.join(command)} ended with code {process.returncode}")
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(cpu_s, wall_s, peak_mb), printed


def output(command: Sequence[str]) -> str:
    """Return the output of a command."""
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout


if __name__ == "__main__":
    main()
