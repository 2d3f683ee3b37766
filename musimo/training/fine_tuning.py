"""From a backbone that met no rating to one that rates: fold by fold for honest figures, then for good."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from musimo.emotion.mase_net import MaseNet
from musimo.training.baselines import BASELINES, Matrix, svr
from musimo.training.cross_validation import NETWORK, FoldPredictions
from musimo.training.groups import grouped_folds
from musimo.training.head_training import (
    HeadData,
    HeadsConfig,
    add_harmony_inputs,
    predict_ratings,
    train_heads,
)
from musimo.training.pseudo_labels import block_svr, make_pseudo_labels

PSEUDO_LABELER = "the machine that rates unlabelled music"
SVR_ON_TEACHER = "SVR on the teacher"
SVR_ON_EMBEDDING = "SVR on the embedding before the ratings"


@dataclass(frozen=True, slots=True)
class Descriptors:
    """Sounds in the four ways that finishing needs.

    Parameters
    ----------
    fused : (n, 2048), behind the frozen part of the network
    teacher : (n, 200), mean of the teacher's answers
    statistics : (n, 3 * 193), of the features
    harmony : (n, 109), of the features
    """

    fused: NDArray[np.float32]
    teacher: Matrix
    statistics: Matrix
    harmony: NDArray[np.float32]

    def part(self, which: NDArray[np.int64]) -> Descriptors:
        """Those of the given indices."""
        return Descriptors(
            self.fused[which], self.teacher[which], self.statistics[which], self.harmony[which]
        )


def fine_tune(
    backbone: MaseNet, clips: Descriptors, ratings: Matrix, music: Descriptors, config: HeadsConfig, seed: int
) -> MaseNet:
    """Teach the ratings by clips and, through a machine fitted on these clips alone, by unlabelled music.

    Of several members the mean is taught to one network at last.
    """
    labels = make_pseudo_labels(
        pseudo_label_inputs(backbone, clips), ratings, pseudo_label_inputs(backbone, music), seed
    )
    network = add_harmony_inputs(backbone, torch.from_numpy(music.harmony))
    rated, labelled = _head_data(clips, ratings), _head_data(music, labels)
    members = [
        train_heads(network, rated, labelled, config, seed + member) for member in range(config.n_members)
    ]
    if len(members) == 1:
        return members[0]
    agreed = [replace(sounds, ratings=_predictions(members, sounds)) for sounds in (rated, labelled)]
    return train_heads(network, agreed[0], agreed[1], config, seed + config.n_members)


def pseudo_label_inputs(backbone: MaseNet, sounds: Descriptors) -> list[Matrix]:
    """What the labeller reads."""
    harmony = sounds.harmony.astype(np.float64)
    return [sounds.statistics, sounds.teacher, harmony, embedding(backbone, sounds)]


@torch.inference_mode()
def embedding(backbone: MaseNet, sounds: Descriptors) -> Matrix:
    """Of a network whose frozen part is known and that hears no harmony, (n, 256)."""
    return np.asarray(backbone.eval().rate(torch.from_numpy(sounds.fused))[1].double().numpy())


def cross_validate(
    backbone: MaseNet,
    clips: Descriptors,
    ratings: Matrix,
    groups: Sequence[str],
    music: Descriptors,
    config: HeadsConfig,
    n_folds: int,
    seed: int,
) -> Iterator[FoldPredictions]:
    """Finish on all folds but one, predict that one; baselines, labeller and teacher on the same folds."""
    fold_of = grouped_folds(groups, ratings, n_folds, seed)
    read = pseudo_label_inputs(backbone, clips)
    for fold in range(n_folds):
        known, asked = np.flatnonzero(fold_of != fold), np.flatnonzero(fold_of == fold)
        inputs = {name: (clips.statistics, baseline) for name, baseline in BASELINES.items()}
        inputs |= {
            SVR_ON_TEACHER: (clips.teacher, svr),
            SVR_ON_EMBEDDING: (read[-1], svr),
        }
        predictions = {
            name: method(of[known], ratings[known], of[asked]) for name, (of, method) in inputs.items()
        }
        predictions[PSEUDO_LABELER] = block_svr(
            [block[known] for block in read], ratings[known], [block[asked] for block in read]
        )
        chance = (seed * n_folds + fold) * 1000
        network = fine_tune(backbone, clips.part(known), ratings[known], music, config, chance)
        answers = _predictions([network], _head_data(clips.part(asked), ratings[asked]))
        predictions[NETWORK] = answers.double().numpy()
        yield FoldPredictions(fold, config.n_batches, config.n_batches, ratings[asked], predictions)


def out_of_fold(
    folds: Sequence[FoldPredictions], groups: Sequence[str], ratings: Matrix, n_folds: int, seed: int
) -> dict[str, Matrix]:
    """Predictions of every clip by the fold it was in, (n, 2) by method, in the order of the clips."""
    fold_of = grouped_folds(groups, ratings, n_folds, seed)
    every: dict[str, Matrix] = {name: np.full_like(ratings, np.nan) for name in folds[0].predictions}
    for fold in folds:
        for name, values in fold.predictions.items():
            every[name][fold_of == fold.fold] = values
    return every


def _head_data(sounds: Descriptors, ratings: Matrix) -> HeadData:
    return HeadData(
        torch.from_numpy(sounds.fused), torch.from_numpy(sounds.harmony), torch.from_numpy(ratings).float()
    )


def _predictions(networks: Sequence[MaseNet], sounds: HeadData) -> Tensor:
    return predict_ratings(networks, sounds.fused, sounds.harmony)
