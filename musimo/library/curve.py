"""Emotion inside one track: windows close together, analyzed one after the other."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace

from musimo.audio.decoded_fraction import decoded_fraction
from musimo.errors import AudioError
from musimo.library.scan.drafts import Draft
from musimo.library.scan.pipeline import WindowPredictor
from musimo.library.scan.workers import Task, extract_all
from musimo.records import Curve, FileOpened, SlidingPlan, Track, WindowEmotion


@dataclass(frozen=True, slots=True)
class CurveProgress:
    """How many windows of a curve are analyzed, and how many there are."""

    done: int
    total: int


def analyze_curve(
    path: bytes,
    load_predictor: Callable[[], WindowPredictor],
    jobs: int,
    plan: SlidingPlan,
    known: Track | None = None,
) -> Iterator[CurveProgress | Curve]:
    """Analyze one file window after window; yield progress, and the curve as the last event.

    Only readings are kept, so that a long file takes no more memory than a short one.

    Parameters
    ----------
    path : of the file
    load_predictor : called once there is a window to predict
    jobs : worker processes, of which one file needs one; 0 extracts in this process
    plan : the windows
    known : the track of a library that the file is; it is part of the curve

    Raises
    ------
    AudioError : the file cannot be analyzed
    """
    predictor: WindowPredictor | None = None
    draft = Draft()
    readings: list[WindowEmotion] = []
    with closing(extract_all([Task.of(path)], jobs, plan, lambda _content: True)) as events:
        for _, message in events:
            group = draft.take(message)
            if draft.error is not None:
                raise _error_of(path, draft.error)
            if group:
                predictor = predictor or load_predictor()
                try:
                    [predictions] = predictor.predict([[window.features for window in group]])
                except AudioError as error:
                    raise _error_of(path, error) from error
                readings += [
                    WindowEmotion(window.window, prediction.valence, prediction.arousal)
                    for window, prediction in zip(group, predictions, strict=True)
                ]
            assert draft.opened is not None  # the protocol sends it first
            yield CurveProgress(len(readings), len(draft.opened.windows))
    assert draft.opened is not None
    partial = decoded_fraction(draft.opened, [reading.window for reading in readings])
    track = known or Track(None, path, draft.opened.tags, draft.opened.duration_s, None, None, None)
    yield Curve(replace(track, partial=partial), plan, draft.opened.duration_s, tuple(readings), partial)


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


def _error_of(path: bytes, error: AudioError) -> AudioError:
    return AudioError(error.stage, f"cannot analyze {os.fsdecode(path)}: {error.reason}")
