"""Nearest vectors. An index is a cache of the library: deleted, damaged or stale, it is built anew.

:class:`VectorIndex` is what every engine offers; :class:`FaissIndex` is the engine. On disk an index is one
file: a magic word, one line of JSON that says what it was made of, and FAISS's own bytes.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, Protocol, Self

import faiss
import numpy as np
from numpy.typing import NDArray

from musimo.atomic import write_atomically
from musimo.errors import MusimoError
from musimo.records import FloatArray

Ids = NDArray[np.int64]
Metric = Literal["cosine", "euclidean"]

MAGIC = b"musimo-index-1\n"
INDEXES = ("similar", "similar-sound", "similar-mood", "mood")
"""What a library may have indexes for."""


@dataclass(frozen=True, slots=True)
class Header:
    """What an index was made of; it is stale as soon as one of these differs from the library's.

    Parameters
    ----------
    model : what made the vectors: id of the network and, for sounds, what is measured in its space
    metric : how distance is measured
    generation : state of the library, see :meth:`musimo.library.store.Store.generation`
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

        Returns ids [shape=(m,)] and scores [shape=(m,)]: cosine (larger is nearer), or Euclidean distance.
        """

    def vectors(self, ids: Ids) -> FloatArray:
        """Stored vectors [shape=(len(ids), d)]; KeyError for an id that is not there."""


class FaissIndex:
    """Exact search over vectors held in memory.

    Parameters
    ----------
    index : IndexIDMap2 over a flat index
    header : what it was made of
    """

    def __init__(self, index: Any, header: Header) -> None:
        self._index = index
        self.header = header

    @classmethod
    def build(cls, ids: Ids, vectors: FloatArray, header: Header) -> Self:
        """Index ``vectors`` [shape=(n, d)] under ``ids``.

        For ``cosine`` what is found is the inner product: vectors of unit length make it the cosine, those of
        :func:`musimo.search.space.rows` the cosine above what is ordinary.
        """
        flat = faiss.IndexFlatIP if header.metric == "cosine" else faiss.IndexFlatL2
        index = faiss.IndexIDMap2(flat(vectors.shape[1]))
        if len(ids):
            index.add_with_ids(np.ascontiguousarray(vectors, np.float32), ids)
        return cls(index, header)

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read an index.

        Raises
        ------
        ValueError : the file is no index of this format, or damaged
        OSError : it cannot be read
        """
        with path.open("rb") as file:
            if file.readline() != MAGIC:
                raise ValueError(f"{path} is not a musimo index")
            facts = json.loads(file.readline())
            body = np.fromfile(file, dtype=np.uint8)
        try:
            header = Header(facts["model"], facts["metric"], facts["generation"])
            if zlib.crc32(body.data) != facts["crc32"]:  # FAISS would believe what it reads
                raise ValueError(f"{path} is damaged")
            return cls(faiss.deserialize_index(body), header)
        except (KeyError, TypeError, RuntimeError) as error:
            raise ValueError(f"{path} is damaged: {error}") from error

    def save(self, path: Path) -> None:
        """Write the index, whole or not at all."""
        body = faiss.serialize_index(self._index).tobytes()
        facts = asdict(self.header) | {
            "engine": f"faiss {faiss.__version__}",
            "count": len(self),
            "crc32": zlib.crc32(body),
        }
        write_atomically(path, MAGIC + json.dumps(facts).encode() + b"\n" + body)

    def __len__(self) -> int:
        """Number of vectors."""
        return int(self._index.ntotal)

    def search(self, vector: FloatArray, k: int, allowed: Ids | None = None) -> tuple[Ids, FloatArray]:
        """See :class:`VectorIndex`. ``allowed`` goes into the search: a filter never thins the answer."""
        k = min(k, len(self)) if allowed is None else min(k, len(self), len(allowed))
        if k == 0:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        parameters = None
        if allowed is not None:
            select: Any = faiss.SearchParameters  # the stubs do not know its keywords
            parameters = select(sel=faiss.IDSelectorBatch(allowed))
        scores, ids = self._index.search(np.ascontiguousarray(vector[None], np.float32), k, params=parameters)
        found = ids[0] >= 0  # allowed ids the index does not hold come back as -1
        nearest = scores[0][found]
        return ids[0][found], nearest if self.header.metric == "cosine" else np.sqrt(nearest)

    def ids(self) -> Ids:
        """Ids of all vectors [shape=(n,)], in the order they were added."""
        found: Ids = faiss.vector_to_array(self._index.id_map)
        return found

    def vectors(self, ids: Ids) -> FloatArray:
        """See :class:`VectorIndex`."""
        try:
            found: FloatArray = self._index.reconstruct_batch(np.ascontiguousarray(ids, np.int64))
        except RuntimeError as error:
            raise KeyError(f"the index lacks one of {len(ids)} ids") from error
        return found


def index_file(library: Path, name: str) -> Path:
    """Where the index of that name lies: beside the library."""
    return library.with_name(f"{library.name}.{name}.index")


def open_index(path: Path, header: Header, vectors: Callable[[], tuple[Ids, FloatArray]]) -> FaissIndex:
    """The index at ``path`` if it was made of what ``header`` says, else a new one of ``vectors``.

    A new index is saved for next time where that is possible: on a read-only disk it serves from memory.
    """
    with suppress(OSError, ValueError):
        index = FaissIndex.load(path)
        if index.header == header:
            return index
    ids, rows = vectors()
    index = FaissIndex.build(ids, rows, header)
    with suppress(MusimoError):
        index.save(path)
    return index
