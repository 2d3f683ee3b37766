"""The machine that rates unlabelled music for the network to learn from, fitted on rated clips alone.

Support vectors on four descriptions at once, each standardised and given the same weight: what a music
tagger hears, clip statistics, harmony, and the network's own embedding before it met a rating. Together they
know more than any of them; what is shipped has to learn it from the features alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.svm import SVR

Matrix = NDArray[np.float64]

GAMMA = 0.25  # width of the kernel, where a block's mean squared difference is about 2; .12 to .5 do as well
SVR_C = 2.0  # of an error; 1 to 5 do as well
INNER_FOLDS = 5


def make_pseudo_labels(
    known: Sequence[Matrix], ratings: Matrix, asked: Sequence[Matrix], seed: int
) -> Matrix:
    """Ratings of sounds that nobody rated.

    Support vectors answer too near to the mean, and what learns from them nearer still; so a line, fitted to
    what they say of clips left out, stretches their predictions.

    Parameters
    ----------
    known, asked : blocks [shape=(n, d)] of the rated clips and of the others
    ratings : [shape=(n, 2)], 1-9

    Returns
    -------
    [shape=(n_asked, 2)]
    """
    fold_of = np.random.default_rng(seed).permutation(len(ratings)) % INNER_FOLDS
    out_of_fold = np.empty_like(ratings)
    for fold in range(INNER_FOLDS):
        rest = fold_of != fold
        parts = [block[rest] for block in known], [block[~rest] for block in known]
        out_of_fold[~rest] = block_svr(parts[0], ratings[rest], parts[1])
    predictions = block_svr(known, ratings, asked)
    lines = [np.polyfit(out_of_fold[:, column], ratings[:, column], 1) for column in range(2)]
    return np.stack([np.polyval(line, predictions[:, column]) for column, line in enumerate(lines)], axis=1)


def block_svr(known: Sequence[Matrix], ratings: Matrix, asked: Sequence[Matrix]) -> Matrix:
    """Support vectors with a Gaussian kernel over blocks of equal weight, of standardised ratings."""
    scaled = [_standardize_block(block, other) for block, other in zip(known, asked, strict=True)]
    train, test = (np.hstack([pair[side] for pair in scaled]) for side in range(2))
    means, sds = ratings.mean(axis=0), ratings.std(axis=0)
    columns = [
        SVR(C=SVR_C, gamma=GAMMA / len(known)).fit(train, column).predict(test)
        for column in ((ratings - means) / sds).T
    ]
    return np.asarray(np.stack(columns, axis=1) * sds + means)


def _standardize_block(known: Matrix, asked: Matrix) -> tuple[Matrix, Matrix]:
    """Both by the statistics of the first, shrunk so that wide and narrow blocks weigh the same."""
    means, sds = known.mean(axis=0), known.std(axis=0)
    scale = np.where(sds > 0, sds, np.inf) * np.sqrt(known.shape[1])
    return (known - means) / scale, (asked - means) / scale
