"""From planned files to transactions: extract, predict in batches, store."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import closing
from functools import partial
from itertools import groupby
from threading import Thread
from typing import Protocol

from threadpoolctl import threadpool_limits

from musimo.emotion.space import SoundSpace
from musimo.errors import AudioError
from musimo.library.db.files import Arrival, FileAnalysis, FileFailure, OlderContent, PlannedFile
from musimo.library.db.journal import Journal
from musimo.library.db.rehash import same_duration
from musimo.library.scan.drafts import Draft, FileDraft
from musimo.library.scan.events import ContentChanged, FileFailed, FileStored, TrackLeftOut
from musimo.library.scan.messages import ExtractMessage
from musimo.library.scan.spelling import moved_from
from musimo.library.scan.workers import Task, extract_all
from musimo.records import Coverage, ExtractedWindow, FileOpened, FloatArray, WindowPrediction

COMMIT_FILES = 32  # files without a window to predict (copies, failures) in one transaction, at most
COMMIT_S = 5.0  # between transactions, so that a kill loses seconds, not minutes

StoreEvent = FileStored | ContentChanged | TrackLeftOut | FileFailed

Group = tuple[int, Draft, list[ExtractedWindow]]
"""Number of a file, the draft of it or of a track of its sheet, and windows that are predicted together."""


class WindowPredictor(Protocol):
    """The part of :class:`musimo.emotion.predictor.Predictor` that a scan needs."""

    @property
    def space(self) -> SoundSpace | None:
        """Space of the windows' sound vectors; None: they get none."""

    @property
    def tags(self) -> tuple[str, ...]:
        """Names of the tags that it hears."""

    def predict(self, tracks: Sequence[Sequence[FloatArray]]) -> list[list[WindowPrediction]]:
        """Predict each window of each track; raise AudioError if one of them has no result."""


