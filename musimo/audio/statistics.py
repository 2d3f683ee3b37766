"""Statistics of features over time: one row that describes how a window sounds."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from musimo.audio.features import N_FEATURES

N_STATISTICS = 3 * N_FEATURES

Float = TypeVar("Float", bound="np.floating[Any]")


def clip_statistics(features: NDArray[Float]) -> NDArray[Float]:
    """Return mean, SD and SD of the frame-to-frame difference of each feature [shape=(3 * d,)].

    Computed in the type of ``features``, except for the mean, which is summed in float64.

    Parameters
    ----------
    features : [shape=(n_frames >= 2, d)], as of :func:`musimo.audio.features.compute_features`, where d = 193
    """
    n_frames, kind = len(features), features.dtype.type
    mean = features.mean(axis=0, dtype=np.float64).astype(kind)
    change = np.diff(features, axis=0)
    mean_change = (features[-1] - features[0]) / kind(n_frames - 1)
    return np.concatenate([mean, _rms(features - mean), _rms(change - mean_change)])


def _rms(centered: NDArray[Float]) -> NDArray[Float]:
    """Root mean square of each column."""
    squares = np.einsum("ij,ij->j", centered, centered) / centered.dtype.type(len(centered))
    return np.asarray(np.sqrt(squares), centered.dtype)
