"""Choose a few seeds that represent many."""

from __future__ import annotations

from typing import Final

import numpy as np

from musimo.records import FloatArray
from musimo.search.space import Ids

MOST: Final = 64  # seeds that are queried; of a hundred, two thirds of the results stay the same


def representatives(places: FloatArray, most: int = MOST) -> Ids:
    """Choose up to ``most`` representative vectors (greedy facility location); return positions, ascending.

    They are chosen one by one, each for how much it raises the similarity of all vectors to the nearest
    chosen one, so that every cluster gets its own, and outliers come late.

    Parameters
    ----------
    places : unit vectors, or query vectors made of them [shape=(n, d)]
    """
    if len(places) <= most:
        return np.arange(len(places), dtype=np.int64)
    near = places @ places.T
    reached = np.full(len(places), near.min(), np.float32)
    chosen: list[int] = []
    for _ in range(most):
        gains = np.maximum(near, reached).sum(axis=1)
        gains[chosen] = -np.inf
        chosen.append(int(gains.argmax()))
        reached = np.maximum(reached, near[chosen[-1]])
    return np.array(sorted(chosen), np.int64)
