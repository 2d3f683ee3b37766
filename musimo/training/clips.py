"""Labeled clips, as every data-set loader returns them, and their cached features."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from musimo.audio.decode import open_audio
from musimo.audio.features import FEATURE_ID, compute_features
from musimo.records import FloatArray, Window

QUADRANTS = ("Q1", "Q2", "Q3", "Q4")
"""Of the valence-arousal plane: happy, tense, sad, calm."""


@dataclass(frozen=True, slots=True)
class LabeledClip:
    """One clip with ratings of listeners.

    Parameters
    ----------
    name : unique within its data set
    path : audio file
    group : clips of one group (an artist, or any other relation) are never separated by a split
    valence, arousal : mean ratings on the 1-9 scale
    genres : as in the data set, the main one first; empty if unknown
    album : as in the data set; empty if unknown
    window : part of the file that was rated; None for all of it
    quadrant : one of `QUADRANTS`; empty if unknown
    words : mood words, in lower case; empty if unknown
    """

    name: str
    path: Path
    group: str
    valence: float
    arousal: float
    genres: tuple[str, ...] = ()
    album: str = ""
    window: Window | None = None
    quadrant: str = ""
    words: tuple[str, ...] = ()

    @property
    def genre(self) -> str:
        """Return the main genre; empty if unknown."""
        return self.genres[0] if self.genres else ""


def ratings_of(clips: Iterable[LabeledClip]) -> NDArray[np.float64]:
    """Return valence and arousal on the 1-9 scale [shape=(n, 2)]."""
    return np.array([(clip.valence, clip.arousal) for clip in clips])


def cached_features(clips: Sequence[LabeledClip], cache: Path, n_processes: int = 1) -> list[FloatArray]:
    """Return the features of clips, (n_frames, 193) each; compute those that are not cached.

    Parameters
    ----------
    clips : in the order of the result
    cache : folder; the features are in a folder below it, named by their feature id
    n_processes : for features that are not cached

    Raises
    ------
    AudioError : a clip cannot be decoded
    """
    folder = cache / FEATURE_ID
    folder.mkdir(parents=True, exist_ok=True)
    targets = [folder / f"{clip.name}{_window_suffix(clip.window)}.npy" for clip in clips]
    missing = [
        (clip.path, clip.window, target)
        for clip, target in zip(clips, targets, strict=True)
        if not target.is_file()
    ]
    if n_processes > 1 and len(missing) > n_processes:
        with ProcessPoolExecutor(n_processes) as pool:
            list(pool.map(_compute, *zip(*missing, strict=True), chunksize=4))
    else:
        for path, window, target in missing:
            _compute(path, window, target)
    return [np.load(target, allow_pickle=False) for target in targets]


def _window_suffix(window: Window | None) -> str:
    """Return the window as a part of a file name; empty for whole files."""
    return "" if window is None else f"@{window.start_s:.3f}-{window.end_s:.3f}"


def _compute(path: Path, window: Window | None, target: Path) -> None:
    with open_audio(path) as audio:
        samples = audio.samples(window or Window(0.0, audio.duration_s))
    unfinished = target.with_name(f"{target.name}.part")
    with unfinished.open("wb") as file:
        np.save(file, compute_features(samples))
    unfinished.replace(target)
