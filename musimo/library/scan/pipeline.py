"""From files to batches to transactions: the part of a scan that hears."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import closing
from dataclasses import dataclass, field
from threading import Thread
from typing import Protocol

import numpy as np
from threadpoolctl import threadpool_limits

from musimo.audio.decoded_fraction import decoded_fraction
from musimo.audio.tempo_key import TempoKeyFeatures, estimate_tempo_key, tempo_key_features
from musimo.audio.windows import WINDOWS_PER_CALL
from musimo.emotion.space import SoundSpace, unit
from musimo.emotion.summary import mean_statistics, summarize
from musimo.errors import AudioError
from musimo.library.db.journal import FileAnalysis, FileFailure, Journal
from musimo.library.scan.events import FileFailed, FileStored, SoundChanged
from musimo.library.scan.messages import Finished
from musimo.library.scan.roots import PlannedFile
from musimo.library.scan.workers import Task, extract_all
from musimo.records import (
    Coverage,
    Descriptors,
    ExtractedWindow,
    FileOpened,
    FloatArray,
    Window,
    WindowPrediction,
)

COMMIT_FILES = 32  # files without a clip to feel (copies, failures) are written together up to this many
COMMIT_S = 5.0  # and at least this often, so that a kill loses seconds, not minutes


class WindowPredictor(Protocol):
    """What hearing needs of :class:`musimo.emotion.predictor.Predictor`."""

    @property
    def space(self) -> SoundSpace | None:
        """In which windows get places; None: they get none."""

    def predict(self, tracks: Sequence[Sequence[FloatArray]]) -> list[list[WindowPrediction]]:
        """Emotion of each clip of each track; AudioError where one of them has none."""


@dataclass(slots=True)
class _Draft:
    """A file between its first event and its transaction."""

    planned: PlannedFile
    opened: FileOpened | None = None
    felt: list[tuple[Window, WindowPrediction]] = field(default_factory=list)
    statistics: list[FloatArray] = field(default_factory=list)
    pulses: list[TempoKeyFeatures] = field(default_factory=list)
    places: dict[Window, FloatArray] = field(default_factory=dict)
    missing_s: float = 0.0  # holes in what was felt
    gathered: list[ExtractedWindow] = field(
        default_factory=list
    )  # until there are enough to be felt together
    n_waiting: int = 0  # clips heard but not yet felt
    ended: bool = False
    error: AudioError | None = None

    @property
    def ready(self) -> bool:
        return self.ended and not self.n_waiting


class Pipeline:
    """Hears planned files and stores them batch by batch.

    Attributes
    ----------
    arrivals : how many files arrived as what, or ``failed``
    interrupted : whether it was stopped before the last file
    """

    def __init__(
        self,
        journal: Journal,
        load_predictor: Callable[[], WindowPredictor],
        *,
        jobs: int,
        batch_size: int,
        coverage: Coverage,
    ) -> None:
        self.arrivals: Counter[str] = Counter()
        self.interrupted = False
        self._journal = journal
        self._predictor = _Awaited(load_predictor)
        self._jobs = jobs
        self._batch_size = batch_size
        self._coverage = coverage
        self._known: set[bytes] = set()  # sounds that need not be heard
        self._drafts: dict[int, _Draft] = {}
        self._groups: list[tuple[_Draft, list[ExtractedWindow]]] = []  # to be felt
        self._n_ended = 0
        self._last_commit = time.monotonic()

    def run(
        self, files: Sequence[PlannedFile], stop: Callable[[], bool]
    ) -> Iterator[FileStored | SoundChanged | FileFailed]:
        """Hear ``files``; once ``stop`` says True what is in hand is stored, the rest left."""
        self._known = self._journal.known_contents() if files else set()
        tasks = [Task(planned.full_path, planned.file.size) for planned in files]
        events = extract_all(tasks, self._jobs, self._coverage, lambda content: content not in self._known)
        with closing(events):
            for number, message in events:
                self._take(self._drafts.setdefault(number, _Draft(files[number])), message)
                if sum(len(clips) for _, clips in self._groups) >= self._batch_size:
                    self._feel()
                    yield from self._commit()
                elif self._is_time_to_commit():
                    yield from self._commit()
                if stop():
                    self.interrupted = self._n_ended < len(files)
                    break
        self._feel()
        yield from self._commit()

    def store_failed(self, failed: Sequence[FileFailure]) -> Iterator[FileFailed]:
        """Store files that could not even be opened."""
        if failed:
            self._journal.write([], failed)
        for file in failed:
            yield self._tell_failure(file)

    def _take(self, draft: _Draft, message: FileOpened | ExtractedWindow | Finished | AudioError) -> None:
        if isinstance(message, FileOpened):
            draft.opened = message
            if message.content not in self._known:
                self._predictor.begin()
        elif isinstance(message, ExtractedWindow):
            draft.n_waiting += 1
            draft.gathered.append(message)
            if len(draft.gathered) == WINDOWS_PER_CALL:
                self._group(draft)
        else:
            draft.ended = True
            self._n_ended += 1
            if isinstance(message, AudioError):
                draft.error = message
            if draft.gathered:
                self._group(draft)

    def _group(self, draft: _Draft) -> None:
        self._groups.append((draft, draft.gathered))
        draft.gathered = []

    def _feel(self) -> None:
        if not self._groups:
            return
        groups, self._groups = self._groups, []
        predictor = self._predictor.get()
        try:
            felt = predictor.predict([[clip.features for clip in clips] for _, clips in groups])
        except AudioError:
            felt = _feel_apart(predictor, groups)
        for (draft, clips), emotions in zip(groups, felt, strict=True):
            draft.n_waiting -= len(clips)
            for clip, emotion in zip(clips, emotions, strict=False):  # none for those without an answer
                draft.felt.append((clip.window, emotion))
                draft.statistics.append(clip.statistics)
                draft.pulses.append(tempo_key_features(clip))
                draft.missing_s += clip.missing_s
        if predictor.space is not None:
            with threadpool_limits(1, user_api="blas"):  # more threads would sum in another order
                for (draft, clips), emotions in zip(groups, felt, strict=True):
                    draft.places |= _places(predictor.space, clips, emotions)

    def _is_time_to_commit(self) -> bool:
        n_ready = self._n_ready()
        return n_ready >= COMMIT_FILES or (n_ready > 0 and time.monotonic() - self._last_commit > COMMIT_S)

    def _n_ready(self) -> int:
        return sum(draft.ready for draft in self._drafts.values())

    def _commit(self) -> Iterator[FileStored | SoundChanged | FileFailed]:
        """Write every file that is ready in one transaction, then tell of it."""
        ready = [number for number, draft in self._drafts.items() if draft.ready]
        drafts = [self._drafts.pop(number) for number in ready]
        heard = [_heard(draft) for draft in drafts if draft.error is None]
        failed = [FileFailure(draft.planned, draft.error) for draft in drafts if draft.error is not None]
        arrivals = self._journal.write(heard, failed) if drafts else []
        self._known.update(file.opened.content for file in heard)
        self._last_commit = time.monotonic()
        for file, arrival in zip(heard, arrivals, strict=True):
            self.arrivals[arrival] += 1
            yield FileStored(file.planned.full_path, arrival)
            if file.planned.remembered is not None and not file.as_remembered:
                yield SoundChanged(file.planned.full_path)
        for failure in failed:
            yield self._tell_failure(failure)

    def _tell_failure(self, failed: FileFailure) -> FileFailed:
        self.arrivals["failed"] += 1
        return FileFailed(failed.planned.full_path, failed.error.stage, failed.error.reason)


def _feel_apart(
    predictor: WindowPredictor, groups: Sequence[tuple[_Draft, list[ExtractedWindow]]]
) -> list[list[WindowPrediction]]:
    """One track at a time, so that one without an answer fails alone."""
    felt: list[list[WindowPrediction]] = []
    for draft, clips in groups:
        try:
            felt += predictor.predict([[clip.features for clip in clips]])
        except AudioError as error:
            draft.error = error
            felt.append([])
    return felt


def _places(
    space: SoundSpace, clips: Sequence[ExtractedWindow], emotions: Sequence[WindowPrediction]
) -> dict[Window, FloatArray]:
    """Where the windows of a track lie in every block of the space; nowhere where they have no answer."""
    if not emotions:
        return {}
    sounds = Descriptors(
        unit([emotion.embedding for emotion in emotions]),
        np.stack([clip.statistics for clip in clips]),
        np.stack([emotion.fused for emotion in emotions]),
    )
    return dict(zip((clip.window for clip in clips), space.block_vectors(sounds), strict=True))


class _Awaited:
    """The predictor, loaded while the first files are decoded: torch alone takes seconds to import."""

    def __init__(self, load: Callable[[], WindowPredictor]) -> None:
        self._load = load
        self._loaded: Future[WindowPredictor] | None = None

    def begin(self) -> None:
        """Load it in a thread of its own, once."""
        if self._loaded is None:
            self._loaded = Future()
            Thread(target=self._run, args=(self._loaded,)).start()

    def get(self) -> WindowPredictor:
        """The predictor; raises what loading it raised."""
        self.begin()
        assert self._loaded is not None
        return self._loaded.result()

    def _run(self, loaded: Future[WindowPredictor]) -> None:
        try:
            loaded.set_result(self._load())
        except BaseException as error:  # for whoever waits for it
            loaded.set_exception(error)


def _heard(draft: _Draft) -> FileAnalysis:
    assert draft.opened is not None
    if not draft.felt:  # its sound was known before
        return FileAnalysis(draft.planned, draft.opened, None, None)
    emotion, statistics = summarize(draft.felt), mean_statistics(draft.statistics)
    partial = decoded_fraction(draft.opened, [window for window, _ in draft.felt], draft.missing_s)
    return FileAnalysis(
        draft.planned,
        draft.opened,
        emotion,
        statistics,
        partial,
        estimate_tempo_key(draft.pulses),
        draft.places,
    )
