"""Many dimensions on a plane: the two directions in which rows differ most. Pure, and without chance.

Principal components, not a method that pulls neighbours together such as UMAP: they need nothing but numpy,
the same rows always give the same picture, and what is far apart in it is far apart in truth. What they
leave out is told as a share.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from musimo.records import FloatArray

CHUNK = 8192  # rows widened to float64 at once: 25 MB of 384 columns
ROUNDING = 1e-9  # a direction with so much less variance than the first is rounding


@dataclass(frozen=True, slots=True)
class Projection:
    """Rows on a plane.

    Parameters
    ----------
    places : (n, 2), around (0, 0), in the units of the rows; what differs most is the first column
    shown : 0..1, the share of the variance of the rows that the plane keeps
    """

    places: FloatArray
    shown: float


def principal_plane(rows: FloatArray) -> Projection:
    """Rows [shape=(n, d)] in their first two principal axes.

    An axis could as well point the other way: here its largest coordinate is positive. Rows that lie on a
    line have zeros for their second column, and rows that are all the same have zeros for both.
    """
    if not len(rows):
        return Projection(np.empty((0, 2), np.float32), 0.0)
    mean = rows.mean(axis=0, dtype=np.float64)
    parts = [slice(start, start + CHUNK) for start in range(0, len(rows), CHUNK)]
    scatter = sum(centred.T @ centred for centred in (rows[part] - mean for part in parts))
    variances, directions = np.linalg.eigh(scatter)  # ascending
    total, axes, kept = variances.sum(), directions[:, :-3:-1], variances[:-3:-1]
    if not total > ROUNDING:  # unit vectors that differ in their last bits
        return Projection(np.zeros((len(rows), 2), np.float32), 1.0)
    axes = axes * (kept > ROUNDING * kept[0])
    largest = axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])]
    axes = axes * np.where(largest < 0, -1, 1)
    places = np.zeros((len(rows), 2), np.float32)
    for part in parts:
        places[part, : axes.shape[1]] = (rows[part] - mean) @ axes
    return Projection(places, float(min(kept.sum() / total, 1.0)))
