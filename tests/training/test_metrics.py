"""Metrics against values computed by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from musimo.training.metrics import (
    METRICS,
    affine_r2,
    ccc,
    figures,
    mae,
    pair_accuracy,
    pearson,
    r2,
    ranks,
    rmse,
    spearman,
)

TARGETS = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
PREDICTIONS = np.array([2.0, 1.0, 4.0, 3.0, 7.0])  # errors 1, -1, 1, -1, 2


def test_by_hand() -> None:
    assert mae(TARGETS, PREDICTIONS) == pytest.approx(6 / 5)
    assert rmse(TARGETS, PREDICTIONS) == pytest.approx(math.sqrt(8 / 5))
    assert r2(TARGETS, PREDICTIONS) == pytest.approx(1 - (8 / 5) / 2)
    # means 3 and 3.4; covariance 12 / 5; variances 2 and 21.2 / 5
    assert pearson(TARGETS, PREDICTIONS) == pytest.approx(2.4 / math.sqrt(2 * 4.24))
    assert ccc(TARGETS, PREDICTIONS) == pytest.approx(2 * 2.4 / (2 + 4.24 + 0.4**2))
    # ranks 2 1 4 3 5: four differences of one, so 1 - 6 * 4 / (5 * 24)
    assert spearman(TARGETS, PREDICTIONS) == pytest.approx(0.8)


def test_perfect() -> None:
    assert [metric(TARGETS, TARGETS) for metric in METRICS.values()] == pytest.approx([0, 0, 1, 1, 1, 1, 1])


def test_opposite() -> None:
    opposite = 6 - TARGETS
    assert [metric(TARGETS, opposite) for metric in (pearson, spearman, ccc)] == pytest.approx([-1, -1, -1])
    assert pair_accuracy(TARGETS, opposite) == 0
    assert r2(TARGETS, opposite) == pytest.approx(1 - 8 / 2)


def test_scale_and_shift_affect_concordance_but_not_correlation_or_order() -> None:
    assert pearson(TARGETS, 2 * TARGETS + 3) == pytest.approx(1)
    assert pearson(TARGETS, -TARGETS) == pytest.approx(-1)
    assert ccc(TARGETS, 2 * TARGETS + 3) == pytest.approx(2 * 4 / (2 + 8 + 36))
    assert pearson(TARGETS, TARGETS**3) < 1
    assert spearman(TARGETS, TARGETS**3) == pytest.approx(1)
    assert pair_accuracy(TARGETS, TARGETS**3) == 1


def test_a_constant_prediction() -> None:
    mean = np.full(5, TARGETS.mean())
    assert r2(TARGETS, mean) == 0
    assert ccc(TARGETS, mean) == 0
    assert pair_accuracy(TARGETS, mean) == 0.5
    assert math.isnan(pearson(TARGETS, mean))
    assert math.isnan(spearman(TARGETS, mean))


@pytest.mark.parametrize("metric", [r2, pearson, ccc, spearman, pair_accuracy])
def test_constant_ratings(metric: object) -> None:
    assert callable(metric)
    assert math.isnan(metric(np.full(5, 0.1 + 0.2), TARGETS))


def test_ties_share_their_mean_rank() -> None:
    assert ranks(np.array([7.0, 1.0, 7.0, 3.0])).tolist() == [3.5, 1, 3.5, 2]
    assert ranks(np.array([0.3, 0.1 + 0.2])).tolist() == [1.5, 1.5], "rounding is no order"
    # ranks 1.5 1.5 3 against 1 2 3: covariance 1.5 of variances 1.5 and 2
    assert spearman(np.array([1.0, 1.0, 2.0]), np.array([1.0, 2.0, 3.0])) == pytest.approx(1.5 / math.sqrt(3))


def test_pair_accuracy_counts_clearly_different_pairs_and_halves_ties() -> None:
    targets = np.array([1.0, 2.0, 3.5])  # 1 and 2 are exactly a point apart: not clearly different
    assert pair_accuracy(targets, np.array([5.0, 4.0, 6.0])) == 1
    assert pair_accuracy(targets, np.array([5.0, 7.0, 6.0])) == 0.5
    assert pair_accuracy(targets, np.array([6.0, 4.0, 6.0])) == 0.75
    assert math.isnan(pair_accuracy(np.array([1.0, 1.5, 2.0]), targets))
    assert math.isnan(pair_accuracy(np.array([1.3, 2.3]), np.array([1.0, 2.0]))), "rounding is no distance"


def test_affine_r2_corrects_scale_and_offset_out_of_fold() -> None:
    parts = np.array([0, 0, 0, 1, 1])
    assert affine_r2(TARGETS, 0.1 * TARGETS - 3, parts) == pytest.approx(1)
    # fitted to 4, 5 -> 5, 4 the line is y = 9 - x, to 1, 2, 3 it is y = x
    predictions = np.array([1.0, 2.0, 3.0, 5.0, 4.0])
    fitted = np.array([8.0, 7.0, 6.0, 5.0, 4.0])
    assert affine_r2(TARGETS, predictions, parts) == pytest.approx(r2(TARGETS, fitted))
    assert math.isnan(affine_r2(TARGETS, np.full(5, 2.0), parts))


def test_figures_are_by_dimension() -> None:
    both = figures(np.stack([TARGETS, TARGETS], axis=1), np.stack([TARGETS, PREDICTIONS], axis=1))
    assert both["MAE"] == pytest.approx((0, 1.2))
    assert list(both) == ["MAE", "RMSE", "R2", "r", "CCC", "Spearman", "pairs"]
