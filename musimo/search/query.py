"""Queries: nearest sounds and nearest moods. Pure over an index; knows no file and no SQL."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from musimo.records import FloatArray
from musimo.search.index import VectorIndex
from musimo.search.space import Ids
from musimo.search.taste import representatives

FIRST_SEARCH = 256  # enough for ten rows after diversity in any library that is not one artist's
WIDENING = 8  # factor from one search to the next
RANK_DAMPING = 60  # of reciprocal rank fusion (Cormack, Clarke & Büttcher, SIGIR 2009)
UNWANTED_SHARE = 0.5  # weight of similarity to an unwanted track against similarity to a seed


def nearest_sounds(
    index: VectorIndex,
    seeds: FloatArray,
    unwanted: FloatArray,
    allowed: Ids | None = None,
) -> Iterator[tuple[int, float]]:
    """Yield content ids and similarities (0..1), best first, to the end of the library.

    One seed is ranked by corrected cosine. Several are combined by reciprocal rank fusion, not by the mean of
    their vectors, which is near none of them; the similarity shown is then their mean. Of very many seeds,
    representatives are used.

    Parameters
    ----------
    index : of sound vectors
    seeds : query vectors of what to be like [shape=(n, d)]
    unwanted : query vectors of what to be less like [shape=(m, d)]
    allowed : ids that may be returned; None for all
    """
    seeds = seeds[representatives(seeds)]
    total = len(index) if allowed is None else len(allowed)
    yielded: set[int] = set()
    k = FIRST_SEARCH
    while len(yielded) < total:
        for content, similarity in _ranked(index, seeds, unwanted, min(k, total), allowed):
            if content not in yielded:
                yielded.add(content)
                yield content, similarity
        if k >= total:
            return
        k *= WIDENING


def nearest_moods(
    index: VectorIndex, valence: float, arousal: float, allowed: Ids | None = None
) -> Iterator[tuple[int, float]]:
    """Yield content ids and distances on the 0..1 plane, nearest first, to the end of the library."""
    total = len(index) if allowed is None else len(allowed)
    point = np.array([valence, arousal], np.float32)
    n_yielded = 0
    k = FIRST_SEARCH
    while n_yielded < total:
        ids, distances = index.search(point, min(k, total), allowed)
        yield from zip(map(int, ids[n_yielded:]), map(float, distances[n_yielded:]), strict=True)
        if k >= total:
            return
        n_yielded, k = len(ids), k * WIDENING


def _ranked(
    index: VectorIndex, seeds: FloatArray, unwanted: FloatArray, k: int, allowed: Ids | None
) -> list[tuple[int, float]]:
    """Return what is among the ``k`` nearest of any seed, best first."""
    found = {int(id_) for seed in seeds for id_ in index.search(seed, k, allowed)[0]}
    ids = np.array(sorted(found), np.int64)  # np.unique imports numpy.ma, a twentieth of a cold start
    if not len(ids):
        return []
    vectors = index.vectors(ids)
    similarity = vectors @ seeds.T  # (n_ids, n_seeds)
    score = similarity[:, 0] if len(seeds) == 1 else _fused_ranks(similarity)
    if len(unwanted):
        nearest_unwanted = np.clip(vectors @ unwanted.T, 0, 1).max(axis=1)
        score = score - UNWANTED_SHARE * nearest_unwanted * (1.0 if len(seeds) == 1 else score.max())
    order = np.lexsort((ids, -score))
    shown = np.clip(similarity.mean(axis=1), 0, 1)
    return [(int(ids[i]), float(shown[i])) for i in order]


def _fused_ranks(similarity: FloatArray) -> FloatArray:
    """Return the sum over the seeds of 1 / (60 + rank) [shape=(n,)]."""
    ranks = np.argsort(np.argsort(-similarity, axis=0, kind="stable"), axis=0, kind="stable")
    return np.asarray((1 / (RANK_DAMPING + 1 + ranks)).sum(axis=1), np.float32)
