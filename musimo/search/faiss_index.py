"""The engine: FAISS compares. An index is one segment or, in a large library, a base and what came since."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Self

import numpy as np

from musimo.records import FloatArray
from musimo.search import segment_file
from musimo.search.index import NO_IDS, Header, base_file
from musimo.search.segment import Mask, Segment
from musimo.search.space import Ids


class FaissIndex:
    """A :class:`musimo.search.index.VectorIndex` of segments.

    Parameters
    ----------
    header : what it was built from
    added : all vectors, or those that are newer than ``base``
    base : a segment too large to be written at every change
    removed : ids of ``base`` that no longer count: deleted, or replaced in ``added``
    base_stamp : names the file of ``base``
    """

    def __init__(
        self,
        header: Header,
        added: Segment,
        base: Segment | None = None,
        removed: Ids = NO_IDS,
        base_stamp: str | None = None,
    ) -> None:
        self.header = header
        self.added = added
        self.base = base
        self.base_stamp = base_stamp
        self._parts: list[tuple[Segment, Mask | None]] = [(added, None)]
        if base is not None:
            usable = np.ones(len(base), bool)
            usable[base.positions(removed)] = False
            self._parts.append((base, usable if len(removed) else None))
        self._n_removed = len(removed)

    @classmethod
    def load(cls, path: Path, *, whole: bool = False) -> Self:
        """Map an index from its file or files; errors as of :func:`musimo.search.segment_file.load`.

        Parameters
        ----------
        whole : verify every vector, however many there are
        """
        added, description, removed = segment_file.load(path, whole=whole)
        if description.base is None:
            return cls(description.header, added)
        base, of_base, _ = segment_file.load(base_file(path), whole=whole)
        if of_base.stamp != description.base:
            raise ValueError(f"{base_file(path)} is not the base of {path}")
        return cls(description.header, added, base, removed, of_base.stamp)

    def __len__(self) -> int:
        """Return the number of vectors."""
        return sum(len(segment) for segment, _ in self._parts) - self._n_removed

    @property
    def ids(self) -> Ids:
        """Ids of all vectors, ascending."""
        return self.ids_and_stamps[0]

    @cached_property
    def ids_and_stamps(self) -> tuple[Ids, Ids]:
        """Ids of all vectors, ascending, and their stamps."""
        if len(self._parts) == 1:
            return self.added.ids, self.added.stamps
        columns = [
            (segment.ids, segment.stamps) if usable is None else (segment.ids[usable], segment.stamps[usable])
            for segment, usable in self._parts
        ]
        ids, stamps = (np.concatenate(column) for column in zip(*columns, strict=True))
        order = np.argsort(ids)
        return ids[order], stamps[order]

    def search(self, vector: FloatArray, k: int, allowed: Ids | None = None) -> tuple[Ids, FloatArray]:
        """Search, see :class:`musimo.search.index.VectorIndex`."""
        if k < 1:
            return NO_IDS, np.empty(0, np.float32)
        found = [
            segment.search(vector, k, _both(usable, _allowed(segment, allowed)))
            for segment, usable in self._parts
        ]
        if len(found) == 1:
            return found[0]
        ids, scores = (np.concatenate(columns) for columns in zip(*found, strict=True))
        best = np.lexsort((ids, scores if self.header.metric == "euclidean" else -scores))[:k]
        return ids[best], scores[best]

    def vectors(self, ids: Ids) -> FloatArray:
        """Return stored vectors, see :class:`musimo.search.index.VectorIndex`."""
        rows = np.empty((len(ids), self.added.rows.shape[1]), np.float32)
        missing = np.ones(len(ids), bool)
        for segment, usable in self._parts:
            at = segment.positions(ids)
            here = at >= 0
            if usable is not None:
                here &= usable[at]
            if here.any():
                rows[here] = segment.rows[at[here]]
                missing &= ~here
        if missing.any():
            raise KeyError(f"the index lacks {missing.sum()} of {len(ids)} ids")
        return rows


def _allowed(segment: Segment, allowed: Ids | None) -> Mask | None:
    """Return which vectors of a segment are allowed; None for all."""
    if allowed is None:
        return None
    mask = np.zeros(len(segment), bool)
    at = segment.positions(allowed)
    mask[at[at >= 0]] = True
    return mask


def _both(one: Mask | None, other: Mask | None) -> Mask | None:
    if one is None or other is None:
        return other if one is None else one
    return np.asarray(one & other)
