"""Calibrate predictions to one user's ratings: a ridge regression that shrinks to the network itself.

The difference between a rating and the prediction is modeled as linear in the embedding, the predicted
valence and arousal, and a constant, all of them penalized. An infinite penalty leaves the predictions
unchanged, and few or contradictory ratings come close to that. The penalty is chosen by leave-one-out
cross-validation.

The reported error is nested: each rating is predicted by a calibration of the others, whose penalty was
chosen by the others alone. Where it is not below the network's error, predictions stay as they are.

Kept by hand instead of scikit-learn's ``RidgeCV``, which is not needed to scan or ask and has no nested
error.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from musimo.records import FloatArray

Numbers = NDArray[np.floating[Any]]

MIN_RATINGS: Final = 20
"""On 200 pieces unknown to the network (README), ten noisy ratings made valence a little worse; twenty left
it unchanged and reduced the error in arousal by a quarter."""

EMOTION_STEP: Final = 0.2  # of valence and arousal, that counts as much as the embedding, whose length is 1
PENALTIES: Final = tuple(2.0**power for power in range(-3, 8))  # the squares of a row add up to about 2
CHUNK: Final = 1024  # ratings processed at once, each with all others


@dataclass(frozen=True, slots=True)
class DimensionFit:
    """How well one dimension, valence or arousal, can be fitted to ratings.

    Parameters
    ----------
    n_ratings : number of ratings
    network_error : root mean square error of the predictions, 0..1; None without ratings
    error : the same of a calibration, nested cross-validation; None with fewer than three ratings
    coefficients : of `design_matrix` [shape=(259,)]; None where predictions stay as they are
    """

    n_ratings: int
    network_error: float | None
    error: float | None
    coefficients: FloatArray | None

    @property
    def n_missing(self) -> int:
        """Number of ratings that are still needed."""
        return max(0, MIN_RATINGS - self.n_ratings)


@dataclass(frozen=True, slots=True)
class Calibration:
    """Correction of predicted valence and arousal.

    Parameters
    ----------
    coefficients : [shape=(2, 259), float32]; a row of zeros leaves its dimension unchanged
    """

    coefficients: FloatArray

    @classmethod
    def from_fits(cls, valence: DimensionFit, arousal: DimensionFit) -> Calibration | None:
        """Return the calibration of two fits; None if neither is an improvement."""
        rows = [fit.coefficients for fit in (valence, arousal)]
        width = max((len(row) for row in rows if row is not None), default=0)
        filled = [np.zeros(width, np.float32) if row is None else row for row in rows]
        return cls(np.stack(filled)) if width else None

    def apply(self, emotions: Numbers, embeddings: Numbers) -> list[tuple[float | None, float | None]]:
        """Return calibrated valence and arousal, 0..1; None where a dimension stays unchanged.

        Each row is computed by itself, so that a track gets the same values alone and among others; values
        are rounded to float32, as indexes store them.

        Parameters
        ----------
        emotions : predicted valence and arousal [shape=(n, 2)]
        embeddings : [shape=(n, 256)]
        """
        design = design_matrix(emotions, embeddings)
        columns: list[list[float | None]] = []
        for column, row in enumerate(self.coefficients.astype(np.float64)):
            own = np.clip(emotions[:, column] + (design * row).sum(axis=1), 0, 1).astype(np.float32)
            columns.append(own.tolist() if row.any() else [None] * len(own))
        return list(zip(*columns, strict=True))


def design_matrix(emotions: Numbers, embeddings: Numbers) -> Numbers:
    """Return the regressors [shape=(n, d + 3)]: 1, valence, arousal, embedding."""
    steps = (np.asarray(emotions, np.float64) - 0.5) / EMOTION_STEP
    return np.hstack([np.ones((len(steps), 1)), steps, np.asarray(embeddings, np.float64)])


def fit_dimension(ratings: Numbers, emotions: Numbers, embeddings: Numbers, column: int) -> DimensionFit:
    """Fit one dimension to ratings.

    Parameters
    ----------
    ratings : of valence or arousal, 0..1 [shape=(n,)]
    emotions, embeddings : predictions for the same tracks [shape=(n, 2)] and [shape=(n, 256)]
    column : of ``emotions`` that is rated
    """
    residuals = np.asarray(ratings, np.float64) - np.asarray(emotions[:, column], np.float64)
    if len(residuals) < 3:  # one left out, one to choose the penalty by, and one to fit
        return DimensionFit(len(residuals), _rms(residuals) if len(residuals) else None, None, None)
    design = design_matrix(emotions, embeddings)
    left_out = LeaveOneOut.from_ratings(design, residuals, PENALTIES)
    error, network_error = _rms(left_out.nested_residuals()), _rms(residuals)
    fitted = None
    if len(residuals) >= MIN_RATINGS and error < network_error:
        best = int(np.argmin(np.mean(left_out.residuals() ** 2, axis=1)))
        fitted = ridge(design, residuals, PENALTIES[best]).astype(np.float32)
    return DimensionFit(len(residuals), network_error, error, fitted)


def ridge(design: Numbers, target: Numbers, penalty: float) -> Numbers:
    """Return ridge coefficients [shape=(d,)]."""
    squares = design.T @ design + penalty * np.eye(design.shape[1])
    return np.asarray(np.linalg.solve(squares, design.T @ target), np.float64)


@dataclass(frozen=True, slots=True)
class LeaveOneOut:
    """Leave-one-out residuals of ridge regressions under several penalties, without refitting.

    The residual of a rating under the regression of the others follows from its residual under the regression
    of all, and from its leverage: the PRESS statistic (Allen, 1974).

    Parameters
    ----------
    axes : [shape=(n, k)], orthonormal; the hat matrix is ``axes @ diag(shrinkage) @ axes.T``
    shrinkage : of each axis under each penalty [shape=(n_penalties, k)]
    fitted_residuals : under the regression of all ratings [shape=(n_penalties, n)]
    free : 1 - leverage of each rating [shape=(n_penalties, n)]
    """

    axes: Numbers
    shrinkage: Numbers
    fitted_residuals: Numbers
    free: Numbers

    @classmethod
    def from_ratings(cls, design: Numbers, target: Numbers, penalties: Sequence[float]) -> LeaveOneOut:
        """Compute from regressors [shape=(n, d)] and targets [shape=(n,)]."""
        axes, singular, _ = np.linalg.svd(design, full_matrices=False)
        shrinkage = np.stack([singular**2 / (singular**2 + penalty) for penalty in penalties])
        fitted_residuals = target - (shrinkage * (axes.T @ target)) @ axes.T
        return cls(axes, shrinkage, fitted_residuals, 1 - shrinkage @ (axes**2).T)

    def residuals(self) -> Numbers:
        """Return the residual of each rating under the regression of all others [shape=(n_penalties, n)]."""
        return np.asarray(self.fitted_residuals / self.free, np.float64)

    def nested_residuals(self) -> Numbers:
        """Return `residuals`, each under the penalty that is best for the others [shape=(n,)]."""
        n = self.fitted_residuals.shape[1]
        chosen = np.concatenate(
            [self._best_without(np.arange(start, min(start + CHUNK, n))) for start in range(0, n, CHUNK)]
        )
        return np.asarray(self.residuals()[chosen, np.arange(n)], np.float64)

    def _best_without(self, out: NDArray[np.int64]) -> NDArray[np.intp]:
        """Return, for each rating of ``out``, the index of the best penalty if that rating is left out."""
        squares = []
        for shrinkage, fitted, free in zip(self.shrinkage, self.fitted_residuals, self.free, strict=True):
            hat = (self.axes[out] * shrinkage) @ self.axes.T
            free_out, fitted_out = free[out, None], fitted[out, None]
            both_out = (free_out * fitted + hat * fitted_out) / (free_out * free - hat**2)
            both_out[np.arange(len(out)), out] = 0  # the rating itself does not count
            squares.append((both_out**2).sum(axis=1))
        return np.asarray(np.argmin(squares, axis=0), np.intp)


def _rms(errors: Numbers) -> float:
    return float(np.sqrt(np.mean(np.square(errors))))
