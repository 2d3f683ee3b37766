"""Emotion inside one track: windows close together, analyzed one after the other."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from musimo.audio.decoded_fraction import decoded_fraction
from musimo.audio.novelty import SURVEY_PLAN, ChangeFinder, Changes
from musimo.audio.windows import MAX_WINDOWS, slide
from musimo.emotion.turns import find_turns
from musimo.errors import AudioError
from musimo.library.scan.drafts import Draft
from musimo.library.scan.pipeline import WindowPredictor
from musimo.library.scan.workers import Task, extract_all
from musimo.records import ExtractedWindow, FileOpened, SlidingPlan, Track, Window, WindowEmotion, WindowPlan
from musimo.records.curve import Curve, Section


@dataclass(frozen=True, slots=True)
class CurveProgress:
    """How many windows of a curve are analyzed, and how many there are; the total may change."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class CurveOpened:
    """The duration of the file, and how many readings it has unless its music changes; the first event."""

    duration_s: float
    n_readings: int


def analyze_curve(
    path: bytes,
    load_predictor: Callable[[], WindowPredictor],
    jobs: int,
    plan: SlidingPlan,
    known: Track | None = None,
) -> Iterator[CurveOpened | CurveProgress | Curve]:
    """Analyze one file window after window; yield its duration, progress, and the curve as the last event.

    The file is read three times: to find where the music changes; to see where the mood changes with it, by a
    window on either side; and for the readings, whose windows lie inside the sections between those times.
    Only readings are kept, so that a long file takes no more memory than a short one.

    Parameters
    ----------
    path : of the file
    load_predictor : called once there is a window to predict
    jobs : worker processes, of which one file needs one; 0 extracts in this process
    plan : length and hop of the windows
    known : the track of a library that the file is; it is part of the curve

    Raises
    ------
    AudioError : the file cannot be analyzed, or is digital silence
    """
    analysis = _Analysis(path, load_predictor, jobs)
    finder: ChangeFinder | None = None
    n_expected = 0
    for window in analysis.extract(SURVEY_PLAN):
        if finder is None:
            n_expected = _count(path, analysis.opened.duration_s, plan)
            finder = ChangeFinder(analysis.opened.duration_s)
            yield CurveOpened(analysis.opened.duration_s, n_expected)
        finder.add(window)
        yield analysis.progress(1, n_expected)
    assert finder is not None  # a file without a window is an error
    opened, survey = analysis.opened, analysis.windows
    duration_s, changes = opened.duration_s, finder.finish()

    sections = _sections(duration_s, changes, changes.times_s)
    if all(section.silent for section in sections):
        raise _error_of(path, AudioError("analyze", "it contains digital silence only, which has no mood"))
    if changes.times_s:
        probes: list[WindowEmotion] = []
        for emotion in analysis.predict(_windows(sections, plan, ends_only=True)):
            probes.append(emotion)
            yield analysis.progress(1, n_expected)
        turns_s = {turn.time_s for turn in find_turns(probes, sections)}
        sections = _sections(duration_s, changes, [time for time in changes.times_s if time in turns_s])

    windows = _windows(sections, plan)
    readings: list[WindowEmotion] = []
    for emotion in analysis.predict(windows):
        readings.append(emotion)
        yield analysis.progress(1, len(windows) - len(readings))
    silent = [window for section in sections if section.silent for window in _slide_in(section, plan)]
    readings += _interpolated(readings, silent)
    partial = decoded_fraction(opened, survey)
    track = known or Track(None, path, opened.tags, duration_s, None, None, None)
    yield Curve(
        replace(track, partial=partial),
        plan,
        duration_s,
        tuple(sorted(readings, key=lambda one: one.window.start_s)),
        partial,
        sections,
    )


def measure_duration(path: bytes, jobs: int) -> float:
    """Return the duration of a file, s, measured over its whole stream; nothing is decoded.

    Raises
    ------
    AudioError : the file cannot be read
    """
    with closing(extract_all([Task.of(path)], jobs, "windows", lambda _content: False)) as events:
        _, first = next(events)
    if isinstance(first, AudioError):
        raise _error_of(path, first)
    assert isinstance(first, FileOpened)
    return first.duration_s


