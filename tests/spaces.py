"""A sound space for networks of any size."""

from __future__ import annotations

import numpy as np

from musimo.emotion.space import SoundSpace, fit_space
from musimo.records import FloatArray


def normal(n: int, d: int, seed: int = 0) -> FloatArray:
    """Rows of Gaussian noise [shape=(n, d)]."""
    return np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32)


def some_space(n_fused: int, n_statistics: int, n_embedding: int, k: int = 3, seed: int = 0) -> SoundSpace:
    """Fitted to noise; its blocks take so many numbers."""
    fused, statistics = normal(40, n_fused, seed), normal(40, n_statistics, seed + 1)
    return fit_space(fused, statistics, normal(40, n_embedding, seed + 2), k)
