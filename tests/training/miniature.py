"""Miniatures of data sets and recipes: from audio to weights in seconds."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

NETWORK = """
n_filters = [8, 16]
pools = [4, 4]
lstm_units = [6, 4]
n_heads = 2
key_dim = 4
dense_units = [12, 8]
head_units = 4
se_ratio = 4
"""

SUPERVISED = f"""
kind = "supervised"
version = "0.9"
training_data = "Fifteen noises."
recipe = "Hardly any training."
seed = 3
n_folds = 3
inner_share = 0.25
[dataset]
name = "musifeast17"
[network]
{NETWORK}
[optimizer]
max_epochs = 2
batch_size = 4
[augment]
crop_frames = 30
"""

DISTILLED = f"""
kind = "distilled"
version = "0.9"
training_data = "Fifteen noises."
seed = 3
n_folds = 3
n_seeds = 2
[dataset]
name = "musifeast17"
[corpus]
n_mixes = 2
[distill]
n_batches = 6
batch_size = 4
crop_steps = 2
checkpoint_every = 2
[distill.network]
{NETWORK}
[heads]
n_batches = 2
clips = 4
unlabelled = 4
"""


def musifeast17(data: Path, n: int = 15, seconds: float = 4.0) -> Path:
    """Write noises to ``data/musifeast17``, the louder the higher their arousal; return ``data``."""
    folder = data / "musifeast17"
    (folder / "audio").mkdir(parents=True)
    rng = np.random.default_rng(0)
    with (folder / "ratings.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["clip_name", "artist", "valence_m", "arousal_m"])
        for i in range(n):
            rows.writerow([f"noise_{i}", f"artist {i}", rng.uniform(1, 5), 1 + 4 * i / n])
            samples = rng.normal(0, 0.002 * 1.3**i, round(22_050 * seconds))
            soundfile.write(folder / "audio" / f"noise_{i}.wav", samples, 22_050)
    return data


def panda4q(data: Path, n: int = 12, seconds: float = 4.0) -> Path:
    """Write noises to ``data/panda4q``, loud in Q1 and Q2, with a few genres; return ``data``.

    The first artist is also the first of `musifeast17`.
    """
    folder = data / "panda4q"
    (folder / "audio").mkdir(parents=True)
    rng = np.random.default_rng(4)
    with (folder / "clips.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["clip", "quadrant", "artist", "genres", "moods", "valence_words", "arousal_words"])
        for i in range(n):
            quadrant = i % 4
            valence, arousal = (
                5 + sign * rng.uniform(0.5, 3) for sign in ((1, 1), (-1, 1), (-1, -1), (1, -1))[quadrant]
            )
            artist = f"artist {100 + i}" if i else "Artist 0 & Friends"
            genres = ("Jazz", "Pop/Rock", "Jazz; Blues")[i % 3]
            rows.writerow([f"clip_{i}", f"Q{quadrant + 1}", artist, genres, "Word; Other", valence, arousal])
            samples = rng.normal(0, 0.1 if quadrant < 2 else 0.005, round(22_050 * seconds))
            soundfile.write(folder / "audio" / f"clip_{i}.wav", samples, 22_050)
    return data


def music(data: Path, n: int = 2, seconds: float = 8.0) -> Path:
    """Write tracks of noise to ``data/music``; return ``data``."""
    (data / "music").mkdir(parents=True)
    rng = np.random.default_rng(1)
    for i in range(n):
        samples = rng.normal(0, 0.05, round(22_050 * seconds))
        soundfile.write(data / "music" / f"track_{i}.flac", samples, 22_050)
    return data


def teacher(path: Path) -> Path:
    """Write random weights of a teacher with two filters per layer, under the real names."""
    kernels = [(7, 38, 1, 2), (7, 67, 1, 2), (16, 1, 1, 2), (8, 1, 1, 2), (4, 1, 1, 2)]
    kernels += [(7, 10, 1, 3), (7, 3, 1, 3), (7, 3, 1, 3)]
    rng = np.random.default_rng(2)
    arrays: dict[str, NDArray[np.float32]] = {}

    def draw(name: str, *shape: int, low: float = -0.3, high: float = 0.3) -> None:
        arrays[name] = rng.uniform(low, high, shape).astype(np.float32)

    n_pooled = 2 * (10 + 3 * 3)
    for number, kernel in enumerate(kernels):
        name = f"conv2d_{number}" if number else "conv2d"
        draw(f"{name}/kernel", *kernel)
        draw(f"{name}/bias", kernel[3])
    for number, size in enumerate([1, *(kernel[3] for kernel in kernels), n_pooled]):
        name = f"batch_normalization_{number}" if number else "batch_normalization"
        for part in ("gamma", "beta", "moving_mean"):
            draw(f"{name}/{part}", size)
        draw(f"{name}/moving_variance", size, low=0.5, high=2.0)
    draw("dense/kernel", n_pooled, 200)
    draw("dense/bias", 200)
    np.savez(path, **arrays)  # type: ignore[arg-type]  # its stubs take the names for options
    return path
