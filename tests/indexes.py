"""Indexes of given vectors, without a library."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from pathlib import Path

import numpy as np

from musimo.records import FloatArray
from musimo.records.indexing import Indexing
from musimo.search.faiss_index import FaissIndex
from musimo.search.index import Header
from musimo.search.index_update import open_index
from musimo.search.segment import Segment, allocate, compressed, flat_rows, refined
from musimo.search.space import Ids, index_rows, query_vectors


class Given:
    """A source of vectors that records what it was asked for."""

    def __init__(self, ids: Ids, vectors: FloatArray, stamps: Ids | None = None) -> None:
        order = np.argsort(ids)
        self.ids = ids[order]
        self.of_ids = vectors[order]
        self._stamps = np.zeros(len(ids), np.int64) if stamps is None else stamps[order]
        self.asked: list[int] = []

    def stamps(self) -> tuple[Ids, Ids]:
        return self.ids, self._stamps

    def vectors(self, ids: Ids) -> tuple[Ids, FloatArray]:
        self.asked += ids.tolist()
        return ids, self.of_ids[np.searchsorted(self.ids, ids)]


def opened(path: Path, header: Header, source: Given) -> tuple[FaissIndex, list[Indexing]]:
    """Return an index, and the steps it took."""
    steps: list[Indexing] = []

    def follow() -> Generator[Indexing, None, FaissIndex]:
        index = yield from open_index(path, header, source)
        result.append(index)
        return index

    result: list[FaissIndex] = []
    steps += follow()
    return result[0], steps


def index_of(ids: Ids, vectors: FloatArray, header: Header, offsets: FloatArray | None = None) -> FaissIndex:
    """Return an index in memory of sound vectors or moods; without hubness offsets unless they are given."""
    return FaissIndex(header, segment_of(ids, stored_rows(vectors, header, offsets), header))


def index_with_codes(ids: Ids, vectors: FloatArray, header: Header) -> FaissIndex:
    """Return an index that is all base, with codes where inner products are compared."""
    base = segment_of(ids, stored_rows(vectors, header), header, coded=True)
    nothing = stored_rows(vectors[:0], header)
    return FaissIndex(header, segment_of(ids[:0], nothing, header), base)


def segment_of(ids: Ids, rows: FloatArray, header: Header, *, coded: bool = False) -> Segment:
    """Return a segment in memory."""
    order = np.argsort(ids)
    flat = allocate(len(ids), rows.shape[1], header.metric)
    flat_rows(flat)[:] = rows[order]
    index = flat
    if coded and header.metric == "cosine" and len(ids):
        codes = compressed(rows)
        codes.add(flat_rows(flat))
        index = refined(codes, flat)
    return Segment(ids[order], np.zeros(len(ids), np.int64), index)


def stored_rows(vectors: FloatArray, header: Header, offsets: FloatArray | None = None) -> FloatArray:
    """Return what an index stores of sound vectors or moods."""
    if header.metric == "euclidean":
        return vectors
    return index_rows(vectors, np.zeros(len(vectors), np.float32) if offsets is None else offsets)


def asking(vector: FloatArray, header: Header) -> FloatArray:
    """Return the query for a sound vector or a mood."""
    return query_vectors(vector[None])[0] if header.metric == "cosine" else vector


def integers(numbers: Iterable[int]) -> Ids:
    return np.array([*numbers], np.int64)
