"""Vectors that ``similar`` compares: mixtures of descriptors, and a correction for hubs.

In spaces of many dimensions some tracks, the hubs, are among the nearest neighbors of most others
(Radovanović, Nanopoulos & Ivanović, "Hubs in space", JMLR 2010). Similarity is therefore
``(cosine - c) / (1 - c)``, where the hubness offset ``c`` of the track found is a share of its mean cosine to
the nearest part of the library (local scaling with one number per track). The same audio keeps similarity 1,
and the formula is an inner product of index rows ``[v / (1 - c), -c / (1 - c)]`` with query vectors
``[v, 1]``, so any index can serve it.
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
"""Weights of the descriptor blocks. Those of ``both`` did best on music the space was not fitted to."""

OFFSET_SHARE = 0.5  # of the mean cosine; 0.75 leaves fewer hubs, and loses some precision
NEIGHBORHOOD = 0.15  # of the reference set: the nearest, over which the mean is taken
REFERENCES = 1024  # contents of the reference set
MIN_REFERENCES = 100  # contents, below which a library does not show which tracks are hubs
CHUNK = 8192  # rows at once: 32 MB of cosines


def index_model_id(model: str, by: By) -> str:
    """Return the id of what an index was computed with: the model, the mixture and the hubness correction."""
    blocks = (f"{block}*{weight:g}" for block, weight in MIXTURES[by].items())
    return f"{model} {' '.join(blocks)} hubness*{OFFSET_SHARE:g}"


def query_vectors(vectors: FloatArray) -> FloatArray:
    """Return query vectors [shape=(n, d + 1)] for sound vectors [shape=(n, d)] of unit length."""
    return np.hstack([vectors, np.ones((len(vectors), 1), np.float32)])


def index_rows(vectors: FloatArray, offsets: FloatArray) -> FloatArray:
    """Return index rows [shape=(n, d + 1)] of sound vectors [shape=(n, d)] and their hubness offsets."""
    column = offsets[:, None]
    return np.asarray(np.hstack([vectors, -column]) / (1 - column), np.float32)


def split_rows(rows: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return sound vectors [shape=(n, d)] and hubness offsets of index rows [shape=(n, d + 1)]."""
    last = rows[:, -1:]  # -c / (1 - c), so 1 - last is 1 / (1 - c)
    return rows[:, :-1] / (1 - last), (last / (last - 1))[:, 0]


def reference_set(ids: Ids) -> Ids:
    """Return the ids that represent the library, chosen by a hash: few change as others come and go."""
    if len(ids) <= REFERENCES:
        return ids
    return ids[np.argpartition(_hashes(ids), REFERENCES)[:REFERENCES]]


def hubness_offsets(vectors: FloatArray) -> FloatArray:
    """Return the hubness offset of each track of a whole library [shape=(n,)], 0 to 0.5."""
    ids = np.arange(len(vectors))
    chosen = reference_set(ids)
    chunks = [
        offsets_to(ids[start : start + CHUNK], vectors[start : start + CHUNK], chosen, vectors[chosen])
        for start in range(0, len(vectors), CHUNK)
    ]
    return np.concatenate([np.empty(0, np.float32), *chunks])


def offsets_to(ids: Ids, vectors: FloatArray, references: Ids, of_references: FloatArray) -> FloatArray:
    """Return the hubness offsets of some tracks [shape=(n,)], 0 to 0.5; zeros in a small library.

    Parameters
    ----------
    ids, vectors : the tracks and their sound vectors [shape=(n, d)]
    references, of_references : ids of the reference set and their sound vectors [shape=(m, d)]
    """
    if len(references) < MIN_REFERENCES:
        return np.zeros(len(ids), np.float32)
    cosines = vectors @ of_references.T
    cosines[ids[:, None] == references] = -1  # a track is no neighbor of itself
    k = round(NEIGHBORHOOD * len(references))
    near = np.partition(cosines, -k, axis=1)[:, -k:].mean(axis=1)
    return np.asarray(OFFSET_SHARE * np.clip(near, 0, 1), np.float32)


def _hashes(ids: Ids) -> NDArray[np.uint64]:
    """Return SplitMix64 hashes of ids (Steele et al., 2014)."""
    mixed = ids.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(mixed ^ (mixed >> np.uint64(31)))
