"""Conditions on a track: what ``--where`` parses to, and what a library answers in SQL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

TextField = Literal["title", "artist", "album", "albumartist", "genre", "composer", "format"]
NumberField = Literal[
    "id",
    "year",
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


Filter = TextFilter | PathFilter | RangeFilter | KeyFilter
"""One condition on a track; what is not known meets none, and meets every negated one."""
