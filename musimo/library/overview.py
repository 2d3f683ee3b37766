"""Records of one track in full, and of a library as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from musimo.library.active_model import ModelUpgrade
from musimo.library.db.queries import Counts
from musimo.records import Track, WindowEmotion


@dataclass(frozen=True, slots=True)
class Details:
    """A track with standard deviations over its windows, and the windows."""

    track: Track
    valence_sd: float | None
    arousal_sd: float | None
    windows: tuple[WindowEmotion, ...]


@dataclass(frozen=True, slots=True)
class Status:
    """Numbers of a library.

    Parameters
    ----------
    library : its file
    model : the active model
    counts : tracks by state
    indexed : contents in the index
    roots : folders that were scanned
    upgrade : progress of the model in use, where that is to replace the active one
    quadrants : contents by quadrant of the valence-arousal plane, see :mod:`musimo.search.plane`
    """

    library: Path
    model: str
    counts: Counts
    indexed: int
    roots: tuple[bytes, ...]
    upgrade: ModelUpgrade | None
    quadrants: Mapping[str, int]
