"""Analyze files that are in no library."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing

from musimo.errors import AudioError
from musimo.library.scan.drafts import Draft
from musimo.library.scan.pipeline import WindowPredictor
from musimo.library.scan.workers import Task, extract_all
from musimo.records import AnalyzedFile, FailedFile, Window, WindowPlan
from musimo.records.heard import set_tags


def analyze(
    files: Sequence[bytes],
    load_predictor: Callable[[], WindowPredictor],
    jobs: int,
    plan: WindowPlan,
    part: Window | None = None,
) -> Iterator[AnalyzedFile | FailedFile]:
    """Analyze files; yield results in input order, each as soon as it and those before it are complete.

    Parameters
    ----------
    files : paths
    load_predictor : called once there is a window to predict
    jobs : worker processes; 0 extracts in this one
    plan : which windows of each file
    part : the only part of each file to be analyzed, from whose beginning times are counted; None: all of it
    """
    predictor: WindowPredictor | None = None
    drafts: dict[int, Draft] = {}
    done: dict[int, AnalyzedFile | FailedFile] = {}
    n_yielded = 0
    tags: tuple[str, ...] = ()
    tasks = [Task.of(path, part) for path in files]
    with closing(extract_all(tasks, jobs, plan, lambda _content: True)) as events:
        for number, message in events:
            draft = drafts.setdefault(number, Draft())
            group = draft.take(message)
            if group:
                predictor = predictor or load_predictor()
                tags = predictor.tags
                try:
                    [predictions] = predictor.predict([[window.features for window in group]])
                except AudioError as error:
                    draft.error = error
                else:
                    draft.add(group, predictions)
            if draft.ended:
                done[number] = _result(files[number], drafts.pop(number), tags)
            while n_yielded in done:
                yield done.pop(n_yielded)
                n_yielded += 1


def _result(path: bytes, draft: Draft, tags: tuple[str, ...]) -> AnalyzedFile | FailedFile:
    if draft.error is not None:
        return FailedFile(path, draft.error.stage, draft.error.reason)
    summary = draft.summary()
    assert draft.opened is not None
    assert summary is not None  # every file has a window
    return AnalyzedFile(
        path,
        draft.opened.tags,
        draft.opened.content,
        draft.opened.duration_s,
        summary.emotion,
        summary.statistics,
        summary.partial,
        summary.tempo_key,
        set_tags(tags, summary.emotion.tags) if tags else None,
    )
