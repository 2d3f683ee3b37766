"""Fuzz test: scan thousands of damaged audio files and verify the guarantees of a scan; see scripts/fuzz."""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any
from unittest import mock

import mutagen
import numpy as np
from mutagen.flac import Picture

from musimo.audio.formats import is_music
from musimo.audio.tags import read_tags
from musimo.emotion.space import SoundSpace
from musimo.library.db.journal import Journal
from musimo.library.db.queries import Store
from musimo.library.scan import workers
from musimo.library.scan.events import Audit, FileFailed
from musimo.library.scan.messages import ExtractMessage
from musimo.library.scan.scan import ScanOptions, scan
from musimo.library.scan.worker import MAX_MEMORY
from musimo.records import Coverage, FloatArray, WindowPrediction
from scripts.mutants import mutant
from tests.sounds import ENCODERS, encode, jpeg, melody

BATCH = 200  # mutants per scan
JOBS = 2
SEED_S = 1.5  # duration of generated files
MAX_SEED = 400_000  # bytes of a file of the folder: larger ones cost time and reveal no more
SEEDS_A_FORMAT = 4  # from the folder
SILENCE_S = 15.0  # timeout without a message: files of this size take a tenth
MAX_S = 30.0  # for one file in total
UNEXPECTED = re.compile(r"[A-Z]\w*(Error|Exception|Warning)\b")  # reasons of unexpected failures


@dataclass
class Tally:
    """Outcomes of the mutants of one format."""

    fates: Counter[str] = field(default_factory=Counter)
    slowest_s: float = 0.0
    peak_mb: float = 0.0


@dataclass
class Found:
    """Results: a tally by format, violated guarantees, mutants to inspect."""

    tallies: dict[str, Tally] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)
    odd: dict[str, str] = field(default_factory=dict)


class PlainPredictor:
    """Stand-in for the network with constant predictions."""

    space: SoundSpace | None = None
    tags: tuple[str, ...] = ()

    def predict(self, tracks: Sequence[Sequence[FloatArray]]) -> list[list[WindowPrediction]]:
        """Return the same emotion for every window."""
        constant = WindowPrediction(0.5, 0.5, np.ones(256, np.float32), np.ones(128, np.float32))
        return [[constant] * len(clips) for clips in tracks]


def main() -> None:
    """Fuzz, print the table, keep the files to inspect."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", help="real music, copies of which are damaged")
    parser.add_argument("--mutants", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, default=Path(tempfile.gettempdir()) / "musimo-fuzz")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        seeds = made_seeds(Path(scratch))
        if arguments.folder is not None:
            for kind, data in real_seeds(arguments.folder):
                seeds.setdefault(kind, []).append(data)
        began = time.monotonic()
        found = fuzz(seeds, arguments.mutants, arguments.seed, Path(scratch), arguments.keep)
        seconds = time.monotonic() - began
    print("\n".join(table(found)))
    print(f"{arguments.mutants} mutants of seed {arguments.seed} in {seconds:.0f} s")
    for name, why in sorted(found.odd.items()):
        print(f"kept  {arguments.keep / name}  {why}")
    for what in found.broken:
        print(f"BROKEN  {what}")
    sys.exit(bool(found.broken))


def made_seeds(scratch: Path) -> dict[str, list[bytes]]:
    """Return a short file of every format of the tests, with tags and, for some, a cover."""
    seeds = {}
    for kind in ENCODERS:
        path = scratch / f"seed.{'m4a' if kind == 'alac' else kind}"
        encode(path, np.stack([melody(SEED_S, 44_100), melody(SEED_S, 44_100, 2)], axis=1), kind=kind)
        _tag(path)
        seeds[kind] = [path.read_bytes()]
        path.unlink()
    return seeds


def _tag(path: Path) -> None:
    picture = Picture()  # type: ignore[no-untyped-call]
    picture.data = jpeg()
    with suppress(mutagen.MutagenError, NotImplementedError, TypeError):  # not every format has tags
        file: Any = mutagen.File(path, easy=True)
        if file is None:
            return
        if file.tags is None:
            file.add_tags()
        file["title"], file["artist"], file["date"] = "Title", "Artist", "1999"
        if path.suffix == ".flac":
            file.add_picture(picture)
        elif path.suffix in (".ogg", ".opus"):
            file["metadata_block_picture"] = picture.write().hex()  # type: ignore[no-untyped-call]
        file.save()


def real_seeds(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the first bytes of a few files of each format in the folder."""
    taken: Counter[str] = Counter()
    for path in sorted(folder.rglob("*")):
        kind = path.suffix[1:].lower()
        if path.is_file() and is_music(os.fsencode(path.name)) and taken[kind] < SEEDS_A_FORMAT:
            taken[kind] += 1
            with path.open("rb") as file:
                yield kind, file.read(MAX_SEED)


