"""What an evaluation has found, before any figure is made of it: what methods said of clips, seed by seed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]


class EpochLosses(Protocol):
    """What a learning curve needs of an epoch."""

    @property
    def number(self) -> int:
        """Counted from 1."""

    @property
    def training_loss(self) -> float:
        """Of the clips learnt from."""

    @property
    def validation_loss(self) -> float:
        """Of the clips that choose the epoch."""


@dataclass(frozen=True, slots=True)
class LearningCurve:
    """How one training went.

    Parameters
    ----------
    name : which one, such as its seed and fold
    epochs, training, validation : number of each epoch and its losses, equally long; NaN where none was taken
    """

    name: str
    epochs: tuple[int, ...]
    training: tuple[float, ...]
    validation: tuple[float, ...]

    @classmethod
    def of(cls, name: str, epochs: Iterable[EpochLosses]) -> LearningCurve:
        """From the epochs of a training."""
        rows = [(epoch.number, epoch.training_loss, epoch.validation_loss) for epoch in epochs]
        return (
            cls(name, *(tuple(column) for column in zip(*rows, strict=True)))
            if rows
            else cls(name, (), (), ())
        )


@dataclass(frozen=True, slots=True)
class Study:
    """Clips that listeners rated, and what each method says of them without having met them.

    Parameters
    ----------
    title : one line
    recipe : how our method was made, in a sentence
    names, groups, genres : of each clip; a group is what no two folds share; an empty genre is unknown
    targets : (n, 2), valence and arousal on the 1-9 scale
    predictions : by name of the method, (n_seeds, n, 2), each clip by the fold it was kept out of
    folds : (n_seeds, n), number of the fold each clip was in
    ours : the method the report is about, one of ``predictions``
    curves : of the trainings behind ours, if there were any
    notes : what a reader must know, a paragraph of Markdown each
    label_set : which of several ratings of the same clips these are; empty where there is one

    Raises
    ------
    ValueError : shapes do not meet, a number is not finite, ``ours`` is not there, a group is in two folds
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
        """Whether a method says the same of all clips of a fold, and so puts them in no order."""
        return all(
            not np.ptp(values[fold_of == fold], axis=0).any()
            for values, fold_of in zip(self.predictions[method], self.folds, strict=True)
            for fold in np.unique(fold_of)
        )

    def mean_predictions(self, method: str) -> Matrix:
        """Predictions of a method, mean over seeds, (n, 2)."""
        return np.asarray(self.predictions[method].mean(axis=0))
