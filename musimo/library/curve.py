"""Hearing one track window after window, close together."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace

from musimo.audio.decoded_fraction import decoded_fraction
from musimo.audio.windows import WINDOWS_PER_CALL
from musimo.errors import AudioError
from musimo.library.scan.messages import Finished
from musimo.library.scan.pipeline import WindowPredictor
from musimo.library.scan.workers import Task, extract_all
from musimo.records import Curve, ExtractedWindow, FileOpened, SlidingPlan, Track, WindowEmotion


@dataclass(frozen=True, slots=True)
class Felt:
    """So many windows of so many are felt."""

    done: int
    total: int


def hear_curve(
    path: bytes,
    load_predictor: Callable[[], WindowPredictor],
    jobs: int,
    plan: SlidingPlan,
    known: Track | None = None,
) -> Iterator[Felt | Curve]:
    """Hear and feel one file, telling how far it is; the last event is its curve.

    Only readings are kept, so that a long file takes no more memory than a short one.

    Parameters
    ----------
    path : of the file
    load_predictor : called once, when there is something to feel
    jobs : number of worker processes, of which one file needs one; 0 hears in this process
    plan : the windows
    known : the track of a library that the file is, to be told in the curve

    Raises
    ------
    AudioError : the file cannot be heard
    """
    predictor: WindowPredictor | None = None
    opened: FileOpened | None = None
    gathered: list[ExtractedWindow] = []
    readings: list[WindowEmotion] = []
    with closing(extract_all([Task.of(path)], jobs, plan, lambda _content: True)) as events:
        for _, message in events:
            if isinstance(message, AudioError):
                raise _naming(path, message)
            if isinstance(message, FileOpened):
                opened = message
            elif isinstance(message, ExtractedWindow):
                gathered.append(message)
            if gathered and (len(gathered) == WINDOWS_PER_CALL or isinstance(message, Finished)):
                predictor = predictor or load_predictor()
                try:
                    readings += _feel(predictor, gathered)
                except AudioError as error:
                    raise _naming(path, error) from error
                gathered = []
            assert opened is not None  # the course of the messages has it first
            yield Felt(len(readings), len(opened.windows))
    assert opened is not None
    partial = decoded_fraction(opened, [one.window for one in readings])
    track = known or Track(None, path, opened.tags, opened.duration_s, None, None, None)
    yield Curve(replace(track, partial=partial), plan, opened.duration_s, tuple(readings), partial)


def _feel(predictor: WindowPredictor, clips: list[ExtractedWindow]) -> list[WindowEmotion]:
    [emotions] = predictor.predict([[clip.features for clip in clips]])
    return [
        WindowEmotion(clip.window, emotion.valence, emotion.arousal)
        for clip, emotion in zip(clips, emotions, strict=True)
    ]


def _naming(path: bytes, error: AudioError) -> AudioError:
    return AudioError(error.stage, f"cannot hear {os.fsdecode(path)}: {error.reason}")


def measured_length(path: bytes, jobs: int) -> float:
    """Length of a file, s, by its whole stream; nothing is decoded.

    Raises
    ------
    AudioError : the file cannot be heard
    """
    with closing(extract_all([Task.of(path)], jobs, "windows", lambda _content: False)) as events:
        _, first = next(events)
    if isinstance(first, AudioError):
        raise _naming(path, first)
    assert isinstance(first, FileOpened)
    return first.duration_s
