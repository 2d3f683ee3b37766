"""Results of queries: frozen sequences of rows, with what was asked for beside them.

``result[0]``, ``len(result)``, ``result[:3]`` and iteration are those of its rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar, overload

from musimo.records import Track, Window
from musimo.records.fields import SCORE_DIGITS, SECOND_DIGITS, length, number, point
from musimo.records.scale import Scale
from musimo.search.rows import FoundTrack, MoodTrack, PathTrack, SimilarTrack, ids_of, plane_scale

if TYPE_CHECKING:
    from musimo.search.description import Description
    from musimo.search.order import Order
    from musimo.search.plane import Point

Row = TypeVar("Row", SimilarTrack, MoodTrack, PathTrack, FoundTrack)


@dataclass(frozen=True)
class Result(Sequence[Row], Generic[Row]):
    """A sequence of rows, best first unless ordered otherwise."""

    rows: tuple[Row, ...]

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Row, ...]: ...
    def __getitem__(self, index: int | slice) -> Row | tuple[Row, ...]:
        return self.rows[index]

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def tracks(self) -> list[Track]:
        """The tracks of the rows."""
        return [row.track for row in self.rows]

    def _results(self, scale: Scale) -> dict[str, object]:
        return {"results": [row.as_dict(scale) for row in self.rows]}


@dataclass(frozen=True)
class SimilarResult(Result[SimilarTrack]):
    """Result of ``similar``.

    Parameters
    ----------
    rows : similar tracks
    seeds : the tracks asked with
    versions : for each seed, the versions of its work that were left out
    passage : the only part of the seed that was asked with; None for all of it
    order : of the rows
    duration_s : requested length of the list; None for a number of rows
    explained : whether the rows were asked to carry explanations
    """

    seeds: tuple[Track, ...]
    versions: tuple[tuple[Track, ...], ...] = ()
    passage: Window | None = None
    order: Order = "similarity"
    duration_s: float | None = None
    explained: bool = False

    def as_dict(self, scale: Scale = "0-1") -> dict[str, object]:
        """Return the fields of the JSON contract."""
        left_out = self.versions or ((),) * len(self.seeds)
        seeds = [
            {**seed.as_dict(scale), "versions": ids_of(versions)}
            for seed, versions in zip(self.seeds, left_out, strict=True)
        ]
        passage = {} if self.passage is None else {"passage": self.passage.as_dict()}
        listing = _listing(self.duration_s, self.order)
        return {"query": seeds, **passage, **listing, **self._results(scale)}


@dataclass(frozen=True)
class MoodResult(Result[MoodTrack]):
    """Result of ``mood``.

    Parameters
    ----------
    rows : tracks near the mood
    valence, arousal : the point asked for, 0..1
    relative : the point and all distances are in percentiles of the library
    words : that named the point; None where it was given in numbers
    spread : largest distance of a mix; None for a ranking
    seed : of the random order of a mix
    like : the track the rows were to sound like
    versions : of the work of ``like``, that were left out
    order : of the rows
    duration_s : requested length of the list; None for a number of rows
    """

    valence: float
    arousal: float
    relative: bool = False
    words: str | None = None
    spread: float | None = None
    seed: int | None = None
    like: Track | None = None
    versions: tuple[Track, ...] = ()
    order: Order = "similarity"
    duration_s: float | None = None

    def as_dict(self, scale: Scale = "0-1") -> dict[str, object]:
        """Return the fields of the JSON contract; options that were not given are left out."""
        plane = plane_scale(scale, relative=self.relative)
        like = self.like and {**self.like.as_dict(scale), "versions": ids_of(self.versions)}
        options = {
            "relative": self.relative or None,
            "words": self.words,
            "spread": length(self.spread, plane, SCORE_DIGITS),
            "seed": self.seed,
            "like": like,
            **_listing(self.duration_s, self.order),
        }
        given = {name: value for name, value in options.items() if value is not None}
        return {"query": {**point(self.valence, self.arousal, plane), **given}, **self._results(scale)}


@dataclass(frozen=True)
class MoodPathResult(Result[MoodTrack]):
    """Result of ``mood-path``.

    Parameters
    ----------
    rows : tracks from one mood to the other; distances are to the point of each row
    start, end : points, 0..1
    duration_s : requested length
    relative : the points and all distances are in percentiles of the library
    """

    start: Point
    end: Point
    duration_s: float
    relative: bool = False

    def as_dict(self, scale: Scale = "0-1") -> dict[str, object]:
        """Return the fields of the JSON contract."""
        plane = plane_scale(scale, relative=self.relative)
        query = {
            "from": point(*self.start, plane),
            "to": point(*self.end, plane),
            "duration": number(self.duration_s, SECOND_DIGITS),
            "relative": self.relative,
        }
        return {"query": query, **self._results(scale)}


@dataclass(frozen=True)
class PathResult(Result[PathTrack]):
    """Result of ``path``.

    Parameters
    ----------
    rows : tracks from the first stop to the last, stops included
    seeds : the stops
    """

    seeds: tuple[Track, ...]

    def as_dict(self, scale: Scale = "0-1") -> dict[str, object]:
        """Return the fields of the JSON contract."""
        return {"query": [seed.as_dict(scale) for seed in self.seeds], **self._results(scale)}


@dataclass(frozen=True)
class FindResult(Result[FoundTrack]):
    """Result of ``find``.

    Parameters
    ----------
    rows : tracks that match the description
    description : how it was read
    order : of the rows
    duration_s : requested length of the list; None for a number of rows
    explained : whether the rows were asked to carry explanations
    """

    description: Description
    order: Order = "similarity"
    duration_s: float | None = None
    explained: bool = False

    def as_dict(self, scale: Scale = "0-1") -> dict[str, object]:
        """Return the fields of the JSON contract."""
        query = {**self.description.as_dict(), **_listing(self.duration_s, self.order)}
        return {"query": query, **self._results(scale)}


def _listing(duration_s: float | None, order: Order) -> dict[str, object]:
    """Return length and order, where they were asked for."""
    duration = {} if duration_s is None else {"duration": number(duration_s, SECOND_DIGITS)}
    return {**duration, **({} if order == "similarity" else {"order": order})}
