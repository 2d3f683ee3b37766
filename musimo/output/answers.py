"""The answers of commands as records, and the options for printing them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from musimo.library.overview import Details as Details
from musimo.library.overview import Status as Status
from musimo.output.playlist_paths import PathStyle
from musimo.records import AnalyzedFile, FailedFile, Failure, KeyNotation, Track
from musimo.records.scale import Scale
from musimo.search.results import FindResult as FindResult
from musimo.search.results import MoodPathResult as MoodPathResult
from musimo.search.results import MoodResult as MoodResult
from musimo.search.results import PathResult as PathResult
from musimo.search.results import SimilarResult as SimilarResult


@dataclass(frozen=True, slots=True)
class PrintOptions:
    """How an answer is written.

    Parameters
    ----------
    width : columns of a table
    scale : scale of valence and arousal
    print0 : end each of ``paths`` with NUL instead of a line feed
    paths : how playlists name files
    excel : start CSV with a byte order mark
    keys : how tables and CSV write keys; None for their names, and in lists only where they decide the order
    """

    width: int = 80
    scale: Scale = "0-1"
    print0: bool = False
    paths: PathStyle = field(default_factory=PathStyle)
    excel: bool = False
    keys: KeyNotation | None = None


@dataclass(frozen=True, slots=True)
class TracksAnswer:
    """Answer of ``export``: tracks in the order to write them."""

    rows: Sequence[Track]

    def as_dict(self, scale: Scale = "0-1") -> dict[str, object]:
        """Return the fields of the JSON contract."""
        return {"results": [row.as_dict(scale) for row in self.rows]}


@dataclass(frozen=True, slots=True)
class AnalyzeAnswer:
    """Answer of ``analyze``."""

    rows: Sequence[AnalyzedFile]
    failed: Sequence[FailedFile]

    def as_dict(self, scale: Scale = "0-1") -> dict[str, object]:
        """Return the fields of the JSON contract."""
        return {
            "results": [row.as_dict(scale) for row in self.rows],
            "failed": [row.as_dict() for row in self.failed],
        }


@dataclass(frozen=True, slots=True)
class ErrorsAnswer:
    """Answer of ``errors``."""

    failures: Sequence[Failure]

    @property
    def rows(self) -> Sequence[Failure]:
        """The failures."""
        return self.failures

    def as_dict(self, scale: Scale = "0-1") -> dict[str, object]:
        """Return the fields of the JSON contract."""
        return {"errors": [row.as_dict(scale) for row in self.failures]}


TrackList = SimilarResult | MoodResult | MoodPathResult | PathResult | FindResult | TracksAnswer
"""Answers that are lists of tracks, which have every format of a list."""

Answer = TrackList | AnalyzeAnswer | Details | Status | ErrorsAnswer


def tracks_of(answer: TrackList) -> list[Track]:
    """Return the tracks of an answer, in order."""
    if isinstance(answer, TracksAnswer):
        return list(answer.rows)
    return [row.track for row in answer.rows]
