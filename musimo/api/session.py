"""The private session behind a library: database, active model, indexes and network, opened once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING

from musimo.audio.paths import AnyPath, path_bytes
from musimo.library.active_model import ModelUpgrade, active_weights, not_analyzed, upgrade_progress
from musimo.library.db.heard import heard_scores
from musimo.library.db.queries import Store
from musimo.records import (
    AnalyzedFile,
    Descriptors,
    FailedFile,
    FloatArray,
    HeardScores,
    Window,
    WindowPlan,
)
from musimo.resources import weights_path
from musimo.search.index import VectorIndex
from musimo.search.indexes import Indexes
from musimo.search.space import By
from musimo.settings import Settings

if TYPE_CHECKING:
    from musimo.emotion.predictor import Predictor
    from musimo.emotion.space import SoundSpace
    from musimo.library.scan.pipeline import WindowPredictor
    from musimo.records import WindowPrediction
    from musimo.records.indexing import Indexing


@dataclass(frozen=True, slots=True)
class Opened:
    """A library, seen through its active model."""

    store: Store
    weights: Path
    indexes: Indexes


class Session:
    """What every query of a library shares. It is opened on first use, and may be used by many threads.

    Queries run side by side: the database gives each its own connection, and an index does not change once
    it is opened. Opening, bringing an index up to date and running the network happen one at a time.

    Parameters
    ----------
    settings : where the library is, and how to analyze
    on_notice : called with a sentence a user should read: a GPU that could not be used
    on_step : called with the progress of an index that a query has to wait for
    """

    def __init__(
        self,
        settings: Settings,
        on_notice: Callable[[str], None] | None = None,
        on_step: Callable[[Indexing], None] | None = None,
    ) -> None:
        self.settings = settings
        self.notice = on_notice or (lambda _: None)
        self._on_step = on_step
        self._lock = RLock()
        self._opened: Opened | None = None
        self._predictors: dict[Path, WindowPredictor] = {}

    @property
    def opened(self) -> Opened:
        """The library; LibraryError where it cannot be opened."""
        with self._lock:
            if self._opened is None:
                self._opened = self._open()
            return self._opened

    @property
    def store(self) -> Store:
        """The database."""
        return self.opened.store

    @property
    def indexes(self) -> Indexes:
        """The indexes; to search one, take it from :meth:`sounds` or :meth:`moods`."""
        return self.opened.indexes

    @property
    def weights(self) -> Path:
        """The weights in use, whichever model is the active one."""
        return weights_path(self.settings.weights)

    def close(self) -> None:
        """Close the database. The next query opens it again, with the model that is active then."""
        with self._lock:
            if self._opened is not None:
                self._opened.store.engine.dispose()
                self._opened = None

    def sounds(self, by: By) -> VectorIndex:
        """Return the index of sound vectors, up to date; NotFoundError if no track is analyzed."""
        with self._lock:
            return self._not_empty(self.indexes.sounds(by))

    def moods(self) -> VectorIndex:
        """Return the index of valence and arousal, up to date; NotFoundError if no track is analyzed."""
        with self._lock:
            return self._not_empty(self.indexes.moods())

    def heard(self) -> HeardScores:
        """Return the scores of the tags that the active model hears in the tracks of the library."""
        return heard_scores(self.store)

    def n_indexed(self) -> int:
        """Return the number of sound vectors in the index."""
        with self._lock:
            return len(self.indexes.sounds("both"))

    def query_vectors(self, sounds: Sequence[Descriptors], by: By) -> FloatArray:
        """Return query vectors for an index of sound vectors [shape=(n, d + 1)]."""
        return self.indexes.query_vectors(sounds, by)

    def build_indexes(self) -> Iterator[Indexing]:
        """Bring the indexes asked most up to date, yielding progress, so that no query has to wait."""
        building = self.indexes.build()
        while True:
            with self._lock:  # not held while the caller handles a step
                step = next(building, None)
            if step is None:
                return
            yield step

    def upgrade(self) -> ModelUpgrade | None:
        """Return the progress of the model in use towards replacing the active one; None if it is active."""
        store = self.store
        return upgrade_progress(Store(store.engine, store.path, self.weights.stem), store.model)

    def analyze(
        self, files: Sequence[AnyPath], weights: Path, plan: WindowPlan, part: Window | None = None
    ) -> Iterator[AnalyzedFile | FailedFile]:
        """Analyze files, or a part of each, yielding results in their order."""
        from musimo.library.analyze import analyze

        paths = [path_bytes(file) for file in files]
        return analyze(paths, lambda: self.predictor(weights), self.settings.jobs, plan, part)

    def predictor(self, weights: Path) -> WindowPredictor:
        """Return the network of some weights, loaded on first use."""
        with self._lock:
            if weights not in self._predictors:
                self._predictors = {weights: _Serialized(self.load_predictor(weights))}
            return self._predictors[weights]

    def load_predictor(self, weights: Path) -> Predictor:
        """Load a network onto the device of the settings."""
        from musimo.emotion.predictor import Predictor

        return Predictor.load(weights, self.settings.device, self.settings.batch_size, self.notice)

    def _open(self) -> Opened:
        in_use = self.weights
        store = Store.open(self.settings.library, in_use.stem)
        weights = active_weights(store, in_use)
        if weights != in_use and self.settings.weights:
            from musimo.audio.features import FEATURE_ID
            from musimo.emotion.weights import load_weights

            load_weights(in_use, FEATURE_ID)  # WeightsError: weights that can never become active
        store = Store(store.engine, store.path, weights.stem)
        if weights != in_use:
            self.notice(
                f"answers come from {store.model} until {in_use.stem} has analyzed every track;"
                " musimo status shows how far it is"
            )
        return Opened(store, weights, Indexes(store, weights, self._on_step))

    def _not_empty(self, index: VectorIndex) -> VectorIndex:
        store = self.store
        if not len(index) and (before := store.analyzed_by()) and store.counts().tracks:
            raise not_analyzed(store, "no track of the library", before)
        return index


class _Serialized:
    """A network that predicts for one thread at a time: it limits threads of the whole process."""

    def __init__(self, predictor: WindowPredictor) -> None:
        self._predictor = predictor
        self._lock = RLock()

    @property
    def space(self) -> SoundSpace | None:
        return self._predictor.space

    @property
    def tags(self) -> tuple[str, ...]:
        return self._predictor.tags

    def predict(self, tracks: Sequence[Sequence[FloatArray]]) -> list[list[WindowPrediction]]:
        with self._lock:
            return self._predictor.predict(tracks)
