"""Train the heads of a distilled backbone; takes minutes, so that every fold can have its own.

Convolutions, recurrence and attention are frozen, so their output is computed once per clip. The layers after
them are trained on parts of three kinds: clips rated by listeners, the same and other labeled clips with
pseudo-labels, and unlabeled music with pseudo-labels.

Harmony features become inputs of the first dense layer, beside the fused values, with initial weights of
zero, so that the initial embedding is that of the backbone.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from musimo.emotion.mase_net import MaseNet
from musimo.records import FloatArray

MIN_SD = 1e-6  # of constant features


@dataclass(frozen=True, slots=True)
class HeadsConfig:
    """Hyperparameters of the head training.

    Parameters
    ----------
    n_batches : number of batches
    clips, labeled, unlabelled : rated clips, labeled clips with pseudo-labels, and music with pseudo-labels
        per batch
    clip_weight : of the listeners' ratings of valence and of arousal; pseudo-labels have weight 1
    halves_weight : of quadrants in pseudo-labels of valence and of arousal, beside ratings
    keep_weight : of the distance from the initial embedding
    learning_rate, weight_decay : of AdamW; the rate decays to zero by a half cosine
    n_members : networks from different seeds, whose mean predictions train the final one
    """

    n_batches: int = 300
    clips: int = 32
    labeled: int = 64
    unlabelled: int = 128
    clip_weight: tuple[float, float] = (0.05, 0.5)
    halves_weight: tuple[float, float] = (0.5, 0.2)
    keep_weight: float = 2.0
    learning_rate: float = 5e-4
    weight_decay: float = 0.05
    n_members: int = 1


@dataclass(frozen=True, slots=True)
class HeadData:
    """Frozen features of clips, and the targets of the heads.

    Parameters
    ----------
    fused : [shape=(n, 2048)]
    harmony : [shape=(n, n_harmony)]
    ratings : on the 1-9 scale [shape=(n, 2)]
    """

    fused: Tensor
    harmony: Tensor
    ratings: Tensor


@dataclass(frozen=True, slots=True)
class HeadPart:
    """Clips that take part in every batch.

    Parameters
    ----------
    data : of the clips
    n : clips per batch
    weights : of their losses of valence and of arousal
    """

    data: HeadData
    n: int
    weights: tuple[float, float] = (1.0, 1.0)


def add_harmony_inputs(backbone: MaseNet, harmony: Tensor) -> MaseNet:
    """Return the network with harmony inputs, whose initial predictions are unchanged.

    Parameters
    ----------
    backbone : without harmony inputs
    harmony : of the clips that define its mean and SD [shape=(n, n_harmony)]
    """
    n_harmony = harmony.shape[1]
    network = MaseNet(replace(backbone.config, n_harmony=n_harmony))
    state = backbone.state_dict()
    state["harmony_mean"], state["harmony_sd"] = harmony.mean(0), harmony.std(0).clamp_min(MIN_SD)
    kernel = state["dense1.linear.weight"]
    state["dense1.linear.weight"] = torch.cat([kernel, kernel.new_zeros(len(kernel), n_harmony)], dim=1)
    network.load_state_dict(state)
    return network.eval()


@torch.inference_mode()
def fused_features(network: MaseNet, clips: Iterable[FloatArray], scale: Tensor) -> Tensor:
    """Return the output of the frozen layers, clip by clip: (n_frames, 193) each -> (n, 2048)."""
    network.eval()
    frames = (torch.from_numpy(np.asarray(clip, dtype=np.float32)) for clip in clips)
    return torch.cat([network.fuse(((f - scale[0]) / scale[1])[None]) for f in frames])


@torch.inference_mode()
def fused_batch(network: MaseNet, clips: FloatArray, scale: Tensor) -> Tensor:
    """Return the output of the frozen layers for clips of one length: (n, n_frames, 193) -> (n, 2048)."""
    return network.eval().fuse((torch.from_numpy(clips) - scale[0]) / scale[1])


def train_heads(network: MaseNet, parts: Sequence[HeadPart], config: HeadsConfig, seed: int) -> MaseNet:
    """Return a copy of the network with heads trained on several kinds of clips.

    Parameters
    ----------
    network : with harmony inputs; layers before its dense layers are frozen
    parts : clips with ratings; ratings of the first are the unit of the losses
    config : hyperparameters
    seed : of all random numbers
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        means, sds = parts[0].data.ratings.mean(0), parts[0].data.ratings.std(0)
        trained = copy.deepcopy(network)
        trained.heads = MaseNet(network.config, (float(means[0]), float(means[1]))).heads
        frozen = torch.cat([part.data.fused for part in parts])
        harmony = torch.cat([part.data.harmony for part in parts])
        targets = torch.cat([part.data.ratings for part in parts])
        firsts = np.cumsum([0, *(len(part.data.fused) for part in parts)]).tolist()
        sizes = [part.n for part in parts]
        weights = [torch.tensor(part.weights) for part in parts]
        with torch.no_grad():
            initial_embedding = network.eval().rate(frozen, harmony)[1]
            spread = initial_embedding.var(0).mean()
        trainable = [trained.dense1, trained.dense2, trained.heads]
        optimizer = torch.optim.AdamW(
            [parameter for part in trainable for parameter in part.parameters()],
            lr=config.learning_rate,
            weight_decay=config.weight_decay,
        )
        scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, config.n_batches)
        for _ in range(config.n_batches):
            chosen = torch.cat(
                [
                    torch.randint(low, high, (n,))
                    for (low, high), n in zip(pairwise(firsts), sizes, strict=True)
                ]
            )
            trained.train()
            ratings, embedding = trained.rate(frozen[chosen], harmony[chosen])
            squared = ((ratings - targets[chosen]) / sds).square()
            losses = [
                (part * weight).mean()
                for part, weight in zip(torch.split(squared, sizes), weights, strict=True)
            ]
            loss = torch.stack(losses).sum()
            loss = loss + config.keep_weight * F.mse_loss(embedding, initial_embedding[chosen]) / spread
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            scheduler.step()
    return trained.eval()


@torch.inference_mode()
def predict_ratings(networks: Iterable[MaseNet], fused: Tensor, harmony: Tensor) -> Tensor:
    """Return the mean ratings of several networks [shape=(n, 2)]."""
    return torch.stack([network.rate(fused, harmony)[0] for network in networks]).mean(0)
