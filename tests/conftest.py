"""What every test shares: a home of its own, and a network that needs no weights."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import hypothesis
import numpy as np
import pytest

from musimo.emotion.space import SoundSpace
from musimo.emotion.weights import read_card
from musimo.records import FloatArray, WindowPrediction
from musimo.resources import weights_path

# A busy machine stretches any example; how long a test may take is for those who run it to say. Every run
# draws the same examples, so that a change answers for its own faults; others by HYPOTHESIS_PROFILE=search.
hypothesis.settings.register_profile("musimo", deadline=None, derandomize=True)
hypothesis.settings.register_profile("search", deadline=None)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "musimo"))


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep every test out of the developer's own library."""
    folder = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("MUSIMO_HOME", str(folder))
    return folder


class PlainPredictor:
    """Emotion by arithmetic: valence from pitch classes, arousal from level, embedding from mean frame.

    Its tags are those of the weights that ship; none is ever set.
    """

    space: SoundSpace | None = None

    def __init__(self) -> None:
        self.n_clips = 0
        self.tags = read_card(weights_path()).tags

    def predict(self, tracks: Sequence[Sequence[FloatArray]]) -> list[list[WindowPrediction]]:
        self.n_clips += sum(map(len, tracks))
        return [[self._feel(clip.mean(axis=0)) for clip in clips] for clips in tracks]

    def _feel(self, frame: FloatArray) -> WindowPrediction:
        embedding = np.zeros(256, np.float32)
        embedding[: len(frame)] = frame / 100
        level = float(np.clip((frame[:128].max() + 100) / 150, 0, 1))
        valence, tags = float(np.argmax(frame[168:180])) / 11, np.full(len(self.tags), 0.25, np.float32)
        return WindowPrediction(valence, level, embedding, embedding[:128], tags)


@pytest.fixture
def predictor() -> PlainPredictor:
    return PlainPredictor()
