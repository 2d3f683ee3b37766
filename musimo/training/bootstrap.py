"""Cluster bootstrap: confidence intervals of every metric by resampling artists.

Clips of one artist are not independent, so whole artists are resampled. A resample is a row of weights, the
number of times that each clip occurs in it; every metric is a function of weighted sums, so that all
resamples are evaluated at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from musimo.training.metrics import DECIMALS, METRICS, Column, Matrix, ordered_pairs

N_RESAMPLES = 2000  # 50 resamples then lie beyond each end of a 95 % interval
PERCENTILES = (2.5, 97.5)  # of a 95 % interval
MIN_VARIANCE = 1e-12  # squared rating points or ranks; below it a column is constant but for rounding


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with its 95 % percentile interval; NaN where undefined."""

    value: float
    low: float
    high: float


def resample_groups(groups: Sequence[str], n_resamples: int = N_RESAMPLES, seed: int = 0) -> Matrix:
    """Draw as many groups as there are, with replacement.

    Returns
    -------
    number of times that each clip occurs in each resample [shape=(n_resamples, n)]
    """
    names, member = np.unique(np.array(groups), return_inverse=True)
    chosen = np.random.default_rng(seed).integers(len(names), size=(n_resamples, len(names)))
    times = np.zeros((n_resamples, len(names)))
    np.add.at(times, (np.arange(n_resamples)[:, None], chosen), 1.0)
    return times[:, member]


def scores(weights: Matrix, targets: Column, predictions: Column) -> dict[str, Column]:
    """Compute every metric of every resample.

    Parameters
    ----------
    weights : numbers of occurrences [shape=(n_resamples, n)]
    targets, predictions : [shape=(n,)]

    Returns
    -------
    metric -> [shape=(n_resamples,)], NaN where undefined
    """
    error = targets - predictions
    mae, mse = (weights @ np.stack([np.abs(error), error * error], axis=1) / weights.sum(axis=1)[:, None]).T
    distance, var_t, var_p, covariance = _moments(weights, targets, predictions)
    with np.errstate(divide="ignore", invalid="ignore"):  # undefined values become NaN
        values = {
            "MAE": mae,
            "RMSE": np.sqrt(mse),
            "R2": 1 - mse / var_t,
            "r": covariance / np.sqrt(var_t * var_p),
            "CCC": 2 * covariance / (var_t + np.nan_to_num(var_p) + distance**2),
            "Spearman": _spearman(weights, targets, predictions),
            "pairs": _pair_accuracy(weights, targets, predictions),
        }
    return {name: values[name] for name in METRICS}


def correlations(weights: Matrix, one: Column, other: Column) -> Column:
    """Return the Pearson correlation of every resample [shape=(n_resamples,)]."""
    _, var_one, var_other, covariance = _moments(weights, one, other)
    return np.asarray(covariance / np.sqrt(var_one * var_other))


def mean_over_seeds(
    weights: Matrix, targets: Matrix, predictions: Sequence[Matrix] | Matrix
) -> dict[str, Matrix]:
    """Compute every metric of every resample, averaged over seeds.

    Parameters
    ----------
    targets : [shape=(n, 2)]
    predictions : [shape=(n, 2)], one entry per seed

    Returns
    -------
    metric -> [shape=(n_resamples, 2)]
    """
    per_seed = [
        [scores(weights, targets[:, column], each[:, column]) for column in range(2)] for each in predictions
    ]
    return {
        name: np.mean([np.stack([v[name], a[name]], axis=1) for v, a in per_seed], axis=0) for name in METRICS
    }


def paired_bootstrap(
    groups: Sequence[str],
    ratings: Matrix,
    ours: Sequence[Matrix],
    theirs: Sequence[Matrix],
    n_resamples: int = N_RESAMPLES,
    seed: int = 0,
    metric: str = "r",
) -> Matrix:
    """Return the paired differences between two methods over resampled artists.

    Parameters
    ----------
    groups, ratings : of the clips
    ours, theirs : predictions [shape=(n, 2)], one entry per seed
    n_resamples, seed : of the bootstrap
    metric : a name of `METRICS`

    Returns
    -------
    difference of the scores of valence and arousal, mean over seeds [shape=(n_resamples, 2)]
    """
    weights = resample_groups(groups, n_resamples, seed)
    return mean_over_seeds(weights, ratings, ours)[metric] - mean_over_seeds(weights, ratings, theirs)[metric]


def interval(value: float, draws: Column) -> Interval:
    """Return the 95 % percentile interval of a figure; resamples where it is undefined are ignored."""
    defined = draws[np.isfinite(draws)]
    if not len(defined) or not np.isfinite(value):
        return Interval(value, float("nan"), float("nan"))
    low, high = np.percentile(defined, PERCENTILES)
    return Interval(value, float(low), float(high))


def _moments(weights: Matrix, targets: Column, predictions: Column) -> tuple[Column, ...]:
    """Return distance of the means, variances and covariance of every resample; NaN for no variance."""
    t, p = targets - targets.mean(), predictions - predictions.mean()  # so that squares keep their precision
    sums = np.stack([t, p, t * t, p * p, t * p], axis=1)
    mean_t, mean_p, tt, pp, tp = (weights @ sums / weights.sum(axis=1)[:, None]).T
    distance = mean_t - mean_p + targets.mean() - predictions.mean()
    return distance, _variance(tt - mean_t**2), _variance(pp - mean_p**2), tp - mean_t * mean_p


def _variance(values: Column) -> Column:
    return np.where(values > MIN_VARIANCE, values, np.nan)


def _spearman(weights: Matrix, targets: Column, predictions: Column) -> Column:
    t, p = _centered_ranks(weights, targets), _centered_ranks(weights, predictions)
    var_t, var_p = (_variance((weights * ranks * ranks).sum(axis=1)) for ranks in (t, p))
    return np.asarray((weights * t * p).sum(axis=1) / np.sqrt(var_t * var_p))


def _centered_ranks(weights: Matrix, values: Column) -> Matrix:
    """Return ranks within each resample minus their mean [shape=(n_resamples, n)]; ties share a rank."""
    distinct, inverse = np.unique(np.round(values, DECIMALS), return_inverse=True)
    order = np.argsort(inverse, kind="stable")
    starts = np.searchsorted(inverse[order], np.arange(len(distinct)))
    mass = np.add.reduceat(weights[:, order], starts, axis=1)  # number of times each distinct value occurs
    up_to = np.cumsum(mass, axis=1)
    return np.asarray((up_to - mass / 2 - up_to[:, -1:] / 2)[:, inverse])


def _pair_accuracy(weights: Matrix, targets: Column, predictions: Column) -> Column:
    apart, right = ordered_pairs(targets, predictions)
    # small integers and halves are exact in float32, which halves the cost of the product
    light = weights.astype(np.float32)
    n_pairs, n_right = (
        ((light @ pairs).astype(np.float64) * weights).sum(axis=1) for pairs in (apart, right)
    )
    return np.asarray(n_right / np.where(n_pairs > 0, n_pairs, np.nan))
