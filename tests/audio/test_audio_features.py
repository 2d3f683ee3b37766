"""Features: values computed by hand, the golden arrays, and NumPy against librosa."""

from __future__ import annotations

from dataclasses import fields, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import librosa
import numpy as np
import pytest

from musimo.audio import banks
from musimo.audio.features import (
    FEATURE_ID,
    N_FEATURES,
    PARAMETERS,
    SAMPLE_RATE,
    FeatureParameters,
    compute_features,
    reference_features,
)
from musimo.records import FloatArray
from scripts.make_golden import golden_sounds
from tests.sounds import click, melody, noise, sine

GOLDEN = Path(__file__).parent.parent / "golden"
ROWS = {
    "log_mel": slice(0, 128),
    "mfcc": slice(128, 168),
    "chroma": slice(168, 180),
    "contrast": slice(180, 187),
    "tonnetz": slice(187, 193),
}
# How far extract may be from the definition: float32 rounding. Contrast is that of bands with sound in them:
# a valley 100 dB below its frame's peak is the rounding of the transform itself.
TOLERANCE = {"log_mel": 1e-3, "mfcc": 5e-3, "chroma": 1e-5, "contrast": 0.05, "tonnetz": 1e-5}

BIN_HZ = SAMPLE_RATE / 2048


def part(features: FloatArray, name: str) -> FloatArray:
    return features[:, ROWS[name]]


def middle(features: FloatArray) -> FloatArray:
    """Return the frames without zero padding."""
    return features[4:-4]


def assert_close(found: FloatArray, expected: FloatArray, skip: tuple[str, ...] = ()) -> None:
    assert found.shape == expected.shape
    assert found.dtype == expected.dtype == np.float32
    for name in ROWS:
        if name not in skip:
            np.testing.assert_allclose(
                part(found, name), part(expected, name), rtol=0, atol=TOLERANCE[name], err_msg=name
            )


def test_shape_of_a_window() -> None:
    features = compute_features(noise(45))
    assert features.shape == (1938, 193)
    assert features.dtype == np.float32
    assert N_FEATURES == 193


@pytest.mark.parametrize("seed", range(3))
def test_extract_is_the_definition(seed: int) -> None:
    samples = melody(4, seed=seed) + noise(4, seed=seed, amplitude=0.01)
    assert_close(compute_features(samples), reference_features(samples))


@pytest.mark.parametrize("name", ["sine", "chord", "click", "noise", "silence"])
def test_golden(name: str) -> None:
    samples = golden_sounds()[name]
    with np.load(GOLDEN / f"{name}.npz") as golden:
        assert golden["feature_id"] == FEATURE_ID
        assert_close(compute_features(samples), golden["features"])
        if golden["librosa"] == version("librosa"):
            np.testing.assert_allclose(reference_features(samples), golden["features"], rtol=0, atol=1e-3)


def test_pure_tone_is_the_definition_but_for_the_contrast_of_nothing() -> None:
    samples = sine(440, 3)
    assert_close(compute_features(samples), reference_features(samples), skip=("contrast",))


@pytest.mark.parametrize("bin_number", [20, 41, 93, 300])
def test_level_of_a_sine_by_hand(bin_number: int) -> None:
    amplitude = 0.5
    features = middle(compute_features(sine(bin_number * BIN_HZ, 2, amplitude=amplitude)))
    # On a bin's frequency the windowed sine gives amplitude / 2 * sum(window) there, and half of that in both
    # neighbours; the Hann window of 2048 sums to 1024.
    peak = (amplitude / 2 * 1024) ** 2
    bank = librosa.filters.mel(sr=SAMPLE_RATE, n_fft=2048)
    power = bank[:, bin_number] * peak + bank[:, [bin_number - 1, bin_number + 1]].sum(axis=1) * peak / 4
    loudest = int(power.argmax())
    log_mel = part(features, "log_mel")
    assert (log_mel.argmax(axis=1) == loudest).all()
    np.testing.assert_allclose(log_mel[:, loudest], 10 * np.log10(power[loudest]), atol=1e-3)


@pytest.mark.parametrize(
    ("hz", "pitch_class"), [(261.63, 0), (440.0, 9), (880.0, 9), (466.16, 10), (987.77, 11)]
)
def test_pitch_class_of_a_sine(hz: float, pitch_class: int) -> None:
    chroma = part(middle(compute_features(sine(hz, 2))), "chroma")
    assert (chroma.argmax(axis=1) == pitch_class).all()
    np.testing.assert_allclose(chroma.max(axis=1), 1)


def test_twice_the_level_is_six_decibels_and_nothing_else() -> None:
    soft, loud = compute_features(noise(2, amplitude=0.05)), compute_features(noise(2, amplitude=0.1))
    np.testing.assert_allclose(part(loud, "log_mel") - part(soft, "log_mel"), 20 * np.log10(2), atol=1e-3)
    # the first MFCC sums all 128 bands / sqrt(128); the others do not see the level
    np.testing.assert_allclose(
        part(loud, "mfcc")[:, 0] - part(soft, "mfcc")[:, 0], np.sqrt(128) * 20 * np.log10(2), atol=1e-2
    )
    np.testing.assert_allclose(part(loud, "mfcc")[:, 1:], part(soft, "mfcc")[:, 1:], atol=5e-3)
    for name in ("chroma", "contrast", "tonnetz"):
        np.testing.assert_allclose(part(loud, name), part(soft, name), atol=1e-3, err_msg=name)


