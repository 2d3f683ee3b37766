"""Sounds in the three ways that finishing needs: behind the backbone, by the teacher, by statistics."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from musimo.audio.decode import open_sound
from musimo.emotion.mase_net import MaseNet
from musimo.records import FloatArray, Window
from musimo.training.baselines import clip_statistics
from musimo.training.clips import LabelledClip
from musimo.training.corpus import Corpus
from musimo.training.distill import Scales
from musimo.training.finish import Described
from musimo.training.heads import fused
from musimo.training.teacher import MusicNN


def describe_clips(
    clips: Sequence[LabelledClip],
    features: Sequence[FloatArray],
    listener: MusicNN,
    network: MaseNet,
    scales: Scales,
) -> Described:
    """Labelled clips, each heard whole.

    Raises
    ------
    AudioError : a clip cannot be heard
    """
    heard = []
    for clip in clips:
        with open_sound(clip.path) as sound:
            heard.append(listener.hear(sound.samples(Window(0.0, sound.duration_s))).mean(axis=0))
    return Described(
        fused(network, features, scales.features).numpy(),
        np.array(heard, dtype=np.float64),
        clip_statistics(features),
    )


def describe_music(corpora: Sequence[Corpus], network: MaseNet, scales: Scales, cache: Path) -> Described:
    """All rows that are there; kept in ``cache``, an ``.npz``, since this takes minutes."""
    if not cache.is_file():
        rows = [np.flatnonzero(corpus.done) for corpus in corpora]
        sounds = [c.features[row] for c, chosen in zip(corpora, rows, strict=True) for row in chosen]
        taught = [c.steps[chosen].mean(axis=1) for c, chosen in zip(corpora, rows, strict=True)]
        unfinished = cache.with_suffix(".part")
        with unfinished.open("wb") as file:
            np.savez(
                file,
                fused=fused(network, sounds, scales.features).numpy(),
                teacher=np.concatenate(taught).astype(np.float64),
                statistics=clip_statistics(sounds),
            )
        unfinished.replace(cache)
    with np.load(cache) as arrays:
        return Described(arrays["fused"], arrays["teacher"], arrays["statistics"])
