"""Baselines: statistics on paper, and predictions of a known relation."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from musimo.errors import MusimoError
from musimo.installation import installation
from musimo.training.baselines import BASELINES, mean_rating, ridge, stack_statistics, svr


def test_statistics_on_paper() -> None:
    clip = np.array([[1, 0], [3, 0], [2, 0], [6, 0]], dtype=np.float32)  # steps 2, -1, 4
    (row,) = stack_statistics([clip])
    steps_sd = np.sqrt((1 / 9 + 64 / 9 + 49 / 9) / 3)  # about their mean 5 / 3
    np.testing.assert_allclose(row, [3, 0, np.sqrt(14 / 4), 0, steps_sd, 0])


def test_the_mean_rating_is_constant() -> None:
    ratings = np.array([[1.0, 2.0], [3.0, 6.0]])
    assert mean_rating(np.zeros((2, 4)), ratings, np.zeros((3, 4))).tolist() == [[2, 4]] * 3


@pytest.mark.parametrize(("baseline", "least"), [(ridge, 0.99), (svr, 0.9)])
def test_baselines_find_a_linear_relation(baseline: object, least: float) -> None:
    rng = np.random.default_rng(0)
    known, asked = rng.normal(0, 1, (150, 6)), rng.normal(0, 1, (60, 6))
    weights = rng.normal(0, 1, (6, 2))
    truth = 5 + asked @ weights
    predictions = baseline(known, 5 + known @ weights, asked)  # type: ignore[operator]
    for column in (0, 1):
        assert np.corrcoef(predictions[:, column], truth[:, column])[0, 1] > least
    assert predictions.mean(axis=0) == pytest.approx(truth.mean(axis=0), abs=0.3)


def test_all_have_a_name() -> None:
    assert list(BASELINES) == ["mean rating", "ridge on clip statistics", "SVR on clip statistics"]


def test_a_missing_scikit_learn_is_a_sentence_with_a_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(MusimoError) as caught:
        svr(np.zeros((2, 2)), np.zeros((2, 2)), np.zeros((1, 2)))
    assert installation().add("train") in caught.value.hint
