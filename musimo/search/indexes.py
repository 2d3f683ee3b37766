"""The indexes of a library under one model: opened, or made, when they are first asked."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from pathlib import Path

import numpy as np

from musimo.emotion.space import SoundSpace, load_space, unit
from musimo.library.db.queries import Store
from musimo.library.scan.events import Indexing
from musimo.records import Descriptors, FloatArray
from musimo.search.index import Header, MappedIndex, Metric, index_file
from musimo.search.renew import Source, open_index
from musimo.search.space import MIXTURES, By, Ids, maker, questions


class Sounds:
    """Where sounds lie, for an index.

    Parameters
    ----------
    store : has what was heard
    space : has the axes; it is asked for when a place is
    by : which mixture
    """

    def __init__(self, store: Store, space: Callable[[], SoundSpace], by: By) -> None:
        self._store = store
        self._space = space
        self._by = by

    def stamps(self) -> tuple[Ids, Ids]:
        """As the store has them."""
        return self._store.stamps()

    def places(self, ids: Ids) -> tuple[Ids, FloatArray]:
        """Heard, turned and whitened."""
        found, sounds = self._store.sounds(ids)
        return found, self._space().vectors(sounds, MIXTURES[self._by])


class Moods:
    """(valence, arousal) of sounds, for an index; all are read at once, for they are short."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._ids: Ids = np.empty(0, np.int64)
        self._moods: FloatArray = np.empty((0, 2), np.float32)

    def stamps(self) -> tuple[Ids, Ids]:
        """A mood is its own stamp: the bits of both numbers."""
        self._ids, self._moods = self._store.moods()
        return self._ids, self._moods.view(np.int64).reshape(-1)

    def places(self, ids: Ids) -> tuple[Ids, FloatArray]:
        """Of those whose stamps were told."""
        return ids, self._moods[np.searchsorted(self._ids, ids)]


class Indexes:
    """Sounds and moods of a library, as they are searched; stale ones are brought up to date.

    Parameters
    ----------
    store : the library, seen through the model of the weights
    weights : their sound space is where sounds lie
    on_step : told how far it is when an index has to be made for a question
    """

    def __init__(
        self, store: Store, weights: Path, on_step: Callable[[Indexing], None] | None = None
    ) -> None:
        self._store = store
        self._weights = weights
        self._on_step = on_step or (lambda _: None)
        self._loaded_space: SoundSpace | None = None
        self._opened: dict[str, MappedIndex] = {}

    def build(self) -> Generator[Indexing, None, None]:
        """Make those that questions are asked of most, where they are not there or not of today."""
        yield from self._open_sounds("both")
        yield from self._open_moods()

    def sounds(self, by: By) -> MappedIndex:
        """Content ids by sound; asked with what :meth:`questions` makes."""
        return self._now(self._open_sounds(by))

    def moods(self) -> MappedIndex:
        """Content ids by (valence, arousal)."""
        return self._now(self._open_moods())

    def questions(self, sounds: Sequence[Descriptors], by: By) -> FloatArray:
        """What sounds, one row each, ask of an index [shape=(n, d)]."""
        return questions(unit([self.places(sound, MIXTURES[by])[0] for sound in sounds]))

    def places(self, sounds: Descriptors, mixture: Mapping[str, float]) -> FloatArray:
        """Where sounds lie in a mixture of the blocks of the space, unit length [shape=(n, d)]."""
        return self._space().vectors(sounds, mixture)

    def unmixed_width(self) -> int:
        """Numbers of a place before it is mixed; see :meth:`mixed`."""
        return self._space().width

    def mixed(self, places: FloatArray, mixture: Mapping[str, float]) -> FloatArray:
        """As :meth:`places`, of windows of sounds as the library keeps them [shape=(n, unmixed_width)]."""
        return self._space().combine(places, mixture)

    def _space(self) -> SoundSpace:
        if self._loaded_space is None:
            self._loaded_space = load_space(self._weights)
        return self._loaded_space

    def _now(self, opening: Generator[Indexing, None, MappedIndex]) -> MappedIndex:
        while True:
            try:
                self._on_step(next(opening))
            except StopIteration as opened:
                index: MappedIndex = opened.value
                return index

    def _open_sounds(self, by: By) -> Generator[Indexing, None, MappedIndex]:
        name = "similar" if by == "both" else f"similar-{by}"
        return self._open("cosine", name, maker(self._store.model, by), Sounds(self._store, self._space, by))

    def _open_moods(self) -> Generator[Indexing, None, MappedIndex]:
        return self._open("euclidean", "mood", self._store.model, Moods(self._store))

    def _open(
        self, metric: Metric, name: str, maker: str, source: Source
    ) -> Generator[Indexing, None, MappedIndex]:
        header = Header(maker, metric, self._store.generation())
        index = self._opened.get(name)
        if index is None or index.header != header:
            index = yield from open_index(index_file(self._store.path, name), header, source)
            self._opened[name] = index
        return index
