"""Pseudo-labels: support vector machines, fitted to labeled clips only, label unlabeled music.

Their inputs are blocks of descriptors, each standardized and equally weighted: the activations and tags of
the teachers, clip statistics, harmony, and the network's embedding before fine-tuning. Together they predict
better than any of them; the network learns to reproduce the predictions from its features alone.

There are two kinds of labels, and neither alone is enough. Ratings say how pleasant and how excited a clip
is; among quiet music, they hardly separate sad from calm. Quadrants, from mood words, do; but they only say
which half of each dimension a clip belongs to. A fixed combination of both predictions is what the network
learns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from sklearn.svm import SVR

from musimo.training.metrics import Indices, Matrix

GAMMA = 0.25  # of the kernel, for blocks with a mean squared difference of about 2; .12 to .5 work as well
SVR_C = 2.0  # 1 to 5 work as well
INNER_FOLDS = 5

Blocks = Sequence[Matrix]
"""Descriptors of the same clips, [shape=(n, d)] each."""


@dataclass(frozen=True, slots=True)
class LabeledBlocks:
    """Descriptors of clips, and their labels.

    Parameters
    ----------
    blocks : of the clips
    labels : ratings, 1-9, or halves, -1 and 1 [shape=(n, 2)]
    """

    blocks: Blocks
    labels: Matrix

    def part(self, which: Indices | NDArray[np.bool_]) -> LabeledBlocks:
        """Return the clips that a mask or indices select."""
        return LabeledBlocks([block[which] for block in self.blocks], self.labels[which])


class BlockSVR:
    """A support vector machine with a Gaussian kernel over equally weighted blocks, for each label."""

    def __init__(self, scales: list[tuple[Matrix, Matrix]], columns: list[SVR], labels: Matrix) -> None:
        self._scales = scales
        self._columns = columns
        self._means, self._sds = labels.mean(axis=0), labels.std(axis=0)

    @classmethod
    def fit(cls, clips: LabeledBlocks) -> Self:
        """Fit to labeled clips; labels are standardized."""
        scales = [_scale(block) for block in clips.blocks]
        inputs = _standardize(clips.blocks, scales)
        labels = (clips.labels - clips.labels.mean(axis=0)) / clips.labels.std(axis=0)
        columns = [SVR(C=SVR_C, gamma=GAMMA / len(scales)).fit(inputs, column) for column in labels.T]
        return cls(scales, columns, clips.labels)

    def predict(self, blocks: Blocks) -> Matrix:
        """Predict the labels [shape=(n, 2)]."""
        inputs = _standardize(blocks, self._scales)
        predicted = np.stack([column.predict(inputs) for column in self._columns], axis=1)
        return np.asarray(predicted * self._sds + self._means)


@dataclass(frozen=True, slots=True)
class Labeler:
    """The combination of machines that labels music.

    Parameters
    ----------
    machines : the one fitted to ratings, then the one fitted to halves, if there is one
    weights : of each machine, by dimension; each column sums to 1 [shape=(n_machines, 2)]
    scales : mean and SD of each machine's predictions of the rated clips [shape=(n_machines, 2, 2)]
    line : intercept and slope from the combination to ratings [shape=(2, 2)]
    """

    machines: Sequence[BlockSVR]
    weights: Matrix
    scales: Matrix
    line: Matrix

    @classmethod
    def fit(
        cls, rated: LabeledBlocks, halves: LabeledBlocks | None, halves_weight: Sequence[float], seed: int
    ) -> Self:
        """Fit the machines, and the line that gives their combination the mean and the spread of the ratings.

        A regression shrinks its predictions to the mean; half of a library would then be neutral. Means and
        spreads are those of predictions for clips that a machine was not fitted to.

        Parameters
        ----------
        rated, halves : clips with ratings, and clips of which the halves of both dimensions are known
        halves_weight : of the second machine, for valence and arousal
        seed : of the inner folds
        """
        machines = [BlockSVR.fit(rated)]
        unseen = [out_of_fold(rated, seed)]
        shares = np.zeros((1, 2))
        if halves is not None:
            machines.append(BlockSVR.fit(halves))
            unseen.append(machines[1].predict(rated.blocks))
            shares = np.array([halves_weight])
        weights = np.concatenate([1 - shares, shares])[: len(machines)]
        scales = np.stack([(each.mean(axis=0), each.std(axis=0)) for each in unseen])
        combined = _combine(unseen, weights, scales)
        slope = rated.labels.std(axis=0) / combined.std(axis=0)
        line = np.stack([rated.labels.mean(axis=0) - slope * combined.mean(axis=0), slope])
        return cls(machines, weights, scales, line)

    def predict(self, blocks: Blocks) -> Matrix:
        """Predict ratings, 1-9, of any clips [shape=(n, 2)]."""
        return self.combine([machine.predict(blocks) for machine in self.machines])

    def combine(self, predictions: Sequence[Matrix]) -> Matrix:
        """Return ratings from the predictions of each machine."""
        return np.asarray(self.line[0] + self.line[1] * _combine(predictions, self.weights, self.scales))


def out_of_fold(clips: LabeledBlocks, seed: int) -> Matrix:
    """Predict labels by machines that were fitted to the clips of other folds."""
    fold_of = np.random.default_rng(seed).permutation(len(clips.labels)) % INNER_FOLDS
    predicted = np.empty_like(clips.labels)
    for fold in range(INNER_FOLDS):
        test = fold_of == fold
        predicted[test] = BlockSVR.fit(clips.part(~test)).predict(clips.part(test).blocks)
    return predicted


def _combine(predictions: Sequence[Matrix], weights: Matrix, scales: Matrix) -> Matrix:
    standardized = [(each - mean) / sd for each, (mean, sd) in zip(predictions, scales, strict=True)]
    return np.asarray(sum(weight * each for weight, each in zip(weights, standardized, strict=True)))


def _scale(block: Matrix) -> tuple[Matrix, Matrix]:
    """Return mean and divisor that standardize a block, so that all blocks have equal weight."""
    sds = block.std(axis=0)
    return block.mean(axis=0), np.where(sds > 0, sds, np.inf) * np.sqrt(block.shape[1])


def _standardize(blocks: Blocks, scales: Sequence[tuple[Matrix, Matrix]]) -> Matrix:
    return np.hstack(
        [(block - mean) / divisor for block, (mean, divisor) in zip(blocks, scales, strict=True)]
    )
