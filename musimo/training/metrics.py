"""Metrics of predicted ratings. Each takes targets and predictions [shape=(n,)].

Undefined values, such as a correlation with a constant, are NaN.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Column = NDArray[np.float64]
"""[shape=(n,)]"""

Matrix = NDArray[np.float64]
"""Two-dimensional; often valence and arousal of clips [shape=(n, 2)]."""

Indices = NDArray[np.int64]
"""Of clips or tracks."""

DECIMALS = 9  # of a rating point: smaller differences are rounding errors, and count as ties
CLEAR_GAP = 1.0  # rating points: listeners do not agree on the order of closer clips


def mae(targets: Column, predictions: Column) -> float:
    """Return the mean absolute error, in rating units."""
    return float(np.abs(targets - predictions).mean())


def rmse(targets: Column, predictions: Column) -> float:
    """Return the root mean squared error, in rating units."""
    return float(np.sqrt(np.square(targets - predictions).mean()))


def r2(targets: Column, predictions: Column) -> float:
    """Return the share of the targets' variance explained, at most 1; below 0 is worse than their mean."""
    if _constant(targets):
        return float("nan")
    return float(1 - np.square(targets - predictions).mean() / targets.var())


def pearson(targets: Column, predictions: Column) -> float:
    """Return the Pearson correlation, -1..1; NaN if one side is constant."""
    if _constant(targets) or _constant(predictions):
        return float("nan")
    t, p = targets - targets.mean(), predictions - predictions.mean()
    return float(t @ p) / float(np.sqrt((t @ t) * (p @ p)))


def ccc(targets: Column, predictions: Column) -> float:
    """Return the concordance correlation (Lin 1989): 1 only on the diagonal, 0 for constant predictions."""
    if _constant(targets):
        return float("nan")
    covariance = np.mean((targets - targets.mean()) * (predictions - predictions.mean()))
    shift = targets.mean() - predictions.mean()
    return float(2 * covariance / (targets.var() + predictions.var() + shift**2))


def spearman(targets: Column, predictions: Column) -> float:
    """Return the rank correlation, -1..1; ties share their mean rank; NaN if one side is constant."""
    return pearson(ranks(targets), ranks(predictions))


def pair_accuracy(targets: Column, predictions: Column) -> float:
    """Return the share of clearly different pairs in the right order, 0..1; 0.5 by chance.

    Clearly different are ratings more than one point of the 1-9 scale apart; a tied prediction counts half;
    NaN if no pair is clearly different.
    """
    apart, right = ordered_pairs(targets, predictions)
    n_pairs = apart.sum()
    return float(right.sum() / n_pairs) if n_pairs else float("nan")


def affine_r2(targets: Column, predictions: Column, parts: NDArray[np.int64]) -> float:
    """Return R² after a line from predictions to targets, fitted for each part on the others.

    Measures predictions across data sets of different scale and offset; no clip takes part in its own fit.
    NaN if a line cannot be fitted.

    Parameters
    ----------
    targets, predictions : [shape=(n,)]
    parts : part of each clip; an artist must not be in two
    """
    fitted = np.empty_like(targets)
    for part in np.unique(parts):
        test, train = parts == part, parts != part
        if _constant(predictions[train]):
            return float("nan")
        slope, intercept = np.polyfit(predictions[train], targets[train], 1)
        fitted[test] = slope * predictions[test] + intercept
    return r2(targets, fitted)


def ranks(values: Column) -> Column:
    """Return ranks from 1 to n; equal values share their mean rank."""
    _, inverse, counts = np.unique(np.round(values, DECIMALS), return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[inverse]


def ordered_pairs(targets: Column, predictions: Column) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return clearly different pairs, and which are in the right order, both [shape=(n, n)].

    Returns
    -------
    apart : 1 where the row's target exceeds the column's by more than a point, else 0
    right : of those 1 where the prediction does too, 0.5 where it ties, else 0
    """
    t, p = np.round(targets, DECIMALS), np.round(predictions, DECIMALS)
    apart = (np.round(t[:, None] - t, DECIMALS) > CLEAR_GAP).astype(np.float32)
    return apart, (apart * (np.sign(p[:, None] - p) + 1) / 2).astype(np.float32)


METRICS = {
    "MAE": mae,
    "RMSE": rmse,
    "R2": r2,
    "r": pearson,
    "CCC": ccc,
    "Spearman": spearman,
    "pairs": pair_accuracy,
}

ERRORS = frozenset({"MAE", "RMSE"})  # lower is better

LEGEND = (
    "MAE, RMSE: mean absolute and root mean squared error, in rating points; R²: share of variance\n"
    "explained; Pearson r: linear correlation; CCC: concordance correlation; Spearman: rank correlation;\n"
    "pair accuracy: share of pairs rated more than one point apart that are in the right order, .5 by chance."
)


def figures(targets: NDArray[np.float64], predictions: NDArray[np.float64]) -> dict[str, tuple[float, float]]:
    """Return all metrics of ratings [shape=(n, 2)]: name -> (valence, arousal)."""
    return {
        name: (metric(targets[:, 0], predictions[:, 0]), metric(targets[:, 1], predictions[:, 1]))
        for name, metric in METRICS.items()
    }


def _constant(values: Column) -> bool:
    """Return whether all values are the same up to rounding."""
    return bool(np.ptp(values) <= 10.0**-DECIMALS)
