"""Distillation: train the backbone without labels, on the teachers' activations for freely licensed music.

The student learns four targets at once: the teachers' activations of every three seconds, by linear maps of
its last block and of its attention; their mean over the clip, by a linear map of its embedding; and, by
linear maps of the embedding, the statistics and the harmony of its input, which preserve what the teacher
ignores and prevent a collapse of the embedding.

Each process trains on its share of a batch with one thread, and gradients are averaged: on a busy machine,
threads that share every operation mostly wait for each other.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import cos, pi
from pathlib import Path

import numpy as np
import torch
import torch.distributed as dist
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from musimo.audio.decode import SAMPLE_RATE
from musimo.audio.features import PARAMETERS
from musimo.audio.harmony import N_HARMONY, harmony_features
from musimo.emotion.mase_net import MaseNet, MaseNetConfig
from musimo.records import FloatArray
from musimo.training.corpus import STEP_S, Corpus
from musimo.training.devices import CPU, seeded

POOLED_STEP = 8  # network steps of 16 frames per teacher step: 2.97 s of 2.99 s
FRAMES_PER_STEP = 128
SPARE_FRAMES = 8  # beyond the steps, so that rounding cannot shorten the last one
SCALE_ROWS = 256  # rows for means and standard deviations: enough for three digits
N_MELS = PARAMETERS.n_mels
MAX_SDS = 4.0  # higher moments have long tails, which must not dominate the loss
MAX_GRADIENT_NORM = 2.0  # typical gradients are smaller


@dataclass(frozen=True, slots=True)
class DistillConfig:
    """Hyperparameters of the distillation.

    Parameters
    ----------
    n_batches : number of batches
    batch_size : rows per batch, over all processes
    learning_rate, weight_decay : of AdamW; the rate is the maximum of one cycle
    warm_up : share of the batches in which the rate rises
    crop_steps : teacher steps per crop
    whole_share : share of the batches, the last ones, that use whole rows instead of crops
    clip_weight, statistics_weight, harmony_weight : of these losses; those of the steps have weight 1
    level_sd : of random changes of level, dB: the loudness of a track is measured from a part of it
    checkpoint_every : batches between checkpoints
    seed : of all random numbers
    """

    n_batches: int = 2000
    batch_size: int = 32
    learning_rate: float = 1.5e-3
    weight_decay: float = 0.01
    warm_up: float = 0.15
    crop_steps: int = 5
    whole_share: float = 0.12
    clip_weight: float = 1.0
    statistics_weight: float = 0.3
    harmony_weight: float = 0.5
    level_sd: float = 2.0
    checkpoint_every: int = 50
    seed: int = 0
    network: MaseNetConfig = field(default_factory=lambda: MaseNetConfig(dropout=0.1, dense_dropout=0.2))

    def is_checkpoint(self, n_done: int) -> bool:
        """Return whether the state is saved after so many batches."""
        return n_done % self.checkpoint_every == 0 or n_done == self.n_batches

    def rate_at(self, number: int) -> float:
        """Return the learning rate of a batch: one cycle of half cosines (Smith & Topin 2019)."""
        part = number / self.n_batches
        rising = part / self.warm_up if part < self.warm_up else (1 - part) / (1 - self.warm_up)
        return self.learning_rate * 0.5 * (1 - cos(pi * rising)) + 1e-6


@dataclass(frozen=True, slots=True)
class Scales:
    """Means and standard deviations, one row each, of inputs and targets.

    Parameters
    ----------
    features : of frames [shape=(2, 193)]
    steps : of the teacher's activations [shape=(2, n_values)]
    clips : of their means over a crop [shape=(2, n_values)]
    statistics : of `input_statistics` of normalized crops [shape=(2, 3 * 193)]
    harmony : of `harmony_features` of crops [shape=(2, 109)]
    """

    features: Tensor
    steps: Tensor
    clips: Tensor
    statistics: Tensor
    harmony: Tensor

    def to(self, device: torch.device) -> Scales:
        """Return the same values on another device."""
        return Scales(*(getattr(self, name).to(device) for name in Scales.__slots__))


@dataclass(frozen=True, slots=True)
class Batch:
    """Result of one batch.

    Parameters
    ----------
    number : from 1
    losses : of this process's share, by name
    learning_rate : of this batch
    seconds : wall time
    """

    number: int
    losses: Mapping[str, float]
    learning_rate: float
    seconds: float


class Student(nn.Module):
    """MASE-Net with the linear maps used by distillation only."""

    def __init__(self, config: MaseNetConfig, n_values: int) -> None:
        super().__init__()
        self.network = MaseNet(config)
        block, sequence, embedding = config.n_filters[-1], 2 * config.lstm_units[1], config.dense_units[-1]
        self.of_block = nn.Linear(block, n_values)
        self.of_attention = nn.Linear(sequence, n_values)
        self.of_embedding = nn.Linear(embedding, n_values)
        self.of_input = nn.Linear(embedding, 3 * config.n_features)
        self.of_harmony = nn.Linear(embedding, N_HARMONY)
        self._activations: dict[str, Tensor] = {}
        self.network.blocks[-1].register_forward_hook(self._keep("block"))
        self.network.attention.register_forward_hook(self._keep("attention"))

    def _keep(self, name: str) -> Callable[[nn.Module, tuple[Tensor, ...], Tensor], None]:
        def hook(_module: nn.Module, _inputs: tuple[Tensor, ...], output: Tensor) -> None:
            self._activations[name] = output

        return hook

    def forward(self, features: Tensor, n_steps: int) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """Predict the targets from normalized features [shape=(B, T, 193)].

        Returns
        -------
        steps, twice : from the last block and from the attention [shape=(B, n_steps, n_values)]
        clips : [shape=(B, n_values)]
        statistics : [shape=(B, 579)]
        harmony : [shape=(B, 109)]
        """
        network = self.network
        fused = network.fuse(features)
        embedding = network.dense2(network.dropout(network.dense1(fused)))
        block, attention = self._activations["block"].transpose(1, 2), self._activations["attention"]
        return (
            self.of_block(_pooled(block, n_steps)),
            self.of_attention(_pooled(attention, n_steps)),
            self.of_embedding(embedding),
            self.of_input(embedding),
            self.of_harmony(embedding),
        )


def _pooled(sequence: Tensor, n_steps: int) -> Tensor:
    """Average the network's steps over each teacher step: (B, T, C) -> (B, n_steps, C)."""
    whole = sequence[:, : n_steps * POOLED_STEP]
    return whole.reshape(len(whole), n_steps, POOLED_STEP, -1).mean(dim=2)


