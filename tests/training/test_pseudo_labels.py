"""Pseudo-labels: blocks of equal weight, and combinations with the spread of the ratings."""

from __future__ import annotations

import numpy as np
import pytest

from musimo.training.metrics import Matrix, pearson
from musimo.training.pseudo_labels import BlockSVR, LabeledBlocks, Labeler, out_of_fold

RNG = np.random.default_rng(3)
HIDDEN = RNG.normal(size=(240, 2))
RATINGS = 5 + HIDDEN
HALVES = np.where(HIDDEN > 0, 1.0, -1.0)
NOISE = RNG.normal(size=(240, 40))
BLOCKS = [
    np.hstack([HIDDEN[:, :1], NOISE[:, :4]]),  # each block knows one half of the truth
    np.hstack([1000 * HIDDEN[:, 1:], NOISE[:, 4:7]]),
]
KNOWN, ASKED = np.arange(120), np.arange(120, 240)


def fresh() -> np.random.Generator:
    return np.random.default_rng(11)


def labeled(labels: Matrix, blocks: list[Matrix] = BLOCKS) -> LabeledBlocks:
    return LabeledBlocks(blocks, labels).part(KNOWN)


def asked(blocks: list[Matrix] = BLOCKS) -> list[Matrix]:
    return [block[ASKED] for block in blocks]


def test_both_blocks_are_used() -> None:
    predictions = BlockSVR.fit(labeled(RATINGS)).predict(asked())
    for column in range(2):
        assert pearson(RATINGS[ASKED, column], predictions[:, column]) > 0.8


def test_a_wide_block_of_noise_does_not_dominate_a_narrow_one() -> None:
    blocks = [HIDDEN, fresh().normal(size=(240, 400))]
    predictions = BlockSVR.fit(labeled(RATINGS, blocks)).predict(asked(blocks))
    assert pearson(RATINGS[ASKED, 0], predictions[:, 0]) > 0.5


def test_constant_blocks_are_ignored() -> None:
    blocks = [HIDDEN, np.ones((240, 3))]
    predictions = BlockSVR.fit(labeled(RATINGS, blocks)).predict(asked(blocks))
    assert np.isfinite(predictions).all()
    assert pearson(RATINGS[ASKED, 0], predictions[:, 0]) > 0.9


def test_predictions_are_on_the_scale_of_the_labels() -> None:
    plain, stretched = (
        BlockSVR.fit(labeled(labels)).predict(asked()) for labels in (RATINGS, 100 + 7 * RATINGS)
    )
    np.testing.assert_allclose(stretched, 100 + 7 * plain, rtol=1e-3)


def test_no_clip_is_predicted_by_a_machine_fitted_to_it() -> None:
    """The labels of unrelated noise can be remembered only."""
    noise = labeled(fresh().normal(size=(240, 2)), [NOISE])
    remembered, unseen = BlockSVR.fit(noise).predict(noise.blocks), out_of_fold(noise, seed=0)
    for column in range(2):
        assert pearson(noise.labels[:, column], remembered[:, column]) > 0.6
        assert abs(pearson(noise.labels[:, column], unseen[:, column])) < 0.3


def test_a_combination_by_hand() -> None:
    """Standardized, weighted, and on the line: (3 - 1) / 2 = 1, (2 - 8) / 3 = -2."""
    labeler = Labeler(
        machines=[],
        weights=np.array([[0.5, 0.8], [0.5, 0.2]]),
        scales=np.array([[[1.0, 1.0], [2.0, 2.0]], [[8.0, 8.0], [3.0, 3.0]]]),
        line=np.array([[5.0, 4.0], [1.0, 10.0]]),
    )
    found = labeler.combine([np.array([[3.0, 3.0]]), np.array([[2.0, 2.0]])])
    np.testing.assert_allclose(found, [[5 - 0.5, 4 + 10 * (0.8 - 0.4)]])


@pytest.mark.parametrize("halves", [None, labeled(HALVES)])
def test_unseen_clips_get_the_mean_and_the_spread_of_ratings(halves: LabeledBlocks | None) -> None:
    rated = labeled(RATINGS + fresh().normal(size=RATINGS.shape))
    labeler = Labeler.fit(rated, halves, (0.5, 0.2), seed=1)
    unseen = [out_of_fold(rated, 1), *(machine.predict(rated.blocks) for machine in labeler.machines[1:])]
    combined = labeler.combine(unseen)
    np.testing.assert_allclose(combined.mean(axis=0), rated.labels.mean(axis=0))
    np.testing.assert_allclose(combined.std(axis=0), rated.labels.std(axis=0))
    expected = [[1, 1]] if halves is None else [[0.5, 0.8], [0.5, 0.2]]
    np.testing.assert_allclose(labeler.weights, expected)
    np.testing.assert_allclose(labeler.weights.sum(axis=0), 1)


def test_a_regression_is_not_shrunk_to_the_mean() -> None:
    noisy = labeled(RATINGS + fresh().normal(size=RATINGS.shape))
    plain = BlockSVR.fit(noisy).predict(asked())
    labels = Labeler.fit(noisy, None, (0.5, 0.2), seed=0).predict(asked())
    assert (labels.std(axis=0) > plain.std(axis=0)).all()
    for column in range(2):
        assert pearson(plain[:, column], labels[:, column]) == pytest.approx(1)


def test_halves_tell_what_ratings_do_not() -> None:
    """Valence was rated at random; the halves alone know it, and leave arousal alone."""
    rated = labeled(np.stack([fresh().normal(5, 1, 240), RATINGS[:, 1]], axis=1))
    without, both = (
        Labeler.fit(rated, halves, (1.0, 0.0), seed=0).predict(asked()) for halves in (None, labeled(HALVES))
    )
    assert abs(pearson(RATINGS[ASKED, 0], without[:, 0])) < 0.4
    assert pearson(RATINGS[ASKED, 0], both[:, 0]) > 0.7
    np.testing.assert_allclose(both[:, 1], without[:, 1])
    assert pearson(RATINGS[ASKED, 1], both[:, 1]) > 0.8


def test_pseudo_labels_depend_on_the_seed_only() -> None:
    one, two, other = (
        Labeler.fit(labeled(RATINGS), None, (0.5, 0.2), seed).predict(asked()) for seed in (5, 5, 6)
    )
    np.testing.assert_array_equal(one, two)
    assert (one != other).any()
