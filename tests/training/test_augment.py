"""Augmented features against features of augmented audio."""

from __future__ import annotations

import numpy as np
import pytest

from musimo.audio.features import SAMPLE_RATE, compute_features
from musimo.records import FloatArray
from musimo.training.augment import CHROMA, MEL, MFCC, TONNETZ, amplify, augment, stretch, transpose
from musimo.training.config import AugmentConfig

INNER = slice(4, -4)  # frames that do not reach beyond the ends


def chord(shift: float = 0.0, gain: float = 1.0, seconds: float = 2.0) -> FloatArray:
    """A major chord with overtones, ``shift`` semitones up, over a floor of noise."""
    t = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    roots = 220 * 2 ** ((np.array([0, 4, 7]) + shift) / 12)
    tones = sum(np.sin(2 * np.pi * f * k * t) / k for f in roots for k in range(1, 6))
    noise = np.random.default_rng(0).normal(0, 1e-3, len(t))
    return np.asarray(gain * (0.1 * tones + noise), dtype=np.float32)


def test_gain_of_features_equals_gain_of_audio() -> None:
    for gain in (0.8, 1.2):
        np.testing.assert_allclose(
            amplify(compute_features(chord()), gain), compute_features(chord(gain=gain)), rtol=1e-4, atol=5e-3
        )


@pytest.mark.parametrize("semitones", [-2, -1, 1, 2])
def test_transposed_features_approximate_transposed_audio(semitones: int) -> None:
    before, after = compute_features(chord())[INNER], compute_features(chord(semitones))[INNER]
    moved = transpose(before, semitones)

    def error(rows: slice) -> float:
        """Distance to the truth as a share of what leaving all as it was would cost."""
        return float(
            np.square(moved[:, rows] - after[:, rows]).mean() / np.square(before - after)[:, rows].mean()
        )

    assert error(CHROMA) < 0.02
    assert error(TONNETZ) < 0.02
    assert error(MEL) < 0.5
    assert error(MFCC) < 0.5
    assert moved[:, CHROMA].mean(axis=0).argmax() == after[:, CHROMA].mean(axis=0).argmax()


def test_transposition_by_zero_is_the_identity_and_is_reversible_on_pitches() -> None:
    clip = compute_features(chord())
    assert transpose(clip, 0) is clip
    there_and_back = transpose(transpose(clip, 2), -2)
    np.testing.assert_allclose(there_and_back[:, CHROMA], clip[:, CHROMA])
    np.testing.assert_allclose(there_and_back[:, TONNETZ], clip[:, TONNETZ], atol=1e-6)


def test_cepstrum_follows_the_bands() -> None:
    clip = compute_features(chord())
    moved = transpose(clip, 1)
    assert moved[:, MFCC].shape[1] == 40
    # its first coefficient is the sum of the bands over the root of their number
    np.testing.assert_allclose(moved[:, MFCC.start], moved[:, MEL].sum(axis=1) / np.sqrt(128), rtol=1e-4)


def test_time_stretching_resamples_frames() -> None:
    clip = np.arange(100, dtype=np.float32)[:, None].repeat(193, axis=1)
    faster, slower = stretch(clip, 1.05)[:, 0], stretch(clip, 0.95)[:, 0]
    assert len(faster) == len(slower) == 100
    assert faster[80] == 84
    assert slower[80] == 76
    assert faster[99] == 4  # the end is reached early: it repeats


def test_probability_of_augmentation() -> None:
    clip = compute_features(chord(seconds=0.5))
    rng = np.random.default_rng(0)
    never, always = AugmentConfig(probability=0), AugmentConfig(probability=1)
    assert all(augment(clip, never, rng) is clip for _ in range(20))
    assert all((augment(clip, always, rng) != clip).any() for _ in range(20))
    changed = sum(augment(clip, AugmentConfig(), rng) is not clip for _ in range(400)) / 400
    assert changed == pytest.approx(
        1 - 0.7**3 - 0.3 * 0.7**2 / 5, abs=0.08
    )  # one of five transpositions is by zero


def test_a_crop_is_a_contiguous_part_of_the_clip() -> None:
    clip = np.arange(100, dtype=np.float32)[:, None].repeat(193, axis=1)
    rng = np.random.default_rng(0)
    crops = [augment(clip, AugmentConfig(crop_frames=30, probability=0), rng)[:, 0] for _ in range(400)]
    assert all((crop == crop[0] + np.arange(30)).all() for crop in crops)
    assert {min(c[0] for c in crops), max(c[-1] for c in crops)} == {0, 99}
    assert augment(clip, AugmentConfig(crop_frames=100, probability=0), rng) is clip


def test_the_clip_itself_is_unchanged() -> None:
    clip = compute_features(chord(seconds=0.5))
    before = clip.copy()
    rng = np.random.default_rng(1)
    for _ in range(10):
        augment(clip, AugmentConfig(probability=1), rng)
    np.testing.assert_array_equal(clip, before)
