"""What a clip sounds like in one row: statistics of its features over time."""

from __future__ import annotations

import numpy as np

from musimo.audio.features import N_FEATURES
from musimo.records import FloatArray

N_STATISTICS = 3 * N_FEATURES


def clip_statistics(features: FloatArray) -> FloatArray:
    """Mean, SD and SD of the frame-to-frame difference of each feature, (579,).

    Parameters
    ----------
    features : (n_frames >= 2, 193), as :func:`musimo.audio.features.extract` gives them
    """
    wide = np.asarray(features, dtype=np.float64)  # sums of some 2,000 frames lose digits in float32
    rows = [wide.mean(axis=0), wide.std(axis=0), np.diff(wide, axis=0).std(axis=0)]
    return np.concatenate(rows).astype(np.float32)
