"""Nearest vectors. An index is a cache of the library: deleted, damaged or stale, it is built anew.

:class:`VectorIndex` is what every engine offers; :class:`MappedIndex` is the engine: segments of places,
mapped from disk and compared by plain arithmetic. A large library has two: a long one that seldom changes,
with codes from which FAISS makes a short list (:mod:`musimo.search.codes`), and one of what came since.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from musimo.records import FloatArray
from musimo.search.codes import Codes
from musimo.search.sections import Sections
from musimo.search.space import Ids, rows

Metric = Literal["cosine", "euclidean"]
Mask = NDArray[np.bool_]

INDEXES = ("similar", "similar-sound", "similar-mood", "mood")
"""What a library may have indexes for."""

SHORTLIST = 8192  # rows of a code scan that are compared in full; measured, see scripts/bench-notes.md
PER_ANSWER = 8  # rows of the short list for each answer wanted, where that is more
GATHERED = 8192  # rows copied at once from a mapped file: 13 MB
NO_IDS: Ids = np.empty(0, np.int64)


@dataclass(frozen=True, slots=True)
class Header:
    """What an index was made of; it is stale as soon as one of these differs from the library's.

    Parameters
    ----------
    model : what made the vectors: id of the network and, for sounds, what is measured in its space
    metric : how nearness is measured: cosine above the ordinary (:mod:`musimo.search.space`), or distance
    generation : state of the library, see :meth:`musimo.library.db.queries.Store.generation`
    """

    model: str
    metric: Metric
    generation: int


class VectorIndex(Protocol):
    """What search needs of an engine."""

    header: Header

    def __len__(self) -> int:
        """Number of vectors."""

    def search(self, vector: FloatArray, k: int, allowed: Ids | None = None) -> tuple[Ids, FloatArray]:
        """The ``k`` nearest of the ``allowed`` ids (None: of all), best first, fewer where there are fewer.

        Returns ids [shape=(m,)] and scores [shape=(m,)]: inner product (larger is nearer), or distance.
        """

    def vectors(self, ids: Ids) -> FloatArray:
        """Stored vectors [shape=(len(ids), d)]; KeyError for an id that is not there."""


@dataclass(frozen=True, slots=True)
class Segment:
    """Places of sounds, in memory or mapped.

    Parameters
    ----------
    ids : (n,), ascending
    stamps : (n,), see :meth:`musimo.library.db.queries.Store.stamps`
    places : (n, d)
    ordinary : (n,), what is taken off their cosines; zeros where distance is measured
    codes : None where all places are compared
    """

    ids: Ids
    stamps: Ids
    places: FloatArray
    ordinary: FloatArray
    codes: Codes | None = None

    @classmethod
    def of(cls, sections: Sections) -> Self:
        """As a file has it; its ids and codes are checked, its numbers are as they lie there."""
        codes = Codes(sections.checked("codes")) if "codes" in sections else None
        return cls(
            sections.checked("ids"),
            sections.array("stamps"),
            sections.scattered("places") if codes else sections.array("places"),
            sections.array("ordinary"),
            codes,
        )

    def find(self, ids: Ids) -> Ids:
        """Where ``ids`` lie; -1 for those that are not here."""
        if not len(self.ids):
            return np.full(len(ids), -1)
        at = np.minimum(np.searchsorted(self.ids, ids), len(self.ids) - 1)
        return np.where(self.ids[at] == ids, at, -1)


class MappedIndex:
    """Segments, and which rows of the long one no longer count.

    Parameters
    ----------
    header : what it was made of
    added : all there is, or what came since ``base``
    base : a segment too long to be written at every change
    gone : ids of ``base`` that were removed or replaced
    """

    def __init__(
        self, header: Header, added: Segment, base: Segment | None = None, gone: Ids = NO_IDS
    ) -> None:
        self.header = header
        self.added = added
        self.base = base
        self.gone = gone
        self._parts: list[tuple[Segment, Mask | None]] = [(added, None)]
        if base is not None:
            alive = np.ones(len(base.ids), bool)
            alive[base.find(gone)] = False
            self._parts.append((base, alive if len(gone) else None))

    @classmethod
    def load(cls, path: Path) -> Self:
        """Map an index; of its long segment only what leads to the rows is read.

        Raises
        ------
        ValueError : the file is no index of this format, or damaged
        OSError : it cannot be read
        """
        sections = Sections.map(path)
        sections.check()  # short by rule
        try:
            facts = sections.facts
            base = None
            if facts["base"] is not None:
                of_base = Sections.map(base_file(path))
                if of_base.facts["stamp"] != facts["base"]:
                    raise ValueError(f"{base_file(path)} is not what {path} goes on from")
                base = Segment.of(of_base)
            header = Header(facts["model"], facts["metric"], facts["generation"])
            return cls(header, Segment.of(sections), base, sections.array("gone"))
        except (KeyError, TypeError) as error:
            raise ValueError(f"{path} is damaged: it lacks {error}") from error

    def __len__(self) -> int:
        """Number of vectors."""
        return sum(len(segment.ids) for segment, _ in self._parts) - len(self.gone)

    def search(self, vector: FloatArray, k: int, allowed: Ids | None = None) -> tuple[Ids, FloatArray]:
        """See :class:`VectorIndex`. ``allowed`` goes into the search: a filter never thins the answer."""
        if k < 1 or not len(self):
            return NO_IDS, np.empty(0, np.float32)
        found = [self._nearest(*part, vector, k, allowed) for part in self._parts]
        ids, nearness = (np.concatenate(columns) for columns in zip(*found, strict=True))
        best = _best(ids, nearness, k)
        return ids[best], nearness[best] if self.header.metric == "cosine" else -nearness[best]

    def vectors(self, ids: Ids) -> FloatArray:
        """See :class:`VectorIndex`."""
        places, ordinary = self.places(ids)
        return rows(places, ordinary) if self.header.metric == "cosine" else places

    def places(self, ids: Ids) -> tuple[FloatArray, FloatArray]:
        """Places [shape=(len(ids), d)] and what is ordinary for each; KeyError as of :meth:`vectors`."""
        places = np.empty((len(ids), self.added.places.shape[1]), np.float32)
        ordinary = np.empty(len(ids), np.float32)
        missing = np.ones(len(ids), bool)
        for segment, alive in self._parts:
            at = segment.find(ids)
            here = at >= 0
            if alive is not None:
                here &= alive[at]
            places[here], ordinary[here] = segment.places[at[here]], segment.ordinary[at[here]]
            missing &= ~here
        if missing.any():
            raise KeyError(f"the index lacks {missing.sum()} of {len(ids)} ids")
        return places, ordinary

    def seen(self) -> tuple[Ids, Ids]:
        """Ids of all vectors, ascending, and their stamps."""
        columns = [
            (segment.ids, segment.stamps) if alive is None else (segment.ids[alive], segment.stamps[alive])
            for segment, alive in self._parts
        ]
        ids, stamps = (np.concatenate(column) for column in zip(*columns, strict=True))
        order = np.argsort(ids)
        return ids[order], stamps[order]

    def _nearest(
        self, segment: Segment, alive: Mask | None, vector: FloatArray, k: int, allowed: Ids | None
    ) -> tuple[Ids, FloatArray]:
        """Ids and nearness (larger is nearer) of the best ``k`` of a segment, in no order."""
        usable = alive
        if allowed is not None:
            usable = np.zeros(len(segment.ids), bool)
            found = segment.find(allowed)
            usable[found[found >= 0]] = True
            usable = usable if alive is None else usable & alive
        at = _short_list(segment, usable, vector, k)
        nearness = self._nearness(segment, at, vector)
        ids = segment.ids if at is None else segment.ids[at]
        best = _best(ids, nearness, k)
        return ids[best], nearness[best]

    def _nearness(self, segment: Segment, at: Ids | None, vector: FloatArray) -> FloatArray:
        """Of the rows at some positions, or of all."""
        if at is None:
            return self._nearness_of(segment.places, segment.ordinary, vector)
        parts = [at[start : start + GATHERED] for start in range(0, len(at), GATHERED)]
        near = [self._nearness_of(segment.places[part], segment.ordinary[part], vector) for part in parts]
        return np.concatenate([np.empty(0, np.float32), *near])

    def _nearness_of(self, places: FloatArray, ordinary: FloatArray, vector: FloatArray) -> FloatArray:
        if not len(places):
            return np.empty(0, np.float32)
        if self.header.metric == "cosine":
            return np.asarray((places @ vector[:-1] - ordinary * vector[-1]) / (1 - ordinary), np.float32)
        apart = places - vector
        return np.asarray(-np.sqrt(np.einsum("nd,nd->n", apart, apart)), np.float32)


def index_file(library: Path, name: str) -> Path:
    """Where the index of that name lies: beside the library."""
    return library.with_name(f"{library.name}.{name}.index")


def base_file(index: Path) -> Path:
    """Where an index file has its long segment, if it has one."""
    return index.with_suffix(".vectors")


def read_whole(path: Path) -> MappedIndex:
    """An index every number of which was read and is as it was written; errors as of `MappedIndex.load`."""
    index = MappedIndex.load(path)
    if index.base is not None:
        Sections.map(base_file(path)).check()
    return index


def _short_list(segment: Segment, usable: Mask | None, vector: FloatArray, k: int) -> Ids | None:
    """Positions of usable rows among which the nearest are; None for all rows."""
    n = len(segment.ids)
    n_usable = n if usable is None else int(np.count_nonzero(usable))
    wanted = max(SHORTLIST, PER_ANSWER * k)
    if segment.codes is not None and 2 * wanted < n_usable:
        # A filter leaves of a longer list as much. Where its tracks lie elsewhere, all of them are compared.
        near = segment.codes.nearest(vector, min(wanted * n // n_usable, n))
        near = near if usable is None else near[usable[near]]
        if 2 * len(near) >= wanted:
            return near
    return None if usable is None else np.flatnonzero(usable)


def _best(ids: Ids, nearness: FloatArray, k: int) -> Ids:
    """Positions of the ``k`` nearest, best first; of equal ones the lower ids."""
    at = np.arange(len(ids))
    if k < len(ids):
        at = np.flatnonzero(nearness >= np.partition(nearness, -k)[-k])
    return at[np.lexsort((ids[at], -nearness[at]))][:k]
