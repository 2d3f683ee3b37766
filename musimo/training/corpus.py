"""Unlabelled music as a network learns from it: features of windows and mixes, and what the teacher heard in them.

Everything lies in memory-mapped arrays, one row a sound, made in any order by any number of processes; what was
stopped goes on with the rows that are missing. Which sound a row holds follows from its number and the seed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.format import open_memmap
from numpy.typing import NDArray

from musimo.audio.decode import SAMPLE_RATE, open_sound
from musimo.audio.features import extract
from musimo.audio.windows import tile
from musimo.errors import AudioError, UsageError
from musimo.records import FloatArray, Window
from musimo.training.mixes import mixture, samples_needed

STEP_S = 187 * 256 / 16_000  # one answer of the teacher: 187 frames of 16 ms
HEADROOM = 2.0  # decoded lossy sound exceeds full scale; 16 bits hold twice of it
MIN_TRACK_S = 5.0  # jingles shorter than this would be heard mostly as repetitions of themselves
N_FEATURES = 193

Teacher = Callable[[FloatArray], FloatArray]
"""(n,) mono at 22,050 Hz -> (n_steps, n_values), one row each `STEP_S`."""


@dataclass(frozen=True, slots=True)
class Corpus:
    """Rows of one length.

    Parameters
    ----------
    folder : that holds the arrays
    n_steps : teacher's answers a row
    features : (n, n_frames, 193) float16, not normalised
    steps : (n, n_steps, n_values) float32, the teacher's
    done : (n,) bool, rows that are there
    """

    folder: Path
    n_steps: int
    features: NDArray[np.float16]
    steps: FloatArray
    done: NDArray[np.bool_]


def row_samples(n_steps: int) -> int:
    """Samples of a row: 30.0 s for ten steps, 45.0 s for fifteen; the teacher needs a little over its steps."""
    return n_steps * 3 * SAMPLE_RATE


def row_frames(n_steps: int) -> int:
    """Frames of features of a row."""
    return 1 + row_samples(n_steps) // 512


def open_corpus(folder: Path, n_rows: int, n_steps: int, n_values: int, mode: str = "r+") -> Corpus:
    """The arrays of a folder, made if they are not there."""
    folder.mkdir(parents=True, exist_ok=True)
    shapes: dict[str, tuple[Any, tuple[int, ...]]] = {
        "features": (np.float16, (n_rows, row_frames(n_steps), N_FEATURES)),
        "steps": (np.float32, (n_rows, n_steps, n_values)),
        "done": (np.bool_, (n_rows,)),
    }
    arrays = {}
    for name, (kind, shape) in shapes.items():
        path = folder / f"{name}.npy"
        if not path.is_file():
            open_memmap(path, "w+", kind, shape).flush()
        arrays[name] = open_memmap(path, mode)  # type: ignore[arg-type]
        if arrays[name].shape != shape:
            raise UsageError(f"{path} holds {arrays[name].shape} instead of {shape}", "name another folder")
    return Corpus(folder, n_steps, **arrays)


def decode_tracks(paths: Sequence[Path], folder: Path, n_processes: int) -> list[Path]:
    """Whole tracks as mono at 22,050 Hz, 16 bits, one ``.npy`` each; those too short or broken are left out."""
    folder.mkdir(parents=True, exist_ok=True)
    targets = [folder / f"{number:05d}.npy" for number in range(len(paths))]
    with ProcessPoolExecutor(n_processes) as pool:
        kept = pool.map(_decode, paths, targets)
        return [target for target, keep in zip(targets, kept, strict=True) if keep]


def _decode(path: Path, target: Path) -> bool:
    if target.is_file():
        return True
    try:
        with open_sound(path) as sound:
            samples = sound.samples(Window(0.0, sound.duration_s))
    except AudioError:
        return False
    if len(samples) < MIN_TRACK_S * SAMPLE_RATE:
        return False
    pcm = np.rint(np.clip(samples / HEADROOM, -1, 1) * 32767).astype(np.int16)
    unfinished = target.with_suffix(f".{os.getpid()}")
    with unfinished.open("wb") as file:
        np.save(file, pcm)
    unfinished.replace(target)
    return True


def stretch_of(track: Path, start: int, n: int) -> FloatArray:
    """``n`` samples of a decoded track, which begins anew where it is shorter."""
    pcm = np.load(track, mmap_mode="r")[start : start + n]
    return tile(pcm.astype(np.float32) * np.float32(HEADROOM / 32767), n)


def window_starts(lengths: Sequence[int], n: int) -> list[tuple[int, int]]:
    """(track, first sample) of windows of ``n`` samples that hear every track whole, evenly spread."""
    starts = []
    for track, length in enumerate(lengths):
        count = max(1, -(-length // n))
        room = max(0, length - n)
        starts += [(track, round(room * i / max(1, count - 1))) for i in range(count)]
    return starts


def window_sound(tracks: Sequence[Path], starts: Sequence[tuple[int, int]], row: int, n: int) -> FloatArray:
    """The sound of a row that is a window of a track."""
    track, start = starts[row]
    return stretch_of(tracks[track], start, n)


def mixed_sound(tracks: Sequence[Path], lengths: Sequence[int], row: int, n: int, seed: int) -> FloatArray:
    """The sound of a row that is a mix: of any two places in tracks, long ones no likelier than their root."""
    rng = np.random.default_rng([seed, row])
    needed = samples_needed(n)
    share = np.sqrt(np.array(lengths, dtype=np.float64))
    chosen = rng.choice(len(tracks), 2, p=share / share.sum())
    places = [int(rng.integers(max(1, lengths[track] - needed))) for track in chosen]
    parts = [stretch_of(tracks[t], place, needed) for t, place in zip(chosen, places, strict=True)]
    return mixture(parts[0], parts[1], SAMPLE_RATE, n, rng)


def fill(
    corpus: Corpus, sound: Callable[[int], FloatArray], teacher: Teacher, rows: Sequence[int]
) -> Iterator[int]:
    """Make the rows that are not done; yields each one made."""
    for row in rows:
        if corpus.done[row]:
            continue
        samples = sound(row)
        corpus.features[row] = extract(samples)
        corpus.steps[row] = teacher(samples)[: corpus.n_steps]
        corpus.done[row] = True
        yield row
