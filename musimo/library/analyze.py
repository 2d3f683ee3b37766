"""Hearing files that are in no library."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing

from musimo.audio.whole import partial_share
from musimo.emotion.summary import mean_statistics, summarize
from musimo.errors import AudioError
from musimo.library.hearing import ClipAnalyzer
from musimo.library.workers import Task, hear_all
from musimo.records import (
    AnalyzedFile,
    ClipEmotion,
    Coverage,
    FailedFile,
    FloatArray,
    HeardClip,
    Opened,
    Window,
)


def analyze(
    files: Sequence[bytes], load_analyzer: Callable[[], ClipAnalyzer], jobs: int, coverage: Coverage
) -> Iterator[AnalyzedFile | FailedFile]:
    """Hear and feel ``files``; answers come in their order, each as soon as those before it are done."""
    analyzer: ClipAnalyzer | None = None
    opened: dict[int, Opened] = {}
    felt: dict[int, list[tuple[Window, ClipEmotion]]] = {}
    statistics: dict[int, list[FloatArray]] = {}
    done: dict[int, AnalyzedFile | FailedFile] = {}
    told = 0
    with closing(hear_all([Task(path, _size(path)) for path in files], jobs, coverage, _always)) as events:
        for number, message in events:
            if isinstance(message, Opened):
                opened[number] = message
            elif isinstance(message, HeardClip):
                analyzer = analyzer or load_analyzer()
                try:
                    [emotion] = analyzer.analyze([message.features])
                except AudioError as error:
                    done[number] = FailedFile(files[number], error.stage, error.reason)
                else:
                    felt.setdefault(number, []).append((message.window, emotion))
                    statistics.setdefault(number, []).append(message.statistics)
            elif isinstance(message, AudioError):
                done[number] = FailedFile(files[number], message.stage, message.reason)
            elif number >= told and number not in done:
                file, heard = opened[number], felt.pop(number)
                done[number] = AnalyzedFile(
                    files[number],
                    file.tags,
                    file.content,
                    file.duration_s,
                    summarize(heard),
                    mean_statistics(statistics.pop(number)),
                    partial_share(file, [window for window, _ in heard]),
                )
            while told in done:
                yield done.pop(told)
                told += 1


def _size(path: bytes) -> int:
    try:
        return os.path.getsize(path)
    except OSError:
        return 0


def _always(_content: bytes) -> bool:
    return True
