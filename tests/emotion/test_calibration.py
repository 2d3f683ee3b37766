"""Calibration: closed forms against brute force, and simulated listeners."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from musimo.emotion import calibration
from musimo.emotion.calibration import (
    MIN_RATINGS,
    PENALTIES,
    Calibration,
    DimensionFit,
    LeaveOneOut,
    design_matrix,
    fit_dimension,
    ridge,
)
from musimo.records import FloatArray


def heard(n: int, seed: int = 0, d: int = 256) -> tuple[FloatArray, FloatArray]:
    """Moods around the middle, and embeddings in a few directions, as those of music are."""
    rng = np.random.default_rng(seed)
    few = rng.normal(size=(n, 8)) @ rng.normal(size=(8, d)) + 0.3 * rng.normal(size=(n, d))
    embeddings = few / np.linalg.norm(few, axis=1, keepdims=True)
    moods = np.clip(rng.normal(0.55, 0.1, (n, 2)), 0, 1)
    return moods.astype(np.float32), embeddings.astype(np.float32)


@pytest.mark.parametrize("n", [12, 40])
@pytest.mark.parametrize("penalty", [0.125, 4.0])
def test_the_ridge_is_the_ridge_of_the_books(n: int, penalty: float) -> None:
    described = design_matrix(*heard(n, d=17))
    departures = np.random.default_rng(1).normal(size=n)
    books = Ridge(alpha=penalty, fit_intercept=False).fit(described, departures)
    np.testing.assert_allclose(ridge(described, departures, penalty), books.coef_, atol=1e-9)


def test_features_are_a_constant_both_moods_in_steps_and_the_embedding() -> None:
    [row] = design_matrix(np.array([[0.7, 0.3]]), np.array([[0.6, 0.8]]))
    np.testing.assert_allclose(row, [1, 1, -1, 0.6, 0.8])


@pytest.mark.parametrize("n", [3, 9, 30])
def test_a_rating_left_out_is_left_out(n: int) -> None:
    described = design_matrix(*heard(n, d=17))
    departures = np.random.default_rng(2).normal(size=n)
    ridges = LeaveOneOut.from_ratings(described, departures, PENALTIES)
    left_out, of_all = ridges.residuals(), ridges.nested_residuals()
    for out in range(n):
        others = np.arange(n) != out
        for penalty, told in zip(PENALTIES, left_out, strict=True):
            coefficients = ridge(described[others], departures[others], penalty)
            assert told[out] == pytest.approx(departures[out] - described[out] @ coefficients)
        of_others = LeaveOneOut.from_ratings(described[others], departures[others], PENALTIES)
        best = int(np.argmin((of_others.residuals() ** 2).mean(axis=1)))
        assert of_all[out] == pytest.approx(left_out[best, out])


def test_many_ratings_are_compared_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    described, departures = design_matrix(*heard(50, d=17)), np.random.default_rng(3).normal(size=50)
    ridges = LeaveOneOut.from_ratings(described, departures, PENALTIES)
    at_once = ridges.nested_residuals()
    monkeypatch.setattr(calibration, "CHUNK", 7)
    np.testing.assert_allclose(ridges.nested_residuals(), at_once)


def test_a_listener_with_a_twist_is_understood() -> None:
    """Valence as the network has it, but lower the more of one timbre there is; rated with some noise."""
    moods, embeddings = heard(400)
    timbre = np.linalg.svd(embeddings, full_matrices=False)[0][:, 0] * np.sqrt(400)
    truth = moods[:, 0] - 0.1 * timbre
    rated = truth + np.random.default_rng(4).normal(0, 0.05, 400)
    missed = np.sqrt(np.mean((truth - moods[:, 0]) ** 2))
    assert missed == pytest.approx(0.1, abs=0.001)
    for n, share in ((20, 0.8), (100, 0.4)):
        fitted = fit_dimension(rated[:n], moods[:n], embeddings[:n], 0)
        assert fitted.coefficients is not None
        assert fitted.error is not None
        left = truth[n:] - moods[n:, 0] - design_matrix(moods[n:], embeddings[n:]) @ fitted.coefficients
        assert np.sqrt(np.mean(left**2)) < share * missed
        # what is told is of ratings, noise and all
        assert fitted.error == pytest.approx(np.sqrt(np.mean(left**2) + 0.05**2), rel=0.25)


def test_a_constant_departure_is_taken_over() -> None:
    moods, embeddings = heard(80)
    fitted = fit_dimension(moods[:, 1] + np.float32(0.1), moods, embeddings, 1)
    assert fitted.network_error == pytest.approx(0.1, abs=1e-6)
    calibrated = Calibration.from_fits(fit_dimension(moods[:, 0], moods, embeddings, 0), fitted)
    assert calibrated is not None
    own = calibrated.apply(moods, embeddings)
    assert {valence for valence, _ in own} == {None}, "the network's valence was agreed with"
    arousal = np.array([arousal for _, arousal in own], np.float64)
    np.testing.assert_allclose(arousal, np.clip(moods[:, 1] + 0.1, 0, 1), atol=0.02)


def test_a_listener_who_contradicts_himself_changes_next_to_nothing() -> None:
    """Random ratings are rarely accepted, and never change predictions by much."""
    changes = []
    for seed in range(40):
        moods, embeddings = heard(30, seed)
        rated = moods[:, 0] + np.random.default_rng(seed).choice([-0.3, 0.3], 30)
        fitted = fit_dimension(rated, moods, embeddings, 0)
        if fitted.coefficients is not None:
            assert fitted.error is not None
            assert fitted.network_error is not None
            assert fitted.error < fitted.network_error
            others = heard(200, seed + 1000)
            changes.append(float(np.sqrt(np.mean((design_matrix(*others) @ fitted.coefficients) ** 2))))
    assert len(changes) <= 8
    assert max(changes, default=0) < 0.2


def test_too_few_ratings_are_reported_and_not_used() -> None:
    moods, embeddings = heard(MIN_RATINGS)
    rated = moods[:, 0] + np.float32(0.2)
    enough = fit_dimension(rated, moods, embeddings, 0)
    assert (enough.n_missing, enough.n_ratings) == (0, MIN_RATINGS)
    assert enough.coefficients is not None
    few = fit_dimension(rated[:-1], moods[:-1], embeddings[:-1], 0)
    assert (few.n_missing, few.coefficients) == (1, None)
    assert few.error is not None
    assert fit_dimension(rated[:0], moods[:0], embeddings[:0], 0) == DimensionFit(0, None, None, None)
    one = fit_dimension(rated[:1], moods[:1], embeddings[:1], 0)
    assert one.network_error == pytest.approx(0.2)
    assert (one.error, one.coefficients) == (None, None)
    assert Calibration.from_fits(few, few) is None


def test_a_track_gets_the_same_values_alone_and_among_others_and_within_the_scale() -> None:
    moods, embeddings = heard(100)
    rng = np.random.default_rng(5)
    calibrated = Calibration(rng.normal(0, 0.5, (2, 259)).astype(np.float32))
    together = calibrated.apply(moods, embeddings)
    alone = [calibrated.apply(moods[[at]], embeddings[[at]])[0] for at in range(100)]
    assert together == alone
    numbers = np.array(together, np.float64)
    assert numbers.min() == 0
    assert numbers.max() == 1
    assert (numbers.astype(np.float32) == numbers).all(), "as an index holds them"
