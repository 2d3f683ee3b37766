"""A music library from Python: what the command line does, without the command line.

    from musimo import Library
    library = Library.open()
    library.scan("~/Music")
    for row in library.similar("track.mp3"):
        print(f"{row.similarity:.2f}", row.track.path)

Torch, librosa and av are imported only when something has to be heard.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from musimo.errors import AudioError, NotFoundError, UsageError
from musimo.library.active_model import Move, answering_weights, move_from, not_analysed
from musimo.library.db.calibrations import answered_mood
from musimo.library.db.queries import Store
from musimo.library.overview import Details, Status
from musimo.records import (
    AnalyzedFile,
    Coverage,
    Descriptors,
    FailedFile,
    Failure,
    MoodTrack,
    SimilarTrack,
    Track,
    WindowPlan,
)
from musimo.resources import weights_path
from musimo.search.find import find_track
from musimo.search.index import MappedIndex
from musimo.search.indexes import Indexes
from musimo.search.plane import quadrant_counts
from musimo.search.query import nearest_moods
from musimo.search.seeds import Alike, distinct, sounding_like, without
from musimo.search.seeds import Seed as Seed  # what questions are asked with
from musimo.search.selection import EVERYTHING, Selection, allowed, select_ranked, select_tracks
from musimo.search.sound_map import SoundMap, map_sounds
from musimo.search.space import By
from musimo.settings import Settings, load_settings

if TYPE_CHECKING:
    from musimo.emotion.predictor import Predictor
    from musimo.library.scan.events import Audit, Indexing, ScanEvent
    from musimo.library.scan.scan import ScanOptions


@dataclass(frozen=True, slots=True)
class Session:
    """A library, seen through the model that answers."""

    store: Store
    weights: Path
    indexes: Indexes


class Library:
    """A library file and the questions it answers. It is opened when the first of them is asked.

    Parameters
    ----------
    settings : where it lies, and how to hear
    on_notice : told, in a sentence, what a user should know: a GPU that could not be used
    on_step : told how far it is where a question has to wait for an index
    """

    def __init__(
        self,
        settings: Settings,
        on_notice: Callable[[str], None] | None = None,
        on_step: Callable[[Indexing], None] | None = None,
    ) -> None:
        self.settings = settings
        self._on_notice = on_notice
        self._on_step = on_step
        self._session: Session | None = None

    @classmethod
    def open(cls, path: str | Path | None = None) -> Library:
        """The library at ``path``; None for the user's own. A scan makes it where it does not exist."""
        return cls(load_settings(library=path))

    @property
    def model(self) -> str:
        """Id of the model in use; until it has heard all, the one before goes on answering."""
        return weights_path(self.settings.weights).stem

    def scan(self, *folders: str | Path, coverage: Coverage = "windows", retry_failed: bool = False) -> Audit:
        """Bring the library up to date with ``folders``; see :func:`musimo.library.scan.scan`."""
        from musimo.library.scan.scan import ScanOptions

        options = ScanOptions(
            jobs=self.settings.jobs,
            batch_size=self.settings.batch_size,
            coverage=coverage,
            retry_failed=retry_failed,
        )
        *_, audit = self.scan_events([path_bytes(folder) for folder in folders], options)
        return audit  # type: ignore[return-value]  # the last event of a scan is its audit

    def scan_events(
        self,
        folders: Sequence[bytes],
        options: ScanOptions,
        stop: Callable[[], bool] = lambda: False,
        *,
        wait: bool = False,
        keep_model: bool = False,
    ) -> Iterator[ScanEvent]:
        """Scan, telling what happens as it goes; the indexes are fresh when the last event comes.

        While another process writes to the library this one raises LibraryError, or waits. With
        ``keep_model`` the model that answers hears what is new, and not the one in use.
        """
        from musimo.library.scan.session import scan_library

        def finish() -> Iterator[ScanEvent]:
            self._session = None
            yield from self.build_indexes()

        yield from scan_library(
            self.settings.library,
            weights_path(self.settings.weights),
            self._load_predictor,
            folders,
            options,
            finish,
            stop,
            self._on_notice or (lambda _: None),
            wait=wait,
            keep_model=keep_model,
        )

    def similar(
        self,
        *tracks: str | Path | Seed,
        by: By = "both",
        unlike: Sequence[str | Path | Seed] = (),
        selection: Selection | None = None,
        min_similarity: float = 0.0,
    ) -> list[SimilarTrack]:
        """Tracks that sound like ``tracks``, best first, without these tracks and their exact copies.

        Parameters
        ----------
        tracks : each a path of any audio file, an id, or a part of a title or path only one track has
        by : alike in ``mood``, in ``sound``, or in ``both``
        unlike : tracks to be less like
        selection : which tracks, and how many; None for ten, with diversity
        min_similarity : 0..1; less similar tracks are left out

        Raises
        ------
        NotFoundError, UsageError : no such track, or several; nothing of the library is analysed by the model
        AudioError : a file that cannot be heard
        """
        return list(self.alike(tracks, unlike, by, selection, min_similarity).rows)

    def alike(
        self,
        tracks: Sequence[str | Path | Seed],
        unlike: Sequence[str | Path | Seed] = (),
        by: By = "both",
        selection: Selection | None = None,
        min_similarity: float = 0.0,
    ) -> Alike:
        """As :meth:`similar`, together with what the list was made from."""
        if not tracks:
            raise UsageError("similar to what?", "name at least one track")
        seeds, unwanted = (distinct(self.seed(track) for track in side) for side in (tracks, unlike))
        if len(without(unwanted, seeds)) < len(unwanted):
            raise UsageError("a track is asked for and against", "leave it out of one side")
        opened = self._answering()
        index = self.asked(opened.indexes.sounds(by))
        return sounding_like(
            opened.store, opened.indexes, index, seeds, unwanted, by, selection or Selection(), min_similarity
        )

    def mood(self, valence: float, arousal: float, selection: Selection | None = None) -> list[MoodTrack]:
        """Tracks whose mood lies nearest to a point of the 0..1 valence-arousal plane, nearest first."""
        opened, selection = self._answering(), selection or Selection()
        index = self.asked(opened.indexes.moods())
        ranked = nearest_moods(index, valence, arousal, allowed(opened.store, selection))
        rows = select_ranked(opened.store, ranked, selection).rows
        return [MoodTrack(rank, row.score, row.track, None, row.versions) for rank, row in enumerate(rows, 1)]

    def analyze(
        self, *files: str | Path | bytes, coverage: Coverage = "windows"
    ) -> Iterator[AnalyzedFile | FailedFile]:
        """Emotion of files, in their order; no library is needed."""
        return self._analyze(files, weights_path(self.settings.weights), coverage)

    def find(self, track: str | Path) -> Track | None:
        """The track of the library that is meant; None for a file outside it."""
        return find_track(self._store(), track)

    def seed(self, track: str | Path | Seed) -> Seed:
        """What to ask with: a track of the library, or any audio file, which is heard now."""
        if isinstance(track, Seed):
            return track
        store = self._store()
        known = find_track(store, track)
        if known is None:
            return self.hear(path_bytes(track))
        sound = None if known.content is None else store.sound(known.content)
        if sound is None:
            raise not_analysed(store, os.fsdecode(known.path), store.heard_by(known.content or 0))
        return Seed(known, sound, known.content)

    def hear(self, path: bytes, plan: WindowPlan = "windows") -> Seed:
        """What is heard of a file, as a seed."""
        [heard] = self._analyze([path], self._answering().weights, plan)
        if isinstance(heard, FailedFile):
            raise AudioError(heard.stage, f"cannot hear {os.fsdecode(path)}: {heard.reason}")
        emotion = heard.emotion
        felt = (*answered_mood(self._store(), emotion), heard.partial, heard.tempo_key)
        track = Track(None, heard.path, heard.tags, heard.duration_s, None, *felt)
        sound = Descriptors(emotion.embedding[None], heard.statistics[None], emotion.fused[None])
        return Seed(track, sound, self._store().content_id(heard.content))

    def details(self, track: str | Path) -> Details:
        """All that is known of one track of the library."""
        store = self._store()
        known = find_track(store, track)
        if known is None:
            raise NotFoundError(f"{track} is not in the library", "hear it alone: musimo analyze FILE")
        if known.content is None:
            return Details(known, None, None, ())
        valence_sd, arousal_sd = store.spread(known.content) or (None, None)
        return Details(known, valence_sd, arousal_sd, tuple(store.windows_of(known.content)))

    def status(self) -> Status:
        """The library in numbers."""
        opened = self._answering()
        store, indexes = opened.store, opened.indexes
        return Status(
            store.path,
            store.model,
            store.counts(),
            len(indexes.sounds("both")),
            tuple(store.root_paths()),
            self._move(),
            quadrant_counts(store.moods()[1]),
        )

    @property
    def opened(self) -> Session:
        """The library as it answers, for the modules beside this one that ask it more."""
        return self._answering()

    def asked(self, index: MappedIndex) -> MappedIndex:
        """The index, if it holds anything or there is nothing to hold; else NotFoundError."""
        store = self._store()
        if not len(index) and (before := store.heard_by()) and store.counts().tracks:
            raise not_analysed(store, "no track of the library", before)
        return index

    def build_indexes(self) -> Iterator[Indexing]:
        """Make the indexes that are not there or not of today, so that the next question need not."""
        return self._answering().indexes.build()

    def failures(self) -> list[Failure]:
        """Files that could not be heard."""
        return self._store().failures()

    def tracks(self, selection: Selection | None = None) -> Iterator[Track]:
        """Every track, by path."""
        return select_tracks(self._store(), selection or EVERYTHING)

    def sound_map(self, selection: Selection | None = None) -> SoundMap:
        """Every track as a point; NotFoundError where none is analysed."""
        opened = self._answering()
        index = self.asked(opened.indexes.sounds("both"))
        return map_sounds(opened.store, index, selection or EVERYTHING)

    def _answering(self) -> Session:
        """The library, seen through the model that answers."""
        if self._session is None:
            in_use = weights_path(self.settings.weights)
            store = Store.open(self.settings.library, in_use.stem)
            weights = answering_weights(store, in_use)
            if weights != in_use and self.settings.weights:
                from musimo.audio.features import FEATURE_ID
                from musimo.emotion.weights import load_weights

                load_weights(in_use, FEATURE_ID)  # WeightsError: no other will ever have heard all
            store = Store(store.engine, store.path, weights.stem)
            self._session = Session(store, weights, Indexes(store, weights, self._on_step))
            if weights != in_use and self._on_notice is not None:
                self._on_notice(
                    f"answers come from {store.model} until {in_use.stem} has heard all;"
                    " musimo status tells how far it is"
                )
        return self._session

    def _store(self) -> Store:
        return self._answering().store

    def _move(self) -> Move | None:
        store = self._store()
        return move_from(Store(store.engine, store.path, self.model), store.model)

    def load_predictor(self) -> Predictor:
        """The network in use, on its device."""
        return self._load_predictor(weights_path(self.settings.weights))

    def _load_predictor(self, weights: Path) -> Predictor:
        from musimo.emotion.predictor import Predictor

        return Predictor.load(weights, self.settings.device, self.settings.batch_size, self._on_notice)

    def _analyze(
        self, files: Sequence[str | Path | bytes], weights: Path, plan: WindowPlan
    ) -> Iterator[AnalyzedFile | FailedFile]:
        from musimo.library.analyze import analyze

        paths = [path_bytes(file) for file in files]
        return analyze(paths, lambda: self._load_predictor(weights), self.settings.jobs, plan)


def path_bytes(path: str | Path | bytes) -> bytes:
    """A path as it is on disk, with ``~`` resolved."""
    return os.path.expanduser(os.fsencode(path))  # noqa: PTH111 - pathlib's raises for a user it does not know
