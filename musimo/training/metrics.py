"""How well predicted ratings meet the listeners'. Each takes targets and predictions, [shape=(n,)]."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Column = NDArray[np.float64]


def mae(targets: Column, predictions: Column) -> float:
    """Mean absolute error, in rating units."""
    return float(np.abs(targets - predictions).mean())


def rmse(targets: Column, predictions: Column) -> float:
    """Root of the mean squared error, in rating units."""
    return float(np.sqrt(np.square(targets - predictions).mean()))


def r2(targets: Column, predictions: Column) -> float:
    """Share of the targets' variance explained, 1 = all; below 0 is worse than their mean."""
    return float(1 - np.square(targets - predictions).mean() / targets.var())


def pearson(targets: Column, predictions: Column) -> float:
    """Linear correlation, -1..1; NaN where one side is constant."""
    t, p = targets - targets.mean(), predictions - predictions.mean()
    scale = float(np.sqrt((t @ t) * (p @ p)))
    # rounding leaves a trace of variance in a constant column
    constant = min(np.ptp(targets), np.ptp(predictions)) <= 1e-9
    return float("nan") if constant else float(t @ p) / scale


def ccc(targets: Column, predictions: Column) -> float:
    """Concordance correlation (Lin 1989): 1 only on the diagonal, 0 for constant predictions."""
    covariance = np.mean((targets - targets.mean()) * (predictions - predictions.mean()))
    shift = targets.mean() - predictions.mean()
    return float(2 * covariance / (targets.var() + predictions.var() + shift**2))


METRICS = {"r": pearson, "R2": r2, "RMSE": rmse, "MAE": mae, "CCC": ccc}


def figures(targets: NDArray[np.float64], predictions: NDArray[np.float64]) -> dict[str, tuple[float, float]]:
    """All metrics of (n, 2) ratings: name -> (valence, arousal)."""
    return {
        name: (metric(targets[:, 0], predictions[:, 0]), metric(targets[:, 1], predictions[:, 1]))
        for name, metric in METRICS.items()
    }
