"""Run the network on a GPU by torch."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import torch
from torch.nn.utils.rnn import pad_sequence

from musimo.emotion.backend import NetworkOutput, OutOfMemoryError
from musimo.emotion.network import build_network
from musimo.emotion.weights import NetworkWeights
from musimo.errors import DeviceError
from musimo.records import FloatArray

USE_CPU = "use --device cpu"


class TorchNetwork:
    """A `Network` on a device of torch.

    Parameters
    ----------
    weights : of the network
    name : of the device: ``cuda``, ``cuda:1``, ``mps``

    Raises
    ------
    DeviceError : there is no such device, or the network does not run on it
    """

    def __init__(self, weights: NetworkWeights, name: str) -> None:
        self.device = name
        self._network = build_network(weights)
        config = weights.card.config
        try:
            self._network.to(name)
            with torch.inference_mode():
                self._network(
                    torch.zeros(1, config.min_frames, config.n_features, device=name),
                    harmony=torch.zeros(1, config.n_harmony, device=name),
                )
        except (RuntimeError, AssertionError) as error:  # torch asserts that it was built with CUDA
            reason = str(error).partition("\n")[0]
            raise DeviceError(f"the device {name} cannot be used: {reason}", USE_CPU) from error

    @torch.inference_mode()
    def predict(self, frames: Sequence[FloatArray], harmony: FloatArray | None) -> NetworkOutput:
        """See `Network`. Inputs of any lengths are predicted at once, shorter ones padded."""
        try:
            lengths = torch.tensor([len(clip) for clip in frames])
            batch = pad_sequence([torch.tensor(clip) for clip in frames], batch_first=True).to(self.device)
            ragged = bool((lengths != lengths[0]).any())
            fused = self._network.fuse(batch, lengths.to(self.device) if ragged else None)
            harmony_batch = None if harmony is None else torch.tensor(harmony, device=self.device)
            ratings, embedding = self._network.rate(fused, harmony_batch)
            tags = self._network.tag_logits(fused, harmony_batch).sigmoid()
            return NetworkOutput(*(part.float().cpu().numpy() for part in (fused, ratings, embedding, tags)))
        except RuntimeError as error:
            if _is_out_of_memory(error):
                raise OutOfMemoryError from error
            raise DeviceError(f"the device {self.device} failed: {error}", USE_CPU) from error


def available_gpus() -> list[str]:
    """Return the names of the GPUs that torch finds, the fastest first."""
    with warnings.catch_warnings():  # torch warns of outdated drivers; the result is enough
        warnings.simplefilter("ignore")
        available = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    return [name for name, is_available in available.items() if is_available]


def _is_out_of_memory(error: RuntimeError) -> bool:
    """Recognize CUDA's exception class, and the message of Apple's GPU, which has no class."""
    return isinstance(error, torch.OutOfMemoryError) or "out of memory" in str(error).lower()
