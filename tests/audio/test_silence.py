"""Digital silence: which frames and windows are, and what a track with silence is told to be."""

from __future__ import annotations

import os
from math import isnan
from pathlib import Path

import numpy as np
import pytest
import soundfile

from musimo.audio.features import compute_features
from musimo.audio.silence import silent_fraction
from musimo.library.analyze import analyze
from musimo.records import AnalyzedFile, FloatArray
from tests.conftest import PlainPredictor
from tests.sounds import noise, sine

RATE = 22_050
RANDOM = np.random.default_rng(1)
DITHER = np.round(RANDOM.triangular(-1, 0, 1, 10 * RATE)).astype(np.float32) / 2**15


@pytest.mark.parametrize(
    ("samples", "fraction"),
    [
        (np.zeros(10 * RATE, np.float32), 1),
        (DITHER, 1),
        (noise(10, RATE, amplitude=1e-3), 0),  # of a tape that runs: -60 dBFS
        (sine(440, 10, amplitude=1e-4), 0),  # -80 dBFS
        (np.concatenate([sine(440, 5), np.zeros(5 * RATE)]), 0.5),
        (np.concatenate([noise(2, RATE), np.zeros(8 * RATE)]), 0.8),
    ],
)
def test_silence_is_below_the_level_of_any_music(samples: FloatArray, fraction: float) -> None:
    assert silent_fraction(compute_features(samples.astype(np.float32))) == pytest.approx(fraction, abs=0.01)


def analyzed(path: Path, *parts: FloatArray) -> AnalyzedFile:
    soundfile.write(path, np.concatenate(parts), RATE)
    [file] = analyze([os.fsencode(path)], PlainPredictor, 0, "windows")
    assert isinstance(file, AnalyzedFile)
    return file


def silence(seconds: float) -> FloatArray:
    return np.zeros(round(seconds * RATE), np.float32)


def test_a_hidden_song_is_as_without_the_silence_before_it(tmp_path: Path) -> None:
    music = noise(100, RATE)
    plain = analyzed(tmp_path / "plain.wav", music)
    hidden = analyzed(tmp_path / "hidden.wav", music, silence(150), music)
    assert len(hidden.emotion.windows) == 2
    assert hidden.emotion.arousal == pytest.approx(plain.emotion.arousal, abs=0.005)
    assert hidden.statistics == pytest.approx(plain.statistics, abs=0.5)  # dB; with the silence, tens
    assert hidden.partial is None


def test_music_is_found_where_no_planned_window_has_any(tmp_path: Path) -> None:
    """Windows are planned around 98, 295 and 492 s."""
    plain = analyzed(tmp_path / "plain.wav", noise(60, RATE))
    late = analyzed(tmp_path / "late.wav", noise(60, RATE), silence(500), noise(30, RATE))
    assert late.emotion.arousal == pytest.approx(plain.emotion.arousal, abs=0.005)
    assert late.emotion.windows[0].window.start_s == 0
    assert late.partial is None


def test_a_short_sound_in_silence_still_has_a_mood(tmp_path: Path) -> None:
    file = analyzed(tmp_path / "short.wav", noise(3, RATE), silence(30))
    assert 0 <= file.emotion.arousal <= 1


@pytest.mark.parametrize("seconds", [0.5, 30, 200])
def test_silence_has_no_mood(tmp_path: Path, seconds: float) -> None:
    file = analyzed(tmp_path / "silence.wav", silence(seconds))
    assert isnan(file.emotion.valence)
    assert isnan(file.emotion.arousal)
    said = file.as_dict()
    assert (said["valence"], said["arousal"], said["partial"]) == (None, None, None)
