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
