"""What ``similar`` listens for, and what keeps a track from turning up everywhere.

In spaces of many dimensions some tracks, the hubs, are near to everything (Radovanović, Nanopoulos &
Ivanović, "Hubs in space", JMLR 2010). So similarity is counted from what is ordinary for the track found:
``(cosine - c) / (1 - c)``, where ``c`` is a share of its mean cosine to its near neighbourhood in the
library (local scaling, with one number a track). The same sound still has similarity 1, and the formula is
an inner product of rows ``[place / (1 - c), -c / (1 - c)]`` with questions ``[place, 1]``, so any index can
serve it.
"""

from __future__ import annotations

from typing import Final, Literal

import numpy as np

from musimo.records import FloatArray

By = Literal["both", "sound", "mood"]

MIXTURES: Final[dict[By, dict[str, float]]] = {
    "mood": {"embedding": 1.0},
    "sound": {"statistics": 1.0, "fused": 1.0},
    "both": {"statistics": 1.0, "fused": 1.0, "embedding": 0.25},
}
"""Weights of the blocks. Those of ``both`` did best on music that the space was not fitted to."""

ORDINARY = 0.5  # share of what is ordinary that is taken off; 0.75 has fewer hubs, and loses some precision
NEIGHBOURHOOD = 0.15  # of the library: the nearest, over which the mean is taken
REFERENCES = 1024  # tracks, spread over the library, that stand for it
FEWEST = 100  # sounds, below which a library says nothing about what is ordinary
CHUNK = 8192  # rows at once: 32 MB of cosines


def maker(model: str, by: By) -> str:
    """What an index is made by: the model, whose id covers its space, and what is measured in it."""
    blocks = (f"{block}*{weight:g}" for block, weight in MIXTURES[by].items())
    return f"{model} {' '.join(blocks)} ordinary*{ORDINARY:g}"


def questions(places: FloatArray) -> FloatArray:
    """What an index is asked with [shape=(n, d + 1)], from unit vectors [shape=(n, d)]."""
    return np.hstack([places, np.ones((len(places), 1), np.float32)])


def rows(places: FloatArray) -> FloatArray:
    """What an index holds [shape=(n, d + 1)], from the unit vectors of a whole library [shape=(n, d)]."""
    taken_off = ordinary(places)[:, None]
    return np.asarray(np.hstack([places, -taken_off]) / (1 - taken_off), np.float32)


def ordinary(places: FloatArray) -> FloatArray:
    """What is taken off the cosines of each track [shape=(n,)], 0 to 0.5; zeros for a small library."""
    n = len(places)
    if n < FEWEST:
        return np.zeros(n, np.float32)
    references = np.linspace(0, n - 1, min(n, REFERENCES)).round().astype(np.int64)
    k = round(NEIGHBOURHOOD * len(references))
    near = np.empty(n, np.float32)
    for start in range(0, n, CHUNK):
        cosines = places[start : start + CHUNK] @ places[references].T
        here = (references >= start) & (references < start + CHUNK)
        cosines[references[here] - start, np.flatnonzero(here)] = -1  # itself
        near[start : start + CHUNK] = np.partition(cosines, -k, axis=1)[:, -k:].mean(axis=1)
    return np.asarray(ORDINARY * np.clip(near, 0, 1), np.float32)
