"""Fine-tune a distilled backbone on labeled clips: by cross-validation for the figures, and on all clips."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from musimo.emotion.mase_net import MaseNet
from musimo.training.baselines import BASELINES, svr
from musimo.training.cross_validation import NETWORK, FoldPredictions
from musimo.training.descriptors import Descriptors
from musimo.training.groups import grouped_folds
from musimo.training.head_training import (
    HeadData,
    HeadPart,
    HeadsConfig,
    add_harmony_inputs,
    predict_ratings,
    train_heads,
)
from musimo.training.metrics import Indices, Matrix
from musimo.training.pseudo_labels import LabeledBlocks, Labeler
from musimo.training.teacher import N_ACTIVATIONS

PSEUDO_LABELER = "SVRs that make the pseudo-labels"
SVR_ON_TEACHERS = "SVR on the teachers"
SVR_ON_EMBEDDING = "SVR on the embedding before fine-tuning"


@dataclass(frozen=True, slots=True)
class LabeledClips:
    """Labeled clips of one data set.

    Parameters
    ----------
    descriptors : of the clips
    labels : ratings, 1-9; or halves, -1 and 1 [shape=(n, 2)]
    groups : artists, which folds never separate
    """

    descriptors: Descriptors
    labels: Matrix
    groups: Sequence[str]

    def part(self, which: Indices) -> LabeledClips:
        """Return the clips of the given indices."""
        return LabeledClips(self.descriptors.part(which), self.labels[which], [self.groups[i] for i in which])

    def without(self, groups: Sequence[str]) -> LabeledClips:
        """Return the clips of other groups."""
        return self.part(np.flatnonzero(~np.isin(np.array(self.groups), list(groups))))


def fine_tune(
    backbone: MaseNet,
    rated: LabeledClips,
    halves: LabeledClips | None,
    music: Descriptors,
    config: HeadsConfig,
    seed: int,
) -> MaseNet:
    """Train the heads on rated clips and on pseudo-labels; return the network.

    Pseudo-labels, of labeled clips and of unlabeled music, come from support vector machines fitted to these
    labeled clips only. If there are several members, one network is trained on their mean predictions.
    """
    labeler = fit_labeler(backbone, rated, halves, config, seed)
    network = add_harmony_inputs(backbone, torch.from_numpy(music.harmony))
    labeled = Descriptors.concatenate([each.descriptors for each in (rated, halves) if each is not None])
    parts = [
        HeadPart(head_data(rated.descriptors, rated.labels), config.clips, config.clip_weight),
        *(
            HeadPart(head_data(clips, labeler.predict(label_inputs(backbone, clips))), n)
            for clips, n in ((labeled, config.labeled), (music, config.unlabelled))
            if n
        ),
    ]
    members = [train_heads(network, parts, config, seed + member) for member in range(config.n_members)]
    if len(members) == 1:
        return members[0]
    averaged = [
        replace(
            part,
            data=replace(part.data, ratings=predict_ratings(members, part.data.fused, part.data.harmony)),
        )
        for part in parts
    ]
    return train_heads(network, averaged, config, seed + config.n_members)


def fit_labeler(
    backbone: MaseNet, rated: LabeledClips, halves: LabeledClips | None, config: HeadsConfig, seed: int
) -> Labeler:
    """Fit the machines that make the pseudo-labels."""
    inputs = [
        None if each is None else LabeledBlocks(label_inputs(backbone, each.descriptors), each.labels)
        for each in (rated, halves)
    ]
    assert inputs[0] is not None
    return Labeler.fit(inputs[0], inputs[1], config.halves_weight, seed)


def label_inputs(backbone: MaseNet, descriptors: Descriptors) -> list[Matrix]:
    """Return the inputs of the machines that make the pseudo-labels: each teacher is a block."""
    n_teachers = descriptors.teachers.shape[1] // N_ACTIVATIONS
    return [
        descriptors.statistics,
        *np.split(descriptors.teachers, n_teachers, axis=1),
        descriptors.tags,
        descriptors.harmony.astype(np.float64),
        embedding(backbone, descriptors),
    ]


@torch.inference_mode()
def embedding(backbone: MaseNet, descriptors: Descriptors) -> Matrix:
    """Return the embedding of a network without harmony inputs [shape=(n, 256)]."""
    return np.asarray(backbone.eval().rate(torch.from_numpy(descriptors.fused))[1].double().numpy())


@dataclass(frozen=True, slots=True)
class FoldOfBoth:
    """Predictions for the clips of one fold: of the rated data set, and of that with halves, if any."""

    rated: FoldPredictions
    halves: FoldPredictions | None


def cross_validate(
    backbone: MaseNet,
    rated: LabeledClips,
    halves: LabeledClips | None,
    music: Descriptors,
    config: HeadsConfig,
    n_folds: int,
    seed: int,
) -> Iterator[FoldOfBoth]:
    """Fine-tune on all folds but one and predict that one; evaluate all other methods on the same folds.

    Artists that are tested in one data set are removed from the other, too.
    """
    sets = [each for each in (rated, halves) if each is not None]
    folds_of = [grouped_folds(each.groups, each.labels, n_folds, seed) for each in sets]
    for fold in range(n_folds):
        tested = [each.part(np.flatnonzero(of == fold)) for each, of in zip(sets, folds_of, strict=True)]
        artists = [group for each in tested for group in each.groups]
        trained = [each.without(artists) for each in sets]
        trained_halves = trained[1] if halves is not None else None
        head_seed = (seed * n_folds + fold) * 1000
        network = fine_tune(backbone, trained[0], trained_halves, music, config, head_seed)
        labeler = fit_labeler(backbone, trained[0], trained_halves, config, head_seed)
        results = [
            FoldPredictions(
                fold,
                config.n_batches,
                config.n_batches,
                test.labels,
                _baselines(backbone, train, test)
                | {
                    PSEUDO_LABELER: labeler.predict(label_inputs(backbone, test.descriptors)),
                    NETWORK: _predict(network, test.descriptors),
                },
            )
            for train, test in zip(trained, tested, strict=True)
        ]
        yield FoldOfBoth(results[0], results[1] if halves is not None else None)


def _baselines(backbone: MaseNet, train: LabeledClips, test: LabeledClips) -> dict[str, Matrix]:
    """Fit the other methods to the training clips of the same data set, and predict the test clips."""

    def inputs(clips: LabeledClips) -> dict[str, Matrix]:
        described = clips.descriptors
        return dict.fromkeys(BASELINES, described.statistics) | {
            SVR_ON_TEACHERS: described.teachers,
            SVR_ON_EMBEDDING: embedding(backbone, described),
        }

    methods = BASELINES | {SVR_ON_TEACHERS: svr, SVR_ON_EMBEDDING: svr}
    known, unknown = inputs(train), inputs(test)
    return {name: methods[name](known[name], train.labels, unknown[name]) for name in known}


def head_data(descriptors: Descriptors, ratings: Matrix | None = None) -> HeadData:
    """Return what the heads are trained on; zeros for ratings if there are none."""
    labels = np.zeros((len(descriptors.fused), 2)) if ratings is None else ratings
    return HeadData(
        torch.from_numpy(descriptors.fused),
        torch.from_numpy(descriptors.harmony),
        torch.from_numpy(labels).float(),
    )


def _predict(network: MaseNet, descriptors: Descriptors) -> Matrix:
    fused, harmony = torch.from_numpy(descriptors.fused), torch.from_numpy(descriptors.harmony)
    return np.asarray(predict_ratings([network], fused, harmony).double().numpy())
