"""Harmony and rhythm of features with known results."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from musimo.audio.harmony import CHROMA_COLUMNS, FRAMES_PER_S, N_HARMONY, harmony_features
from musimo.records import FloatArray

N_FRAMES = 646  # 15 s
MAJOR_OVER_MINOR, ENTROPY, TRIADS = 2, 44, 46  # places in the answer
N_CHORDS_AT_BEATS = TRIADS + 8
PULSE = TRIADS + 2 * 21


def of_chords(*chords: tuple[int, ...]) -> FloatArray:
    """Return features of chords of equal length and nothing else."""
    features = np.zeros((N_FRAMES, 193), np.float32)
    for frames, chord in zip(np.array_split(np.arange(N_FRAMES), len(chords)), chords, strict=True):
        for pitch in chord:
            features[frames, CHROMA_COLUMNS.start + pitch % 12] = 1
    return features


def of_beats(frames_between: int) -> FloatArray:
    """Features of clicks."""
    features = np.zeros((N_FRAMES, 193), np.float32)
    features[::frames_between, :128] = 10
    return features


def test_the_result_has_the_documented_length() -> None:
    assert harmony_features(of_chords((0, 4, 7))).shape == (N_HARMONY,)


def test_silence_is_finite() -> None:
    assert np.isfinite(harmony_features(np.zeros((N_FRAMES, 193), np.float32))).all()


def test_two_seconds_are_finite() -> None:
    assert np.isfinite(harmony_features(of_chords((0, 4, 7))[:86])).all()


def test_a_major_cadence_is_more_major_than_a_minor_one() -> None:
    major = harmony_features(of_chords((0, 4, 7), (5, 9, 0), (7, 11, 2), (0, 4, 7)))
    minor = harmony_features(of_chords((0, 3, 7), (5, 8, 0), (7, 10, 2), (0, 3, 7)))
    assert major[MAJOR_OVER_MINOR] > 0.05
    assert minor[MAJOR_OVER_MINOR] < -0.05


def test_a_triad_is_recognised_with_cosine_one() -> None:
    major, minor, diminished = harmony_features(of_chords((0, 4, 7)))[TRIADS : TRIADS + 3]
    assert major == pytest.approx(1, abs=1e-6)
    assert minor == pytest.approx(2 / 3, abs=1e-6)  # two tones of three in common
    assert diminished == pytest.approx(2 / 3, abs=1e-6)  # E G B flat has two of them


def test_chords_are_counted() -> None:
    assert harmony_features(of_chords((0, 4, 7)))[N_CHORDS_AT_BEATS] == pytest.approx(1 / 24)
    four = harmony_features(of_chords((0, 4, 7), (9, 0, 4), (2, 5, 9), (7, 11, 2)))
    assert four[N_CHORDS_AT_BEATS] >= 4 / 24  # stretches that hold a change may add one of their own


def test_entropy_is_that_of_equal_tones() -> None:
    mean, sd = harmony_features(of_chords((0, 4, 7)))[ENTROPY : ENTROPY + 2]
    assert mean == pytest.approx(np.log(3), abs=1e-5)
    assert sd == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize("frames_between", [16, 20, 32])
def test_the_beat_is_found(frames_between: int) -> None:
    log_tempo, strength = harmony_features(of_beats(frames_between))[PULSE : PULSE + 2]
    assert np.exp(log_tempo) == pytest.approx(60 * FRAMES_PER_S / frames_between, rel=1e-4)
    assert strength > 0.8


@settings(max_examples=20)
@given(st.integers(0, 2**31), st.integers(1, 11))
def test_transposing_changes_nothing(seed: int, semitones: int) -> None:
    features = np.random.default_rng(seed).random((300, 193), np.float32)
    other = features.copy()
    other[:, CHROMA_COLUMNS] = np.roll(features[:, CHROMA_COLUMNS], semitones, axis=1)
    np.testing.assert_allclose(harmony_features(features), harmony_features(other), atol=1e-4)
