"""Pseudo-labels: blocks of equal weight, and expansion by out-of-fold predictions."""

from __future__ import annotations

import numpy as np
import pytest

from musimo.training.metrics import pearson
from musimo.training.pseudo_labels import block_svr, make_pseudo_labels

RNG = np.random.default_rng(3)
HIDDEN = RNG.normal(size=(240, 2))
RATINGS = 5 + HIDDEN
NOISE = RNG.normal(size=(240, 40))
BLOCKS = [
    np.hstack([HIDDEN[:, :1], NOISE[:, :4]]),  # each block knows one half of the truth
    np.hstack([1000 * HIDDEN[:, 1:], NOISE[:, 4:7]]),
]
KNOWN, ASKED = slice(0, 120), slice(120, 240)


def split(which: slice) -> list[np.ndarray]:
    return [block[which] for block in BLOCKS]


def test_both_blocks_are_used() -> None:
    predictions = block_svr(split(KNOWN), RATINGS[KNOWN], split(ASKED))
    for column in range(2):
        assert pearson(RATINGS[ASKED, column], predictions[:, column]) > 0.8


def test_a_wide_block_of_noise_does_not_dominate_a_narrow_one() -> None:
    blocks = [HIDDEN, RNG.normal(size=(240, 400))]
    predictions = block_svr([b[KNOWN] for b in blocks], RATINGS[KNOWN], [b[ASKED] for b in blocks])
    assert pearson(RATINGS[ASKED, 0], predictions[:, 0]) > 0.5


def test_constant_blocks_are_ignored() -> None:
    blocks = [HIDDEN, np.ones((240, 3))]
    predictions = block_svr([b[KNOWN] for b in blocks], RATINGS[KNOWN], [b[ASKED] for b in blocks])
    assert np.isfinite(predictions).all()
    assert pearson(RATINGS[ASKED, 0], predictions[:, 0]) > 0.9


def test_pseudo_labels_are_expanded_by_out_of_fold_predictions() -> None:
    noisy = RATINGS + RNG.normal(size=RATINGS.shape)
    plain = block_svr(split(KNOWN), noisy[KNOWN], split(ASKED))
    stretched = make_pseudo_labels(split(KNOWN), noisy[KNOWN], split(ASKED), seed=0)
    slope = np.polyfit(stretched[:, 0], RATINGS[ASKED, 0], 1)[0]
    assert stretched[:, 0].std() != pytest.approx(plain[:, 0].std(), rel=1e-3)
    assert pearson(plain[:, 0], stretched[:, 0]) == pytest.approx(1)
    assert 0.75 < slope < 1.35


def test_pseudo_labels_depend_on_the_seed_only() -> None:
    one, two = (make_pseudo_labels(split(KNOWN), RATINGS[KNOWN], split(ASKED), seed=5) for _ in range(2))
    np.testing.assert_array_equal(one, two)
