"""Resamples against clips that are actually repeated, and intervals of known position."""

from __future__ import annotations

import math

import numpy as np
import pytest

from musimo.training.bootstrap import interval, mean_over_seeds, paired_bootstrap, resample_groups, scores
from musimo.training.metrics import METRICS, figures


def rated(n: int, seed: int = 0) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return np.random.default_rng(seed).normal(5, 1.5, (n, 2))


def test_groups_are_resampled_whole() -> None:
    groups = ["a", "b", "a", "c", "b", "a"]
    weights = resample_groups(groups, 200, seed=1)
    assert weights.shape == (200, 6)
    assert (weights[:, 0] == weights[:, 2]).all()
    assert (weights[:, 0] == weights[:, 5]).all()
    assert (weights[:, 1] == weights[:, 4]).all()
    assert (weights[:, [0, 1, 3]].sum(axis=1) == 3).all(), "as many as there are"
    assert (weights == resample_groups(groups, 200, seed=1)).all()
    assert (weights != resample_groups(groups, 200, seed=2)).any()


@pytest.mark.parametrize("step", [0.0, 0.5])  # with steps there are ties among ratings and predictions
def test_scores_of_a_resample_equal_those_of_repeated_clips(step: float) -> None:
    targets = rated(24)
    predictions = targets + rated(24, 1) - 5
    if step:
        targets, predictions = (np.round(values / step) * step for values in (targets, predictions))
    weights = resample_groups([str(i // 2) for i in range(24)], 20)
    found = mean_over_seeds(weights, targets, [predictions])
    for draw, row in enumerate(weights.astype(int)):
        which = np.repeat(np.arange(24), row)
        for name, pair in figures(targets[which], predictions[which]).items():
            assert found[name][draw] == pytest.approx(pair), name


def test_undefined_metrics_are_nan_in_every_resample() -> None:
    targets, weights = rated(10)[:, 0], resample_groups([str(i) for i in range(10)], 20)
    mean = scores(weights, targets, np.full(10, 0.1 + 0.2))
    assert np.isnan(mean["r"]).all()
    assert np.isnan(mean["Spearman"]).all()
    assert mean["pairs"] == pytest.approx(0.5)
    assert mean["CCC"] == pytest.approx(0)
    flat = scores(weights, np.full(10, 0.1 + 0.2), targets)
    assert all(np.isnan(flat[name]).all() for name in METRICS if name not in ("MAE", "RMSE"))
    assert math.isnan(interval(0.5, mean["r"]).low)
    assert math.isnan(interval(float("nan"), mean["pairs"]).high)


def test_the_interval_of_one_group_has_zero_width() -> None:
    targets, predictions = rated(12), rated(12, 1)
    draws = mean_over_seeds(resample_groups(["same"] * 12, 30), targets, [predictions])
    for name, pair in figures(targets, predictions).items():
        found = interval(pair[0], draws[name][:, 0])
        assert found.low == pytest.approx(found.high) == pytest.approx(found.value), name


def test_clustering_widens_the_interval() -> None:
    once = rated(30)
    targets, errors = np.repeat(once, 4, axis=0), np.repeat(rated(30, 1) - 5, 4, axis=0)
    width = []
    for groups in ([str(i) for i in range(120)], [str(i // 4) for i in range(120)]):
        found = interval(
            0.0, mean_over_seeds(resample_groups(groups, 400), targets, [targets + errors])["MAE"][:, 0]
        )
        width.append(found.high - found.low)
    assert 1.6 < width[1] / width[0] < 2.5, "four copies are one clip: twice as wide"


def test_coverage_of_the_interval() -> None:
    rng, covered = np.random.default_rng(5), 0
    groups = [str(i) for i in range(60)]
    weights = resample_groups(groups, 300)
    for _ in range(100):
        errors = rng.normal(0, 1, 60)
        draws = scores(weights, np.zeros(60), errors)["MAE"]
        found = interval(float(np.abs(errors).mean()), draws)
        covered += found.low <= math.sqrt(2 / math.pi) <= found.high  # mean absolute value of a normal
    assert 0.86 < covered / 100 < 1


def test_sign_of_the_paired_difference() -> None:
    ratings = rated(80, 4)
    groups = [str(number // 2) for number in range(80)]
    rng = np.random.default_rng(6)
    good, bad = ratings + rng.normal(0, 0.3, (80, 2)), ratings + rng.normal(0, 3, (80, 2))
    for metric in ("r", "Spearman", "pairs", "CCC", "R2"):
        assert (paired_bootstrap(groups, ratings, [good], [bad], 50, metric=metric) > 0).all()
    assert (paired_bootstrap(groups, ratings, [good], [bad], 50, metric="MAE") < 0).all()
    assert not paired_bootstrap(groups, ratings, [good], [good], n_resamples=5).any()


def test_seeds_are_averaged_within_each_resample() -> None:
    ratings, groups = rated(20), [str(i) for i in range(20)]
    one, two = ratings + rated(20, 1), ratings + rated(20, 2)
    weights = resample_groups(groups, 10)
    both, first, second = (
        mean_over_seeds(weights, ratings, each)["r"] for each in ([one, two], [one], [two])
    )
    assert both == pytest.approx((first + second) / 2)
