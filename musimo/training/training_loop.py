"""The training loop: from labeled features to a trained network; an interrupted training resumes."""

from __future__ import annotations

import copy
import time
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from musimo.emotion.mase_net import MaseNet
from musimo.emotion.predictor import stack_harmony
from musimo.records import FloatArray
from musimo.training.augment import augment
from musimo.training.config import TrainingConfig
from musimo.training.devices import CPU, seeded
from musimo.training.losses import make_loss

MIN_SD = 1e-6  # of a constant feature, so that normalization does not divide by zero


@dataclass(frozen=True, slots=True)
class LabeledFeatures:
    """Inputs and targets of the network.

    Parameters
    ----------
    features : (n_frames, 193) each, not normalized
    ratings : valence and arousal on the 1-9 scale [shape=(n, 2)]
    """

    features: Sequence[FloatArray]
    ratings: NDArray[np.float64]

    def part(self, which: NDArray[np.int64]) -> LabeledFeatures:
        """Return the clips of the given indices."""
        return LabeledFeatures([self.features[i] for i in which], self.ratings[which])


@dataclass(frozen=True, slots=True)
class Epoch:
    """Result of one epoch; ``best`` if the validation loss was the lowest so far."""

    number: int  # from 1
    training_loss: float
    validation_loss: float
    learning_rate: float
    best: bool
    seconds: float = field(default=0.0, compare=False)


class Training:
    """State of the training of one network.

    Parameters
    ----------
    train : training set
    validation : for early stopping and the learning rate; never for reported figures
    config : the recipe
    checkpoint : file for the state after every epoch; if it exists, the training resumes from it
    device : of the network

    Attributes
    ----------
    network : with the weights of the best epoch once `epochs` has ended
    means, sds : of the training frames, float32 [shape=(193,)]
    history : one `Epoch` each
    """

    def __init__(
        self,
        train: LabeledFeatures,
        validation: LabeledFeatures,
        config: TrainingConfig,
        checkpoint: Path | None = None,
        device: torch.device = CPU,
    ) -> None:
        self.train, self.validation, self.config, self.device = train, validation, config, device
        self.means, self.sds = frame_statistics(train.features)
        valence, arousal = train.ratings.mean(axis=0)
        with seeded(config.seed, device):
            self.network = MaseNet(config.network, (float(valence), float(arousal))).to(device)
        self.loss = make_loss(config.optimizer.loss, config.optimizer.correlation_weight)
        recipe = config.optimizer
        self.optimizer = adam(self.network, recipe.learning_rate, recipe.l2)
        self.scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(
            self.optimizer, factor=recipe.plateau_factor, patience=recipe.plateau_patience
        )
        self.history: list[Epoch] = []
        self.best = copy.deepcopy(self.network.state_dict())
        self.checkpoint = checkpoint
        if checkpoint is not None and checkpoint.is_file():
            self._restore(torch.load(checkpoint, map_location="cpu", weights_only=True))

    @property
    def finished(self) -> bool:
        """Return whether all epochs are completed, or the last ``patience`` of them without improvement."""
        recipe, done = self.config.optimizer, len(self.history)
        last_best = max((epoch.number for epoch in self.history if epoch.best), default=0)
        return done >= recipe.max_epochs or done - last_best >= recipe.patience

    def epochs(self) -> Iterator[Epoch]:
        """Train to the end and yield each epoch; then the network has the weights of the best one."""
        while not self.finished:
            number, started = len(self.history) + 1, time.monotonic()
            learning_rate = self.optimizer.param_groups[0]["lr"]
            training_loss = self._train_once(number)
            predictions = predict(self.network, self.means, self.sds, self.validation.features)
            validation_loss = float(
                self.loss(torch.from_numpy(self.validation.ratings), torch.from_numpy(predictions))
            )
            best = validation_loss < min((e.validation_loss for e in self.history), default=np.inf)
            seconds = time.monotonic() - started
            self.history.append(Epoch(number, training_loss, validation_loss, learning_rate, best, seconds))
            self.scheduler.step(validation_loss)
            if best:
                self.best = copy.deepcopy(self.network.state_dict())
            self._save()
            yield self.history[-1]
        self.network.load_state_dict(self.best)
        self.network.eval()

    def _train_once(self, number: int) -> float:
        """Train one epoch; random numbers depend on seed and number only, so that resuming is exact."""
        recipe = self.config.optimizer
        rng = np.random.default_rng([self.config.seed, number])
        order = rng.permutation(len(self.train.features))
        batches = [order[i : i + recipe.batch_size] for i in range(0, len(order), recipe.batch_size)]
        full = [batch for batch in batches if len(batch) == recipe.batch_size] or batches[:1]
        losses = []
        self.network.train()
        with seeded(int(rng.integers(2**62)), self.device):
            for batch in full:
                clips = [augment(self.train.features[i], self.config.augment, rng) for i in batch]
                ratings, _ = self.network(*collate(clips, self.means, self.sds, self.device))
                targets = torch.from_numpy(self.train.ratings[batch]).float().to(self.device)
                loss = self.loss(targets, ratings)
                self.optimizer.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                self.optimizer.step()
                losses.append(loss.item())
        return float(np.mean(losses))

    def _save(self) -> None:
        if self.checkpoint is None:
            return
        unfinished = self.checkpoint.with_suffix(".part")
        state = {
            "network": self.network.state_dict(),
            "best": self.best,
            "optimizer": self.optimizer.state_dict(),
            "scheduler": self.scheduler.state_dict(),
            "history": [astuple(epoch) for epoch in self.history],
        }
        torch.save(state, unfinished)
        unfinished.replace(self.checkpoint)

    def _restore(self, state: dict[str, Any]) -> None:
        self.network.load_state_dict(state["network"])
        self.best = state["best"]
        self.optimizer.load_state_dict(state["optimizer"])
        self.scheduler.load_state_dict(state["scheduler"])
        self.history = [Epoch(*values) for values in state["history"]]


