"""``Library.scan``: a scan, and the indexes after it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from musimo.api.session import Session
from musimo.library.scan.events import ScanEvent
from musimo.library.scan.scan import ScanOptions
from musimo.library.scan_session import scan_library


def scan_events(
    session: Session,
    folders: Sequence[bytes],
    options: ScanOptions,
    stop: Callable[[], bool],
    *,
    wait: bool,
    keep_model: bool,
) -> Iterator[ScanEvent]:
    """Answer :meth:`musimo.Library.scan_events`."""
    options = replace(options, exclude=(*session.settings.exclude, *options.exclude))

    def finish() -> Iterator[ScanEvent]:
        session.close()  # another model may be active now
        yield from session.build_indexes()

    yield from scan_library(
        session.settings.library,
        session.weights,
        session.load_predictor,
        folders,
        options,
        finish,
        stop,
        session.notice,
        wait=wait,
        keep_model=keep_model,
    )
