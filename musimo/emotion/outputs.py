"""What a network says of clips, whatever it runs on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Protocol

import numpy as np

from musimo.records import FloatArray


class Answers(NamedTuple):
    """Of n clips, float32.

    Parameters
    ----------
    fused : (n, fused width), see :meth:`musimo.emotion.mase_net.MaseNet.fuse`
    ratings : (n, 2), valence and arousal on the 1-9 scale, not clipped
    embedding : (n, 256)
    """

    fused: FloatArray
    ratings: FloatArray
    embedding: FloatArray


class OutOfMemoryError(Exception):
    """The device has too little memory for so many clips at once."""


class Network(Protocol):
    """A network on a device.

    Attributes
    ----------
    device : ``cpu``, ``cuda:0``, ...
    """

    @property
    def device(self) -> str:
        """See above."""

    def answer(self, frames: Sequence[FloatArray], harmony: FloatArray | None) -> Answers:
        """What it says of clips.

        Parameters
        ----------
        frames : (T, n_features) float32 each, normalised
        harmony : (n, n_harmony) float32; None where the network hears none

        Raises
        ------
        OutOfMemoryError : too many clips at once
        DeviceError : the device failed
        """


def joined(parts: Iterable[Answers]) -> Answers:
    """Answers one after the other."""
    return Answers(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))
