"""The colors of every picture: one table for the map page, the figures and the training reports.

Groups have the colors of Okabe & Ito ("Color universal design", 2008), scales those of cividis (Nuñez,
Anderton & Renslow, PLOS ONE 2018). Both are readable with any color vision.
"""

from __future__ import annotations

from typing import Final

from musimo.records.curve import Dimension

BLUE: Final = "#0072b2"
ORANGE: Final = "#e69f00"
GREEN: Final = "#009e73"
PURPLE: Final = "#cc79a7"
SKY_BLUE: Final = "#56b4e9"
VERMILION: Final = "#d55e00"
YELLOW: Final = "#f0e442"
BLACK: Final = "#000000"  # a dark page shows it white
OKABE_ITO: Final = (BLUE, ORANGE, GREEN, PURPLE, SKY_BLUE, VERMILION, YELLOW, BLACK)
"""In the order in which groups take them."""

CIVIDIS: Final = (
    "#00224e",
    "#1a386f",
    "#434e6c",
    "#61656f",
    "#7d7c78",
    "#9b9476",
    "#bcae6c",
    "#dec958",
    "#fee838",
)
"""At equal steps, low to high."""

OTHER: Final = "#999999"
"""Tracks of a group too small for a color of its own."""

UNKNOWN: Final = "#ffffff"
"""Tracks without the number or tag: empty on a white picture, and no color of a scale or group."""

INK: Final = "#1c1c1c"
GRAY: Final = "#666666"
PALE: Final = "#dddddd"

DIMENSION_COLORS: Final[dict[Dimension, str]] = {"valence": BLUE, "arousal": VERMILION}


def cividis(fraction: float) -> str:
    """Return the color at a fraction (0..1, clipped) of the scale, as ``#rrggbb``."""
    step = min(max(fraction, 0.0), 1.0) * (len(CIVIDIS) - 1)
    low = min(int(step), len(CIVIDIS) - 2)
    ends = [[int(color[at : at + 2], 16) for at in (1, 3, 5)] for color in CIVIDIS[low : low + 2]]
    mixed = (round(a + (b - a) * (step - low)) for a, b in zip(*ends, strict=True))
    return "#" + "".join(f"{part:02x}" for part in mixed)
