"""Emotion over time inside one track: readings, sections, peaks and turns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from musimo.records import SlidingPlan, Track, Window, WindowEmotion


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a track between two changes of its music; ``silent`` where it is digital silence."""

    window: Window
    silent: bool = False

    def as_dict(self) -> dict[str, object]:
        """Return the fields of the JSON contract."""
        return {**self.window.as_dict(), "silent": self.silent}


@dataclass(frozen=True, slots=True)
class Curve:
    """Emotion over time inside one track.

    Parameters
    ----------
    track : its id is None for a file outside the library
    plan : the windows of the query
    duration_s : of the track, measured
    readings : in order of time; each covers its whole window, not only the middle. No window is in two
        sections. In a silent section, readings are interpolated between those around it.
    partial : decoded fraction; None if nothing is missing
    sections : parts of the track, in order of time
    """

    track: Track
    plan: SlidingPlan
    duration_s: float
    readings: tuple[WindowEmotion, ...]
    partial: float | None = None
    sections: tuple[Section, ...] = ()


Dimension = Literal["valence", "arousal"]


@dataclass(frozen=True, slots=True)
class Peak:
    """A local maximum of valence or arousal; ``value`` and ``prominence`` are 0..1."""

    time_s: float
    dimension: Dimension
    value: float
    prominence: float


@dataclass(frozen=True, slots=True)
class Turn:
    """A time at which the emotion changes.

    Parameters
    ----------
    time_s : where one section ends and the next begins
    valence, arousal : differences, -1..1, of the first window after it minus the last window before
    """

    time_s: float
    valence: float
    arousal: float

    @property
    def change(self) -> float:
        """Distance on the valence-arousal plane, 0..1.41."""
        return float(np.hypot(self.valence, self.arousal))
