"""Unlabelled music as a network learns from it: features of windows and mixes, and what the teacher heard.

Everything lies in memory-mapped arrays, one row a sound, made in any order by any number of processes; what
was stopped goes on with the rows that are missing. Which sound a row holds follows from its number and the
seed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.lib.format import open_memmap
from numpy.typing import NDArray

from musimo.audio.decode import SAMPLE_RATE, open_audio
from musimo.audio.features import compute_features
from musimo.audio.windows import tile
from musimo.errors import AudioError, UsageError
from musimo.records import FloatArray, Window
from musimo.training.devices import torch_threads
from musimo.training.mixes import mix, required_samples
from musimo.training.processes import run_in_processes
from musimo.training.progress import Stage, Step, Work
from musimo.training.teacher import MusicNN

STEP_S = 187 * 256 / 16_000  # one answer of the teacher: 187 frames of 16 ms
HEADROOM = 2.0  # decoded lossy sound exceeds full scale; 16 bits hold twice of it
MIN_TRACK_S = 5.0  # jingles shorter than this would be heard mostly as repetitions of themselves
N_FEATURES = 193

N_VALUES = 200  # of the teacher's answer
WINDOW_STEPS, MIX_STEPS = 15, 10  # 45 s, as tracks are heard; 30 s, as most labelled clips are
SUFFIXES = {".aac", ".aif", ".aiff", ".flac", ".m4a", ".mp3", ".oga", ".ogg", ".opus", ".wav", ".wma"}


@dataclass(frozen=True, slots=True)
class CorpusConfig:
    """How much is made of the music.

    Parameters
    ----------
    every_window : 1 hears the music whole, 2 every other window of 45 s
    n_mixes : of 30 s
    seed : of the mixes
    """

    every_window: int = 1
    n_mixes: int = 6000
    seed: int = 0


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
    """Samples of a row: 30 s for ten steps, 45 s for fifteen, a little more than the teacher needs."""
    return n_steps * 3 * SAMPLE_RATE


def row_frames(n_steps: int) -> int:
    """Frames of features of a row."""
    return 1 + row_samples(n_steps) // 512


def open_corpus(
    folder: Path, n_rows: int | None, n_steps: int, n_values: int, mode: Literal["r", "r+"] = "r+"
) -> Corpus:
    """The arrays of a folder, made if they are not there; ``n_rows`` None takes what there is."""
    folder.mkdir(parents=True, exist_ok=True)
    if n_rows is None:
        n_rows = len(np.load(folder / "done.npy", mmap_mode="r", allow_pickle=False))
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
        arrays[name] = open_memmap(path, mode)
        if arrays[name].shape != shape:
            raise UsageError(f"{path} holds {arrays[name].shape} instead of {shape}", "name another folder")
    return Corpus(folder, n_steps, **arrays)


def decode_tracks(paths: Sequence[Path], folder: Path, n_processes: int) -> Work[list[Path]]:
    """Whole tracks as mono at 22,050 Hz, 16 bits, one ``.npy`` each; short or broken ones are left out.

    What was left out is remembered by an empty file, so that a later run does not try it again.
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
            pcm = _whole(path)
            if pcm is not None:
                np.save(file, pcm)
        unfinished.replace(target)
        yield pcm is not None


def _whole(path: Path) -> NDArray[np.int16] | None:
    try:
        with open_audio(path) as sound:
            samples = sound.samples(Window(0.0, sound.duration_s))
    except AudioError:
        return None
    if len(samples) < MIN_TRACK_S * SAMPLE_RATE:
        return None
    pcm: NDArray[np.int16] = np.rint(np.clip(samples / HEADROOM, -1, 1) * 32767).astype(np.int16)
    return pcm


def read_excerpt(track: Path, start: int, n: int) -> FloatArray:
    """``n`` samples of a decoded track, which begins anew where it is shorter."""
    pcm = np.load(track, mmap_mode="r", allow_pickle=False)[start : start + n]
    return tile(pcm.astype(np.float32) * np.float32(HEADROOM / 32767), n)


