"""What training minimises (paper, section 4.A; concordance beside it), numerically safe."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor

EPS = 1e-3  # rating² ; bounds the gradient at constant predictions to about 1 / sqrt(EPS) = 31
MIN_CLIPS = 4  # of fewer, a correlation says nothing

LossName = Literal["mse_pearson", "ccc"]
Loss = Callable[[Tensor, Tensor], Tensor]
"""(targets (N, D), predictions (N, D)), on the 1-9 scale -> a number."""


def pearson(targets: Tensor, predictions: Tensor) -> Tensor:
    """Pearson correlation of each column over the batch: (N, D), (N, D) -> (D,).

    ``EPS`` is added to both variances, in rating units: a constant column correlates 0 with anything and has
    a finite gradient; a perfect one falls short of 1 by about EPS / variance.
    """
    targets = targets - targets.mean(dim=0)
    predictions = predictions - predictions.mean(dim=0)
    covariance = (targets * predictions).mean(dim=0)
    variances = (targets.square().mean(dim=0) + EPS) * (predictions.square().mean(dim=0) + EPS)
    return covariance * variances.rsqrt()


def mse_pearson(targets: Tensor, predictions: Tensor, weight: float = 0.2) -> Tensor:
    """Sum over valence and arousal of ``MSE + weight (1 - rho)``; rho over the batch.

    The paper's weight of 0.2 goes with ratings of 1-9: of another scale the error's share would be another.

    Parameters
    ----------
    targets, predictions : (N, D), on the 1-9 scale, of any floating type; reduced in float32 or better
    weight : lambda of the paper; the term rests for batches of less than 4
    """
    targets, predictions = _promote(targets, predictions)
    loss = (targets - predictions).square().mean(dim=0)
    if len(targets) >= MIN_CLIPS:
        loss = loss + weight * (1 - pearson(targets, predictions))
    return loss.sum()


def concordance(targets: Tensor, predictions: Tensor) -> Tensor:
    """Concordance correlation (Lin 1989) of each column over the batch: (N, D), (N, D) -> (D,).

    ``EPS`` is added to the denominator: where both columns are constant and equal the answer is 0, with a
    finite gradient; a perfect column falls short of 1 by EPS / (2 variance).
    """
    shift = targets.mean(dim=0) - predictions.mean(dim=0)
    targets = targets - targets.mean(dim=0)
    predictions = predictions - predictions.mean(dim=0)
    covariance = (targets * predictions).mean(dim=0)
    spread = targets.square().mean(dim=0) + predictions.square().mean(dim=0) + shift.square()
    return 2 * covariance / (spread + EPS)


def ccc_loss(targets: Tensor, predictions: Tensor) -> Tensor:
    """Sum over valence and arousal of ``1 - CCC``; the mean squared error for batches of less than 4.

    Parameters
    ----------
    targets, predictions : (N, D), on the 1-9 scale, of any floating type; reduced in float32 or better
    """
    targets, predictions = _promote(targets, predictions)
    if len(targets) < MIN_CLIPS:
        return (targets - predictions).square().mean(dim=0).sum()
    return (1 - concordance(targets, predictions)).sum()


def make_loss(name: LossName, correlation_weight: float) -> Loss:
    """The loss of that name; the weight is ``mse_pearson``'s."""
    if name == "ccc":
        return ccc_loss
    return lambda targets, predictions: mse_pearson(targets, predictions, correlation_weight)


def _promote(targets: Tensor, predictions: Tensor) -> tuple[Tensor, Tensor]:
    """Both in the better of their types, float32 at least."""
    precise = torch.promote_types(torch.float32, torch.promote_types(targets.dtype, predictions.dtype))
    return targets.to(precise), predictions.to(precise)