def fuzz(seeds: dict[str, list[bytes]], n_mutants: int, seed: int, scratch: Path, keep: Path) -> Found:
    """Scan ``n_mutants`` in batches, evenly over the formats; a seed reproduces the mutants."""
    found = Found({kind: Tally() for kind in seeds})
    others = [data for several in seeds.values() for data in several]
    kinds = list(seeds)
    store = Store.open(scratch / "library.db", "plain-1", create=True)
    for first in range(0, n_mutants, BATCH):
        music = scratch / f"music-{first}"
        music.mkdir()
        names: dict[bytes, str] = {}
        for number in range(first, min(first + BATCH, n_mutants)):
            rng, kind = Random(f"{seed}-{number}"), kinds[number % len(kinds)]
            path = music / f"{seed}-{number}.{'m4a' if kind == 'alac' else kind}"
            path.write_bytes(mutant(rng.choice(seeds[kind]), others, rng))
            names[os.fsencode(path)] = kind
        _scan(store, music, names, found, keep)
        shutil.rmtree(music)
    return found


def _scan(store: Store, music: Path, kinds: dict[bytes, str], found: Found, keep: Path) -> None:
    """Run one scan and verify every guarantee."""
    spent: dict[bytes, tuple[float, float]] = {}
    journal = Journal(store, "plain-features", "windows")
    with mock.patch.object(workers, "MAX_IDLE_S", SILENCE_S), _measured(spent):
        try:
            events = list(scan(journal, [os.fsencode(music)], PlainPredictor, ScanOptions(jobs=JOBS)))
        except Exception as error:
            found.broken.append(f"the scan of {music.name} stopped: {type(error).__name__}: {error}")
            return
    failed = {event.path: event for event in events if isinstance(event, FileFailed)}
    partial = {track.path_bytes: track.partial is not None for track in store.all_tracks()}
    audit = events[-1]
    assert isinstance(audit, Audit)
    if (audit.seen, audit.failed, audit.left) != (len(kinds), len(failed), 0):
        found.broken.append(f"the audit of {music.name} does not add up: {audit}")
    for path, kind in kinds.items():
        name, tally = Path(os.fsdecode(path)).name, found.tallies[kind]
        if path in failed:
            stage, reason = failed[path].stage, failed[path].reason
            fate = stage if stage in ("crashed", "timeout") else "failed"
            if fate != "failed" or UNEXPECTED.match(reason):
                found.odd[name] = f"{stage}: {reason}"
        elif path in partial:
            fate = "partial" if partial[path] else "analyzed"
        else:
            fate = "lost"
            found.broken.append(f"{name} is in no row")
        tally.fates[fate] += 1
        seconds, mb = spent.get(path, (0.0, 0.0))
        tally.slowest_s, tally.peak_mb = max(tally.slowest_s, seconds), max(tally.peak_mb, mb)
        if seconds > MAX_S or mb > MAX_MEMORY / 1e6:
            found.broken.append(f"{name} took {seconds:.1f} s and {mb:.0f} MB")
        try:
            if fate not in ("crashed", "timeout"):
                read_tags(path)
        except Exception as error:
            found.broken.append(f"the tags of {name} raise {type(error).__name__}: {error}")
        if name in found.odd or any(name in what for what in found.broken):
            keep.mkdir(parents=True, exist_ok=True)
            shutil.copy(os.fsdecode(path), keep / name)


def _measured(spent: dict[bytes, tuple[float, float]]) -> AbstractContextManager[object]:
    """Measure seconds and, on Linux, peak MB of each file in each worker."""
    original = workers._Worker.extract

    def extract(
        self: workers._Worker, task: workers.Task, coverage: Coverage, wanted: Callable[[bytes], bool]
    ) -> Iterator[ExtractMessage]:
        process = Path(f"/proc/{self._process.pid}")
        with suppress(OSError):
            (process / "clear_refs").write_text("5")  # reset the peak
        began = time.monotonic()
        for message in original(self, task, coverage, wanted):
            spent[task.path] = time.monotonic() - began, _peak_mb(process)
            yield message

    return mock.patch.object(workers._Worker, "extract", extract)


def _peak_mb(process: Path) -> float:
    with suppress(OSError, StopIteration):
        lines = (process / "status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024
    return 0.0


def table(found: Found) -> Iterator[str]:
    """Yield one row per format, and their total."""
    columns = ("analyzed", "partial", "failed", "crashed", "timeout")
    yield "format  mutants  analyzed  partial  failed  crashed  timeout  slowest s  peak MB"
    total = Tally()
    for kind, tally in found.tallies.items():
        total.fates += tally.fates
        total.slowest_s = max(total.slowest_s, tally.slowest_s)
        total.peak_mb = max(total.peak_mb, tally.peak_mb)
        yield _row(kind, tally, columns)
    yield _row("all", total, columns)


def _row(name: str, tally: Tally, columns: Sequence[str]) -> str:
    numbers = " ".join(f"{tally.fates[column]:{len(column) + 1}}" for column in columns)
    return f"{name:6}  {tally.fates.total():7} {numbers}  {tally.slowest_s:9.1f}  {tally.peak_mb:7.0f}"


if __name__ == "__main__":
    main()
