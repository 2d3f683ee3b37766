"""Metrics against numbers worked by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from musimo.training.metrics import ccc, figures, mae, pearson, r2, rmse

TARGETS = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
PREDICTIONS = np.array([2.0, 1.0, 4.0, 3.0, 7.0])  # errors 1, -1, 1, -1, 2


def test_by_hand() -> None:
    assert mae(TARGETS, PREDICTIONS) == pytest.approx(6 / 5)
    assert rmse(TARGETS, PREDICTIONS) == pytest.approx(math.sqrt(8 / 5))
    assert r2(TARGETS, PREDICTIONS) == pytest.approx(1 - (8 / 5) / 2)
    # means 3 and 3.4; covariance 12 / 5; variances 2 and 21.2 / 5
    assert pearson(TARGETS, PREDICTIONS) == pytest.approx(2.4 / math.sqrt(2 * 4.24))
    assert ccc(TARGETS, PREDICTIONS) == pytest.approx(2 * 2.4 / (2 + 4.24 + 0.4**2))


def test_perfect() -> None:
    assert [m(TARGETS, TARGETS) for m in (mae, rmse, r2, pearson, ccc)] == pytest.approx([0, 0, 1, 1, 1])


def test_scale_and_shift_cost_concordance_and_not_correlation() -> None:
    assert pearson(TARGETS, 2 * TARGETS + 3) == pytest.approx(1)
    assert ccc(TARGETS, 2 * TARGETS + 3) == pytest.approx(2 * 4 / (2 + 8 + 36))
    assert pearson(TARGETS, -TARGETS) == pytest.approx(-1)


def test_the_mean_explains_nothing_and_correlates_with_nothing() -> None:
    mean = np.full(5, TARGETS.mean())
    assert r2(TARGETS, mean) == 0
    assert ccc(TARGETS, mean) == 0
    assert math.isnan(pearson(TARGETS, mean))
    assert math.isnan(pearson(np.full(5, 0.1 + 0.2), TARGETS))


def test_figures_keep_valence_and_arousal_apart() -> None:
    both = figures(np.stack([TARGETS, TARGETS], axis=1), np.stack([TARGETS, PREDICTIONS], axis=1))
    assert both["MAE"] == pytest.approx((0, 1.2))
    assert set(both) == {"r", "R2", "RMSE", "MAE", "CCC"}
