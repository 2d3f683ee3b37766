"""Measure a scan of a folder of music and the cold start of its answers; see scripts/bench."""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import av
from threadpoolctl import threadpool_limits

from musimo.audio.decode import SAMPLE_RATE, open_sound
from musimo.audio.features import extract
from musimo.audio.tags import read_tags
from musimo.audio.windows import WINDOW_S, place_windows
from musimo.emotion.analyzer import Analyzer
from musimo.errors import AudioError
from musimo.resources import weights_path
from scripts.processes import PeakMemory

MUSIMO = [sys.executable, "-c", "from musimo.cli.main import main; main()"]
BARE_IMPORTS = [sys.executable, "-c", "import numpy, faiss, sqlalchemy, click"]
FULL_LENGTH_S = 3 * WINDOW_S  # from here on a track is heard in three windows
STAGE_TRACKS = 12  # sampled for the shares of the stages
COLD_RUNS = 7


@dataclass(frozen=True)
class Cost:
    """CPU seconds of a process and its children, wall seconds, and peak memory of all together in MB."""

    cpu_s: float
    wall_s: float
    peak_mb: float


def main() -> None:
    """Scan the folder into a throw-away library and print what it cost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--jobs", type=int, default=None)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        os.environ["MUSIMO_HOME"] = home
        scan = [*MUSIMO, "scan", str(arguments.folder), "--json", "--device", arguments.device]
        scan += [] if arguments.jobs is None else ["--jobs", str(arguments.jobs)]
        cost, audit = measure(scan)
        n_tracks = json.loads(audit)["new"]
        if not n_tracks:
            sys.exit(f"no track of {arguments.folder} could be heard")
        tracks = json.loads(output([*MUSIMO, "export", "--json"]))["results"]
        hours = sum(track["duration"] for track in tracks) / 3600
        n_full = sum(track["duration"] >= FULL_LENGTH_S for track in tracks)
        print(
            f"scan         {n_tracks} tracks, {hours:.1f} h of music, {n_full} of full length (three windows)"
        )
        cpu_s, wall_s = cost.cpu_s / n_tracks, cost.wall_s / n_tracks
        print(f"             {cpu_s:.3f} CPU-s a track, {wall_s:.3f} s by the clock")
        print(f"             {cost.peak_mb:.0f} MB at most, all processes together")
        again, _ = measure(scan)
        print(f"again        {again.wall_s:.2f} s by the clock with nothing to do, {again.cpu_s:.2f} CPU-s")
        full = [Path(track["path"]) for track in tracks if track["duration"] >= FULL_LENGTH_S]
        with threadpool_limits(1):  # as the workers have it
            print_stages(full[:: max(1, len(full) // STAGE_TRACKS)][:STAGE_TRACKS])
        print_cold([*MUSIMO, "similar", str(tracks[0]["id"]), "--json"])


def print_stages(paths: list[Path]) -> None:
    """CPU seconds of each stage of a full-length track, each stage alone on one core."""
    if not paths:
        print("stages       no track of full length to measure them on")
        return
    analyzer = Analyzer.load(weights_path(), "cpu")
    spent = dict.fromkeys(("tags", "survey", "decode", "features", "network"), 0.0)

    def spend(stage: str, since: float) -> float:
        now = time.process_time()
        spent[stage] += now - since
        return now

    heard = 0
    plain_s = 0.0
    for path in paths:
        clock = time.process_time()
        read_tags(path)
        clock = spend("tags", clock)
        try:
            with open_sound(path) as sound:
                clock = spend("survey", clock)
                for window in place_windows(sound.duration_s, "windows"):
                    samples = sound.samples(window)
                    clock = spend("decode", clock)
                    features = extract(samples)
                    clock = spend("features", clock)
                    analyzer.analyze([features])
                    clock = spend("network", clock)
        except AudioError:
            continue
        heard += 1
        clock = time.process_time()
        decode_plainly(path, sound.duration_s)
        plain_s += time.process_time() - clock
    total = sum(spent.values())
    print(f"stages       {total / heard:.3f} CPU-s a full-length track, of {heard}:")
    for stage, seconds in spent.items():
        print(f"  {stage:10} {seconds / heard:.3f} CPU-s, {seconds / total:.0%}")
    plain = f"{plain_s / heard:.3f} CPU-s that decoding the same windows plainly takes"
    print(f"             {total / plain_s:.2f} times the {plain}")


def decode_plainly(path: Path, duration_s: float) -> None:
    """Seek to the same windows and decode them to mono at 22,050 Hz the way PyAV's documentation does."""
    with av.open(str(path), metadata_errors="ignore") as container:
        stream = container.streams.audio[0]
        for window in place_windows(duration_s, "windows"):
            container.seek(int(window.start_s / (stream.time_base or 1)), stream=stream)
            resampler = av.AudioResampler("flt", "mono", SAMPLE_RATE, 65_536)
            missing = round(WINDOW_S * SAMPLE_RATE)
            for frame in container.decode(stream):
                missing -= sum(part.samples for part in resampler.resample(frame))
                if missing <= 0:
                    break


def print_cold(question: list[str]) -> None:
    """Median cost of one cold answer beside that of importing what it cannot do without."""
    answers, imports = [], []
    for _ in range(COLD_RUNS):
        answers.append(measure(question)[0])
        imports.append(measure(BARE_IMPORTS)[0])
    for name, costs in (("similar", answers), ("imports", imports)):
        cpu = statistics.median(cost.cpu_s for cost in costs)
        wall = statistics.median(cost.wall_s for cost in costs)
        print(f"{name:12} {cpu:.2f} CPU-s, {wall:.2f} s by the clock, cold, median of {COLD_RUNS}")
    ratios = [answer.cpu_s / bare.cpu_s for answer, bare in zip(answers, imports, strict=True)]
    print(f"             similar / imports = {statistics.median(ratios):.2f} in CPU time")


def measure(command: list[str]) -> tuple[Cost, str]:
    """Run a command to its end; exit code 3 (some files failed) is an end too."""
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


def output(command: list[str]) -> str:
    """What a command prints."""
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout


if __name__ == "__main__":
    main()
