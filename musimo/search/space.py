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
from numpy.typing import NDArray

from musimo.records import FloatArray

Ids = NDArray[np.int64]
By = Literal["both", "sound", "mood"]

MIXTURES: Final[dict[By, dict[str, float]]] = {
    "mood": {"embedding": 1.0},
    "sound": {"statistics": 1.0, "fused": 1.0},
    "both": {"statistics": 1.0, "fused": 1.0, "embedding": 0.25},
}
"""Weights of the blocks. Those of ``both`` did best on music that the space was not fitted to."""

ORDINARY = 0.5  # share of what is ordinary that is taken off; 0.75 has fewer hubs, and loses some precision
NEIGHBOURHOOD = 0.15  # of the library: the nearest, over which the mean is taken
REFERENCES = 1024  # tracks, drawn from the library, that stand for it
FEWEST = 100  # sounds, below which a library says nothing about what is ordinary
CHUNK = 8192  # rows at once: 32 MB of cosines


def maker(model: str, by: By) -> str:
    """What an index is made by: the model, whose id covers its space, and what is measured in it."""
    blocks = (f"{block}*{weight:g}" for block, weight in MIXTURES[by].items())
    return f"{model} {' '.join(blocks)} ordinary*{ORDINARY:g}"


def questions(places: FloatArray) -> FloatArray:
    """What an index is asked with [shape=(n, d + 1)], from unit vectors [shape=(n, d)]."""
    return np.hstack([places, np.ones((len(places), 1), np.float32)])


def rows(places: FloatArray, taken_off: FloatArray) -> FloatArray:
    """What an index answers with [shape=(n, d + 1)]: places [shape=(n, d)] and what is :func:`ordinary`."""
    column = taken_off[:, None]
    return np.asarray(np.hstack([places, -column]) / (1 - column), np.float32)


def references(ids: Ids) -> Ids:
    """Those of ``ids`` that stand for the library: drawn by id, so that few change when others come or go."""
    if len(ids) <= REFERENCES:
        return ids
    return ids[np.argpartition(_drawn(ids), REFERENCES)[:REFERENCES]]


def ordinary(places: FloatArray) -> FloatArray:
    """What is taken off the cosines of each track of a whole library [shape=(n,)], 0 to 0.5."""
    ids = np.arange(len(places))
    chosen = references(ids)
    near = [
        ordinary_to(ids[start : start + CHUNK], places[start : start + CHUNK], chosen, places[chosen])
        for start in range(0, len(places), CHUNK)
    ]
    return np.concatenate([np.empty(0, np.float32), *near])


def ordinary_to(ids: Ids, places: FloatArray, chosen: Ids, of_chosen: FloatArray) -> FloatArray:
    """What is taken off the cosines of some tracks [shape=(n,)], 0 to 0.5; zeros in a small library.

    Parameters
    ----------
    ids, places : the tracks, places [shape=(n, d)]
    chosen, of_chosen : the references of the library, and their places [shape=(m, d)]
    """
    if len(chosen) < FEWEST:
        return np.zeros(len(ids), np.float32)
    cosines = places @ of_chosen.T
    cosines[ids[:, None] == chosen] = -1  # itself
    k = round(NEIGHBOURHOOD * len(chosen))
    near = np.partition(cosines, -k, axis=1)[:, -k:].mean(axis=1)
    return np.asarray(ORDINARY * np.clip(near, 0, 1), np.float32)


def _drawn(ids: Ids) -> NDArray[np.uint64]:
    """A number for each id that has nothing to do with its neighbours' (SplitMix64, Steele et al., 2014)."""
    mixed = ids.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(mixed ^ (mixed >> np.uint64(31)))
