"""Tempi: clicks, with noise and without, and audio without a beat."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from musimo.audio.features import N_FEATURES, compute_features
from musimo.audio.tempo import FRAMES_PER_S, N_LAGS, PARAMETERS, estimate_tempo, onset_autocorrelation
from tests.sounds import Samples, click, melody, noise, sine

RATE = 22_050
SECONDS = 45.0


def clicks(bpm: float, seconds: float = SECONDS) -> Samples:
    """Short tones that fade, the first after a tenth of a second."""
    samples = np.zeros(round(seconds * RATE), np.float32)
    time = np.arange(round(0.03 * RATE)) / RATE
    tone = 0.5 * np.sin(2 * np.pi * 1500 * time) * np.exp(-time / 0.008)
    for start in (np.arange(0.1, seconds - 0.05, 60 / bpm) * RATE).round().astype(int):
        samples[start : start + len(tone)] += tone
    return samples


def told(samples: Samples) -> tuple[float | None, float]:
    return estimate_tempo(onset_autocorrelation(compute_features(samples)))


@pytest.mark.parametrize("bpm", [60, 66.6, 75, 90, 100, 111.3, 120, 128, 140, 150, 160, 174, 180])
def test_clicks(bpm: float) -> None:
    tempo, confidence = told(clicks(bpm))
    assert tempo == pytest.approx(bpm, rel=2e-3)
    assert confidence > 0.75


@pytest.mark.parametrize("bpm", [60, 75, 97, 120, 140, 180])
def test_clicks_in_noise_have_less_confidence(bpm: float) -> None:
    tempo, confidence = told(clicks(bpm) + noise(SECONDS))
    assert tempo == pytest.approx(bpm, rel=2e-3)
    assert 0.5 < confidence < told(clicks(bpm))[1]


def test_a_beat_of_strong_and_weak_clicks_is_that_of_both() -> None:
    tempo, _ = told(clicks(120) + 0.4 * clicks(60))
    assert tempo == pytest.approx(120, rel=2e-3)


def test_a_tempo_out_of_range_is_estimated_within_it() -> None:
    """45 bpm is nearer to twice of it than to what most music has."""
    tempo, confidence = told(clicks(45))
    assert tempo == pytest.approx(90, rel=2e-3)
    assert confidence < 0.5


def test_notes_four_a_second_are_in_120() -> None:
    tempo, _ = told(melody(SECONDS))
    assert tempo == pytest.approx(120, rel=2e-3)


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros(round(SECONDS * RATE), np.float32),
        noise(SECONDS),
        noise(SECONDS, seed=2, amplitude=0.9),
        sine(440, SECONDS),
        (sine(220, SECONDS) + sine(277.18, SECONDS) + sine(329.63, SECONDS)) / 3,
        click(SECONDS, 20.0),
        clicks(120, 1.5),
        clicks(20),
    ],
    ids=["silence", "noise", "loud noise", "tone", "chord", "one click", "a moment", "every three seconds"],
)
def test_what_has_no_beat_has_no_tempo(samples: Samples) -> None:
    tempo, confidence = told(samples)
    assert tempo is None
    assert 0 <= confidence < PARAMETERS.least


def test_half_a_minute_of_nothing_does_not_hide_the_beat() -> None:
    tempo, _ = told(np.concatenate([np.zeros(30 * RATE, np.float32), clicks(100, 15)]))
    assert tempo == pytest.approx(100, rel=2e-3)


def test_the_autocorrelation_of_clicks_peaks_at_their_distance() -> None:
    autocorrelation = onset_autocorrelation(compute_features(clicks(100)))
    assert autocorrelation.shape == (N_LAGS,)
    assert autocorrelation[0] == pytest.approx(1)
    assert 8 + int(autocorrelation[8:40].argmax()) == round(60 * FRAMES_PER_S / 100)


@settings(max_examples=30)
@given(
    period=st.floats(60 * FRAMES_PER_S / 180, 60 * FRAMES_PER_S / 60),
    level=st.floats(0.1, 10),
    seed=st.integers(0, 2**16),
)
def test_any_period_any_level(period: float, level: float, seed: int) -> None:
    """Rises of the mel rows at a steady period, rounded to frames, over a rough floor."""
    rng = np.random.default_rng(seed)
    features = np.zeros((1938, N_FEATURES), np.float32)
    features[np.arange(3, 1930, period).round().astype(int), :128] = 10
    features[:, :128] += rng.normal(0, 0.1, (1938, 128))
    tempo, confidence = estimate_tempo(onset_autocorrelation(features * np.float32(level)))
    assert tempo == pytest.approx(60 * FRAMES_PER_S / period, rel=5e-3)
    assert confidence > 0.5


@given(arrays(np.float64, N_LAGS, elements=st.floats(-1, 1)))
def test_any_autocorrelation_has_a_tempo_in_range_or_none(autocorrelation: NDArray[np.float64]) -> None:
    tempo, confidence = estimate_tempo(autocorrelation)
    assert 0 <= confidence <= 1
    assert (tempo is None) == (confidence < PARAMETERS.least)
    assert tempo is None or 0.95 * PARAMETERS.slowest < tempo < 1.15 * PARAMETERS.fastest


@pytest.mark.parametrize("lag", [12.9, 13.2, 64.1, 64.6])
def test_an_autocorrelation_that_drifts_at_the_ends_of_the_range(lag: float) -> None:
    """Each peak lies a frame later than the one before leads to look for."""
    autocorrelation = np.zeros(N_LAGS)
    for multiple in range(1, PARAMETERS.n_multiples + 1):
        autocorrelation[round(lag * multiple) + multiple - 2 : round(lag * multiple) + multiple + 1] = (
            0.8,
            0.9,
            1,
        )
    tempo, _ = estimate_tempo(autocorrelation)
    assert tempo is None or 30 < tempo < 240


def test_beside_librosa() -> None:
    """Where librosa's preference and its integer lags can find a tempo, both agree."""
    import librosa

    for bpm in (75, 100, 128, 150):
        features = compute_features(clicks(bpm) + noise(SECONDS, amplitude=0.02))
        onsets = librosa.onset.onset_strength(S=features[:, :128].T, sr=RATE)
        [theirs] = librosa.feature.tempo(onset_envelope=onsets, sr=RATE)
        assert estimate_tempo(onset_autocorrelation(features))[0] == pytest.approx(theirs, rel=0.04)
