"""Peak memory of scans of 200 tracks, of thousands, and of one file of many hours; see scripts/memory."""

from __future__ import annotations

import argparse
import io
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import av
import numpy as np
import soundfile

from scripts.process_memory import PeakMemory, proportional_kb

MUSIMO = [sys.executable, "-c", "from musimo.cli.main import main; main()"]
FEW = 200  # tracks of the reference scan
MAX_RATIO = 1.2  # of the memory of the reference scan
JOBS = 2
RATE = 22_050
ENDINGS = ("wav", "flac", "ogg")  # cheap to decode: only their number matters here
MIX_RATE = 44_100
CHUNK_S = 60  # of the long file, which repeats it


def main() -> None:
    """Create the music, scan it, print the table; exit with 1 if memory grew."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tracks", type=int, default=5000)
    parser.add_argument("--hours", type=float, default=10)
    parser.add_argument("--full", action="store_true", help="also scan the long file with --coverage full")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        os.environ["MUSIMO_HOME"] = str(scratch / "home")
        make_tracks(scratch / "few", FEW, arguments.seed)
        make_tracks(scratch / "many", arguments.tracks, arguments.seed + 1)
        make_mix(scratch / "mix", arguments.hours, arguments.seed + 2)
        runs = [
            (f"{FEW} short tracks", "few", "windows"),
            (f"{arguments.tracks} short tracks", "many", "windows"),
        ]
        runs.append((f"one file of {arguments.hours:g} hours", "mix", "windows"))
        if arguments.full:
            runs.append((f"one file of {arguments.hours:g} hours, --coverage full", "mix", "full"))
        print(f"Peak memory of all processes of a scan with {JOBS} workers: the sum of their proportional")
        print("set sizes, which divide shared pages, sampled ten times per second.\n")
        first_mb, flat = 0.0, True
        for title, folder, coverage in runs:
            peak_mb, wall_s = scan(scratch / folder, scratch / f"{folder}-{coverage}.db", coverage)
            first_mb = first_mb or peak_mb
            ratio = peak_mb / first_mb
            flat &= ratio <= MAX_RATIO
            verdict = "flat" if ratio <= MAX_RATIO else f"grew: more than {MAX_RATIO}"
            print(f"{title:32} {peak_mb:7.0f} MB  {ratio:5.2f}  {verdict:20} {wall_s:6.0f} s", flush=True)
    sys.exit(0 if flat else 1)


def scan(folder: Path, library: Path, coverage: str) -> tuple[float, float]:
    """Scan into a new library; return peak memory in MB and wall time in seconds."""
    options = ["--jobs", str(JOBS), "--device", "cpu", "--coverage", coverage, "--json"]
    started = time.perf_counter()
    process = subprocess.Popen(
        [*MUSIMO, "--library", str(library), "scan", str(folder), *options], stdout=subprocess.PIPE, text=True
    )
    peak = PeakMemory(process.pid, proportional_kb)
    printed, _ = process.communicate()
    peak_mb = peak.stop()
    n_files = len(list(folder.iterdir()))
    if process.returncode or json.loads(printed)["new"] != n_files:
        sys.exit(f"the scan of {folder.name} ended with code {process.returncode}: {printed}")
    return peak_mb, time.perf_counter() - started


def make_tracks(folder: Path, n_tracks: int, seed: int) -> None:
    """Write random tracks of one to three seconds."""
    folder.mkdir()
    draw = np.random.default_rng(seed)
    for number in range(n_tracks):
        samples = tune(draw, float(draw.uniform(1, 3)), RATE)
        soundfile.write(folder / f"{number:05}.{ENDINGS[number % len(ENDINGS)]}", samples, RATE)


def make_mix(folder: Path, hours: float, seed: int) -> None:
    """Write one MP3 of that length by repeating a minute, which needs little memory."""
    folder.mkdir()
    samples = tune(np.random.default_rng(seed), CHUNK_S, MIX_RATE)
    encoded = io.BytesIO()
    plain = {"write_xing": "0", "id3v2_version": "0"}  # no header with the duration
    with av.open(encoded, "w", format="mp3", options=plain) as container:
        stream = container.add_stream("libmp3lame", rate=MIX_RATE, layout="mono")
        stream.bit_rate = 128_000
        frame = av.AudioFrame.from_ndarray((samples[None] * 32_767).astype(np.int16), "s16", "mono")
        frame.sample_rate = MIX_RATE
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    with (folder / "mix.mp3").open("wb") as file:
        for _ in range(round(hours * 3600 / CHUNK_S)):
            file.write(encoded.getvalue())


def tune(
    draw: np.random.Generator, seconds: float, rate: int
) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """Return random notes of a quarter second with soft noise."""
    n = round(seconds * rate)
    notes = draw.integers(48, 84, size=int(seconds * 4) + 1)
    hz = 440 * 2.0 ** ((notes[np.arange(n) * 4 // rate] - 69) / 12)
    sound = 0.3 * np.sin(2 * np.pi * np.cumsum(hz) / rate) + 0.02 * draw.standard_normal(n)
    return sound.astype(np.float32)


if __name__ == "__main__":
    main()
