"""Loudness on paper, and features that do not depend on the level of a recording."""

from __future__ import annotations

import numpy as np
import pytest

from musimo.audio.features import compute_features
from musimo.audio.loudness import (
    BLOCK_FRAMES,
    REFERENCE_LUFS,
    gain_to_reference,
    loudness,
    network_input,
    relative_features,
)
from musimo.records import ExtractedWindow, FloatArray, Window
from tests.sounds import melody, noise, sine

SINE_LUFS = -3.01  # of 997 Hz and full scale, as the standard demands
GAIN_AT_997_HZ = 0.69  # dB, of the K-weighting


def measured(*passages: FloatArray) -> float:
    return loudness([compute_features(samples) for samples in passages])


def test_a_sine_of_full_scale() -> None:
    assert measured(sine(997, 5, amplitude=1.0)) == pytest.approx(SINE_LUFS, abs=0.02)


@pytest.mark.parametrize(
    ("hz", "gain_db"),
    [
        (50, -3.98),  # the high pass: x^2 / (1 + x^2), x = 50 Hz / 38.1 Hz
        (100, -1.18),
        (8_000, 4.0),  # above its corner, the shelf
    ],
)
def test_the_weighting(hz: float, gain_db: float) -> None:
    expected = SINE_LUFS - GAIN_AT_997_HZ + gain_db
    assert measured(sine(hz, 5, amplitude=1.0)) == pytest.approx(expected, abs=0.1)


@pytest.mark.parametrize("decibels", [-40, -12, 6])
def test_a_gain_moves_the_loudness_by_as_much(decibels: float) -> None:
    tune = melody(8)
    moved = tune * np.float32(10 ** (decibels / 20))
    assert measured(moved) == pytest.approx(measured(tune) + decibels, abs=1e-3)
    assert measured(tune * gain_to_reference(measured(tune))) == pytest.approx(REFERENCE_LUFS, abs=1e-3)


@pytest.mark.parametrize("level", [0, 1e-6])
def test_silence_has_no_loudness(level: float) -> None:
    assert measured(sine(997, 2, amplitude=level)) == -np.inf


@pytest.mark.parametrize("decibels", [-np.inf, -20.0])
def test_pauses_are_gated(decibels: float) -> None:
    """Without a gate, half of silence would lower it by 3 LU."""
    tone = sine(997, 8)
    paused = np.concatenate([tone, tone * np.float32(10 ** (decibels / 20))])
    assert measured(paused) == pytest.approx(measured(tone), abs=0.15), "blocks at the border are mixed"


def test_soft_passages_within_ten_lu_count() -> None:
    tone = sine(997, 8)
    half = np.concatenate([tone, tone / 2])
    expected = measured(tone) + 10 * np.log10((1 + 1 / 4) / 2)  # half of it has a quarter of the power
    assert measured(half) == pytest.approx(expected, abs=0.05)
    assert measured(tone, tone / np.float32(2)) == pytest.approx(expected, abs=0.05), "passages are one track"


def test_a_passage_shorter_than_a_block() -> None:
    """Frames without zero padding have the level of the tone, however few they are."""
    frames = compute_features(sine(997, 2, amplitude=1.0))[8 : 8 + BLOCK_FRAMES // 3]
    assert loudness([frames]) == pytest.approx(SINE_LUFS, abs=0.02)


@pytest.mark.parametrize("decibels", [-26, -6, 12])
def test_relative_features_of_a_copy_are_equal(decibels: float) -> None:
    samples = melody(4) + noise(4, amplitude=0.01)
    copies = [compute_features(samples), compute_features(samples * np.float32(10 ** (decibels / 20)))]
    one, other = (relative_features(copy, loudness([copy])) for copy in copies)
    assert np.abs(copies[0] - copies[1])[:, :128].min() > 5
    np.testing.assert_allclose(one[:, :180], other[:, :180], rtol=0, atol=1e-3)
    np.testing.assert_allclose(one[:, 187:], other[:, 187:], rtol=0, atol=1e-3)
    np.testing.assert_allclose(one[:, 180:187], other[:, 180:187], rtol=0, atol=0.05)  # quiet valleys


def test_relative_features_are_those_at_the_reference() -> None:
    """On paper: the samples get the gain, and the features are computed anew."""
    samples = melody(4) + noise(4, amplitude=0.01)
    features = compute_features(samples)
    level = loudness([features])
    there = compute_features(samples * gain_to_reference(level))
    np.testing.assert_allclose(relative_features(features, level), there, rtol=0, atol=0.05)


def test_what_is_soft_within_a_track_stays_soft() -> None:
    soft = compute_features(sine(997, 2, amplitude=0.1))
    window = ExtractedWindow(Window(0, 2), soft, np.zeros(579, np.float32), REFERENCE_LUFS + 9)
    np.testing.assert_allclose(network_input(window)[:, :128], soft[:, :128] - 9, atol=1e-4)
    np.testing.assert_array_equal(network_input(window)[:, 129:], soft[:, 129:])


def test_of_nothing_there_is_no_loudness() -> None:
    assert loudness([]) == -np.inf
    assert gain_to_reference(-np.inf) == 1


def test_features_of_silence_stay() -> None:
    features = compute_features(np.zeros(22_050, np.float32))
    np.testing.assert_array_equal(relative_features(features, loudness([features])), features)


def test_features_are_not_changed_in_place() -> None:
    features = compute_features(noise(1))
    before = features.copy()
    relative_features(features, -30.0)
    np.testing.assert_array_equal(features, before)
