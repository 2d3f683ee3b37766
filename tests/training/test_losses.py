"""Losses on paper, and their gradients at constant inputs."""

from __future__ import annotations

import pytest
import torch

from musimo.training.losses import EPS, Loss, ccc_loss, concordance, make_loss, mse_pearson, pearson

TARGETS = torch.tensor([[2.0, 8.0], [4.0, 6.0], [6.0, 4.0], [8.0, 2.0]], dtype=torch.float64)
VARIANCE = 5.0  # of each column


def loss_and_gradient(
    targets: torch.Tensor, predictions: torch.Tensor, of: Loss = mse_pearson
) -> tuple[float, torch.Tensor]:
    predictions = predictions.clone().requires_grad_()
    loss = of(targets, predictions)
    loss.backward()  # type: ignore[no-untyped-call]
    assert predictions.grad is not None
    return loss.item(), predictions.grad


def test_loss_of_perfect_predictions_is_zero() -> None:
    rho = VARIANCE / (VARIANCE + EPS)
    assert pearson(TARGETS, TARGETS).tolist() == pytest.approx([rho, rho])
    assert mse_pearson(TARGETS, TARGETS).item() == pytest.approx(2 * 0.2 * (1 - rho))
    assert mse_pearson(TARGETS, TARGETS).item() < 1e-3


def test_opposite_predictions_on_paper() -> None:
    mirrored = 10 - TARGETS
    assert pearson(TARGETS, mirrored).tolist() == pytest.approx([-1, -1], abs=1e-3)
    # errors 6, 2, 2, 6: mean square 20, for both columns; rho = -1
    assert mse_pearson(TARGETS, mirrored).item() == pytest.approx(2 * (20 + 0.2 * 2), abs=1e-3)


def test_loss_of_shifted_predictions_is_the_shift() -> None:
    assert mse_pearson(TARGETS, TARGETS + 2).item() == pytest.approx(2 * 4, abs=1e-3)


def test_half_a_correlation_on_paper() -> None:
    targets = torch.tensor([[1.0], [2.0], [3.0], [4.0], [5.0]], dtype=torch.float64)
    predictions = torch.tensor([[2.0], [1.0], [4.0], [3.0], [5.0]], dtype=torch.float64)
    # covariance 8 / 5, both variances 2: rho = 0.8; mean square error 4 / 5
    assert pearson(targets, predictions).item() == pytest.approx(0.8, abs=1e-3)
    assert mse_pearson(targets, predictions, weight=0.5).item() == pytest.approx(0.8 + 0.5 * 0.2, abs=1e-3)


def test_constant_predictions_have_a_bounded_gradient() -> None:
    loss, gradient = loss_and_gradient(TARGETS, torch.full_like(TARGETS, 5.0))
    assert loss == pytest.approx(2 * (5 + 0.2))
    assert gradient.isfinite().all()
    assert gradient.abs().max() < 31 * 0.2 + 2 * 3


def test_constant_targets_have_a_bounded_gradient() -> None:
    loss, gradient = loss_and_gradient(torch.full_like(TARGETS, 5.0), TARGETS)
    assert loss == pytest.approx(2 * (5 + 0.2))
    assert gradient.isfinite().all()


def test_loss_of_equal_constants_is_the_correlation_term() -> None:
    same = torch.full((6, 2), 5.0)
    loss, gradient = loss_and_gradient(same, same)
    assert loss == pytest.approx(2 * 0.2)
    assert gradient.isfinite().all()


@pytest.mark.parametrize("n", [1, 2, 3])
def test_loss_of_few_clips_is_the_squared_error(n: int) -> None:
    loss, gradient = loss_and_gradient(TARGETS[:n], TARGETS[:n] + 1)
    assert loss == pytest.approx(2)
    assert gradient.isfinite().all()


@pytest.mark.parametrize("of", [mse_pearson, ccc_loss])
def test_bfloat16_is_reduced_in_float32(of: Loss) -> None:
    torch.manual_seed(0)
    targets = torch.rand(32, 2) * 8 + 1
    predictions = (targets + torch.randn(32, 2)).bfloat16().requires_grad_()
    loss = of(targets, predictions)
    loss.backward()  # type: ignore[no-untyped-call]
    assert loss.dtype == torch.float32
    assert loss.item() == pytest.approx(of(targets, predictions.detach().float()).item())
    assert predictions.grad is not None
    assert predictions.grad.isfinite().all()


@pytest.mark.parametrize("of", [mse_pearson, ccc_loss])
def test_gradient_is_the_derivative(of: Loss) -> None:
    torch.manual_seed(0)
    targets = torch.rand(8, 2, dtype=torch.float64) * 8 + 1
    predictions = (torch.rand(8, 2, dtype=torch.float64) * 8 + 1).requires_grad_()
    assert torch.autograd.gradcheck(lambda p: of(targets, p), (predictions,))
    constant = torch.full((8, 2), 5.0, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda p: of(targets, p), (constant,))


def test_concordance_on_paper() -> None:
    # the same spread, a point apart: 2 * 5 / (5 + 5 + 1)
    assert concordance(TARGETS, TARGETS + 1).tolist() == pytest.approx([10 / 11] * 2, abs=1e-3)
    # half the spread about the same mean: covariance 2.5, variances 5 and 1.25
    assert concordance(TARGETS, 5 + (TARGETS - 5) / 2).tolist() == pytest.approx([5 / 6.25] * 2, abs=1e-3)


def test_concordance_of_perfect_and_of_opposite_predictions() -> None:
    assert ccc_loss(TARGETS, TARGETS).item() == pytest.approx(2 * EPS / (2 * VARIANCE + EPS))
    assert ccc_loss(TARGETS, 10 - TARGETS).item() == pytest.approx(2 * 2, abs=1e-3)


@pytest.mark.parametrize(
    ("targets", "predictions"),
    [
        (TARGETS, torch.full_like(TARGETS, 5.0)),
        (torch.full_like(TARGETS, 5.0), TARGETS),
        (torch.full_like(TARGETS, 5.0), torch.full_like(TARGETS, 5.0)),
    ],
    ids=["constant predictions", "constant targets", "both"],
)
def test_concordance_with_a_constant_is_zero(targets: torch.Tensor, predictions: torch.Tensor) -> None:
    loss, gradient = loss_and_gradient(targets, predictions, ccc_loss)
    assert loss == pytest.approx(2)
    assert gradient.isfinite().all()
    assert gradient.abs().max() < 2 / EPS**0.5


@pytest.mark.parametrize("n", [1, 2, 3])
def test_concordance_loss_of_few_clips_is_the_squared_error(n: int) -> None:
    loss, gradient = loss_and_gradient(TARGETS[:n], TARGETS[:n] + 1, ccc_loss)
    assert loss == pytest.approx(2)
    assert gradient.abs().sum() > 0


def test_losses_by_name() -> None:
    assert make_loss("ccc", 0.2)(TARGETS, TARGETS + 1) == ccc_loss(TARGETS, TARGETS + 1)
    assert make_loss("mse_pearson", 0.5)(TARGETS, TARGETS + 1) == mse_pearson(TARGETS, TARGETS + 1, 0.5)
