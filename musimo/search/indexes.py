"""The indexes of a library under one model: opened, or built, when they are first needed."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Final

import numpy as np

from musimo.library.db.queries import Store
from musimo.records import Descriptors, FloatArray
from musimo.records.indexing import Indexing
from musimo.search.faiss_index import FaissIndex
from musimo.search.index import Header, IndexName, Metric, VectorIndex, index_file
from musimo.search.index_update import Source, open_index
from musimo.search.space import MIXTURES, By, Ids, index_model_id, query_vectors

if TYPE_CHECKING:
    from musimo.emotion.space import SoundSpace

NAMES: Final[dict[By, IndexName]] = {"both": "similar", "sound": "similar-sound", "mood": "similar-mood"}


class SoundVectors:
    """Sound vectors of the contents of a library, to be indexed.

    Parameters
    ----------
    store : has the descriptors
    space : returns the sound space; called when a vector is computed
    by : which mixture
    """

    def __init__(self, store: Store, space: Callable[[], SoundSpace], by: By) -> None:
        self._store = store
        self._space = space
        self._by = by

    def stamps(self) -> tuple[Ids, Ids]:
        """Return ids and stamps as the store has them."""
        return self._store.stamps()

    def vectors(self, ids: Ids) -> tuple[Ids, FloatArray]:
        """Compute sound vectors."""
        found, sounds = self._store.descriptors(ids)
        return found, self._space().vectors(sounds, MIXTURES[self._by])


class Moods:
    """(valence, arousal) of the contents of a library, to be indexed; all are read at once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._ids: Ids = np.empty(0, np.int64)
        self._moods: FloatArray = np.empty((0, 2), np.float32)

    def stamps(self) -> tuple[Ids, Ids]:
        """Return ids and, as stamps, the bits of both numbers."""
        self._ids, self._moods = self._store.emotions()
        return self._ids, self._moods.view(np.int64).reshape(-1)

    def vectors(self, ids: Ids) -> tuple[Ids, FloatArray]:
        """Return moods of ids that :meth:`stamps` returned."""
        return ids, self._moods[np.searchsorted(self._ids, ids)]


class Indexes:
    """Indexes of sound vectors and moods; stale ones are updated. Thread-safe.

    Parameters
    ----------
    store : the library under one model
    weights : weights of that model; they hold its sound space
    on_step : called with the progress where a query has to wait for an index
    """

    def __init__(
        self, store: Store, weights: Path, on_step: Callable[[Indexing], None] | None = None
    ) -> None:
        self._store = store
        self._weights = weights
        self._on_step = on_step or (lambda _: None)
        self._loaded_space: SoundSpace | None = None
        self._opened: dict[IndexName, FaissIndex] = {}
        self._lock = RLock()  # two threads must not build one index at the same time

    def build(self) -> Generator[Indexing, None, None]:
        """Build or update the indexes that most queries need, and yield progress."""
        for opening in (self._open_sounds("both"), self._open_moods()):
            while True:
                with self._lock:  # released before the caller has its turn
                    step = next(opening, None)
                if step is None:
                    break
                yield step

    def sounds(self, by: By) -> VectorIndex:
        """Return the index of sound vectors; it is searched with :meth:`query_vectors`."""
        return self._completed(self._open_sounds(by))

    def moods(self) -> VectorIndex:
        """Return the index of (valence, arousal)."""
        return self._completed(self._open_moods())

    def query_vectors(self, sounds: Sequence[Descriptors], by: By) -> FloatArray:
        """Return query vectors [shape=(n, d)] for descriptors of one row each."""
        from musimo.emotion.space import unit

        return query_vectors(unit([self.sound_vectors(sound, MIXTURES[by])[0] for sound in sounds]))

    def sound_vectors(self, sounds: Descriptors, mixture: Mapping[str, float]) -> FloatArray:
        """Return sound vectors of unit length [shape=(n, d)] in a mixture of the sound space's blocks."""
        return self._space().vectors(sounds, mixture)

    def unmixed_width(self) -> int:
        """Return the dimension of vectors before they are mixed; see :meth:`mixed`."""
        return self._space().width

    def mixed(self, vectors: FloatArray, mixture: Mapping[str, float]) -> FloatArray:
        """Return sound vectors of windows, which the library keeps unmixed [shape=(n, unmixed_width)]."""
        return self._space().combine(vectors, mixture)

    def _space(self) -> SoundSpace:
        if self._loaded_space is None:
            from musimo.emotion.space import load_space  # imported here, for moods need no sound space

            self._loaded_space = load_space(self._weights)
        return self._loaded_space

    def _completed(self, opening: Generator[Indexing, None, FaissIndex]) -> FaissIndex:
        with self._lock:
            while True:
                try:
                    self._on_step(next(opening))
                except StopIteration as opened:
                    index: FaissIndex = opened.value
                    return index

    def _open_sounds(self, by: By) -> Generator[Indexing, None, FaissIndex]:
        model = index_model_id(self._store.model, by)
        return self._open(NAMES[by], "cosine", model, SoundVectors(self._store, self._space, by))

    def _open_moods(self) -> Generator[Indexing, None, FaissIndex]:
        return self._open("mood", "euclidean", self._store.model, Moods(self._store))

    def _open(
        self, name: IndexName, metric: Metric, model: str, source: Source
    ) -> Generator[Indexing, None, FaissIndex]:
        header = Header(model, metric, self._store.generation())
        index = self._opened.get(name)
        if index is None or index.header != header:
            index = yield from open_index(index_file(self._store.path, name), header, source)
            self._opened[name] = index
        return index
