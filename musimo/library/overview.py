"""What is told of a track, and of a library as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from musimo.library.active_model import Move
from musimo.library.db.queries import Counts
from musimo.records import Track, WindowEmotion


@dataclass(frozen=True, slots=True)
class Details:
    """All that is known of one track."""

    track: Track
    valence_sd: float | None
    arousal_sd: float | None
    windows: tuple[WindowEmotion, ...]


@dataclass(frozen=True, slots=True)
class Status:
    """The library in numbers; ``model`` is the one that answers, ``move`` leads to the one in use.

    ``quadrants`` counts its sounds in the quadrants of the plane, see :mod:`musimo.search.plane`.
    """

    library: Path
    model: str
    counts: Counts
    indexed: int
    roots: tuple[bytes, ...]
    move: Move | None
    quadrants: Mapping[str, int]
