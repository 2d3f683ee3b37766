"""The protocol of trainers: out-of-fold predictions, and the final network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from numpy.typing import NDArray

from musimo.emotion.mase_net import MaseNet
from musimo.emotion.predictor import stack_harmony
from musimo.emotion.space import SoundSpace, fit_space
from musimo.records import FloatArray
from musimo.training.cross_dataset import CrossRow
from musimo.training.cross_validation import FoldPredictions
from musimo.training.metrics import Indices, Matrix
from musimo.training.progress import Work
from musimo.training.rated_dataset import RatedDataset
from musimo.training.study import LearningCurve
from musimo.training.tag_metrics import TagScores
from musimo.training.training_loop import collate, predict
from musimo.training.workspace import Workspace


@dataclass(frozen=True, slots=True)
class OutOfFold:
    """Out-of-fold predictions of one seed.

    Parameters
    ----------
    predictions : by method [shape=(n, 2)]
    fold_of : fold in which each clip was tested; -1 if never [shape=(n,)]
    curves : of the trainings
    """

    predictions: Mapping[str, Matrix]
    fold_of: NDArray[np.int64]
    curves: tuple[LearningCurve, ...] = ()


@dataclass(frozen=True, slots=True)
class TrainedNetwork:
    """A network ready for inference.

    Parameters
    ----------
    network : on the CPU
    means, sds : normalization of its input [shape=(193,)]
    space : its sound space
    tags : names of the tags that it hears
    """

    network: MaseNet
    means: FloatArray
    sds: FloatArray
    space: SoundSpace
    tags: tuple[str, ...] = ()

    def rate(self, features: Sequence[FloatArray]) -> Matrix:
        """Predict ratings on the 1-9 scale [shape=(n, 2)]."""
        return predict(self.network, self.means, self.sds, features)

    @torch.inference_mode()
    def hear(self, features: Sequence[FloatArray]) -> TagScores:
        """Score the tags of clips, 0..1."""
        scores = np.empty((len(features), len(self.tags)), dtype=np.float32)
        network = self.network.eval()
        for row, clip in enumerate(features):
            harmony = stack_harmony(network.config.n_harmony, [clip])
            fused = network.fuse(collate([clip], self.means, self.sds)[0])
            inputs = None if harmony is None else torch.from_numpy(harmony)
            scores[row] = network.tag_logits(fused, inputs).sigmoid()[0].numpy()
        return TagScores(self.tags, scores)


class Trainer(Protocol):
    """Training of one recipe in one workspace."""

    @property
    def description(self) -> str:
        """Describe the network in a sentence or two, for the report."""

    def out_of_fold(self, rated: RatedDataset, seed: int, folder: Path) -> Work[OutOfFold]:
        """Predict predictions clip with networks not trained on it; resume from ``folder``."""

    def train_final(self, rated: RatedDataset) -> Work[TrainedNetwork]:
        """Train the final network, or resume an interrupted run."""


@runtime_checkable
class QuadrantTrainer(Protocol):
    """A trainer that also learns from a data set with quadrants."""

    def quadrants_out_of_fold(self, rated: RatedDataset, seeds: Sequence[int]) -> Work[list[CrossRow]]:
        """Return its figures out of fold, once those of ``rated`` are computed."""


@runtime_checkable
class TagTeacher(Protocol):
    """A trainer whose teacher hears tags."""

    def teacher_tags(self, rated: RatedDataset) -> Work[TagScores]:
        """Score the tags of clips by the teacher."""


@torch.inference_mode()
def fit_network_space(
    network: MaseNet, fused: FloatArray, statistics: Matrix, harmony: FloatArray | None = None
) -> SoundSpace:
    """Fit the sound space of a network to its training data.

    Parameters
    ----------
    network : a network
    fused : output of the frozen layers [shape=(n, 2048)]
    statistics : [shape=(n, 579)]
    harmony : if the network has harmony inputs [shape=(n, 109)]
    """
    inputs = None if harmony is None else torch.from_numpy(harmony)
    embedding = network.eval().rate(torch.from_numpy(fused), inputs)[1].numpy()
    return fit_space(fused, statistics.astype(np.float32), embedding)


def fold_folder(workspace: Workspace, rated: RatedDataset, seed: int) -> Path:
    """Return the folder of the folds of one seed."""
    return workspace.out / "folds" / rated.name / f"seed-{seed}"


def combine_folds(
    folds: Sequence[FoldPredictions], tested: Sequence[Indices], n: int, curves: Sequence[LearningCurve] = ()
) -> OutOfFold:
    """Combine the folds of one seed; ``tested`` are the indices of each fold, of ``n`` clips."""
    fold_of = np.full(n, -1)
    predictions = {name: np.full((n, 2), np.nan) for name in folds[0].predictions}
    for fold, test in zip(folds, tested, strict=True):
        fold_of[test] = fold.fold
        for name, values in fold.predictions.items():
            predictions[name][test] = values
    return OutOfFold(predictions, fold_of, tuple(curves))
