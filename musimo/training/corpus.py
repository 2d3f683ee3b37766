"""Corpora for distillation: features of windows and mixes of unlabeled music, with the teachers' activations.

Every track and every mix is brought to the reference loudness first, for the student and for the teachers:
level is not a property of the music.

A corpus is a folder of memory-mapped arrays with one row per excerpt, computed in any order by any number of
processes; an interrupted run continues with the missing rows. The audio of a row follows from its number and
the seed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.lib.format import open_memmap
from numpy.typing import NDArray

from musimo.audio.decode import SAMPLE_RATE, open_audio
from musimo.audio.features import compute_features
from musimo.audio.loudness import gain_to_reference, loudness, relative_features
from musimo.audio.windows import tile
from musimo.errors import AudioError, UsageError
from musimo.records import FloatArray, Window
from musimo.training.devices import torch_threads
from musimo.training.mixes import mix, required_samples
from musimo.training.processes import run_in_processes
from musimo.training.progress import Stage, Step, Work
from musimo.training.teacher import N_ACTIVATIONS, Teachers

STEP_S = 187 * 256 / 16_000  # one step of the teacher: 187 frames of 16 ms
HEADROOM = (
    4.0  # at the reference loudness, peaks of classical music exceed full scale; 16 bits store 4 times it
)
LOUDNESS_SAMPLES = 30 * SAMPLE_RATE  # measured at once
MIN_TRACK_S = 5.0  # rows of shorter jingles would mostly be repetitions
N_FEATURES = 193

WINDOW_STEPS, MIX_STEPS = 15, 10  # 45 s, the windows of a scan; 30 s, the length of most labeled clips
SUFFIXES = {".aac", ".aif", ".aiff", ".flac", ".m4a", ".mp3", ".oga", ".ogg", ".opus", ".wav", ".wma"}


@dataclass(frozen=True, slots=True)
class CorpusConfig:
    """Size of the corpora.

    Parameters
    ----------
    every_window : 1 uses all windows of 45 s, 2 every other one
    n_mixes : number of mixes of 30 s
    seed : of the mixes
    """

    every_window: int = 1
    n_mixes: int = 6000
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Corpus:
    """Rows of equal length.

    Parameters
    ----------
    folder : that contains the arrays
    n_steps : teacher steps per row
    features : float16, not normalized [shape=(n, n_frames, 193)]
    steps : the teachers' activations, float32 [shape=(n, n_steps, n_values)]
    done : rows that are computed, bool [shape=(n,)]
    """

    folder: Path
    n_steps: int
    features: NDArray[np.float16]
    steps: FloatArray
    done: NDArray[np.bool_]


def row_samples(n_steps: int) -> int:
    """Return the samples per row: 30 s for ten steps, 45 s for fifteen, slightly more than they need."""
    return n_steps * 3 * SAMPLE_RATE


def row_frames(n_steps: int) -> int:
    """Return the feature frames per row."""
    return 1 + row_samples(n_steps) // 512


def open_corpus(
    folder: Path, n_rows: int | None, n_steps: int, n_values: int, mode: Literal["r", "r+"] = "r+"
) -> Corpus:
    """Open the arrays of a folder, creating missing ones; ``n_rows`` None keeps the existing number of rows.

    Raises
    ------
    UsageError : an existing array has another shape
    """
    folder.mkdir(parents=True, exist_ok=True)
    if n_rows is None:
        n_rows = len(np.load(folder / "done.npy", mmap_mode="r", allow_pickle=False))
    shapes: dict[str, tuple[type[np.generic], tuple[int, ...]]] = {
        "features": (np.float16, (n_rows, row_frames(n_steps), N_FEATURES)),
        "steps": (np.float32, (n_rows, n_steps, n_values)),
        "done": (np.bool_, (n_rows,)),
    }
    arrays = {}
    for name, (kind, shape) in shapes.items():
        path = folder / f"{name}.npy"
        if not path.is_file():
            open_memmap(path, "w+", kind, shape).flush()
        arrays[name] = open_memmap(path, mode)
        if arrays[name].shape != shape:
            raise UsageError(f"{path} holds {arrays[name].shape} instead of {shape}", "name another folder")
    return Corpus(folder, n_steps, **arrays)


def n_values_of(folder: Path) -> int:
    """Return the teachers' activations per step of an existing corpus."""
    return int(np.load(folder / "steps.npy", mmap_mode="r", allow_pickle=False).shape[2])


