"""Labelled clips: what every data-set loader yields, their features on disk, and honest splits of them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from musimo.audio.decode import open_sound
from musimo.audio.features import FEATURE_ID, extract
from musimo.records import FloatArray, Window


@dataclass(frozen=True, slots=True)
class LabelledClip:
    """One clip that listeners have rated.

    Parameters
    ----------
    name : unique within its data set
    path : of the sound
    group : clips that share it never part in a split; the normalised artist
    valence, arousal : mean ratings on the 1-9 scale
    """

    name: str
    path: Path
    group: str
    valence: float
    arousal: float


def ratings_of(clips: Iterable[LabelledClip]) -> NDArray[np.float64]:
    """Valence and arousal on the 1-9 scale, [shape=(n, 2)]."""
    return np.array([(clip.valence, clip.arousal) for clip in clips])


def artist_group(credit: str) -> str:
    """First artist of a credit, without case, accents, punctuation and article.

    Merging two artists costs a little training data; taking one artist for two would leak, so names are cut
    generously.
    """
    first = re.split(r"[,;/]|\b(?:feat|ft|featuring)\b", credit, maxsplit=1, flags=re.IGNORECASE)[0]
    plain = unicodedata.normalize("NFKD", first).casefold()
    words = re.findall(r"\w+", "".join(c for c in plain if not unicodedata.combining(c)))
    return " ".join(words[1:] if len(words) > 1 and words[0] in ("the", "a", "an") else words)


def grouped_folds(
    groups: Sequence[str], ratings: NDArray[np.float64], n_folds: int, seed: int
) -> NDArray[np.int64]:
    """Number of the fold each clip is in: no group in two folds, ratings alike in all.

    Groups are ordered by thirds of valence, within them by arousal; of each run of ``n_folds`` neighbours
    every fold takes one, the smallest fold the largest group.

    Parameters
    ----------
    groups : group of each clip
    ratings : [shape=(n, 2)]
    seed : decides where sizes leave it open
    """
    rng = np.random.default_rng(seed)
    names, member = np.unique(np.array(groups), return_inverse=True)
    if len(names) < n_folds:
        raise ValueError(f"{len(names)} groups do not fill {n_folds} folds")
    sizes = np.bincount(member)
    means = np.stack([np.bincount(member, weights=column) / sizes for column in ratings.T], axis=1)
    valence_rank = np.argsort(np.argsort(means[:, 0], kind="stable"), kind="stable")
    order = np.lexsort((means[:, 1], valence_rank * 3 // len(names)))
    fold_of_group = np.empty(len(names), dtype=np.int64)
    fold_sizes = np.zeros(n_folds)
    for start in range(0, len(names), n_folds):
        run = order[start : start + n_folds]
        folds = np.lexsort((rng.random(n_folds), fold_sizes))[: len(run)]
        largest_first = run[np.argsort(-sizes[run], kind="stable")]
        fold_of_group[largest_first] = folds
        fold_sizes[folds] += sizes[largest_first]
    return fold_of_group[member]


def cached_features(clips: Sequence[LabelledClip], cache: Path, n_processes: int = 1) -> list[FloatArray]:
    """Features of whole clips, (n_frames, 193) each, computed once.

    Parameters
    ----------
    clips : in the order of the answer
    cache : folder; the files in it are named by feature id, so that other features never mix with these
    n_processes : for what is not in the cache yet

    Raises
    ------
    AudioError : a clip cannot be heard
    """
    folder = cache / FEATURE_ID
    folder.mkdir(parents=True, exist_ok=True)
    targets = [folder / f"{clip.name}.npy" for clip in clips]
    missing = [
        (clip.path, target) for clip, target in zip(clips, targets, strict=True) if not target.is_file()
    ]
    if n_processes > 1 and len(missing) > n_processes:
        with ProcessPoolExecutor(n_processes) as pool:
            list(pool.map(_compute, *zip(*missing, strict=True), chunksize=4))
    else:
        for path, target in missing:
            _compute(path, target)
    return [np.load(target) for target in targets]


def _compute(path: Path, target: Path) -> None:
    with open_sound(path) as sound:
        samples = sound.samples(Window(0.0, sound.duration_s))
    unfinished = target.with_suffix(".part")
    with unfinished.open("wb") as file:
        np.save(file, extract(samples))
    unfinished.replace(target)
