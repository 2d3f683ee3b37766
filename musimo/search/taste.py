"""A taste of many tracks, stood for by a few of them."""

from __future__ import annotations

from typing import Final

import numpy as np

from musimo.records import FloatArray
from musimo.search.space import Ids

MOST: Final = 64  # seeds that are asked; with these, a taste of a hundred has two thirds of the same answers


def representatives(places: FloatArray, most: int = MOST) -> Ids:
    """Positions of up to ``most`` places that lie nearest to all of them, ascending.

    They are chosen one by one, each for how much nearer it brings the others to the chosen ones (the greedy
    algorithm for facility location), so that every corner of a taste has its own, and a track that is like
    no other comes late.

    Parameters
    ----------
    places : (n, d) unit vectors, or what questions are made of them
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
