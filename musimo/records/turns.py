"""Peaks and turning points of the emotion inside a track."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

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
