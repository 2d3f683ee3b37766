"""How well predicted ratings meet the listeners'. Each takes targets and predictions, [shape=(n,)].

What is not defined, such as a correlation with a constant, is NaN.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Column = NDArray[np.float64]

DECIMALS = 9  # of a rating point: what differs by less is rounding, and tied
CLEAR_GAP = 1.0  # rating points: closer clips are ones that listeners themselves would order either way


def mae(targets: Column, predictions: Column) -> float:
    """Mean absolute error, in rating units."""
    return float(np.abs(targets - predictions).mean())


def rmse(targets: Column, predictions: Column) -> float:
    """Root of the mean squared error, in rating units."""
    return float(np.sqrt(np.square(targets - predictions).mean()))


def r2(targets: Column, predictions: Column) -> float:
    """Share of the targets' variance explained, 1 = all; below 0 is worse than their mean."""
    if _constant(targets):
        return float("nan")
    return float(1 - np.square(targets - predictions).mean() / targets.var())


def pearson(targets: Column, predictions: Column) -> float:
    """Linear correlation, -1..1; NaN where one side is constant."""
    if _constant(targets) or _constant(predictions):
        return float("nan")
    t, p = targets - targets.mean(), predictions - predictions.mean()
    return float(t @ p) / float(np.sqrt((t @ t) * (p @ p)))


def ccc(targets: Column, predictions: Column) -> float:
    """Concordance correlation (Lin 1989): 1 only on the diagonal, 0 for constant predictions."""
    if _constant(targets):
        return float("nan")
    covariance = np.mean((targets - targets.mean()) * (predictions - predictions.mean()))
    shift = targets.mean() - predictions.mean()
    return float(2 * covariance / (targets.var() + predictions.var() + shift**2))


def spearman(targets: Column, predictions: Column) -> float:
    """Correlation of the ranks, -1..1; ties share their mean rank; NaN where one side is constant."""
    return pearson(ranks(targets), ranks(predictions))


def pair_accuracy(targets: Column, predictions: Column) -> float:
    """Share of the clearly different pairs that are ordered right, 0..1; chance and constants give 0.5.

    Clearly different are ratings more than one point of the 1-9 scale apart; a tied prediction is half
    right; NaN where no pair is clearly different.
    """
    apart, right = ordered_pairs(targets, predictions)
    n_pairs = apart.sum()
    return float(right.sum() / n_pairs) if n_pairs else float("nan")


def affine_r2(targets: Column, predictions: Column, parts: NDArray[np.int64]) -> float:
    """R² after a line from predictions to targets, fitted for each part on the others.

    Says what predictions are worth where scale and offset differ between data sets, without letting a
    clip take part in the fit it is judged by. NaN where a line cannot be fitted.

    Parameters
    ----------
    parts : number of the part each clip is in; artists must not be in two
    """
    fitted = np.empty_like(targets)
    for part in np.unique(parts):
        asked, known = parts == part, parts != part
        if _constant(predictions[known]):
            return float("nan")
        slope, intercept = np.polyfit(predictions[known], targets[known], 1)
        fitted[asked] = slope * predictions[asked] + intercept
    return r2(targets, fitted)


def ranks(values: Column) -> Column:
    """Ranks from 1 to n; equal values share the mean of theirs."""
    _, place, counts = np.unique(np.round(values, DECIMALS), return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[place]


def ordered_pairs(targets: Column, predictions: Column) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Pairs that are clearly different, and how far each is ordered right, [shape=(n, n)] both.

    Returns
    -------
    apart : 1 where the row's target lies more than a point above the column's, else 0
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

ERRORS = frozenset({"MAE", "RMSE"})  # of these, less is better

LEGEND = (
    "MAE, RMSE: mean absolute and root mean squared error, in rating points; R²: share of variance\n"
    "explained; Pearson r: linear correlation; CCC: concordance correlation; Spearman: that of the ranks;\n"
    "pair accuracy: share of the pairs rated more than a point apart that are ordered right, .5 by chance."
)


def figures(targets: NDArray[np.float64], predictions: NDArray[np.float64]) -> dict[str, tuple[float, float]]:
    """All metrics of (n, 2) ratings: name -> (valence, arousal)."""
    return {
        name: (metric(targets[:, 0], predictions[:, 0]), metric(targets[:, 1], predictions[:, 1]))
        for name, metric in METRICS.items()
    }


def _constant(values: Column) -> bool:
    """Whether all are the same; rounding leaves a trace of variance in a constant column."""
    return bool(np.ptp(values) <= 10.0**-DECIMALS)
