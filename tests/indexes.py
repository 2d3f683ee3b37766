"""Indexes of given vectors, without a library."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from pathlib import Path

import numpy as np

from musimo.library.scan.events import Indexing
from musimo.records import FloatArray
from musimo.search.codes import Codes, Encoder
from musimo.search.index import Header, VectorIndex, Segment
from musimo.search.renew import open_index
from musimo.search.space import Ids, questions, rows


class Given:
    """A source of vectors that says what it was asked for."""

    def __init__(self, ids: Ids, places: FloatArray, stamps: Ids | None = None) -> None:
        order = np.argsort(ids)
        self.ids = ids[order]
        self.of_ids = places[order]
        self._stamps = np.zeros(len(ids), np.int64) if stamps is None else stamps[order]
        self.asked: list[int] = []

    def stamps(self) -> tuple[Ids, Ids]:
        return self.ids, self._stamps

    def places(self, ids: Ids) -> tuple[Ids, FloatArray]:
        self.asked += ids.tolist()
        return ids, self.of_ids[np.searchsorted(self.ids, ids)]


def opened(path: Path, header: Header, source: Given) -> tuple[VectorIndex, list[Indexing]]:
    """An index, and the steps it took."""
    steps: list[Indexing] = []

    def follow() -> Generator[Indexing, None, VectorIndex]:
        index = yield from open_index(path, header, source)
        result.append(index)
        return index

    result: list[VectorIndex] = []
    steps += follow()
    return result[0], steps


def index_of(ids: Ids, places: FloatArray, header: Header) -> VectorIndex:
    """An index in memory; nothing is ordinary."""
    return VectorIndex(header, _segment(ids, places))


def index_with_codes(ids: Ids, places: FloatArray, header: Header) -> VectorIndex:
    """An index whose vectors all lie in a long segment, with codes where inner products are compared."""
    segment = _segment(ids, places)
    codes = None
    if header.metric == "cosine" and len(ids):
        encoder = Encoder(rows(places, segment.ordinary))
        encoder.add(rows(segment.places, segment.ordinary))
        codes = Codes(encoder.codes())
    base = Segment(segment.ids, segment.stamps, segment.places, segment.ordinary, codes)
    return VectorIndex(header, _segment(ids[:0], places[:0]), base)


def asking(place: FloatArray, header: Header) -> FloatArray:
    """What an index is asked with."""
    return questions(place[None])[0] if header.metric == "cosine" else place


def integers(numbers: Iterable[int]) -> Ids:
    return np.array([*numbers], np.int64)


def _segment(ids: Ids, places: FloatArray) -> Segment:
    order = np.argsort(ids)
    zeros = np.zeros(len(ids), np.float32)
    return Segment(ids[order], np.zeros(len(ids), np.int64), places[order], zeros)
