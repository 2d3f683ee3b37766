"""What search needs of an engine of nearest vectors, and where a library keeps its indexes.

An index is a cache of the library: deleted, damaged or stale, it is built again.
:mod:`musimo.search.faiss_index` is the engine; any engine must pass ``tests/search/index_contract.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import numpy as np

from musimo.records import FloatArray
from musimo.search.space import Ids

Metric = Literal["cosine", "euclidean"]
IndexName = Literal["similar", "similar-sound", "similar-mood", "mood"]

INDEXES: tuple[IndexName, ...] = ("similar", "similar-sound", "similar-mood", "mood")
"""Names of the indexes a library may have."""

NO_IDS: Ids = np.empty(0, np.int64)


@dataclass(frozen=True, slots=True)
class Header:
    """What an index was built from; it is stale as soon as one of these differs from the library's.

    Parameters
    ----------
    model : id of the model and, for sound vectors, of mixture and hubness correction
    metric : ``cosine``: an inner product that is a corrected cosine (:mod:`musimo.search.space`);
        ``euclidean``: a distance
    generation : state of the library, see :meth:`musimo.library.db.queries.Store.generation`
    """

    model: str
    metric: Metric
    generation: int


class VectorIndex(Protocol):
    """Vectors by content id. Instances do not change, and may be searched from several threads."""

    header: Header

    @property
    def ids(self) -> Ids:
        """Ids of all vectors, ascending."""

    def __len__(self) -> int:
        """Return the number of vectors."""

    def search(self, vector: FloatArray, k: int, allowed: Ids | None = None) -> tuple[Ids, FloatArray]:
        """Return the ``k`` nearest of the ``allowed`` ids (None: of all), nearest first.

        Returns
        -------
        ids [shape=(m,)] and scores [shape=(m,)]: inner products (larger is nearer) or distances. Of equal
        scores the lower ids come first. ``m`` is below ``k`` only where fewer are allowed: a filter acts
        inside the search and never thins the result.
        """

    def vectors(self, ids: Ids) -> FloatArray:
        """Return stored vectors [shape=(len(ids), d)]; raise KeyError if an id is not in the index."""


def index_file(library: Path, name: IndexName) -> Path:
    """Return the path of an index: beside the library."""
    return library.with_name(f"{library.name}.{name}.index")


def base_file(index: Path) -> Path:
    """Return the path of the part of a large index that is not rewritten at every update."""
    return index.with_suffix(".vectors")
