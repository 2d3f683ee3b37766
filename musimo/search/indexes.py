"""The indexes of a library under one model: opened, or made, when they are first asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from musimo.emotion.space import SoundSpace, load_space, unit
from musimo.library.store import Store
from musimo.records import FloatArray, SoundBlocks
from musimo.search.index import FaissIndex, Header, Ids, Metric, index_file, open_index
from musimo.search.space import MIXTURES, By, maker, questions, rows


class Indexes:
    """Sounds and moods of a library, as FAISS holds them; stale ones are made anew.

    Parameters
    ----------
    store : the library, seen through the model of the weights
    weights : their sound space is where sounds lie
    """

    def __init__(self, store: Store, weights: Path) -> None:
        self._store = store
        self._weights = weights
        self._loaded_space: SoundSpace | None = None
        self._opened: dict[str, FaissIndex] = {}

    def build(self) -> None:
        """Make those that questions are asked of most, where they are not there or not of today."""
        self.sounds("both")
        self.moods()

    def sounds(self, by: By) -> FaissIndex:
        """Content ids by sound; asked with what :meth:`questions` makes."""
        name = "similar" if by == "both" else f"similar-{by}"

        def vectors() -> tuple[Ids, FloatArray]:
            ids, sounds = self._store.sounds()
            return ids, rows(self._space().vectors(sounds, MIXTURES[by]))

        return self._index("cosine", name, maker(self._store.model, by), vectors)

    def moods(self) -> FaissIndex:
        """Content ids by (valence, arousal)."""
        return self._index("euclidean", "mood", self._store.model, self._store.moods)

    def questions(self, sounds: Sequence[SoundBlocks], by: By) -> FloatArray:
        """What sounds, one row each, ask of an index [shape=(n, d)]."""
        return questions(unit([self._space().vectors(sound, MIXTURES[by])[0] for sound in sounds]))

    def _space(self) -> SoundSpace:
        if self._loaded_space is None:
            self._loaded_space = load_space(self._weights)
        return self._loaded_space

    def _index(
        self, metric: Metric, name: str, maker: str, vectors: Callable[[], tuple[Ids, FloatArray]]
    ) -> FaissIndex:
        header = Header(maker, metric, self._store.generation())
        if (index := self._opened.get(name)) is not None and index.header == header:
            return index
        self._opened[name] = open_index(index_file(self._store.path, name), header, vectors)
        return self._opened[name]
