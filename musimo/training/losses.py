"""Losses: the paper's MSE with Pearson correlation (section 4.A), and the concordance correlation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor

EPS = 1e-3  # rating²; bounds the gradient at constant predictions to about 1 / sqrt(EPS) = 31
MIN_CLIPS = 4  # of fewer clips, a correlation is meaningless

LossName = Literal["mse_pearson", "ccc"]
Loss = Callable[[Tensor, Tensor], Tensor]
"""(targets, predictions), both [shape=(N, D)] on the 1-9 scale -> scalar."""


def pearson(targets: Tensor, predictions: Tensor) -> Tensor:
    """Return the Pearson correlation of each column over the batch: (N, D), (N, D) -> (D,).

    ``EPS`` is added to both variances, in rating units: a constant column has correlation 0 and a finite
    gradient; a perfect one is below 1 by about EPS / variance.
    """
    targets = targets - targets.mean(dim=0)
    predictions = predictions - predictions.mean(dim=0)
    covariance = (targets * predictions).mean(dim=0)
    variances = (targets.square().mean(dim=0) + EPS) * (predictions.square().mean(dim=0) + EPS)
    return covariance * variances.rsqrt()


def mse_pearson(targets: Tensor, predictions: Tensor, weight: float = 0.2) -> Tensor:
    """Return the sum over valence and arousal of ``MSE + weight (1 - rho)``, with rho over the batch.

    The paper's weight of 0.2 is for ratings on 1-9; on another scale the MSE has another magnitude.

    Parameters
    ----------
    targets, predictions : on the 1-9 scale, floating point; reduced in float32 or better [shape=(N, D)]
    weight : lambda of the paper; the correlation is omitted for batches of less than 4
    """
    targets, predictions = _promote(targets, predictions)
    loss = (targets - predictions).square().mean(dim=0)
    if len(targets) >= MIN_CLIPS:
        loss = loss + weight * (1 - pearson(targets, predictions))
    return loss.sum()


def concordance(targets: Tensor, predictions: Tensor) -> Tensor:
    """Return the concordance correlation (Lin 1989) of each column: (N, D), (N, D) -> (D,).

    ``EPS`` is added to the denominator: where both columns are constant and equal, the result is 0 with a
    finite gradient; a perfect column is below 1 by EPS / (2 variance).
    """
    shift = targets.mean(dim=0) - predictions.mean(dim=0)
    targets = targets - targets.mean(dim=0)
    predictions = predictions - predictions.mean(dim=0)
    covariance = (targets * predictions).mean(dim=0)
    spread = targets.square().mean(dim=0) + predictions.square().mean(dim=0) + shift.square()
    return 2 * covariance / (spread + EPS)


def ccc_loss(targets: Tensor, predictions: Tensor) -> Tensor:
    """Return the sum over valence and arousal of ``1 - CCC``; the MSE for batches of less than 4.

    Parameters
    ----------
    targets, predictions : on the 1-9 scale, floating point; reduced in float32 or better [shape=(N, D)]
    """
    targets, predictions = _promote(targets, predictions)
    if len(targets) < MIN_CLIPS:
        return (targets - predictions).square().mean(dim=0).sum()
    return (1 - concordance(targets, predictions)).sum()


def make_loss(name: LossName, correlation_weight: float) -> Loss:
    """Return the loss of that name; the weight applies to ``mse_pearson``."""
    if name == "ccc":
        return ccc_loss
    return lambda targets, predictions: mse_pearson(targets, predictions, correlation_weight)


def _promote(targets: Tensor, predictions: Tensor) -> tuple[Tensor, Tensor]:
    """Convert both to the more precise of their types, at least float32."""
    precise = torch.promote_types(torch.float32, torch.promote_types(targets.dtype, predictions.dtype))
    return targets.to(precise), predictions.to(precise)
