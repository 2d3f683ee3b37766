"""The training of the ratings, on a backbone that met none: minutes, so it can be done fold by fold.

The convolutions, the recurrence and the attention stay as they are, so each sound passes them once. What
follows them is taught by two kinds of sounds: clips that listeners rated, and unlabelled music that a
machine, fitted on nothing but those clips, has rated from all that is known of it.

Here harmony joins what the network hears: the first dense layer reads it beside the fused values, at first
with weights of zero, so that the embedding begins as the backbone's.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from musimo.emotion.mase_net import MaseNet
from musimo.records import FloatArray

Matrix = NDArray[np.float64]
MIN_SD = 1e-6  # of what never varies


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
class HeadData:
    """Sounds behind the frozen part, and what the heads shall say of them.

    Parameters
    ----------
    fused : (n, 2048)
    harmony : (n, n_harmony)
    ratings : (n, 2), 1-9 scale
    """

    fused: Tensor
    harmony: Tensor
    ratings: Tensor


def add_harmony_inputs(backbone: MaseNet, harmony: Tensor) -> MaseNet:
    """The network with harmony among what its dense layers read, which changes no answer yet.

    Parameters
    ----------
    backbone : that hears none
    harmony : (n, n_harmony), of the sounds by which it is scaled
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
def fused_features(network: MaseNet, sounds: Iterable[FloatArray], scale: Tensor) -> Tensor:
    """What the frozen part makes of sounds, one by one: features (n_frames, 193) each -> (n, 2048)."""
    network.eval()
    frames = (torch.from_numpy(np.asarray(sound, dtype=np.float32)) for sound in sounds)
    return torch.cat([network.fuse(((f - scale[0]) / scale[1])[None]) for f in frames])


def train_heads(
    network: MaseNet, clips: HeadData, unlabelled: HeadData, config: HeadsConfig, seed: int
) -> MaseNet:
    """A copy of the network, fitted to rated clips and to unlabelled sounds that were given ratings.

    Parameters
    ----------
    network : that hears harmony; what stands before its dense layers is left as it is
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        means, sds = clips.ratings.mean(0), clips.ratings.std(0)
        taught = copy.deepcopy(network)
        taught.heads = MaseNet(network.config, (float(means[0]), float(means[1]))).heads
        sounds = torch.cat([clips.fused, unlabelled.fused])
        harmony = torch.cat([clips.harmony, unlabelled.harmony])
        wanted = torch.cat([clips.ratings, unlabelled.ratings])
        with torch.no_grad():
            before = network.eval().rate(sounds, harmony)[1]
            spread = before.var(0).mean()
        parts = [taught.dense1, taught.dense2, taught.heads]
        optimizer = torch.optim.AdamW(
            [parameter for part in parts for parameter in part.parameters()],
            lr=config.learning_rate,
            weight_decay=config.weight_decay,
        )
        scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, config.n_batches)
        clip_weight = torch.tensor(config.clip_weight)
        for _ in range(config.n_batches):
            own = torch.randint(len(clips.fused), (config.clips,))
            more = torch.randint(len(clips.fused), len(sounds), (config.unlabelled,))
            chosen = torch.cat([own, more])
            taught.train()
            ratings, embedding = taught.rate(sounds[chosen], harmony[chosen])
            squared = ((ratings - wanted[chosen]) / sds).square()
            loss = (squared[: config.clips] * clip_weight).mean() + squared[config.clips :].mean()
            loss = loss + config.keep_weight * F.mse_loss(embedding, before[chosen]) / spread
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            scheduler.step()
    return taught.eval()


@torch.inference_mode()
def predict_ratings(networks: Iterable[MaseNet], fused_sounds: Tensor, harmony: Tensor) -> Tensor:
    """Mean ratings of some networks, (n, 2)."""
    return torch.stack([network.rate(fused_sounds, harmony)[0] for network in networks]).mean(0)
