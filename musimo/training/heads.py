"""The training of the ratings, on a backbone that met none: minutes, so it can be done fold by fold.

The convolutions, the recurrence and the attention stay as they are, so each sound passes them once. What
follows them is taught by two kinds of sounds: clips that listeners rated, and unlabelled music that a
support vector machine, fitted on nothing but those clips, has rated from what the teacher heard and from
clip statistics.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from musimo.emotion.mase_net import MaseNet
from musimo.records import FloatArray

Matrix = NDArray[np.float64]
Labeller = Callable[[Matrix, Matrix, Matrix], Matrix]
"""(descriptions of the rated clips, their ratings, descriptions) -> ratings."""


@dataclass(frozen=True, slots=True)
class HeadsConfig:
    """The recipe.

    Parameters
    ----------
    n_batches : of the whole training
    clips, unlabelled : sounds of each kind in a batch
    clip_weight : of the listeners' ratings of valence and of arousal, beside 1 for the machine's
    keep_weight : of staying near the embedding the backbone came with
    learning_rate, weight_decay : of AdamW; the rate falls to nothing by a half cosine
    n_members : networks, from different seeds, whose mean the shipped one learns
    """

    n_batches: int = 300
    clips: int = 32
    unlabelled: int = 128
    clip_weight: tuple[float, float] = (0.05, 0.5)
    keep_weight: float = 2.0
    learning_rate: float = 5e-4
    weight_decay: float = 0.05
    n_members: int = 1


@dataclass(frozen=True, slots=True)
class Taught:
    """Sounds behind the frozen part, and what the heads shall say of them.

    Parameters
    ----------
    fused : (n, 2048)
    ratings : (n, 2), 1-9 scale
    """

    fused: Tensor
    ratings: Tensor


class Top(nn.Module):
    """The part of the network that ratings may change."""

    def __init__(self, network: MaseNet) -> None:
        super().__init__()
        self.dense1, self.dense2 = copy.deepcopy(network.dense1), copy.deepcopy(network.dense2)
        self.dropout, self.heads = copy.deepcopy(network.dropout), copy.deepcopy(network.heads)

    def forward(self, fused: Tensor) -> tuple[Tensor, Tensor]:
        """(B, 2048) -> ratings (B, 2) on the 1-9 scale, embedding (B, 256)."""
        embedding = self.dense2(self.dropout(self.dense1(fused)))
        felt = self.dropout(embedding)
        return torch.cat([head(felt) for head in self.heads], dim=1), embedding

    def put_into(self, network: MaseNet) -> MaseNet:
        """A copy of the network with these layers in place of its own."""
        whole = copy.deepcopy(network)
        whole.dense1, whole.dense2, whole.heads = self.dense1, self.dense2, self.heads
        return whole.eval()


@torch.inference_mode()
def fused(network: MaseNet, sounds: Iterable[FloatArray], scale: Tensor) -> Tensor:
    """What the frozen part makes of sounds, one by one: features (n_frames, 193) each -> (n, 2048)."""
    network.eval()
    frames = (torch.from_numpy(np.asarray(sound, dtype=np.float32)) for sound in sounds)
    return torch.cat([network.fuse(((f - scale[0]) / scale[1])[None]) for f in frames])


def teach(network: MaseNet, clips: Taught, unlabelled: Taught, config: HeadsConfig, seed: int) -> Top:
    """Fit the top to rated clips and to unlabelled sounds that were given ratings."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        means, sds = clips.ratings.mean(0), clips.ratings.std(0)
        fresh = MaseNet(network.config, (float(means[0]), float(means[1])))
        top = Top(network)
        top.heads = fresh.heads
        everything = torch.cat([clips.fused, unlabelled.fused])
        wanted = torch.cat([clips.ratings, unlabelled.ratings])
        with torch.no_grad():
            before = Top(network).eval()(everything)[1]
            spread = before.var(0).mean()
        optimizer = torch.optim.AdamW(
            top.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
        )
        scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, config.n_batches)
        clip_weight = torch.tensor(config.clip_weight)
        top.train()
        for _ in range(config.n_batches):
            own = torch.randint(len(clips.fused), (config.clips,))
            more = torch.randint(len(clips.fused), len(everything), (config.unlabelled,))
            chosen = torch.cat([own, more])
            ratings, embedding = top(everything[chosen])
            error = (ratings - wanted[chosen]) / sds
            squared = error.square()
            loss = (squared[: config.clips] * clip_weight).mean() + squared[config.clips :].mean()
            loss = loss + config.keep_weight * F.mse_loss(embedding, before[chosen]) / spread
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            scheduler.step()
    return top.eval()


@torch.inference_mode()
def rate(tops: Iterable[Top], fused_sounds: Tensor) -> Tensor:
    """Mean ratings of some tops, (n, 2)."""
    return torch.stack([top(fused_sounds)[0] for top in tops]).mean(0)
