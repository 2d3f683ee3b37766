"""Projection to a plane by principal components. Pure and deterministic.

Principal components, not a method that pulls neighbors together such as UMAP: they need nothing but NumPy,
the same rows always give the same picture, and what is far apart in it is far apart in truth. The share of
variance that the plane keeps is returned beside it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from musimo.records import FloatArray

CHUNK = 8192  # rows widened to float64 at once: 25 MB of 384 columns
ROUNDING = 1e-9  # an axis with so much less variance than the first is rounding


@dataclass(frozen=True, slots=True)
class Projection:
    """Rows on a plane.

    Parameters
    ----------
    points : (n, 2), centered, in the units of the rows; the axis of most variance comes first
    explained : 0..1, the share of the variance of the rows that the plane keeps
    """

    points: FloatArray
    explained: float


def principal_plane(rows: FloatArray) -> Projection:
    """Project rows [shape=(n, d)] onto their first two principal axes.

    The sign of an axis is chosen so that its largest component is positive. Rows on a line have zeros in the
    second column; rows that are all equal have zeros in both.
    """
    if not len(rows):
        return Projection(np.empty((0, 2), np.float32), 0.0)
    mean = rows.mean(axis=0, dtype=np.float64)
    parts = [slice(start, start + CHUNK) for start in range(0, len(rows), CHUNK)]
    scatter = sum(centered.T @ centered for centered in (rows[part] - mean for part in parts))
    variances, directions = np.linalg.eigh(scatter)  # ascending
    total, axes, kept = variances.sum(), directions[:, :-3:-1], variances[:-3:-1]
    if not total > ROUNDING:  # unit vectors that differ in their last bits
        return Projection(np.zeros((len(rows), 2), np.float32), 1.0)
    axes = axes * (kept > ROUNDING * kept[0])
    largest = axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])]
    axes = axes * np.where(largest < 0, -1, 1)
    points = np.zeros((len(rows), 2), np.float32)
    for part in parts:
        points[part, : axes.shape[1]] = (rows[part] - mean) @ axes
    return Projection(points, float(min(kept.sum() / total, 1.0)))