def decode_tracks(paths: Sequence[Path], folder: Path, n_processes: int) -> Work[list[Path]]:
    """Decode whole tracks to mono, 22,050 Hz, 16 bits, at the reference loudness, one ``.npy`` each.

    Short, silent and broken ones are skipped.

    A skipped track leaves an empty file, so that a later run does not try it again.
    """
    folder.mkdir(parents=True, exist_ok=True)
    targets = [folder / f"{number:05d}.npy" for number in range(len(paths))]
    missing = [pair for pair in zip(paths, targets, strict=True) if not pair[1].is_file()]
    if missing:
        yield Stage("decoding music", len(paths), len(paths) - len(missing), "track")
    shares = [(missing[share::n_processes],) for share in range(min(n_processes, len(missing)))]
    for _ in run_in_processes(_decode, shares):
        yield Step()
    return [target for target in targets if target.stat().st_size]


def _decode(pairs: Sequence[tuple[Path, Path]]) -> Iterator[bool]:
    for path, target in pairs:
        unfinished = target.with_suffix(".part")
        with unfinished.open("wb") as file:
            pcm = _decode_track(path)
            if pcm is not None:
                np.save(file, pcm)
        unfinished.replace(target)
        yield pcm is not None


def _decode_track(path: Path) -> NDArray[np.int16] | None:
    try:
        with open_audio(path) as audio:
            samples = audio.samples(Window(0.0, audio.duration_s))
    except AudioError:
        return None
    if len(samples) < MIN_TRACK_S * SAMPLE_RATE:
        return None
    samples = at_reference_loudness(samples)
    pcm: NDArray[np.int16] = np.rint(np.clip(samples / HEADROOM, -1, 1) * 32767).astype(np.int16)
    return pcm


def at_reference_loudness(samples: FloatArray) -> FloatArray:
    """Return samples at the reference loudness, which all of them have together; silence as it is."""
    blocks = (samples[start : start + LOUDNESS_SAMPLES] for start in range(0, len(samples), LOUDNESS_SAMPLES))
    measured = loudness([compute_features(block) for block in blocks])
    return samples * gain_to_reference(measured) if np.isfinite(measured) else samples


def read_excerpt(track: Path, start: int, n: int) -> FloatArray:
    """Return ``n`` samples of a decoded track, which repeats if it is shorter."""
    pcm = np.load(track, mmap_mode="r", allow_pickle=False)[start : start + n]
    return tile(pcm.astype(np.float32) * np.float32(HEADROOM / 32767), n)


