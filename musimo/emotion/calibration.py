"""The network's answers bent to one listener's ear: a ridge regression that is shrunk to the network itself.

What a listener's ratings are away from the network's answers is taken for linear in the embedding, in those
answers and in a constant, and every coefficient is penalised, the constant too. So an infinite penalty leaves
the network as it is, and few or contradictory ratings come close to that. The penalty is the one under which
each rating is predicted best from the others.

The error that is told is of ratings that took part in nothing: each is predicted by a calibration of the
others, whose penalty was chosen by the others alone. Where it is not below the network's, nothing is bent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from musimo.records import FloatArray

Numbers = NDArray[np.floating[Any]]

FEWEST: Final = 20
"""Ratings. On 200 pieces that the network had never met (README), ten made valence a little worse where they
were noisy; twenty left it as it was, and took a quarter off the error in arousal."""

MOOD_STEP: Final = 0.2  # of valence and arousal, that counts as much as the embedding, whose length is 1
PENALTIES: Final = tuple(2.0**power for power in range(-3, 8))  # for features whose squares add up to some 2
CHUNK: Final = 1024  # ratings at once, each with all others


@dataclass(frozen=True, slots=True)
class Fit:
    """How well one dimension, valence or arousal, is fitted to ratings.

    Errors are root mean squares, 0..1: of the network as it is, and of the calibration of each rating by all
    the others; None where there are no ratings, or none to spare.

    Parameters
    ----------
    n_ratings : it is fitted to
    network_error, error : see above
    coefficients : (259,) of :func:`features`; None where the network stays as it is
    """

    n_ratings: int
    network_error: float | None
    error: float | None
    coefficients: FloatArray | None

    @property
    def lacking(self) -> int:
        """How many ratings there are too few."""
        return max(0, FEWEST - self.n_ratings)


@dataclass(frozen=True, slots=True)
class Calibration:
    """What is added to the network's valence and arousal.

    Parameters
    ----------
    coefficients : (2, 259) float32; a row of zeros leaves the network as it is
    """

    coefficients: FloatArray

    @classmethod
    def of(cls, valence: Fit, arousal: Fit) -> Calibration | None:
        """Of two fits; None where neither is any gain."""
        rows = [fit.coefficients for fit in (valence, arousal)]
        width = max((len(row) for row in rows if row is not None), default=0)
        filled = [np.zeros(width, np.float32) if row is None else row for row in rows]
        return cls(np.stack(filled)) if width else None

    def bent(self, moods: Numbers, embeddings: Numbers) -> list[tuple[float | None, float | None]]:
        """Valence and arousal of sounds as the listener hears them, 0..1; None where the network stays.

        Each row is computed by itself, so that a sound gets the same numbers alone and among others; they are
        rounded to float32, as indexes hold them.

        Parameters
        ----------
        moods : (n, 2) the network's valence and arousal
        embeddings : (n, 256)
        """
        described = features(moods, embeddings)
        columns: list[list[float | None]] = []
        for place, row in enumerate(self.coefficients.astype(np.float64)):
            own = np.clip(moods[:, place] + (described * row).sum(axis=1), 0, 1).astype(np.float32)
            columns.append(own.tolist() if row.any() else [None] * len(own))
        return list(zip(*columns, strict=True))


def features(moods: Numbers, embeddings: Numbers) -> Numbers:
    """What a listener's departures are linear in [shape=(n, d + 3)]: 1, both moods, the embedding."""
    steps = (np.asarray(moods, np.float64) - 0.5) / MOOD_STEP
    return np.hstack([np.ones((len(steps), 1)), steps, np.asarray(embeddings, np.float64)])


def fit(ratings: Numbers, moods: Numbers, embeddings: Numbers, place: int) -> Fit:
    """Fit one dimension.

    Parameters
    ----------
    ratings : (n,) of valence or arousal, 0..1
    moods, embeddings : (n, 2) and (n, 256), what the network says of the same sounds
    place : which column of ``moods`` is rated
    """
    departures = np.asarray(ratings, np.float64) - np.asarray(moods[:, place], np.float64)
    if len(departures) < 3:  # one out, one to choose the penalty by, and one to fit
        return Fit(len(departures), _rms(departures) if len(departures) else None, None, None)
    described = features(moods, embeddings)
    ridges = Ridges.of(described, departures, PENALTIES)
    error, network_error = _rms(ridges.left_out_of_all()), _rms(departures)
    fitted = None
    if len(departures) >= FEWEST and error < network_error:
        best = int(np.argmin(np.mean(ridges.left_out() ** 2, axis=1)))
        fitted = ridge(described, departures, PENALTIES[best]).astype(np.float32)
    return Fit(len(departures), network_error, error, fitted)


def ridge(described: Numbers, departures: Numbers, penalty: float) -> Numbers:
    """Coefficients [shape=(d,)] with the least squared error plus ``penalty`` times their own squares."""
    squares = described.T @ described + penalty * np.eye(described.shape[1])
    return np.asarray(np.linalg.solve(squares, described.T @ departures), np.float64)


@dataclass(frozen=True, slots=True)
class Ridges:
    """Ridges of the same ratings under several penalties, and what they come to without some of the ratings.

    Nothing is fitted anew: what a ridge of the others leaves of a rating follows from what the ridge of all
    leaves of it, and from the weight that each rating has in each prediction (Allen, 1974).

    Parameters
    ----------
    axes : (n, k), orthonormal; the weights are ``axes @ diag(kept) @ axes.T``
    kept : (n_penalties, k), of each axis under each penalty
    left : (n_penalties, n), of each departure by the ridge of all
    free : (n_penalties, n), one minus the weight of each rating in its own prediction
    """

    axes: Numbers
    kept: Numbers
    left: Numbers
    free: Numbers

    @classmethod
    def of(cls, described: Numbers, departures: Numbers, penalties: Sequence[float]) -> Ridges:
        """Of ratings of sounds; see :func:`features`."""
        axes, stretch, _ = np.linalg.svd(described, full_matrices=False)
        kept = np.stack([stretch**2 / (stretch**2 + penalty) for penalty in penalties])
        left = departures - (kept * (axes.T @ departures)) @ axes.T
        return cls(axes, kept, left, 1 - kept @ (axes**2).T)

    def left_out(self) -> Numbers:
        """What is left of each departure by the ridge of all others [shape=(n_penalties, n)]."""
        return np.asarray(self.left / self.free, np.float64)

    def left_out_of_all(self) -> Numbers:
        """The same [shape=(n,)], each under the penalty that does best among the others, left out in turn."""
        n = self.left.shape[1]
        chosen = np.concatenate(
            [self._best_without(np.arange(at, min(at + CHUNK, n))) for at in range(0, n, CHUNK)]
        )
        return np.asarray(self.left_out()[chosen, np.arange(n)], np.float64)

    def _best_without(self, out: NDArray[np.int64]) -> NDArray[np.intp]:
        """Which penalty does best where one rating is out, for each of ``out``."""
        squares = []
        for kept, left, free in zip(self.kept, self.left, self.free, strict=True):
            weights = (self.axes[out] * kept) @ self.axes.T
            free_out, left_out = free[out, None], left[out, None]
            both_out = (free_out * left + weights * left_out) / (free_out * free - weights**2)
            both_out[np.arange(len(out)), out] = 0  # itself does not count
            squares.append((both_out**2).sum(axis=1))
        return np.asarray(np.argmin(squares, axis=0), np.intp)


def _rms(errors: Numbers) -> float:
    return float(np.sqrt(np.mean(np.square(errors))))
