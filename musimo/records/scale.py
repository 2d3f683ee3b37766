"""The two scales on which valence and arousal are printed and read.

``0-1`` is musimo's own, 0.5 = neutral; ``1-9`` is the scale of the self-assessment ratings that the
network is trained on. They map linearly: ``unit = (rating - 1) / 8``.
"""

from __future__ import annotations

from typing import Final, Literal

Scale = Literal["0-1", "1-9"]

RANGES: Final[dict[Scale, tuple[float, float]]] = {"0-1": (0.0, 1.0), "1-9": (1.0, 9.0)}
"""Lowest and highest value of each scale."""


def to_unit(value: float, scale: Scale) -> float:
    """Convert a value on ``scale`` to 0..1."""
    low, high = RANGES[scale]
    return (value - low) / (high - low)


def from_unit(value: float, scale: Scale) -> float:
    """Convert a value in 0..1 to ``scale``."""
    low, high = RANGES[scale]
    return low + (high - low) * value