def window_starts(lengths: Sequence[int], n: int) -> list[tuple[int, int]]:
    """Return (track, first sample) of evenly spread windows of ``n`` samples that cover every track."""
    starts = []
    for track, length in enumerate(lengths):
        count = max(1, -(-length // n))
        room = max(0, length - n)
        starts += [(track, round(room * i / max(1, count - 1))) for i in range(count)]
    return starts


def window_samples(tracks: Sequence[Path], starts: Sequence[tuple[int, int]], row: int, n: int) -> FloatArray:
    """Return the samples of a row that is a window of a track."""
    track, start = starts[row]
    return read_excerpt(tracks[track], start, n)


def mix_samples(tracks: Sequence[Path], lengths: Sequence[int], row: int, n: int, seed: int) -> FloatArray:
    """Return the samples of a row that mixes two excerpts; tracks are drawn by the root of their length."""
    rng = np.random.default_rng([seed, row])
    needed = required_samples(n)
    share = np.sqrt(np.array(lengths, dtype=np.float64))
    chosen = rng.choice(len(tracks), 2, p=share / share.sum())
    starts = [int(rng.integers(max(1, lengths[track] - needed))) for track in chosen]
    parts = [read_excerpt(tracks[t], start, needed) for t, start in zip(chosen, starts, strict=True)]
    return mix(parts[0], parts[1], SAMPLE_RATE, n, rng)


def find_music(folder: Path) -> list[Path]:
    """Return the audio files below a folder, sorted.

    Raises
    ------
    UsageError : there are none
    """
    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    if not paths:
        raise UsageError(
            f"there is no music in {folder}",
            f"put freely licensed music, in any format and any folders, into {folder}, or name another one "
            "with --music",
        )
    return paths


def prepare_corpora(
    music: Path, folder: Path, teachers: Sequence[Path], config: CorpusConfig, n_processes: int
) -> Work[tuple[Corpus, Corpus]]:
    """Compute the corpora of windows and of mixes of a folder of music, or resume an interrupted run.

    Parameters
    ----------
    music : folder with audio files in any format that musimo decodes; undecodable files are skipped
    folder : of the results, about 4 MB per minute of music and 0.5 MB per mix
    teachers : weights of each
    config : size of the corpora
    n_processes : number of processes

    Returns
    -------
    windows, mixes

    Raises
    ------
    UsageError : there is no music, or none can be decoded
    """
    paths = find_music(music)
    _require_same_files(
        folder / "music.txt", "\n".join(str(path.relative_to(music)) for path in paths), music
    )
    tracks = yield from decode_tracks(paths, folder / "sound", n_processes)
    if not tracks:
        raise UsageError(f"no music in {music} can be decoded", "name another folder with --music")
    lengths = [len(np.load(track, mmap_mode="r", allow_pickle=False)) for track in tracks]
    starts = window_starts(lengths, row_samples(WINDOW_STEPS))[:: config.every_window]
    n_values = N_ACTIVATIONS * len(teachers)
    windows = open_corpus(folder / "windows", len(starts), WINDOW_STEPS, n_values)
    mixes = open_corpus(folder / "mixes", config.n_mixes, MIX_STEPS, n_values)
    row_samplers: tuple[Callable[[int], FloatArray], ...] = (
        partial(window_samples, tracks, starts, n=row_samples(WINDOW_STEPS)),
        partial(mix_samples, tracks, lengths, n=row_samples(MIX_STEPS), seed=config.seed),
    )
    for name, corpus, sampler in zip(("windows", "mixes"), (windows, mixes), row_samplers, strict=True):
        n, missing = len(corpus.done), np.flatnonzero(~corpus.done)
        if len(missing):
            yield Stage(f"computing features and teacher activations of {name}", n, n - len(missing), "row")
        shares = [
            (
                corpus.folder,
                corpus.n_steps,
                tuple(teachers),
                sampler,
                missing[share::n_processes],
                name == "mixes",
            )
            for share in range(min(n_processes, len(missing)))
        ]
        for _ in run_in_processes(fill_rows, shares):
            yield Step()
    return windows, mixes


def _require_same_files(note: Path, listing: str, music: Path) -> None:
    """Raise if the music has changed since the first run: rows are numbered by the order of the tracks."""
    note.parent.mkdir(parents=True, exist_ok=True)
    if note.is_file() and note.read_text(encoding="utf-8", errors="surrogateescape") != listing:
        raise UsageError(
            f"the files in {music} have changed since {note.parent} was created",
            "restore them, or name another folder with --out",
        )
    note.write_text(listing, encoding="utf-8", errors="surrogateescape")


def fill_rows(
    folder: Path,
    n_steps: int,
    teachers: Sequence[Path],
    sampler: Callable[[int], FloatArray],
    rows: NDArray[np.int64],
    own_level: bool,
) -> Iterator[int]:
    """Compute rows; yield the number of each. Runs in one process.

    With ``own_level``, each row is brought to the reference loudness by itself; windows keep their level
    within their track.
    """
    corpus = open_corpus(folder, None, n_steps, N_ACTIVATIONS * len(teachers))
    networks = Teachers(teachers)
    for row in map(int, rows):
        samples = sampler(row)
        features = compute_features(samples)
        if own_level and np.isfinite(measured := loudness([features])):
            features = relative_features(features, measured)
            samples = samples * gain_to_reference(measured)
        corpus.features[row] = features
        with torch_threads(1):
            corpus.steps[row] = networks.embed(samples)[:n_steps]
        corpus.done[row] = True
        yield row
