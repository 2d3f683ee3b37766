"""Bandwidth of features made by hand."""

from __future__ import annotations

import numpy as np

from musimo.audio.features import N_FEATURES, compute_features
from musimo.records import FloatArray
from musimo.training.bandwidth import bandwidth, bandwidths


def clip(*levels_db: float, n_frames: int = 3) -> FloatArray:
    """Frames with levels in the lowest bands and silence above."""
    features = np.full((n_frames, N_FEATURES), -100, dtype=np.float32)
    features[:, 128:] = 90  # MFCC and others are no bands
    features[:, : len(levels_db)] = levels_db
    return features


def test_the_highest_band_within_65_db_of_the_strongest() -> None:
    assert bandwidth(clip(0, -10, -64, -66)) == 3
    assert bandwidth(clip(0, -10, -66, -64)) == 4, "bands below may be empty"
    assert bandwidth(clip(-30, -40, -94, -96)) == 3, "relative to the strongest band, whatever its level"
    assert bandwidths([clip(0), clip(0, 0)]).tolist() == [1, 2]


def test_a_click_is_ignored_and_sparse_music_is_not() -> None:
    features = clip(0, -100, n_frames=101)
    features[:2, 1] = 0
    assert bandwidth(features) == 1
    features[:20, 1] = 0
    assert bandwidth(features) == 2


def test_a_low_pass_filter_is_found() -> None:
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 0.1, 66_150)
    spectrum = np.fft.rfft(noise)
    spectrum[len(spectrum) * 8 // 11 :] = 0  # 8 kHz
    low = np.fft.irfft(spectrum)
    wide, narrow = (bandwidth(compute_features(samples.astype(np.float32))) for samples in (noise, low))
    assert wide == 128
    assert 112 < narrow < 120  # 7.2 to 8.7 kHz
