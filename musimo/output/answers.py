"""The answers of commands as records, and the options for printing them."""

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
    """Answer of ``similar``.

    Parameters
    ----------
    query : seeds
    results : nearest tracks
    passage : part of the seed that was compared; None for all of it
    versions : for each seed, its versions that are left out of the list
    explanations : one per result; None if not asked for
    duration_s : length that was asked for
    windows : for each result its best window, None where it is not known; empty if not computed
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
        """Return the best window of the result at index ``place``."""
        return self.windows[place] if self.windows else None


@dataclass(frozen=True, slots=True)
class MoodAnswer:
    """Answer of ``mood``.

    Parameters
    ----------
    valence, arousal : the point, 0..1
    results : nearest tracks
    relative : the point and distances are percentiles of the library, always 0..1
    words : that named the point
    spread, seed : radius and random seed of a mix
    like : track whose sound ranks the results, with its ``versions`` that are left out
    duration_s : length that was asked for
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
    """Answer of ``mood-path``: first and last point, 0..1, length and tracks; see `MoodAnswer`."""

    start: tuple[float, float]
    end: tuple[float, float]
    duration_s: float
    results: Sequence[MoodTrack]
    relative: bool = False


@dataclass(frozen=True, slots=True)
class PathAnswer:
    """Answer of ``path``: the tracks to lead through, and the tracks of the path."""

    query: Sequence[Track]
    results: Sequence[PathTrack]


@dataclass(frozen=True, slots=True)
class TracksAnswer:
    """Answer of ``export``: tracks in the order to write them."""

    results: Sequence[Track]


@dataclass(frozen=True, slots=True)
class AnalyzeAnswer:
    """Answer of ``analyze``."""

    results: Sequence[AnalyzedFile]
    failed: Sequence[FailedFile]


@dataclass(frozen=True, slots=True)
class ShowAnswer:
    """Answer of ``show``: one track and its analysis.

    Parameters
    ----------
    heard : valence and arousal predicted by the network, before calibration; None if not analyzed
    opinion : the rating of the library's owner
    """

    track: Track
    valence_sd: float | None
    arousal_sd: float | None
    windows: Sequence[WindowEmotion]
    heard: tuple[float, float] | None = None
    opinion: Opinion | None = None


@dataclass(frozen=True, slots=True)
class StatusAnswer:
    """Answer of ``status``: the library in numbers.

    Parameters
    ----------
    next_model : model that replaces ``model`` once it has analyzed ``next_sounds`` contents
    next_heard : contents that it has analyzed
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
"""Answers that are lists of tracks, which have every format of a list."""

Answer = TrackList | AnalyzeAnswer | ShowAnswer | StatusAnswer | ErrorsAnswer


def tracks_of(answer: TrackList) -> list[Track]:
    """Return the tracks of an answer, in order."""
    if isinstance(answer, TracksAnswer):
        return list(answer.results)
    return [row.track for row in answer.results]