def window_starts(lengths: Sequence[int], n: int) -> list[tuple[int, int]]:
    """(track, first sample) of windows of ``n`` samples that hear every track whole, evenly spread."""
    starts = []
    for track, length in enumerate(lengths):
        count = max(1, -(-length // n))
        room = max(0, length - n)
        starts += [(track, round(room * i / max(1, count - 1))) for i in range(count)]
    return starts


def window_samples(tracks: Sequence[Path], starts: Sequence[tuple[int, int]], row: int, n: int) -> FloatArray:
    """The sound of a row that is a window of a track."""
    track, start = starts[row]
    return read_excerpt(tracks[track], start, n)


def mix_samples(tracks: Sequence[Path], lengths: Sequence[int], row: int, n: int, seed: int) -> FloatArray:
    """The sound of a row that is a mix of two places in tracks; a track counts by its length's root."""
    rng = np.random.default_rng([seed, row])
    needed = required_samples(n)
    share = np.sqrt(np.array(lengths, dtype=np.float64))
    chosen = rng.choice(len(tracks), 2, p=share / share.sum())
    places = [int(rng.integers(max(1, lengths[track] - needed))) for track in chosen]
    parts = [read_excerpt(tracks[t], place, needed) for t, place in zip(chosen, places, strict=True)]
    return mix(parts[0], parts[1], SAMPLE_RATE, n, rng)


def find_music(folder: Path) -> list[Path]:
    """Music files in a folder and the folders within.

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
    music: Path, folder: Path, teacher: Path, config: CorpusConfig, n_processes: int
) -> Work[tuple[Corpus, Corpus]]:
    """Windows of all music under a folder, and mixes of it, heard by the teacher; goes on where it stopped.

    Parameters
    ----------
    music : files of any format musimo plays, in any folders; what cannot be decoded is left out
    folder : for everything that is made, some 4 MB a minute of music and 0.5 MB a mix
    teacher : weights of MSD-MusiCNN

    Raises
    ------
    UsageError : there is no music, or none that can be decoded
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
    windows = open_corpus(folder / "windows", len(starts), WINDOW_STEPS, N_VALUES)
    mixes = open_corpus(folder / "mixes", config.n_mixes, MIX_STEPS, N_VALUES)
    sounds: tuple[Callable[[int], FloatArray], ...] = (
        partial(window_samples, tracks, starts, n=row_samples(WINDOW_STEPS)),
        partial(mix_samples, tracks, lengths, n=row_samples(MIX_STEPS), seed=config.seed),
    )
    for name, corpus, sound in zip(("windows", "mixes"), (windows, mixes), sounds, strict=True):
        n, missing = len(corpus.done), np.flatnonzero(~corpus.done)
        if len(missing):
            yield Stage(f"hearing {name} with the teacher", n, n - len(missing), "sound")
        shares = [
            (corpus.folder, corpus.n_steps, teacher, sound, missing[share::n_processes])
            for share in range(min(n_processes, len(missing)))
        ]
        for _ in run_in_processes(fill_rows, shares):
            yield Step()
    return windows, mixes


def _require_same_files(note: Path, listing: str, music: Path) -> None:
    """Refuse to go on with other music than was begun with: rows are counted by the tracks' order."""
    note.parent.mkdir(parents=True, exist_ok=True)
    if note.is_file() and note.read_text(encoding="utf-8", errors="surrogateescape") != listing:
        raise UsageError(
            f"the files in {music} are not those that {note.parent} was begun with",
            "bring them back, or name another folder with --out",
        )
    note.write_text(listing, encoding="utf-8", errors="surrogateescape")


def fill_rows(
    folder: Path,
    n_steps: int,
    teacher: Path,
    sound: Callable[[int], FloatArray],
    rows: NDArray[np.int64],
) -> Iterator[int]:
    """Make these rows; one core's work."""
    corpus = open_corpus(folder, None, n_steps, N_VALUES)
    teacher_network = MusicNN(teacher)
    for row in map(int, rows):
        samples = sound(row)
        corpus.features[row] = compute_features(samples)
        with torch_threads(1):
            corpus.steps[row] = teacher_network.embed(samples)[:n_steps]
        corpus.done[row] = True
        yield row