class _Analysis:
    """Passes over one file.

    Attributes
    ----------
    opened : of the first pass
    windows : of the first pass, as far as they could be decoded
    """

    opened: FileOpened

    def __init__(self, path: bytes, load_predictor: Callable[[], WindowPredictor], jobs: int) -> None:
        self.windows: list[Window] = []
        self._path = path
        self._load = load_predictor
        self._jobs = jobs
        self._predictor: WindowPredictor | None = None
        self._n_done = 0

    def progress(self, n: int, n_left: int) -> CurveProgress:
        """Count ``n`` windows as done, and return the progress."""
        self._n_done += n
        return CurveProgress(self._n_done, self._n_done + n_left)

    def extract(self, plan: WindowPlan) -> Iterator[ExtractedWindow]:
        """Yield the windows of the first pass."""
        for group in self._groups(plan):
            for window in group:
                self.windows.append(window.window)
                yield window

    def predict(self, windows: Sequence[Window]) -> Iterator[WindowEmotion]:
        """Predict these windows, as far as they can be decoded."""
        for group in self._groups(tuple(windows)):
            self._predictor = self._predictor or self._load()
            try:
                [predictions] = self._predictor.predict([[window.features for window in group]])
            except AudioError as error:
                raise _error_of(self._path, error) from error
            for window, prediction in zip(group, predictions, strict=True):
                yield WindowEmotion(window.window, prediction.valence, prediction.arousal)

    def _groups(self, plan: WindowPlan) -> Iterator[list[ExtractedWindow]]:
        draft = Draft()
        events = extract_all([Task.of(self._path)], self._jobs, plan, lambda _content: True)
        with closing(events):
            for _, message in events:
                group = draft.take(message)
                if draft.error is not None:
                    raise _error_of(self._path, draft.error)
                if isinstance(message, FileOpened) and not self.windows:
                    self.opened = message
                if group:
                    yield group


def _count(path: bytes, duration_s: float, plan: SlidingPlan) -> int:
    """Return the number of readings of a track that does not change; AudioError if there are too many."""
    if duration_s / plan.hop_s > MAX_WINDOWS:
        reason = f"it would take {duration_s / plan.hop_s:.0f} windows; at most {MAX_WINDOWS} are analyzed"
        raise _error_of(path, AudioError("read", f"{reason}; use a longer --hop"))
    return len(slide(0.0, duration_s, plan))


def _sections(duration_s: float, changes: Changes, times_s: Sequence[float]) -> tuple[Section, ...]:
    """Return the sections between the given times and around silence."""
    silent = {window.start_s: window for window in changes.silences}
    ends_s = [end for window in changes.silences for end in (window.start_s, window.end_s)]
    edges_s = sorted({0.0, duration_s, *times_s, *ends_s})
    return tuple(
        Section(Window(start_s, end_s), silent=start_s in silent) for start_s, end_s in pairwise(edges_s)
    )


def _windows(
    sections: Sequence[Section], plan: SlidingPlan, *, ends_only: bool = False
) -> tuple[Window, ...]:
    """Return the windows inside each section that is not silent; or only its first and its last."""
    windows: list[Window] = []
    for section in sections:
        if not section.silent:
            inside = _slide_in(section, plan)
            windows += inside[:: max(1, len(inside) - 1)] if ends_only else inside
    return tuple(windows)


def _slide_in(section: Section, plan: SlidingPlan) -> tuple[Window, ...]:
    """Return the windows of a section."""
    return slide(section.window.start_s, section.window.end_s, plan)


def _interpolated(readings: Sequence[WindowEmotion], windows: Sequence[Window]) -> list[WindowEmotion]:
    """Return readings for silence, on the lines between the readings around it."""
    if not windows:
        return []
    times_s = [one.window.middle_s for one in readings]
    at_s = [window.middle_s for window in windows]
    valences = np.interp(at_s, times_s, [one.valence for one in readings])
    arousals = np.interp(at_s, times_s, [one.arousal for one in readings])
    return [
        WindowEmotion(window, float(valence), float(arousal))
        for window, valence, arousal in zip(windows, valences, arousals, strict=True)
    ]


def _error_of(path: bytes, error: AudioError) -> AudioError:
    return AudioError(error.stage, f"cannot analyze {os.fsdecode(path)}: {error.reason}")
