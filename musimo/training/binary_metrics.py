"""Metrics of scores for labels that are set or not, and of predicted ratings for quadrants.

Undefined values, such as the AUC without a negative clip, are NaN. Intervals are those of `bootstrap`: whole
artists are resampled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musimo.training.bootstrap import Interval, interval
from musimo.training.metrics import Column, Matrix

Labels = NDArray[np.bool_]
"""Whether a label is set [shape=(n,)]"""


def auc(labels: Labels, scores: Column) -> float:
    """Return the area under the ROC curve, 0..1; 0.5 by chance.

    It is the share of pairs of a positive and a negative clip in which the positive one has the higher score;
    equal scores count half. NaN without a positive or a negative clip.
    """
    return float(resampled_auc(np.ones((1, len(labels))), labels, scores)[0])


def resampled_auc(weights: Matrix, labels: Labels, scores: Column) -> Column:
    """Return the AUC of every resample [shape=(n_resamples,)].

    Parameters
    ----------
    weights : numbers of occurrences, as of `bootstrap.resample_groups` [shape=(n_resamples, n)]
    labels, scores : [shape=(n,)]
    """
    if not len(scores):
        return np.full(len(weights), np.nan)
    _, inverse = np.unique(scores, return_inverse=True)
    order = np.argsort(inverse, kind="stable")
    starts = np.flatnonzero(np.diff(inverse[order], prepend=-1))
    positive, negative = (
        np.add.reduceat((weights * chosen)[:, order], starts, axis=1) for chosen in (labels, ~labels)
    )  # number of clips with each distinct score [shape=(n_resamples, n_distinct)]
    below = np.cumsum(negative, axis=1) - negative / 2  # negative clips below each score; equal ones half
    n_pairs = positive.sum(axis=1) * negative.sum(axis=1)
    won = (positive * below).sum(axis=1)
    return np.asarray(won / np.where(n_pairs > 0, n_pairs, np.nan))


def auc_interval(weights: Matrix, labels: Labels, scores: Sequence[Column] | Matrix) -> Interval:
    """Return the AUC, averaged over seeds, with its 95 % interval.

    Parameters
    ----------
    weights : the first row is ones, the others are resamples [shape=(1 + n_resamples, n)]
    labels : [shape=(n,)]
    scores : one entry per seed [shape=(n,)]
    """
    draws = np.mean([resampled_auc(weights, labels, each) for each in scores], axis=0)
    return interval(float(draws[0]), draws[1:])


@dataclass(frozen=True, slots=True)
class Contrast:
    """Two sets of quadrants that one predicted dimension should tell apart.

    Parameters
    ----------
    name : for tables
    column : of the predicted ratings: 0 valence, 1 arousal
    high, low : quadrants with high and with low values; clips of others are ignored
    """

    name: str
    column: int
    high: frozenset[str]
    low: frozenset[str]


def _contrast(name: str, column: int, high: str, low: str) -> Contrast:
    return Contrast(name, column, frozenset(high.split()), frozenset(low.split()))


CONTRASTS = (
    _contrast("valence", 0, "Q1 Q4", "Q2 Q3"),
    _contrast("arousal", 1, "Q1 Q2", "Q3 Q4"),
    _contrast("calm / sad", 0, "Q4", "Q3"),
    _contrast("happy / tense", 0, "Q1", "Q2"),
)
"""Halves of the plane, and its left against its right quadrant where arousal is low and where it is high."""


def quadrant_aucs(
    weights: Matrix, quadrants: Sequence[str], predictions: Sequence[Matrix] | Matrix
) -> dict[str, Interval]:
    """Return the AUC of each contrast, averaged over seeds, with its 95 % interval.

    Parameters
    ----------
    weights : as in `auc_interval`
    quadrants : of each clip; clips without one are ignored
    predictions : valence and arousal on any scale, one entry per seed [shape=(n, 2)]
    """
    found = {}
    for contrast in CONTRASTS:
        high, low = (np.isin(quadrants, sorted(names)) for names in (contrast.high, contrast.low))
        which = np.flatnonzero(high | low)
        scores = [each[which, contrast.column] for each in predictions]
        found[contrast.name] = auc_interval(weights[:, which], high[which], scores)
    return found
