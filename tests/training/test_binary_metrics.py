"""AUC and the contrasts of quadrants against values computed by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from musimo.training.binary_metrics import CONTRASTS, auc, auc_interval, quadrant_aucs, resampled_auc
from musimo.training.bootstrap import resample_groups

LABELS = np.array([True, True, False, False, False])


def ones(n: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return np.ones((1, n))


def test_auc_by_hand() -> None:
    # pairs won: 3 beats 1, 2, not 4; 5 beats all
    assert auc(LABELS, np.array([3.0, 5, 1, 2, 4])) == pytest.approx(5 / 6)
    # 2 ties with 2, beats 1, loses to 3: 1.5; 3 beats 1 and 2, ties with 3: 2.5
    assert auc(LABELS, np.array([2.0, 3, 1, 2, 3])) == pytest.approx(4 / 6)
    assert auc(LABELS, np.array([9.0, 8, 3, 2, 1])) == 1
    assert auc(LABELS, np.array([1.0, 2, 7, 8, 9])) == 0
    assert auc(LABELS, np.zeros(5)) == 0.5
    assert auc(LABELS, np.array([3e-300, 2e-300, 1e-300, 0, 0])) == 1, "scores may be tiny"


@pytest.mark.parametrize("labels", [[True] * 3, [False] * 3, []])
def test_auc_needs_both_kinds(labels: list[bool]) -> None:
    assert math.isnan(auc(np.array(labels, dtype=bool), np.arange(len(labels), dtype=float)))


def test_auc_equals_the_share_of_pairs() -> None:
    rng = np.random.default_rng(0)
    labels, scores = rng.random(60) < 0.3, rng.integers(0, 9, 60).astype(float)
    pairs = np.sign(scores[labels][:, None] - scores[~labels]) / 2 + 0.5
    assert auc(labels, scores) == pytest.approx(pairs.mean())


def test_auc_of_a_resample_equals_that_of_repeated_clips() -> None:
    rng = np.random.default_rng(1)
    labels, scores = rng.random(24) < 0.4, rng.integers(0, 7, 24).astype(float)
    weights = resample_groups([str(i // 2) for i in range(24)], 30)
    found = resampled_auc(weights, labels, scores)
    for draw, row in enumerate(weights.astype(int)):
        which = np.repeat(np.arange(24), row)
        assert found[draw] == pytest.approx(auc(labels[which], scores[which]))


def test_a_resample_without_positive_clips_is_undefined_and_ignored() -> None:
    weights = np.array([[1.0, 1, 1, 1, 1], [0, 0, 2, 2, 1], [2, 0, 1, 1, 1]])
    scores = np.array([3.0, 5, 1, 2, 4])
    assert np.isnan(resampled_auc(weights, LABELS, scores)[1])
    found = auc_interval(weights, LABELS, [scores])
    assert found.value == pytest.approx(5 / 6)
    assert found.low == found.high == pytest.approx(2 / 3)  # 3 beats 1 and 2 of 1, 2 and 4


def test_seeds_are_averaged() -> None:
    assert auc_interval(ones(5), LABELS, [np.arange(5.0), -np.arange(5.0)]).value == 0.5


def test_contrasts_by_hand() -> None:
    quadrants = ["Q1", "Q2", "Q3", "Q4", "Q4", ""]
    valence = [8.0, 2, 5, 4, 6, 9]
    arousal = [7.0, 3, 4, 1, 2, 9]
    found = quadrant_aucs(ones(6), quadrants, [np.stack([valence, arousal], axis=1)])
    assert [contrast.name for contrast in CONTRASTS] == list(found)
    # Q1 and Q4 (8, 4, 6) against Q2 and Q3 (2, 5): 5 of 6
    assert found["valence"].value == pytest.approx(5 / 6)
    # Q1 and Q2 (7, 3) against Q3 and Q4 (4, 1, 2): 5 of 6
    assert found["arousal"].value == pytest.approx(5 / 6)
    # by valence: Q4 (4, 6) against Q3 (5), Q1 (8) against Q2 (2)
    assert found["calm / sad"].value == 0.5
    assert found["happy / tense"].value == 1


def test_contrasts_without_their_quadrants_are_undefined() -> None:
    found = quadrant_aucs(ones(2), ["Q1", "Q2"], [np.array([[7.0, 5], [3, 5]])])
    assert found["valence"].value == found["happy / tense"].value == 1
    assert math.isnan(found["arousal"].value)
    assert math.isnan(found["calm / sad"].value)
