"""Pseudo-labels: an SVR, fitted to rated clips only, predicts ratings of unlabeled music.

Its inputs are four descriptors, each standardized and equally weighted: the teacher's activations, clip
statistics, harmony, and the network's embedding before fine-tuning. Together they predict better than any of
them; the network learns to reproduce the predictions from its features alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn.svm import SVR

from musimo.training.metrics import Matrix

GAMMA = 0.25  # of the kernel, for blocks with a mean squared difference of about 2; .12 to .5 work as well
SVR_C = 2.0  # 1 to 5 work as well
INNER_FOLDS = 5


def make_pseudo_labels(
    labeled: Sequence[Matrix], ratings: Matrix, unlabeled: Sequence[Matrix], seed: int
) -> Matrix:
    """Predict ratings of unlabeled clips.

    An SVR shrinks its predictions to the mean, and a network trained on them shrinks them further; therefore
    a line, fitted to out-of-fold predictions of the rated clips, expands them.

    Parameters
    ----------
    labeled, unlabeled : blocks of the rated and of the unlabeled clips [shape=(n, d)]
    ratings : 1-9 [shape=(n, 2)]
    seed : of the folds

    Returns
    -------
    [shape=(n_unlabeled, 2)]
    """
    fold_of = np.random.default_rng(seed).permutation(len(ratings)) % INNER_FOLDS
    out_of_fold = np.empty_like(ratings)
    for fold in range(INNER_FOLDS):
        rest = fold_of != fold
        parts = [block[rest] for block in labeled], [block[~rest] for block in labeled]
        out_of_fold[~rest] = block_svr(parts[0], ratings[rest], parts[1])
    predictions = block_svr(labeled, ratings, unlabeled)
    lines = [np.polyfit(out_of_fold[:, column], ratings[:, column], 1) for column in range(2)]
    return np.stack([np.polyval(line, predictions[:, column]) for column, line in enumerate(lines)], axis=1)


def block_svr(labeled: Sequence[Matrix], ratings: Matrix, unlabeled: Sequence[Matrix]) -> Matrix:
    """Fit an SVR with a Gaussian kernel over equally weighted blocks to standardized ratings; predict."""
    scaled = [_standardize_block(block, other) for block, other in zip(labeled, unlabeled, strict=True)]
    train, test = (np.hstack([pair[side] for pair in scaled]) for side in range(2))
    means, sds = ratings.mean(axis=0), ratings.std(axis=0)
    columns = [
        SVR(C=SVR_C, gamma=GAMMA / len(labeled)).fit(train, column).predict(test)
        for column in ((ratings - means) / sds).T
    ]
    return np.asarray(np.stack(columns, axis=1) * sds + means)


def _standardize_block(labeled: Matrix, unlabeled: Matrix) -> tuple[Matrix, Matrix]:
    """Standardize both by the statistics of the first, scaled so that all blocks have equal weight."""
    means, sds = labeled.mean(axis=0), labeled.std(axis=0)
    scale = np.where(sds > 0, sds, np.inf) * np.sqrt(labeled.shape[1])
    return (labeled - means) / scale, (unlabeled - means) / scale
