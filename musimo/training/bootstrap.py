"""How sure a figure is: the clips' artists drawn anew, many times, and every metric on every draw.

Clips of one artist are no independent evidence, so whole artists are drawn (a cluster bootstrap). A draw is
a row of weights, how often each clip is in it; every metric is a function of weighted sums, so that all
draws are scored at once and none needs to be left out for its price.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musimo.training.metrics import DECIMALS, METRICS, Column, ordered_pairs

Matrix = NDArray[np.float64]

N_RESAMPLES = 2000  # the ends of a 95 % interval then rest on 50 draws each
PERCENTILES = (2.5, 97.5)  # of a 95 % interval
MIN_VARIANCE = 1e-12  # squared rating points or ranks; below it is what rounding leaves of a constant


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure and the ends of its 95 % percentile interval; NaN where it is not defined."""

    value: float
    low: float
    high: float


def resample_groups(groups: Sequence[str], n_resamples: int = N_RESAMPLES, seed: int = 0) -> Matrix:
    """As many groups as there are, drawn with replacement.

    Returns
    -------
    (n_resamples, n), how often each clip is in each draw
    """
    names, member = np.unique(np.array(groups), return_inverse=True)
    chosen = np.random.default_rng(seed).integers(len(names), size=(n_resamples, len(names)))
    times = np.zeros((n_resamples, len(names)))
    np.add.at(times, (np.arange(n_resamples)[:, None], chosen), 1.0)
    return times[:, member]


def scores(weights: Matrix, targets: Column, predictions: Column) -> dict[str, Column]:
    """Every metric of every draw, as if its clips were there as often as they are drawn.

    Parameters
    ----------
    weights : (n_resamples, n), whole numbers
    targets, predictions : (n,)

    Returns
    -------
    metric -> (n_resamples,), NaN where it is not defined
    """
    total = weights.sum(axis=1)
    centre = targets.mean()  # sums of squares keep their digits near zero
    t, p, error = targets - centre, predictions - centre, targets - predictions
    sums = np.stack([t, p, t * t, p * p, t * p, np.abs(error), error * error], axis=1)
    mean_t, mean_p, tt, pp, tp, mae, mse = (weights @ sums / total[:, None]).T
    var_t, var_p = (_variance(square - mean**2) for square, mean in ((tt, mean_t), (pp, mean_p)))
    covariance = tp - mean_t * mean_p
    with np.errstate(divide="ignore", invalid="ignore"):  # what is not defined is NaN
        values = {
            "MAE": mae,
            "RMSE": np.sqrt(mse),
            "R2": 1 - mse / var_t,
            "r": covariance / np.sqrt(var_t * var_p),
            "CCC": 2 * covariance / (var_t + np.nan_to_num(var_p) + (mean_t - mean_p) ** 2),
            "Spearman": _spearman(weights, targets, predictions),
            "pairs": _pair_accuracy(weights, targets, predictions),
        }
    return {name: values[name] for name in METRICS}


def correlations(weights: Matrix, one: Column, other: Column) -> Column:
    """Pearson correlation of every draw, (n_resamples,)."""
    return scores(weights, one, other)["r"]


def mean_over_seeds(
    weights: Matrix, targets: Matrix, predictions: Sequence[Matrix] | Matrix
) -> dict[str, Matrix]:
    """Every metric of every draw, mean over seeds.

    Parameters
    ----------
    targets : (n, 2)
    predictions : (n, 2), one entry a seed

    Returns
    -------
    metric -> (n_resamples, 2)
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
    """By how much one method beats another, over artists drawn anew.

    Parameters
    ----------
    groups, ratings : of the clips
    ours, theirs : predictions (n, 2), one entry a seed
    metric : a name of `METRICS`

    Returns
    -------
    (n_resamples, 2), the difference of the scores of valence and arousal, mean over seeds
    """
    weights = resample_groups(groups, n_resamples, seed)
    return mean_over_seeds(weights, ratings, ours)[metric] - mean_over_seeds(weights, ratings, theirs)[metric]


def interval(value: float, draws: Column) -> Interval:
    """The 95 % percentile interval of a figure; draws that leave it undefined are not counted."""
    defined = draws[np.isfinite(draws)]
    if not len(defined) or not np.isfinite(value):
        return Interval(value, float("nan"), float("nan"))
    low, high = np.percentile(defined, PERCENTILES)
    return Interval(value, float(low), float(high))


def _variance(values: Column) -> Column:
    return np.where(values > MIN_VARIANCE, values, np.nan)


def _spearman(weights: Matrix, targets: Column, predictions: Column) -> Column:
    t, p = _centered_ranks(weights, targets), _centered_ranks(weights, predictions)
    var_t, var_p = (_variance((weights * ranks * ranks).sum(axis=1)) for ranks in (t, p))
    return np.asarray((weights * t * p).sum(axis=1) / np.sqrt(var_t * var_p))


def _centered_ranks(weights: Matrix, values: Column) -> Matrix:
    """Rank of each clip within each draw less the mean rank, ties sharing theirs, (n_resamples, n)."""
    distinct, place = np.unique(np.round(values, DECIMALS), return_inverse=True)
    order = np.argsort(place, kind="stable")
    starts = np.searchsorted(place[order], np.arange(len(distinct)))
    mass = np.add.reduceat(weights[:, order], starts, axis=1)  # times each distinct value is drawn
    up_to = np.cumsum(mass, axis=1)
    return np.asarray((up_to - mass / 2 - up_to[:, -1:] / 2)[:, place])


def _pair_accuracy(weights: Matrix, targets: Column, predictions: Column) -> Column:
    apart, right = ordered_pairs(targets, predictions)
    # small whole numbers and halves, exact in float32, which halves the price of the product
    light = weights.astype(np.float32)
    n_pairs, n_right = (
        ((light @ pairs).astype(np.float64) * weights).sum(axis=1) for pairs in (apart, right)
    )
    return np.asarray(n_right / np.where(n_pairs > 0, n_pairs, np.nan))
