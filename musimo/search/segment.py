"""Vectors in one FAISS index, beside the content ids they belong to.

FAISS is asked by position, not through its ``IndexIDMap2``: ids ascend, so a binary search finds a position,
and a filter is a list of positions. Measured with 100,000 vectors, a filter through the id map took 20 ms
whatever it let through, by position 0.1 ms for a hundredth; and the id map's hash table took 13 ms to load.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from musimo.records import FloatArray
from musimo.search.index import Metric
from musimo.search.space import Ids

COMPARED = 50_000  # vectors that are all compared; of more, FAISS's codes choose a short list
SHORTLIST = 8192  # vectors of the short list; measured, see scripts/bench-notes.md
PER_RESULT = 8  # vectors of the short list per result, where that is more
ROTATION = 1  # seed of the codes' rotation; any will do, and the same one makes the same codes

Mask = NDArray[np.bool_]
NativeIndex = Any  # the type stubs of FAISS lack what its Python wrapper adds


class Segment:
    """Vectors by ascending id, immutable.

    Parameters
    ----------
    ids : (n,), ascending
    stamps : (n,), see :meth:`musimo.library.db.queries.Store.stamps`
    index : ``IndexFlat`` of the vectors in that order, or ``IndexRefineFlat`` of them and their codes
    memory : what the vectors lie in, if FAISS does not own it
    """

    def __init__(self, ids: Ids, stamps: Ids, index: NativeIndex, memory: object = None) -> None:
        self.ids = ids
        self.stamps = stamps
        self.index = index  # owns what its parts refer to
        self._memory = memory
        self._codes: NativeIndex = getattr(index, "base_index", None)
        self._flat: NativeIndex = index if self._codes is None else _downcast(index.refine_index)

    def __len__(self) -> int:
        """Return the number of vectors."""
        return len(self.ids)

    @property
    def rows(self) -> FloatArray:
        """All vectors [shape=(n, d)], as they lie in memory or in a mapped file."""
        return flat_rows(self._flat)

    def positions(self, ids: Ids) -> Ids:
        """Return where ``ids`` lie; -1 for those that are not here."""
        if not len(self):
            return np.full(len(ids), -1)
        at = np.minimum(np.searchsorted(self.ids, ids), len(self) - 1)
        return np.where(self.ids[at] == ids, at, -1)

    def search(self, vector: FloatArray, k: int, usable: Mask | None) -> tuple[Ids, FloatArray]:
        """Search usable vectors (None: all) as :meth:`musimo.search.index.VectorIndex.search`."""
        n = len(self) if usable is None else int(np.count_nonzero(usable))
        if not n:
            return self.ids[:0], np.empty(0, np.float32)
        query = np.ascontiguousarray(vector[None], np.float32)
        candidates = self._short_list(query, k, usable, n) if n > COMPARED else None
        if candidates is None and usable is not None:
            candidates = np.flatnonzero(usable)
        at, scores = self._nearest(query, min(k, n), candidates)
        return self.ids[at], scores

    def _short_list(self, query: FloatArray, k: int, usable: Mask | None, n: int) -> Ids | None:
        """Return positions of usable vectors among which the nearest are; None to compare all of them."""
        wanted = max(SHORTLIST, PER_RESULT * k)
        longer = wanted * len(self) // n  # of which a filter leaves about as many as are wanted
        if self._codes is None or 2 * longer >= n:  # comparing all of them costs no more
            return None
        found: Ids = self._codes.search(query, longer)[1][0]
        found = found[found >= 0]
        found = found if usable is None else found[usable[found]]
        return found if 2 * len(found) >= wanted else None  # what the filter allows may be elsewhere

    def _nearest(self, query: FloatArray, k: int, candidates: Ids | None) -> tuple[Ids, FloatArray]:
        """Return positions and scores of the ``k`` nearest candidates (None: of all), nearest first."""
        import faiss

        n = len(self) if candidates is None else len(candidates)
        parameters = None
        if candidates is not None:
            parameters = faiss.SearchParameters(sel=faiss.IDSelectorArray(candidates))
        k = min(k, n)
        wanted = min(k + 1, n)
        while True:
            scores, at = (columns[0] for columns in self._flat.search(query, wanted, params=parameters))
            scores, at = scores[at >= 0], at[at >= 0]  # FAISS finds no vector that is not a number
            if self._flat.metric_type == faiss.METRIC_L2:
                scores = np.sqrt(scores)
            # Of equal scores FAISS keeps any: search for more until none is left out that equals the last.
            if wanted == n or len(scores) < wanted or scores[k - 1] != scores[-1]:
                break
            wanted = min(2 * wanted, n)
        nearness = scores if self._flat.metric_type == faiss.METRIC_INNER_PRODUCT else -scores
        best = np.lexsort((at, -nearness))[:k]
        return at[best], scores[best]


def allocate(n: int, d: int, metric: Metric) -> NativeIndex:
    """Return an ``IndexFlat`` of ``n`` zero vectors, to be filled through :func:`flat_rows`."""
    import faiss

    index = faiss.IndexFlatIP(d) if metric == "cosine" else faiss.IndexFlatL2(d)
    resize(index, n)
    return index


def resize(index: NativeIndex, n: int) -> None:
    """Keep the first ``n`` vectors of an ``IndexFlat``, or add zeros, in one allocation."""
    index.codes.resize(n * index.d * np.dtype(np.float32).itemsize)
    index.ntotal = n


def flat_rows(index: NativeIndex) -> FloatArray:
    """Return the vectors of an ``IndexFlat`` [shape=(n, d)] without a copy."""
    import faiss

    rows: FloatArray = faiss.rev_swig_ptr(index.get_xb(), index.ntotal * index.d)
    return rows.reshape(index.ntotal, index.d)


def compressed(sample: FloatArray) -> NativeIndex:
    """Return an empty index of codes, one bit a dimension, to which vectors can be added.

    RaBitQ (Gao & Long, SIGMOD 2024): 57 bytes in place of 1,540, all of which are scanned, so that nothing
    depends on clusters. A random rotation makes the axes equal first, as one bit a dimension takes them.

    Parameters
    ----------
    sample : (m, d), whose mean the bits are relative to
    """
    import faiss

    d = sample.shape[1]
    rotation = faiss.RandomRotationMatrix(d, d)
    rotation.init(ROTATION)
    codes = faiss.IndexRaBitQFastScan(d, faiss.METRIC_INNER_PRODUCT)
    index = faiss.IndexPreTransform(rotation, codes)
    index.train(np.ascontiguousarray(sample))
    return index


def refined(codes: NativeIndex, flat: NativeIndex) -> NativeIndex:
    """Return one index of codes and the vectors they stand for."""
    import faiss

    return faiss.IndexRefine(codes, flat)


def _downcast(index: NativeIndex) -> NativeIndex:
    import faiss

    return faiss.downcast_index(index)
