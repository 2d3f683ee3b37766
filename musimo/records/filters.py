"""Conditions on a track: what ``--where`` parses to, and what a library answers in SQL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

TextField = Literal["title", "artist", "album", "albumartist", "genre", "composer", "format"]
NumberField = Literal[
    "id",
    "year",
    "release_year",
    "track",
    "disc",
    "bpm",
    "tempo",
    "duration",
    "bitrate",
    "samplerate",
    "channels",
    "valence",
    "arousal",
]


@dataclass(frozen=True, slots=True)
class TextFilter:
    """``needle`` occurs in the field. The needle is folded; fold what it is looked for in."""

    field: TextField
    needle: str
    negated: bool


@dataclass(frozen=True, slots=True)
class PathFilter:
    """``needle`` occurs in the absolute path, or the path begins with ``resolved``."""

    needle: bytes
    negated: bool
    resolved: bytes | None = None


@dataclass(frozen=True, slots=True)
class RangeFilter:
    """``low <= field <= high``; None leaves an end open. Valence and arousal are 0..1, durations seconds."""

    field: NumberField
    low: float | None
    high: float | None
    negated: bool


@dataclass(frozen=True, slots=True)
class KeyFilter:
    """The key is one of ``keys``, which are of ``KEYS``."""

    keys: tuple[str, ...]
    negated: bool


@dataclass(frozen=True, slots=True)
class HeardFilter:
    """The tag is heard, by the name that networks give it; an empty name is any tag."""

    tag: str
    negated: bool


@dataclass(frozen=True, slots=True)
class MoodFilter:
    """The mood is within ``radius`` of a point, in percentiles of the library's valence and arousal."""

    valence: float
    arousal: float
    radius: float
    negated: bool


@dataclass(frozen=True, slots=True)
class LikedFilter:
    """The track is rated as liked, 1, or disliked, -1."""

    liking: Literal[1, -1]
    negated: bool


@dataclass(frozen=True, slots=True)
class AnyFilter:
    """One of ``filters`` is met."""

    filters: tuple[Filter, ...]
    negated: bool


Filter = (
    TextFilter | PathFilter | RangeFilter | KeyFilter | HeardFilter | MoodFilter | LikedFilter | AnyFilter
)
"""One condition on a track; what is not known meets none, and meets every negated one."""