class Pipeline:
    """Analyze planned files and store them batch by batch.

    Attributes
    ----------
    arrivals : number of files by arrival, or ``failed``
    n_failed_again : those of the failed files that failed before, and have not changed since
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
        moved_roots: Mapping[int, bytes],
    ) -> None:
        self.arrivals: Counter[str] = Counter()
        self.n_failed_again = 0
        self.interrupted = False
        self._journal = journal
        self._predictor = _LoadingPredictor(load_predictor)
        self._jobs = jobs
        self._batch_size = batch_size
        self._coverage = coverage
        self._moved_from = partial(moved_from, moved_roots=moved_roots)
        self._files: Sequence[PlannedFile] = ()
        self._known: set[bytes] = set()  # contents that need no analysis
        self._older: dict[bytes, OlderContent] | None = None  # the same by older hash
        self._heirs: dict[bytes, bytes] = {}  # by older hash, the content that its analysis is taken over to
        self._drafts: dict[int, FileDraft] = {}
        self._groups: list[Group] = []  # to be predicted
        self._n_ended = 0
        self._last_commit = time.monotonic()

    def run(self, files: Sequence[PlannedFile], stop: Callable[[], bool]) -> Iterator[StoreEvent]:
        """Analyze files; once ``stop`` returns True, store what is extracted and leave the rest."""
        self._files = files
        self._known = self._journal.known_contents() if files else set()
        self._older = self._journal.older_contents() if files else None
        tasks = [self._task(planned) for planned in files]
        events = extract_all(tasks, self._jobs, self._coverage, lambda content: content not in self._known)
        with closing(events):
            for number, message in events:
                self._take(number, message)
                if sum(len(group) for _, _, group in self._groups) >= self._batch_size:
                    self._predict()
                    yield from self._commit()
                elif self._is_time_to_commit():
                    yield from self._commit()
                if stop():
                    self.interrupted = self._n_ended < len(files)
                    break
        self._predict()
        yield from self._commit()

    def _task(self, planned: PlannedFile) -> Task:
        """Return the task for a file; with the old hash of a changed one while any is in use."""
        if self._older is None:
            return Task(planned.full_path, planned.file.size, sheet=planned.sheet)
        trusted = planned.old_content is not None and planned.known_content is None
        return Task(
            planned.full_path,
            planned.file.size,
            with_old_hash=not trusted,
            is_known=lambda opened: self._is_known(planned, opened),
            sheet=planned.sheet,
        )

    def _is_known(self, planned: PlannedFile, opened: FileOpened) -> bool:
        """Return whether the file needs no analysis, by the content that it has or had by an older hash."""
        if opened.content in self._known or opened.end_s is not None:
            return opened.content in self._known
        old = opened.old_content or planned.old_content
        older = None if self._older is None or old is None else self._older.get(old)
        if old is None or older is None or not same_duration(older.duration_s, opened.duration_s):
            return False
        if older.codec not in (None, opened.tags.codec):
            return False
        return self._heirs.setdefault(old, older.content or opened.content) == opened.content

    def store_failed(self, failed: Sequence[FileFailure]) -> Iterator[FileFailed]:
        """Store files that could not even be opened."""
        if failed:
            self._journal.write([], failed, self._moved_from)
        for file in failed:
            yield self._report_failure(file)

    def _take(self, number: int, message: ExtractMessage) -> None:
        draft = self._drafts.setdefault(number, FileDraft())
        self._groups += ((number, track, group) for track, group in draft.take(message))
        if isinstance(message, FileOpened) and not self._is_known(self._files[number], message):
            self._predictor.begin()
        self._n_ended += draft.ended

    def _predict(self) -> None:
        if not self._groups:
            return
        groups, self._groups = self._groups, []
        predictor = self._predictor.get()
        self._journal.name_tags(predictor.tags)
        predicted = self._predictions(predictor, groups)
        for (_, draft, group), predictions in zip(groups, predicted, strict=True):
            if predictions:
                draft.add(group, predictions)
        if predictor.space is not None:
            with threadpool_limits(1, user_api="blas"):  # more threads would sum in another order
                for (_, draft, group), predictions in zip(groups, predicted, strict=True):
                    if predictions:
                        draft.add_window_vectors(predictor.space, group, predictions)

    def _predictions(
        self, predictor: WindowPredictor, groups: Sequence[Group]
    ) -> list[list[WindowPrediction]]:
        """Predict groups together; if one has no result, each alone, so that only that one fails."""
        try:
            return predictor.predict([_features(group) for _, _, group in groups])
        except AudioError:
            return [self._predict_alone(predictor, draft, group) for _, draft, group in groups]

    def _predict_alone(
        self, predictor: WindowPredictor, draft: Draft, group: Sequence[ExtractedWindow]
    ) -> list[WindowPrediction]:
        try:
            [predictions] = predictor.predict([_features(group)])
        except AudioError as error:
            draft.error = error
            return []
        return predictions

    def _is_time_to_commit(self) -> bool:
        n_ready = len(self._ready())
        return n_ready >= COMMIT_FILES or (n_ready > 0 and time.monotonic() - self._last_commit > COMMIT_S)

    def _ready(self) -> list[int]:
        """Return numbers of the files that ended and have no windows left to predict."""
        waiting = {number for number, _, _ in self._groups}
        return [number for number, draft in self._drafts.items() if draft.ended and number not in waiting]

    def _commit(self) -> Iterator[StoreEvent]:
        """Write every file that is ready in one transaction, then report them."""
        analyzed: list[FileAnalysis] = []
        failed: list[FileFailure] = []
        left_out: list[TrackLeftOut] = []
        for number in self._ready():
            draft, planned = self._drafts.pop(number), self._files[number]
            self._mark_undecoded(planned, draft)
            if draft.error is not None:
                failed.append(FileFailure(planned, draft.error))
                continue
            analyzed += (_file_analysis(planned, track) for track in draft.analyzed)
            left_out += (
                TrackLeftOut(planned.full_path, _number(track), error.reason)
                for track, error in draft.left_out
            )
        arrivals = self._journal.write(analyzed, failed, self._moved_from) if analyzed or failed else []
        self._known.update(file.opened.content for file in analyzed)
        self._last_commit = time.monotonic()
        pairs = zip(analyzed, arrivals, strict=True)
        for planned, of_file in groupby(pairs, lambda pair: pair[0].planned):
            tracks = list(of_file)
            arrival = _arrival_of_file([arrival for _, arrival in tracks])
            self.arrivals[arrival] += 1
            yield FileStored(planned.full_path, arrival)
            if planned.known_content is not None and not any(file.verified for file, _ in tracks):
                yield ContentChanged(planned.full_path)
        yield from left_out
        for failure in failed:
            yield self._report_failure(failure)

    def _mark_undecoded(self, planned: PlannedFile, draft: FileDraft) -> None:
        """Mark tracks of a sheet that were to be analyzed, and of which nothing could be decoded."""
        for track in draft.tracks:
            opened = track.opened
            if opened is None or opened.end_s is None or not track.empty or track.error is not None:
                continue
            if not self._is_known(planned, opened):
                track.error = AudioError("decode", "no audio could be decoded")

    def _report_failure(self, failed: FileFailure) -> FileFailed:
        self.arrivals["failed"] += 1
        self.n_failed_again += failed.planned.known_failure
        return FileFailed(failed.planned.full_path, failed.error.stage, failed.error.reason)


class _LoadingPredictor:
    """The predictor, loaded while the first files are decoded: torch alone takes seconds to import."""

    def __init__(self, load: Callable[[], WindowPredictor]) -> None:
        self._load = load
        self._loaded: Future[WindowPredictor] | None = None

    def begin(self) -> None:
        """Start loading in a thread, once."""
        if self._loaded is None:
            self._loaded = Future()
            Thread(target=self._run, args=(self._loaded,)).start()

    def get(self) -> WindowPredictor:
        """Return the predictor; raise what loading raised."""
        self.begin()
        assert self._loaded is not None
        return self._loaded.result()

    def _run(self, loaded: Future[WindowPredictor]) -> None:
        try:
            loaded.set_result(self._load())
        except BaseException as error:  # for the thread that waits for the result
            loaded.set_exception(error)


def _arrival_of_file(arrivals: Sequence[Arrival]) -> Arrival:
    """Return how a file arrived, of how each of its tracks did."""
    if len(kinds := set(arrivals)) == 1:
        return arrivals[0]
    return "moved" if kinds == {"new", "moved"} else "changed"


def _number(draft: Draft) -> int | None:
    return None if draft.opened is None else draft.opened.tags.track


def _features(group: Sequence[ExtractedWindow]) -> list[FloatArray]:
    return [window.features for window in group]


def _file_analysis(planned: PlannedFile, draft: Draft) -> FileAnalysis:
    assert draft.opened is not None
    summary = draft.summary()
    if summary is None:  # its content was analyzed before
        return FileAnalysis(planned, draft.opened, None, None)
    return FileAnalysis(
        planned,
        draft.opened,
        summary.emotion,
        summary.statistics,
        summary.decoded,
        summary.tempo_key,
        {one.window: draft.window_vectors[one.window] for one in summary.emotion.windows}
        if draft.window_vectors
        else {},
    )