def adam(network: MaseNet, learning_rate: float, l2: float) -> torch.optim.Adam:
    """Return Adam with an L2 penalty on the kernels of the shared dense layers and the heads only.

    Keras adds ``l2 * w²`` to the loss, whose gradient is ``2 * l2 * w``.
    """
    layers = [network.dense1, network.dense2, network.heads]
    dense = [m.weight for layer in layers for m in layer.modules() if isinstance(m, nn.Linear)]
    chosen = {id(weight) for weight in dense}
    others = [p for p in network.parameters() if id(p) not in chosen]
    groups: list[dict[str, Any]] = [{"params": others}, {"params": dense, "weight_decay": 2 * l2}]
    return torch.optim.Adam(groups, lr=learning_rate, betas=(0.9, 0.999), eps=1e-8)


def frame_statistics(features: Sequence[FloatArray]) -> tuple[FloatArray, FloatArray]:
    """Return mean and SD of the frames of all clips, computed in float64 [shape=(n_features,)]."""
    n_frames = sum(len(clip) for clip in features)
    means = sum(clip.sum(axis=0, dtype=np.float64) for clip in features) / n_frames
    squares = sum(np.square(clip - means).sum(axis=0) for clip in features) / n_frames
    return means.astype(np.float32), np.maximum(np.sqrt(squares), MIN_SD).astype(np.float32)


def collate(
    clips: Sequence[FloatArray], means: FloatArray, sds: FloatArray, device: torch.device = CPU
) -> tuple[Tensor, Tensor | None]:
    """Return a normalized batch (B, T, 193), and its lengths (B,), or None if all are equal."""
    frames = [torch.from_numpy((clip - means) / sds) for clip in clips]
    lengths = torch.tensor([len(clip) for clip in clips])
    batch = torch.nn.utils.rnn.pad_sequence(frames, batch_first=True).to(device)
    return batch, None if bool((lengths == lengths[0]).all()) else lengths.to(device)


@torch.inference_mode()
def predict(
    network: MaseNet, means: FloatArray, sds: FloatArray, features: Sequence[FloatArray], batch_size: int = 8
) -> NDArray[np.float64]:
    """Predict ratings of clips on the 1-9 scale, on the device of the network [shape=(n, 2)]."""
    network.eval()
    device = next(network.parameters()).device
    batches = [features[i : i + batch_size] for i in range(0, len(features), batch_size)]
    ratings = []
    for batch in batches:
        harmony = stack_harmony(network.config.n_harmony, batch)
        on_device = None if harmony is None else torch.from_numpy(harmony).to(device)
        ratings.append(network(*collate(batch, means, sds, device), on_device)[0].cpu())
    return np.asarray(torch.cat(ratings).double().numpy())
