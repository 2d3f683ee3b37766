"""A study: out-of-fold predictions of all methods and seeds, from which all figures are computed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from musimo.training.metrics import Matrix, figures


class EpochLosses(Protocol):
    """Losses of an epoch, for a learning curve."""

    @property
    def number(self) -> int:
        """Number, from 1."""

    @property
    def training_loss(self) -> float:
        """Loss on the training set."""

    @property
    def validation_loss(self) -> float:
        """Loss on the validation set."""


@dataclass(frozen=True, slots=True)
class LearningCurve:
    """Losses of one training.

    Parameters
    ----------
    name : of the training, such as its seed and fold
    epochs, training, validation : number of each epoch and its losses, of equal length; NaN if not measured
    """

    name: str
    epochs: tuple[int, ...]
    training: tuple[float, ...]
    validation: tuple[float, ...]

    @classmethod
    def of(cls, name: str, epochs: Iterable[EpochLosses]) -> LearningCurve:
        """Build the curve of a training from its epochs."""
        rows = [(epoch.number, epoch.training_loss, epoch.validation_loss) for epoch in epochs]
        return (
            cls(name, *(tuple(column) for column in zip(*rows, strict=True)))
            if rows
            else cls(name, (), (), ())
        )


@dataclass(frozen=True, slots=True)
class Study:
    """Rated clips, and the out-of-fold predictions of each method.

    Parameters
    ----------
    title : one line
    recipe : description of our method
    names, groups, genres : of each clip; a group is never in two folds; an empty genre is unknown
    targets : mean valence and arousal on the 1-9 scale [shape=(n, 2)]
    predictions : by method, out of fold [shape=(n_seeds, n, 2)]
    folds : fold of each clip [shape=(n_seeds, n)]
    ours : the method that the report is about, one of ``predictions``
    curves : of the trainings of our method
    notes : remarks, one paragraph of Markdown each
    label_set : which ratings of the clips these are; empty if there is one set only
    quadrants : of each clip; an empty one is unknown

    Raises
    ------
    ValueError : shapes differ, a value is not finite, ``ours`` is missing, or a group is in two folds
    """

    title: str
    recipe: str
    names: tuple[str, ...]
    groups: tuple[str, ...]
    genres: tuple[str, ...]
    targets: Matrix
    predictions: Mapping[str, Matrix]
    folds: NDArray[np.int64]
    ours: str
    curves: tuple[LearningCurve, ...] = ()
    notes: tuple[str, ...] = ()
    label_set: str = ""
    quadrants: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        n, n_seeds = len(self.names), len(self.folds)
        if not n or not n_seeds or self.folds.shape != (n_seeds, n):
            raise ValueError(f"folds of shape {self.folds.shape} for {n} clips")
        if len(self.groups) != n or len(self.genres) != n or self.targets.shape != (n, 2):
            raise ValueError(f"groups, genres or targets are not those of {n} clips")
        if self.ours not in self.predictions:
            raise ValueError(f"no predictions of {self.ours}")
        for method, values in self.predictions.items():
            if values.shape != (n_seeds, n, 2) or not np.isfinite(values).all():
                raise ValueError(f"predictions of {method} are not ({n_seeds}, {n}, 2) finite numbers")
        if not np.isfinite(self.targets).all():
            raise ValueError("a rating is not a finite number")
        for fold_of in self.folds:
            if len(set(zip(self.groups, fold_of.tolist(), strict=True))) > len(set(self.groups)):
                raise ValueError("a group is in two folds")

    def is_constant(self, method: str) -> bool:
        """Return whether a method predicts one constant per fold, and therefore no order of clips."""
        return all(
            not np.ptp(values[fold_of == fold], axis=0).any()
            for values, fold_of in zip(self.predictions[method], self.folds, strict=True)
            for fold in np.unique(fold_of)
        )

    def mean_predictions(self, method: str) -> Matrix:
        """Return the predictions of a method, averaged over seeds [shape=(n, 2)]."""
        return np.asarray(self.predictions[method].mean(axis=0))

    def fold_figures(self, method: str) -> list[dict[str, tuple[float, float]]]:
        """Return all metrics of a method in every fold of every seed: metric -> (valence, arousal)."""
        return [
            figures(self.targets[fold_of == fold], values[fold_of == fold])
            for values, fold_of in zip(self.predictions[method], self.folds, strict=True)
            for fold in np.unique(fold_of)
        ]
