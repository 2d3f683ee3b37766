"""``Library.curve``: mood inside one track."""

from __future__ import annotations

import os
from collections.abc import Callable

from musimo.api.seeds import AnyTrack, file_of, find_track
from musimo.api.session import Session
from musimo.audio.windows import sliding_plan
from musimo.library.curve import CurveOpened, analyze_curve
from musimo.records import Track
from musimo.records.curve import Curve

Progress = Callable[[int, int], None]
"""Called with the steps done, and their total."""


def curve(
    session: Session,
    track: AnyTrack,
    window_s: float,
    hop_s: float,
    on_progress: Progress | None,
    on_opened: Callable[[float, int], None] | None = None,
) -> Curve:
    """Answer :meth:`musimo.Library.curve`."""
    plan = sliding_plan(window_s, hop_s)
    known, path = _known(session, track)
    settings = session.settings
    events = analyze_curve(path, lambda: session.predictor(session.weights), settings.jobs, plan, known)
    for event in events:
        if isinstance(event, Curve):
            return event
        if isinstance(event, CurveOpened):
            if on_opened is not None:
                on_opened(event.duration_s, event.n_readings)
        elif on_progress is not None:
            on_progress(event.done, event.total)
    raise AssertionError("the last event is the curve")


def _known(session: Session, track: AnyTrack) -> tuple[Track | None, bytes]:
    """Return the track of the library, if it is one, and its file; a file needs no library."""
    if isinstance(track, str | os.PathLike) and not session.settings.library.exists():
        path = file_of(track)
        if os.path.isfile(path):  # noqa: PTH113 - bytes
            return None, path
    known = find_track(session, track)
    return known, file_of(track) if known is None else known.path_bytes
