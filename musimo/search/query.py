"""Questions to the indexes: nearest sounds, nearest moods. Pure over an index; knows no file and no SQL."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from musimo.records import FloatArray
from musimo.search.index import VectorIndex
from musimo.search.space import Ids
from musimo.search.taste import representatives

FIRST_LOOK = 256  # enough for ten rows after diversity in any library that is not one artist's
RANK_DAMPING = 60  # of reciprocal rank fusion (Cormack, Clarke & Büttcher, SIGIR 2009)
AVERSION = 0.5  # how much likeness to an unwanted track counts against likeness to a wanted one


def nearest_sounds(
    index: VectorIndex,
    seeds: FloatArray,
    unwanted: FloatArray,
    allowed: Ids | None = None,
) -> Iterator[tuple[int, float]]:
    """Content ids and similarities (0..1), best first, to the end of the library.

    One seed is ranked by cosine. Several are combined by the agreement of their rankings, not by the
    mean of their vectors, which lies near nobody's taste; the similarity shown is then their mean. Of very
    many, some stand for all.

    Parameters
    ----------
    index : whose inner products are similarities
    seeds : [shape=(n, d)] questions to it: what to be like
    unwanted : [shape=(m, d)] what to be less like
    allowed : ids that may be answered; None for all
    """
    seeds = seeds[representatives(seeds)]
    total = len(index) if allowed is None else len(allowed)
    told: set[int] = set()
    k = FIRST_LOOK
    while len(told) < total:
        ranked = _ranked(index, seeds, unwanted, min(k, total), allowed)
        for content, similarity in ranked:
            if content not in told:
                told.add(content)
                yield content, similarity
        if k >= total:
            return
        k *= 8


def _ranked(
    index: VectorIndex, seeds: FloatArray, unwanted: FloatArray, k: int, allowed: Ids | None
) -> list[tuple[int, float]]:
    found = {int(id_) for seed in seeds for id_ in index.search(seed, k, allowed)[0]}
    ids = np.array(
        sorted(found), np.int64
    )  # np.unique would import numpy.ma, a twentieth of an answer's time
    if not len(ids):
        return []
    vectors = index.vectors(ids)
    similarity = vectors @ seeds.T  # (n_ids, n_seeds)
    score = similarity[:, 0] if len(seeds) == 1 else _rank_agreement(similarity)
    if len(unwanted):
        dislike = np.clip(vectors @ unwanted.T, 0, 1).max(axis=1)
        score = score - AVERSION * dislike * (1.0 if len(seeds) == 1 else score.max())
    order = np.lexsort((ids, -score))
    shown = np.clip(similarity.mean(axis=1), 0, 1)
    return [(int(ids[i]), float(shown[i])) for i in order]


def _rank_agreement(similarity: FloatArray) -> FloatArray:
    """Sum over the seeds of 1 / (60 + rank)."""
    ranks = np.argsort(np.argsort(-similarity, axis=0, kind="stable"), axis=0, kind="stable")
    return np.asarray((1 / (RANK_DAMPING + 1 + ranks)).sum(axis=1), np.float32)


def nearest_moods(
    index: VectorIndex, valence: float, arousal: float, allowed: Ids | None = None
) -> Iterator[tuple[int, float]]:
    """Content ids and distances on the 0..1 plane, nearest first, to the end of the library."""
    total = len(index) if allowed is None else len(allowed)
    point = np.array([valence, arousal], np.float32)
    told = 0
    k = FIRST_LOOK
    while told < total:
        ids, distances = index.search(point, min(k, total), allowed)
        yield from zip(map(int, ids[told:]), map(float, distances[told:]), strict=True)
        if k >= total:
            return
        told, k = len(ids), k * 8
