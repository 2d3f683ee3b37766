"""The network on a GPU, by torch."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import torch
from torch.nn.utils.rnn import pad_sequence

from musimo.emotion.network import network_of
from musimo.emotion.outputs import Answers, OutOfMemoryError
from musimo.emotion.weights import NetworkWeights
from musimo.errors import DeviceError
from musimo.records import FloatArray

USE_CPU = "use --device cpu"


class GpuNetwork:
    """A network on a device of torch.

    Parameters
    ----------
    weights : of the network
    name : ``cuda``, ``cuda:1``, ``mps``

    Raises
    ------
    DeviceError : no such device, or the network does not run on it
    """

    def __init__(self, weights: NetworkWeights, name: str) -> None:
        self.device = name
        self._network = network_of(weights)
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
    def answer(self, frames: Sequence[FloatArray], harmony: FloatArray | None) -> Answers:
        """Clips of any lengths at once, the shorter ones padded. See `Network`."""
        try:
            lengths = torch.tensor([len(clip) for clip in frames])
            batch = pad_sequence([torch.tensor(clip) for clip in frames], batch_first=True).to(self.device)
            ragged = bool((lengths != lengths[0]).any())
            fused = self._network.fuse(batch, lengths.to(self.device) if ragged else None)
            heard = None if harmony is None else torch.tensor(harmony, device=self.device)
            ratings, embedding = self._network.rate(fused, heard)
            return Answers(*(part.float().cpu().numpy() for part in (fused, ratings, embedding)))
        except RuntimeError as error:
            if _is_out_of_memory(error):
                raise OutOfMemoryError from error
            raise DeviceError(f"the device {self.device} failed: {error}", USE_CPU) from error


def gpus() -> list[str]:
    """Names of the devices that torch says are there, the fastest first."""
    with warnings.catch_warnings():  # torch warns of drivers too old, where the answer says it all
        warnings.simplefilter("ignore")
        there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    return [name for name, is_there in there.items() if is_there]


def _is_out_of_memory(error: RuntimeError) -> bool:
    """True for CUDA's own class, and for Apple's GPU, which has none."""
    return isinstance(error, torch.OutOfMemoryError) or "out of memory" in str(error).lower()
