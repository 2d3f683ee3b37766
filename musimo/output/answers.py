"""What is printed, and how: one record an answer, one for the wishes of whoever reads it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from musimo.library.db.calibrations import AppliedCalibration
from musimo.library.db.ratings import Opinion
from musimo.output.playlist_paths import PathStyle
from musimo.records import (
    AnalyzedFile,
    FailedFile,
    Failure,
    MoodTrack,
    PathTrack,
    SimilarTrack,
    Track,
    Window,
    WindowEmotion,
)
from musimo.search.best_window import BestWindow
from musimo.search.explain import Explanation
from musimo.search.order import Order
from musimo.search.scale import Scale


@dataclass(frozen=True, slots=True)
class PrintOptions:
    """How an answer is written.

    Parameters
    ----------
    width : columns of a table
    scale : scale of valence and arousal
    print0 : end each of ``paths`` with NUL instead of a line feed
    paths : how playlists name files
    """

    width: int = 80
    scale: Scale = "0-1"
    print0: bool = False
    paths: PathStyle = field(default_factory=PathStyle)


@dataclass(frozen=True, slots=True)
class SimilarAnswer:
    """Answer of ``similar``: what was asked with, and what sounds like it.

    ``passage`` is the only part of the query that was asked with; None for all of it. ``versions`` are, for
    each track of the query, those that were left out of the list; ``explanations``, one a result, are None
    where they were not asked for; ``duration_s`` is how long the list was to be, and ``order`` its order.
    ``windows``, one a result or none at all, are the best of what was heard of each; None is not known.
    """

    query: Sequence[Track]
    results: Sequence[SimilarTrack]
    passage: Window | None = None
    versions: Sequence[Sequence[Track]] = ()
    explanations: Sequence[Explanation] | None = None
    duration_s: float | None = None
    order: Order = "similarity"
    windows: Sequence[BestWindow | None] = ()

    def window(self, place: int) -> BestWindow | None:
        """The best window of the result at ``place``."""
        return self.windows[place] if self.windows else None


@dataclass(frozen=True, slots=True)
class MoodAnswer:
    """Answer of ``mood``: the point asked for, 0..1, and what lies near it.

    ``relative`` points and distances are in percentiles, on no scale but 0..1. ``words`` are those that named
    the point; ``spread`` and ``seed`` are of a mix; ``like`` is the track whose sound was asked for, and
    ``versions`` those of it that were left out; ``duration_s`` and ``order`` are as of `SimilarAnswer`.
    """

    valence: float
    arousal: float
    results: Sequence[MoodTrack]
    relative: bool = False
    words: str | None = None
    spread: float | None = None
    seed: int | None = None
    like: Track | None = None
    versions: Sequence[Track] = ()
    duration_s: float | None = None
    order: Order = "similarity"


@dataclass(frozen=True, slots=True)
class MoodPathAnswer:
    """Answer of ``mood-path``: from where to where, 0..1, for how long, and the list; see `MoodAnswer`."""

    start: tuple[float, float]
    end: tuple[float, float]
    duration_s: float
    results: Sequence[MoodTrack]
    relative: bool = False


@dataclass(frozen=True, slots=True)
class PathAnswer:
    """Answer of ``path``: the tracks it was to lead through, and the tracks it does."""

    query: Sequence[Track]
    results: Sequence[PathTrack]


@dataclass(frozen=True, slots=True)
class TracksAnswer:
    """Answer of ``export``: tracks, in the order they are to be written."""

    results: Sequence[Track]


@dataclass(frozen=True, slots=True)
class AnalyzeAnswer:
    """Answer of ``analyze``."""

    results: Sequence[AnalyzedFile]
    failed: Sequence[FailedFile]


@dataclass(frozen=True, slots=True)
class ShowAnswer:
    """Answer of ``show``: one track and what was heard of it."""

    track: Track
    valence_sd: float | None
    arousal_sd: float | None
    windows: Sequence[WindowEmotion]
    heard: tuple[float, float] | None = None  # the network's own valence and arousal; None: not analysed
    opinion: Opinion | None = None  # what its owner said of it


@dataclass(frozen=True, slots=True)
class StatusAnswer:
    """Answer of ``status``: the library in numbers.

    ``next_model`` is on its way to take the place of ``model``; ``next_heard`` of ``next_sounds`` are done.
    """

    library: bytes
    tracks: int
    analyzed: int
    failed: int
    missing: int
    model: str | None
    indexed: int
    roots: Sequence[bytes]
    partial: int = 0
    next_model: str | None = None
    next_heard: int = 0
    next_sounds: int = 0
    quadrants: Mapping[str, int] = field(default_factory=dict)
    ratings: int = 0
    calibration: AppliedCalibration | None = None


@dataclass(frozen=True, slots=True)
class ErrorsAnswer:
    """Answer of ``errors``."""

    failures: Sequence[Failure]


TrackList = SimilarAnswer | MoodAnswer | MoodPathAnswer | PathAnswer | TracksAnswer
"""Answers that are lists of tracks: every format can hold them."""

Answer = TrackList | AnalyzeAnswer | ShowAnswer | StatusAnswer | ErrorsAnswer


def tracks_of(answer: TrackList) -> list[Track]:
    """The tracks of an answer, in its order."""
    if isinstance(answer, TracksAnswer):
        return list(answer.results)
    return [row.track for row in answer.results]
