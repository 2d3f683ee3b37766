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
from musimo.training.head_training import fused_batch, fused_features
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
    heard = yield from hear_clips(clips, teachers, cache.with_name(f"{cache.stem}-teachers.npz"))
    yield Stage("computing descriptors of clips", len(clips), unit="clip")
    parts = []
    for start in range(0, len(clips), CHUNK):
        chunk = features[start : start + CHUNK]
        parts.append(fused_features(network, chunk, scales.features).numpy())
        yield Step(len(chunk))
    described = Descriptors(
        fused=np.concatenate(parts),
        teachers=heard.activations,
        tags=heard.tags,
        statistics=stack_statistics(features),
        harmony=np.stack([harmony_features(clip) for clip in features]),
    )
    _save_cache(described, cache)
    return described


@dataclass(frozen=True, slots=True)
class HeardByTeachers:
    """Means over each clip: activations [shape=(n, 200 * n_teachers)], tags [shape=(n, 50 * n_teachers)]."""

    activations: Matrix
    tags: Matrix


def hear_clips(clips: Sequence[LabeledClip], teachers: Sequence[Path], cache: Path) -> Work[HeardByTeachers]:
    """Compute what the teachers hear in clips, or load it from ``cache``: no network of ours is needed."""
    if cache.is_file():
        with np.load(cache, allow_pickle=False) as arrays:
            if len(arrays["tags"]) == len(clips):
                return HeardByTeachers(arrays["activations"], arrays["tags"])
    yield Stage("computing teacher activations of clips", len(clips), unit="clip")
    networks, activations, tags = Teachers(teachers), [], []
    for clip in clips:
        steps = networks.embed(at_reference_loudness(clip_samples(clip)))
        activations.append(steps.mean(axis=0, dtype=np.float64))
        tags.append(networks.tag_scores(steps).mean(axis=0, dtype=np.float64))
        yield Step()
    heard = HeardByTeachers(np.array(activations), np.array(tags))
    unfinished = cache.with_suffix(".part")
    with unfinished.open("wb") as file:
        np.savez(file, activations=heard.activations, tags=heard.tags)
    unfinished.replace(cache)
    return heard


def describe_music(
    corpora: Sequence[Corpus], teachers: Sequence[Path], network: MaseNet, scales: Scales, cache: Path
) -> Work[Descriptors]:
    """Compute the descriptors of all completed rows of corpora, or load them from ``cache``, an ``.npz``."""
    rows = [np.flatnonzero(corpus.done) for corpus in corpora]
    known = _load_cache(cache, sum(map(len, rows)))
    if known is not None:
        return known
    yield Stage("computing descriptors of music", sum(map(len, rows)), unit="row")
    networks, parts = Teachers(teachers), []
    for corpus, completed in zip(corpora, rows, strict=True):
        for start in range(0, len(completed), CHUNK):
            chunk = completed[start : start + CHUNK]
            features = corpus.features[chunk].astype(np.float32)
            steps = corpus.steps[chunk]
            parts.append(
                Descriptors(
                    fused=fused_batch(network, features, scales.features).numpy(),
                    teachers=steps.mean(axis=1, dtype=np.float64),
                    tags=networks.tag_scores(steps).mean(axis=1, dtype=np.float64),
                    statistics=stack_statistics(list(features)),
                    harmony=np.stack([harmony_features(clip) for clip in features]),
                )
            )
            yield Step(len(chunk))
    described = Descriptors.concatenate(parts)
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
