"""Descriptors of clips for fine-tuning: frozen features, what the teachers hear, statistics, harmony."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from musimo.audio.decode import open_audio
from musimo.audio.harmony import harmony_features
from musimo.emotion.mase_net import MaseNet
from musimo.records import FloatArray, Window
from musimo.training.baselines import stack_statistics
from musimo.training.clips import LabeledClip
from musimo.training.corpus import Corpus, at_reference_loudness
from musimo.training.distill import Scales
from musimo.training.head_training import fused_features
from musimo.training.metrics import Matrix
from musimo.training.progress import Stage, Step, Work
from musimo.training.teacher import Teachers

CHUNK = 16  # clips per progress step: a second or two


@dataclass(frozen=True, slots=True)
class Descriptors:
    """Descriptors of each clip, all of them at the reference loudness.

    Parameters
    ----------
    fused : output of the frozen layers [shape=(n, 2048)]
    teachers : mean activations of the teachers [shape=(n, 200 * n_teachers)]
    tags : mean probabilities of the teachers' tags [shape=(n, 50 * n_teachers)]
    statistics : of the features [shape=(n, 3 * 193)]
    harmony : of the features [shape=(n, 109)]
    """

    fused: NDArray[np.float32]
    teachers: Matrix
    tags: Matrix
    statistics: Matrix
    harmony: NDArray[np.float32]

    def part(self, which: NDArray[np.int64]) -> Descriptors:
        """Return the descriptors of the given indices."""
        return Descriptors(*(getattr(self, field.name)[which] for field in fields(self)))

    @classmethod
    def concatenate(cls, parts: Sequence[Descriptors]) -> Descriptors:
        """Return the descriptors of all clips of several collections."""
        return cls(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(cls)))


def describe_clips(
    clips: Sequence[LabeledClip],
    features: Sequence[FloatArray],
    teachers: Sequence[Path],
    network: MaseNet,
    scales: Scales,
    cache: Path,
) -> Work[Descriptors]:
    """Compute the descriptors of labeled clips, each decoded whole, or load them from ``cache``, an ``.npz``.

    Raises
    ------
    AudioError : a clip cannot be decoded
    """
    known = _load_cache(cache, len(clips))
    if known is not None:
        return known
    yield Stage("computing descriptors of clips", len(clips), unit="clip")
    networks, parts, activations, tags = Teachers(teachers), [], [], []
    for start in range(0, len(clips), CHUNK):
        chunk = clips[start : start + CHUNK]
        parts.append(fused_features(network, features[start : start + CHUNK], scales.features).numpy())
        for clip in chunk:
            steps = networks.embed(at_reference_loudness(clip_samples(clip)))
            activations.append(steps.mean(axis=0))
            tags.append(networks.tag_scores(steps).mean(axis=0))
        yield Step(len(chunk))
    described = Descriptors(
        fused=np.concatenate(parts),
        teachers=np.array(activations, dtype=np.float64),
        tags=np.array(tags, dtype=np.float64),
        statistics=stack_statistics(features),
        harmony=np.stack([harmony_features(clip) for clip in features]),
    )
    _save_cache(described, cache)
    return described


def describe_music(
    corpora: Sequence[Corpus], teachers: Sequence[Path], network: MaseNet, scales: Scales, cache: Path
) -> Work[Descriptors]:
    """Compute the descriptors of all completed rows of corpora, or load them from ``cache``, an ``.npz``."""
    rows = [(corpus, row) for corpus in corpora for row in np.flatnonzero(corpus.done)]
    known = _load_cache(cache, len(rows))
    if known is not None:
        return known
    yield Stage("computing descriptors of music", len(rows), unit="row")
    networks, parts, statistics, harmonies, tags = Teachers(teachers), [], [], [], []
    for start in range(0, len(rows), CHUNK):
        chunk = [corpus.features[row].astype(np.float32) for corpus, row in rows[start : start + CHUNK]]
        parts.append(fused_features(network, chunk, scales.features).numpy())
        statistics.append(stack_statistics(chunk))
        harmonies += [harmony_features(clip) for clip in chunk]
        tags += [
            networks.tag_scores(corpus.steps[row]).mean(axis=0) for corpus, row in rows[start : start + CHUNK]
        ]
        yield Step(len(chunk))
    activations = np.stack([corpus.steps[row].mean(axis=0) for corpus, row in rows])
    described = Descriptors(
        fused=np.concatenate(parts),
        teachers=activations.astype(np.float64),
        tags=np.array(tags, dtype=np.float64),
        statistics=np.concatenate(statistics),
        harmony=np.stack(harmonies),
    )
    _save_cache(described, cache)
    return described


def clip_samples(clip: LabeledClip) -> FloatArray:
    """Return the mono samples of a clip at 22,050 Hz [shape=(n,)]."""
    with open_audio(clip.path) as audio:
        return audio.samples(clip.window or Window(0.0, audio.duration_s))


def _load_cache(cache: Path, n: int) -> Descriptors | None:
    """Return cached descriptors if they are complete and of ``n`` clips, else None."""
    if not cache.is_file():
        return None
    names = {field.name for field in fields(Descriptors)}
    with np.load(cache, allow_pickle=False) as arrays:
        if set(arrays.files) != names:
            return None
        described = Descriptors(**{name: arrays[name] for name in names})
    return described if len(described.fused) == n else None


def _save_cache(described: Descriptors, cache: Path) -> None:
    unfinished = cache.with_suffix(".part")
    with unfinished.open("wb") as file:
        np.savez(file, **{field.name: getattr(described, field.name) for field in fields(described)})
    unfinished.replace(cache)
