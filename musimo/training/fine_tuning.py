"""Fine-tune a distilled backbone on ratings: by cross-validation for the figures, and on all clips."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from musimo.emotion.mase_net import MaseNet
from musimo.training.baselines import BASELINES, svr
from musimo.training.cross_validation import NETWORK, FoldPredictions
from musimo.training.descriptors import Descriptors
from musimo.training.groups import grouped_folds
from musimo.training.head_training import (
    HeadData,
    HeadsConfig,
    add_harmony_inputs,
    predict_ratings,
    train_heads,
)
from musimo.training.metrics import Matrix
from musimo.training.pseudo_labels import block_svr, make_pseudo_labels

PSEUDO_LABELER = "SVR that makes the pseudo-labels"
SVR_ON_TEACHER = "SVR on the teacher"
SVR_ON_EMBEDDING = "SVR on the embedding before fine-tuning"


def fine_tune(
    backbone: MaseNet, clips: Descriptors, ratings: Matrix, music: Descriptors, config: HeadsConfig, seed: int
) -> MaseNet:
    """Train the heads on rated clips and on pseudo-labels of unlabeled music; return the network.

    The pseudo-labels come from an SVR fitted to these clips only. If there are several members, one network
    is trained on their mean predictions.
    """
    labels = make_pseudo_labels(
        pseudo_label_inputs(backbone, clips), ratings, pseudo_label_inputs(backbone, music), seed
    )
    network = add_harmony_inputs(backbone, torch.from_numpy(music.harmony))
    rated, pseudo_labeled = _head_data(clips, ratings), _head_data(music, labels)
    members = [
        train_heads(network, rated, pseudo_labeled, config, seed + member)
        for member in range(config.n_members)
    ]
    if len(members) == 1:
        return members[0]
    averaged = [replace(data, ratings=_predictions(members, data)) for data in (rated, pseudo_labeled)]
    return train_heads(network, averaged[0], averaged[1], config, seed + config.n_members)


def pseudo_label_inputs(backbone: MaseNet, descriptors: Descriptors) -> list[Matrix]:
    """Return the inputs of the pseudo-labeling SVR."""
    harmony = descriptors.harmony.astype(np.float64)
    return [descriptors.statistics, descriptors.teacher, harmony, embedding(backbone, descriptors)]


@torch.inference_mode()
def embedding(backbone: MaseNet, descriptors: Descriptors) -> Matrix:
    """Return the embedding of a network without harmony inputs [shape=(n, 256)]."""
    return np.asarray(backbone.eval().rate(torch.from_numpy(descriptors.fused))[1].double().numpy())


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
    """Fine-tune on all folds but one and predict that one; evaluate all other methods on the same folds."""
    fold_of = grouped_folds(groups, ratings, n_folds, seed)
    blocks = pseudo_label_inputs(backbone, clips)
    for fold in range(n_folds):
        train, test = np.flatnonzero(fold_of != fold), np.flatnonzero(fold_of == fold)
        inputs = {name: (clips.statistics, baseline) for name, baseline in BASELINES.items()}
        inputs |= {
            SVR_ON_TEACHER: (clips.teacher, svr),
            SVR_ON_EMBEDDING: (blocks[-1], svr),
        }
        predictions = {
            name: method(of[train], ratings[train], of[test]) for name, (of, method) in inputs.items()
        }
        predictions[PSEUDO_LABELER] = block_svr(
            [block[train] for block in blocks], ratings[train], [block[test] for block in blocks]
        )
        head_seed = (seed * n_folds + fold) * 1000
        network = fine_tune(backbone, clips.part(train), ratings[train], music, config, head_seed)
        network_predictions = _predictions([network], _head_data(clips.part(test), ratings[test]))
        predictions[NETWORK] = network_predictions.double().numpy()
        yield FoldPredictions(fold, config.n_batches, config.n_batches, ratings[test], predictions)


def _head_data(descriptors: Descriptors, ratings: Matrix) -> HeadData:
    return HeadData(
        torch.from_numpy(descriptors.fused),
        torch.from_numpy(descriptors.harmony),
        torch.from_numpy(ratings).float(),
    )


def _predictions(networks: Sequence[MaseNet], data: HeadData) -> Tensor:
    return predict_ratings(networks, data.fused, data.harmony)
