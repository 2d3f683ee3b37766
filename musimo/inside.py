"""Inside a track from Python: what the command ``curve`` and ``similar --from --to`` do.

from musimo import Library, inside
library = Library.open()
*_, curve = inside.hear_curve(library, "track.mp3")
for row in library.similar(inside.hear_passage(library, "track.mp3", 70, 100)[0]):
    print(row.track.path)
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from musimo.api import Library, Seed, path_bytes
from musimo.audio.windows import sliding_plan
from musimo.library import curve
from musimo.records import Curve, SlidingPlan, Track, Window
from musimo.search.times import passage


def hear_curve(
    library: Library, track: str | Path, plan: SlidingPlan | None = None
) -> Iterator[curve.Felt | Curve]:
    """Mood inside a track of the library or any file; the last event is the curve.

    A file needs no library.

    Parameters
    ----------
    plan : made by :func:`musimo.audio.windows.sliding_plan`; None for windows of 45 s, 5 s apart

    Raises
    ------
    NotFoundError, UsageError : no such track, or several
    AudioError : it cannot be heard
    """
    known, path = None, path_bytes(track)
    if library.settings.library.exists() or not os.path.isfile(path):  # noqa: PTH113 - bytes
        known, path = _found(library, track)
    settings = library.settings
    return curve.hear_curve(path, library.load_predictor, settings.jobs, plan or sliding_plan(), known)


def hear_passage(
    library: Library, track: str | Path, start_s: float | None, end_s: float | None
) -> tuple[Seed, Window]:
    """A passage of a track or file to ask with, and where it lies; None is its beginning, or its end.

    Raises
    ------
    NotFoundError, UsageError : no such track, or several; the passage does not lie in it
    AudioError : it cannot be heard
    """
    known, path = _found(library, track)
    window = passage(start_s, end_s, curve.measured_length(path, library.settings.jobs))
    seed = library.hear(path, window)
    return replace(seed, track=replace(seed.track, id=known.id if known else None)), window


def _found(library: Library, track: str | Path) -> tuple[Track | None, bytes]:
    known = library.find(track)
    return known, known.path if known else path_bytes(track)
