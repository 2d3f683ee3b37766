"""The interface of a network on any device, and its output."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

import numpy as np

from musimo.records import FloatArray


class NetworkOutput(NamedTuple):
    """Output of a network for n windows, float32.

    Parameters
    ----------
    fused : [shape=(n, fused_width)], see :meth:`musimo.emotion.mase_net.MaseNet.fuse`
    ratings : [shape=(n, 2)], valence and arousal on the 1-9 scale, not clipped
    embedding : [shape=(n, 256)]
    tags : scores of the tags heard, 0..1 [shape=(n, n_tags)]
    """

    fused: FloatArray
    ratings: FloatArray
    embedding: FloatArray
    tags: FloatArray


class OutOfMemoryError(Exception):
    """The device has too little memory for the batch."""


class Network(Protocol):
    """A network on a device.

    Attributes
    ----------
    device : ``cpu``, ``cuda:0``, ...
    """

    @property
    def device(self) -> str:
        """See above."""

    def predict(self, frames: Sequence[FloatArray], harmony: FloatArray | None) -> NetworkOutput:
        """Predict emotion and embeddings for n windows.

        Parameters
        ----------
        frames : normalized features of each window [shape=(T, n_features), float32]
        harmony : [shape=(n, n_harmony), float32]; None if the network uses none

        Raises
        ------
        OutOfMemoryError : the batch is too large
        DeviceError : the device failed
        """


def concatenate_outputs(parts: Iterable[NetworkOutput]) -> NetworkOutput:
    """Concatenate outputs along the first axis."""
    return NetworkOutput(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))
