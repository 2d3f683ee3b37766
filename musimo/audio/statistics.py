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
    n_frames = len(features)
    mean = features.mean(axis=0, dtype=np.float64).astype(np.float32)
    change = np.diff(features, axis=0)
    mean_change = (features[-1] - features[0]) / np.float32(n_frames - 1)
    return np.concatenate([mean, _rms(features - mean), _rms(change - mean_change)])


def _rms(centred: FloatArray) -> FloatArray:
    """Root of the mean square of each column: its SD, once its mean is taken off."""
    squares: FloatArray = np.einsum("ij,ij->j", centred, centred) / np.float32(len(centred))
    return np.sqrt(squares)
