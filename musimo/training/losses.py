"""What training minimises (paper, section 4.A), numerically safe."""

from __future__ import annotations

import torch
from torch import Tensor

EPS = 1e-3  # rating² ; bounds the gradient at constant predictions to about 1 / sqrt(EPS) = 31
MIN_CLIPS = 4  # of fewer, a correlation says nothing


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
    precise = torch.promote_types(torch.float32, torch.promote_types(targets.dtype, predictions.dtype))
    targets, predictions = targets.to(precise), predictions.to(precise)
    loss = (targets - predictions).square().mean(dim=0)
    if len(targets) >= MIN_CLIPS:
        loss = loss + weight * (1 - pearson(targets, predictions))
    return loss.sum()