def test_silence() -> None:
    features = compute_features(np.zeros(2 * SAMPLE_RATE, np.float32))
    # 10 log10 of amin. NumPy's SIMD kernels compute the logarithm to within 4 units in the last place.
    np.testing.assert_allclose(part(features, "log_mel"), -100, rtol=4 * float(np.finfo(np.float32).eps))
    np.testing.assert_allclose(part(features, "mfcc")[:, 0], -100 * np.sqrt(128), rtol=1e-5)
    np.testing.assert_allclose(part(features, "mfcc")[:, 1:], 0, atol=5e-3)
    for name in ("chroma", "contrast", "tonnetz"):
        assert (part(features, name) == 0).all(), name


def test_click_has_a_flat_spectrum_and_silence_elsewhere() -> None:
    at = 43 * 512  # the centre of frame 43, where the window is 1
    samples = click(2, at / SAMPLE_RATE)
    features = compute_features(samples)
    bank = librosa.filters.mel(sr=SAMPLE_RATE, n_fft=2048)
    np.testing.assert_allclose(
        part(features, "log_mel")[43], 10 * np.log10(bank.sum(axis=1)), atol=1e-3
    )  # |X| = 1 in every bin
    np.testing.assert_allclose(part(features, "contrast")[43], 0, atol=1e-4)
    # frames centred 1024 samples away meet the window's zero
    heard = np.flatnonzero(part(features, "chroma").any(axis=1))
    assert heard.tolist() == [42, 43, 44]
    loudest = part(features, "log_mel").max()
    assert (part(features, "log_mel")[:41] == loudest - 80).all()


def test_tonnetz_of_one_pitch_class() -> None:
    tonnetz = part(middle(compute_features(sine(261.63, 2))), "tonnetz")
    radii = np.hypot(tonnetz[:, ::2], tonnetz[:, 1::2])
    assert (radii <= np.array([1, 1, 0.5]) + 1e-6).all()  # on the circles' rims if all energy were in C
    assert (tonnetz[:, 1::2] > 0.1).all()  # C is at angle 0 of every circle: cosine 1, sine 0


@pytest.mark.parametrize("amplitude", [1e-18, 1e-6, 1e3, 1e9])
def test_any_level_is_finite(amplitude: float) -> None:
    assert np.isfinite(compute_features(noise(1, amplitude=amplitude))).all()


@pytest.mark.parametrize("n", [2205, 2048, 2049, 64 * 512, 64 * 512 - 1])
def test_any_length(n: int) -> None:
    samples = noise(2)[:n]
    features = compute_features(samples)
    assert features.shape == (1 + n // 512, 193)
    assert_close(features, reference_features(samples))


def test_banks_are_those_of_librosa() -> None:
    d = PARAMETERS
    expected = librosa.filters.mel(sr=d.sample_rate, n_fft=d.n_fft, n_mels=d.n_mels, fmin=d.fmin, fmax=d.fmax)
    bank = banks.mel(d.sample_rate, d.n_fft, d.n_mels, d.fmin, d.fmax)
    np.testing.assert_allclose(bank.T, expected, rtol=0, atol=1e-6 * expected.max())
    for (low, high), (first, last), weights in banks.mel_groups(
        d.sample_rate, d.n_fft, d.n_mels, d.fmin, d.fmax
    ):
        np.testing.assert_array_equal(weights, bank[low:high, first:last])
        assert bank[:, first:last].sum() == pytest.approx(weights.sum())
    for tuning in (0.0, 0.3):
        np.testing.assert_allclose(
            banks.chroma(d.sample_rate, d.n_fft, d.n_chroma, tuning, d.ctroct, d.octwidth).T,
            librosa.filters.chroma(sr=d.sample_rate, n_fft=d.n_fft, tuning=tuning),
            atol=1e-6,
        )


def test_dct_is_orthonormal() -> None:
    matrix = banks.dct(128, 128).astype(np.float64)
    np.testing.assert_allclose(matrix.T @ matrix, np.eye(128), atol=1e-5)


@pytest.mark.parametrize("field", [f.name for f in fields(FeatureParameters)])
def test_id_changes_with_any_number(field: str) -> None:
    value: Any = getattr(PARAMETERS, field)
    other: Any = value + "?" if isinstance(value, str) else value + 1
    changed: dict[str, Any] = {field: other}
    assert replace(PARAMETERS, **changed).id != FEATURE_ID


def test_id_is_readable() -> None:
    assert FEATURE_ID.startswith("librosa193-")
    assert len(FEATURE_ID) == len("librosa193-") + 8
