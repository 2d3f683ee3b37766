"""Rows of ranked lists: a track, its rank, and what it was ranked by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from musimo.records import Track
from musimo.records.fields import SCORE_DIGITS, length, number
from musimo.records.scale import Scale

if TYPE_CHECKING:
    from musimo.search.best_window import BestWindow
    from musimo.search.explain import Explanation


@dataclass(frozen=True, slots=True)
class SimilarTrack:
    """One row of a ``similar`` result.

    Parameters
    ----------
    rank : from 1
    similarity : 0..1, 1 = the same audio
    track : that was found
    versions : other versions of the same work, left out in its favor
    window : of the windows analyzed, the one most similar to a seed; None where no window vectors are stored
    explanation : what it shares with the seed nearest to it; None unless asked for
    """

    rank: int
    similarity: float
    track: Track
    versions: tuple[Track, ...] = ()
    window: BestWindow | None = None
    explanation: Explanation | None = None

    def as_dict(self, scale: Scale = "0-1") -> dict[str, object]:
        """Return the fields of the JSON contract; ``explain`` is there only if it was asked for."""
        explain = {} if self.explanation is None else {"explain": self.explanation.as_dict(scale)}
        return {
            **self.track.as_dict(scale),
            "rank": self.rank,
            "similarity": number(self.similarity, SCORE_DIGITS),
            "versions": ids_of(self.versions),
            "window": None if self.window is None else self.window.as_dict(),
            **explain,
        }


@dataclass(frozen=True, slots=True)
class MoodTrack:
    """One row of a ``mood`` or ``mood-path`` result.

    Parameters
    ----------
    rank : from 1
    distance : Euclidean, on the 0..1 plane of valence and arousal, or of their percentiles
    track : that was found
    similarity : 0..1, to the track it was to sound like; None where there was none
    versions : other versions of the same work, left out in its favor
    relative : the distance is in percentiles, which no scale changes
    """

    rank: int
    distance: float
    track: Track
    similarity: float | None = None
    versions: tuple[Track, ...] = ()
    relative: bool = False

    def as_dict(self, scale: Scale = "0-1") -> dict[str, object]:
        """Return the fields of the JSON contract; ``similarity`` is there only if it is known."""
        distance = length(self.distance, plane_scale(scale, relative=self.relative), SCORE_DIGITS)
        similarity = {} if self.similarity is None else {"similarity": number(self.similarity, SCORE_DIGITS)}
        return {
            **self.track.as_dict(scale),
            "rank": self.rank,
            "distance": distance,
            **similarity,
            "versions": ids_of(self.versions),
        }


@dataclass(frozen=True, slots=True)
class WordValue:
    """How well a track matches one word of a description.

    Parameters
    ----------
    word : as typed
    value : 0..1
    parts : name and value of each term of the word that is known for the track
    """

    word: str
    value: float
    parts: tuple[tuple[str, float], ...]

    def as_dict(self) -> dict[str, object]:
        """Return the fields of the JSON contract."""
        parts = [{"as": label, "value": number(value, SCORE_DIGITS)} for label, value in self.parts]
        return {"word": self.word, "value": number(self.value, SCORE_DIGITS), "parts": parts}


@dataclass(frozen=True, slots=True)
class FoundTrack:
    """One row of a ``find`` result.

    Parameters
    ----------
    rank : from 1
    score : 0..1, mean over the words of the description; 0.5 for a random track
    track : that was found
    versions : other versions of the same work, left out in its favor
    explanation : the value of each word; None unless asked for
    """

    rank: int
    score: float
    track: Track
    versions: tuple[Track, ...] = ()
    explanation: tuple[WordValue, ...] | None = None

    def as_dict(self, scale: Scale = "0-1") -> dict[str, object]:
        """Return the fields of the JSON contract; ``explain`` is there only if it was asked for."""
        why = {} if self.explanation is None else {"explain": [one.as_dict() for one in self.explanation]}
        return {
            **self.track.as_dict(scale),
            "rank": self.rank,
            "score": number(self.score, SCORE_DIGITS),
            "versions": ids_of(self.versions),
            **why,
        }


@dataclass(frozen=True, slots=True)
class PathTrack:
    """One row of a ``path`` result.

    Parameters
    ----------
    rank : from 1
    to_start, to_end : angles to the first and the last track of the path, as fractions of 180 degrees:
        0 = the same audio, 0.5 = nothing in common
    track : at this step
    """

    rank: int
    to_start: float
    to_end: float
    track: Track

    def as_dict(self, scale: Scale = "0-1") -> dict[str, object]:
        """Return the fields of the JSON contract."""
        return {
            **self.track.as_dict(scale),
            "rank": self.rank,
            "to_start": number(self.to_start, SCORE_DIGITS),
            "to_end": number(self.to_end, SCORE_DIGITS),
        }


def plane_scale(scale: Scale, *, relative: bool) -> Scale:
    """Return the scale of points and distances: percentiles are 0..1 on any."""
    return "0-1" if relative else scale


def ids_of(tracks: tuple[Track, ...]) -> list[int | None]:
    """Return the ids of tracks."""
    return [track.id for track in tracks]