def input_statistics(features: Tensor) -> Tensor:
    """Return mean, SD and SD of the frame-to-frame difference: (B, T, 193) -> (B, 579)."""
    change = features[:, 1:] - features[:, :-1]
    return torch.cat([features.mean(1), features.std(1), change.std(1)], dim=1)


def sample_batch(
    corpora: Sequence[Corpus], n: int, n_steps: int | None, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """Draw random features (n, T, 193) and teacher activations (n, n_steps, n_values).

    Parameters
    ----------
    corpora : completed rows of all of them are drawn from, each step with equal probability
    n : batch size
    n_steps : length of the crops in teacher steps; None for whole rows of one corpus
    rng : random number generator
    """
    rows = [np.flatnonzero(corpus.done) for corpus in corpora]
    share = np.array([len(r) * c.n_steps for r, c in zip(rows, corpora, strict=True)], dtype=np.float64)
    share /= share.sum()
    if n_steps is None:
        which = int(rng.choice(len(corpora), p=share))
        chosen = np.sort(rng.choice(rows[which], n, replace=len(rows[which]) < n))
        return corpora[which].features[chosen].astype(np.float32), corpora[which].steps[chosen]
    n_frames = n_steps * FRAMES_PER_STEP + SPARE_FRAMES
    features, steps = [], []
    for which in rng.choice(len(corpora), n, p=share):
        corpus = corpora[which]
        row, first = rng.choice(rows[which]), int(rng.integers(corpus.n_steps - n_steps + 1))
        start = min(round(first * STEP_S * SAMPLE_RATE / 512), corpus.features.shape[1] - n_frames)
        features.append(corpus.features[row, start : start + n_frames].astype(np.float32))
        steps.append(corpus.steps[row, first : first + n_steps])
    return np.stack(features), np.stack(steps)


def fit_scales(corpora: Sequence[Corpus], config: DistillConfig) -> Scales:
    """Estimate means and standard deviations from crops like those of the training."""
    rng = np.random.default_rng([config.seed, 2**31])
    features, steps = map(torch.from_numpy, sample_batch(corpora, SCALE_ROWS, config.crop_steps, rng))
    frames = _mean_and_sd(features.flatten(0, 1).double()).float()
    normed = (features - frames[0]) / frames[1]
    return Scales(
        frames,
        _mean_and_sd(steps.flatten(0, 1)),
        _mean_and_sd(steps.mean(1)),
        _mean_and_sd(input_statistics(normed)),
        _mean_and_sd(batch_harmony(features)),
    )


def shift_level(features: Tensor, gains_db: NDArray[np.float64]) -> Tensor:
    """Return features, not normalized, of audio with a gain: (B, T, 193), (B,) -> (B, T, 193)."""
    shifted = features.clone()
    gains = torch.from_numpy(gains_db).to(features)[:, None]
    shifted[:, :, :N_MELS] += gains[:, :, None]
    shifted[:, :, N_MELS] += gains * N_MELS**0.5  # the first cepstral coefficient, of an orthonormal DCT
    return shifted


def batch_harmony(features: Tensor) -> Tensor:
    """Return `harmony_features` of features that are not normalized: (B, T, 193) -> (B, 109)."""
    return torch.from_numpy(np.stack([harmony_features(clip) for clip in features.cpu().numpy()])).to(
        features.device
    )


def _mean_and_sd(rows: Tensor) -> Tensor:
    return torch.stack([rows.mean(0), rows.std(0).clamp_min(1e-6)])


def _scaled(x: Tensor, scale: Tensor) -> Tensor:
    return (x - scale[0]) / scale[1]


class Distillation:
    """State of a training; one of ``n_processes`` with identical parameters.

    Parameters
    ----------
    corpora : training data
    config : hyperparameters
    checkpoint : file for the state; if it exists, the training resumes from it
    rank, n_processes : of this process; more than one require an initialized `torch.distributed`
    device : of the student
    """

    def __init__(
        self,
        corpora: Sequence[Corpus],
        config: DistillConfig,
        checkpoint: Path,
        rank: int = 0,
        n_processes: int = 1,
        device: torch.device = CPU,
    ) -> None:
        self.corpora, self.config, self.checkpoint = corpora, config, checkpoint
        self.rank, self.n_processes, self.device = rank, n_processes, device
        with seeded(config.seed, device):
            self.student = Student(config.network, corpora[0].steps.shape[2]).to(device)
        self.optimizer = torch.optim.AdamW(
            self.student.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
        )
        self.n_done = 0
        if checkpoint.is_file():
            state = torch.load(checkpoint, map_location="cpu", weights_only=True)
            self.scales = Scales(**state["scales"]).to(device)
            self.student.load_state_dict(state["student"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.n_done = state["n_done"]
        else:
            self.scales = fit_scales(corpora, config).to(device)

    def batches(self) -> Iterator[Batch]:
        """Train to the end; yield each batch."""
        self.student.train()
        while self.n_done < self.config.n_batches:
            started = time.monotonic()
            losses = self._learn(self.n_done)
            rate = self.optimizer.param_groups[0]["lr"]
            self.n_done += 1
            if self.config.is_checkpoint(self.n_done):
                self._save()
            yield Batch(self.n_done, losses, rate, time.monotonic() - started)
        self.student.eval()

    def _learn(self, number: int) -> dict[str, float]:
        """Train one batch; its random numbers depend on seed, number and rank only."""
        config, scales = self.config, self.scales
        whole_rows = number >= config.n_batches * (1 - config.whole_share)
        rng = np.random.default_rng([config.seed, number, self.rank])
        torch_seed = int(rng.integers(2**62))
        n = config.batch_size // self.n_processes
        batch = sample_batch(self.corpora, n, None if whole_rows else config.crop_steps, rng)
        features, steps = (torch.from_numpy(array).to(self.device) for array in batch)
        target_harmony = _scaled(batch_harmony(features), scales.harmony).clamp(-MAX_SDS, MAX_SDS)
        features = _scaled(shift_level(features, rng.normal(0, config.level_sd, n)), scales.features)
        with seeded(torch_seed, self.device):
            block, attention, clips, statistics, predicted_harmony = self.student(features, steps.shape[1])
        target_steps = _scaled(steps, scales.steps)
        losses = {
            "block": F.mse_loss(block, target_steps),
            "attention": F.mse_loss(attention, target_steps),
            "clip": F.mse_loss(clips, _scaled(steps.mean(1), scales.clips)),
            "statistics": F.mse_loss(statistics, _scaled(input_statistics(features), scales.statistics)),
            "harmony": F.mse_loss(predicted_harmony, target_harmony),
        }
        weights = {
            "clip": config.clip_weight,
            "statistics": config.statistics_weight,
            "harmony": config.harmony_weight,
        }
        loss = torch.stack([weights.get(name, 1.0) * value for name, value in losses.items()]).sum()
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self._average([p.grad for p in self.student.parameters() if p.grad is not None])
        nn.utils.clip_grad_norm_(self.student.parameters(), MAX_GRADIENT_NORM)
        self.optimizer.param_groups[0]["lr"] = config.rate_at(number)
        self.optimizer.step()
        return {name: value.item() for name, value in losses.items()}

    def _average(self, tensors: Sequence[Tensor]) -> None:
        """Replace tensors by their mean over all processes."""
        if self.n_processes == 1:
            return
        flat = torch.cat([tensor.flatten() for tensor in tensors])
        dist.all_reduce(flat)
        flat /= self.n_processes
        for tensor, part in zip(tensors, torch.split(flat, [t.numel() for t in tensors]), strict=True):
            tensor.copy_(part.view_as(tensor))

    @torch.no_grad()
    def _save(self) -> None:
        self._average([b for b in self.student.buffers() if b.is_floating_point()])
        if self.rank == 0:
            state = {
                "scales": {name: getattr(self.scales, name) for name in Scales.__slots__},
                "student": self.student.state_dict(),
                "optimizer": self.optimizer.state_dict(),
                "n_done": self.n_done,
            }
            unfinished = self.checkpoint.with_suffix(".part")
            torch.save(state, unfinished)
            unfinished.replace(self.checkpoint)
