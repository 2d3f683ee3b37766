"""What every kind of training offers: predictions of clips it has not met, and the network it makes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from musimo.emotion.mase_net import MaseNet
from musimo.emotion.space import SoundSpace, fit_space
from musimo.records import FloatArray
from musimo.training.baselines import Matrix
from musimo.training.cross_validation import FoldPredictions, Indices
from musimo.training.progress import Work
from musimo.training.rated_dataset import RatedDataset
from musimo.training.study import LearningCurve
from musimo.training.training_loop import predict
from musimo.training.workspace import Workspace


@dataclass(frozen=True, slots=True)
class OutOfFold:
    """What one seed says of clips it has not met.

    Parameters
    ----------
    predictions : (n, 2) by name of the method
    fold_of : (n,), the fold in which each clip was asked for; -1 for one that never was
    curves : of the trainings behind it
    """

    predictions: Mapping[str, Matrix]
    fold_of: NDArray[np.int64]
    curves: tuple[LearningCurve, ...] = ()


@dataclass(frozen=True, slots=True)
class TrainedNetwork:
    """A network that is ready to be asked.

    Parameters
    ----------
    network : on the CPU
    means, sds : (193,), which normalise its input
    space : in which the sounds it hears lie
    """

    network: MaseNet
    means: FloatArray
    sds: FloatArray
    space: SoundSpace

    def rate(self, features: Sequence[FloatArray]) -> Matrix:
        """Ratings on the 1-9 scale, (n, 2)."""
        return predict(self.network, self.means, self.sds, features)


class Trainer(Protocol):
    """One recipe at one workspace."""

    @property
    def description(self) -> str:
        """How the network is made, in a sentence or two, for the report."""

    def out_of_fold(self, rated: RatedDataset, seed: int, folder: Path) -> Work[OutOfFold]:
        """Predict every clip by what has not met it; goes on from what ``folder`` keeps."""

    def train_final(self, rated: RatedDataset) -> Work[TrainedNetwork]:
        """The network that ships; goes on from what an earlier run left."""


@torch.inference_mode()
def fit_network_space(
    network: MaseNet, fused: FloatArray, statistics: Matrix, harmony: FloatArray | None = None
) -> SoundSpace:
    """The space of the sounds a network was taught on.

    Parameters
    ----------
    fused : (n, 2048), behind the frozen part
    statistics : (n, 579)
    harmony : (n, 109), if the network hears it
    """
    inputs = None if harmony is None else torch.from_numpy(harmony)
    embedding = network.eval().rate(torch.from_numpy(fused), inputs)[1].numpy()
    return fit_space(fused, statistics.astype(np.float32), embedding)


def fold_folder(workspace: Workspace, rated: RatedDataset, seed: int) -> Path:
    """Where the folds of one seed are kept."""
    return workspace.out / "folds" / rated.name / f"seed-{seed}"


def combine_folds(
    folds: Sequence[FoldPredictions], tested: Sequence[Indices], n: int, curves: Sequence[LearningCurve] = ()
) -> OutOfFold:
    """Folds of one seed as one; ``tested`` are the indices each was asked for, of ``n`` clips."""
    fold_of = np.full(n, -1)
    every = {name: np.full((n, 2), np.nan) for name in folds[0].predictions}
    for fold, asked in zip(folds, tested, strict=True):
        fold_of[asked] = fold.fold
        for name, values in fold.predictions.items():
            every[name][asked] = values
    return OutOfFold(every, fold_of, tuple(curves))
