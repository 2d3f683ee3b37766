"""Statistics of a clip, computed by hand."""

from __future__ import annotations

import numpy as np

from musimo.audio.features import N_FEATURES
from musimo.audio.statistics import N_STATISTICS, clip_statistics


def test_mean_spread_and_spread_of_change() -> None:
    features = np.zeros((4, N_FEATURES), np.float32)
    features[:, 0] = [1, 3, 1, 3]  # mean 2, SD 1; changes 2, -2, 2: SD of (mean 2/3) = sqrt(32/9)
    features[:, 1] = 7
    rows = clip_statistics(features).reshape(3, N_FEATURES)
    np.testing.assert_allclose(rows[:, 0], [2, 1, np.sqrt(32 / 9)], rtol=1e-6)
    np.testing.assert_allclose(rows[:, 1], [7, 0, 0])
    assert clip_statistics(features).shape == (N_STATISTICS,)


def test_double_precision_gives_double_precision() -> None:
    features = np.random.default_rng(0).normal(-20, 20, (50, 7))
    rows = clip_statistics(features)
    expected = [features.mean(axis=0), features.std(axis=0), np.diff(features, axis=0).std(axis=0)]
    np.testing.assert_allclose(rows, np.concatenate(expected), rtol=1e-12)
    np.testing.assert_allclose(clip_statistics(features.astype(np.float32)), rows, rtol=1e-4)
    assert rows.dtype.name == "float64"
    assert clip_statistics(features.astype(np.float32)).dtype.name == "float32"
