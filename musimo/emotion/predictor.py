"""Predict emotion and embeddings of many windows on the best device.

On a CPU the windows of a track are predicted together, on one core, several tracks in parallel: a track then
gives the same result to the last bit, whatever the other tracks and the number of cores. On a GPU windows are
predicted in batches. Torch is imported only where there may be a GPU.
"""

from __future__ import annotations

import os
import platform
import re
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import PackageNotFoundError, version
from itertools import islice
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from musimo.audio.features import FEATURE_ID
from musimo.audio.harmony import harmony_features
from musimo.emotion.backend import Network, NetworkOutput, OutOfMemoryError
from musimo.emotion.onnx_backend import OnnxNetwork
from musimo.emotion.weights import Weights, load_weights
from musimo.errors import AudioError, DeviceError
from musimo.installation import installation, lacking
from musimo.records import FloatArray, WindowPrediction
from musimo.settings import usable_cores

DRIVERS = ("/dev/nvidiactl", "/dev/nvmap", "/dev/dxg", "/dev/kfd")
"""One of these exists where torch may find a GPU on Linux: NVIDIA's, on a Jetson, under WSL, AMD's."""


class Predictor:
    """A network on a device.

    Parameters
    ----------
    weights : a loaded weights file
    network : the network of that file, on a device
    batch_size : windows per inference batch on a GPU; halved whenever memory does not suffice
    on_notice : called with one sentence for the user, once each, such as why a GPU could not be used

    Attributes
    ----------
    model_id : id of the weights
    feature_id : id of the features the network expects
    batch_size : current value
    space : the sound space of the weights file
    tags : names of the tags that the network hears
    """

    def __init__(
        self,
        weights: Weights,
        network: Network,
        batch_size: int = 16,
        on_notice: Callable[[str], None] | None = None,
    ) -> None:
        self.model_id = weights.model_id
        self.feature_id = weights.card.feature_id
        self.batch_size = batch_size
        self.space = weights.space
        self.tags = weights.card.tags
        self._weights = weights
        self._network = network
        self._on_notice = on_notice or (lambda _: None)
        self._reported_halving = False

    @classmethod
    def load(
        cls,
        weights: Path,
        device: str = "auto",
        batch_size: int = 16,
        on_notice: Callable[[str], None] | None = None,
    ) -> Predictor:
        """Load a weights file onto a device: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.

        ``auto`` tries a CUDA GPU, then Apple's, and uses the CPU where neither runs the network.

        Raises
        ------
        WeightsError : see :func:`musimo.emotion.weights.load_weights`
        DeviceError : the named device does not exist or does not work
        """
        loaded = load_weights(weights, FEATURE_ID)
        notify = on_notice or (lambda _: None)
        network = _best_network(loaded, notify) if device == "auto" else _named_network(loaded, device)
        return cls(loaded, network, batch_size, on_notice)

    @property
    def device(self) -> str:
        """The device that the network runs on now."""
        return self._network.device

    def predict(self, tracks: Sequence[Sequence[FloatArray]]) -> list[list[WindowPrediction]]:
        """Predict the windows of tracks.

        On a CPU the result for a track depends only on the windows of that track, to the last bit.

        Parameters
        ----------
        tracks : for each track, the features of its windows [shape=(n_frames, 193)], of any lengths, not
            normalized

        Returns
        -------
        For each track, a `WindowPrediction` per window, in order.

        Raises
        ------
        AudioError : a window is empty, of another shape or not finite; nothing was predicted
        DeviceError : the device failed, or the CPU ran out of memory
        """
        windows = [window for track in tracks for window in track]
        for window in windows:
            self._check(window)
        predictions: list[WindowPrediction] = []
        if self.device != "cpu":
            predictions = self._predict_in_batches(windows)
        if self.device == "cpu":
            predictions = self._predict_on_cores(tracks)
        remaining = iter(predictions)
        return [list(islice(remaining, len(track))) for track in tracks]

    def _check(self, window: FloatArray) -> None:
        n_features = len(self._weights.means)
        if window.ndim != 2 or window.shape[1] != n_features or len(window) == 0:
            raise AudioError("analyze", f"features of shape {window.shape} instead of (n, {n_features})")
        if not np.isfinite(window).all():
            raise AudioError("analyze", "features that are not finite")

    def _predict_in_batches(self, windows: Sequence[FloatArray]) -> list[WindowPrediction]:
        """Predict on a GPU; switch to the CPU, and stop, if not even one window fits its memory."""
        predictions: list[WindowPrediction] = []
        while len(predictions) < len(windows) and self.device != "cpu":
            try:
                predictions += self._predict(windows[len(predictions) : len(predictions) + self.batch_size])
            except OutOfMemoryError:
                self._reduce_memory()
        return predictions

    def _predict_on_cores(self, tracks: Sequence[Sequence[FloatArray]]) -> list[WindowPrediction]:
        """Predict each track on one core: more threads in NumPy would sum in another order, and spin."""
        if not tracks:
            return []
        single = threadpool_limits(1, user_api="blas")
        with single, ThreadPoolExecutor(min(len(tracks), usable_cores())) as pool:
            return [prediction for track in pool.map(self._predict, tracks) for prediction in track]

    def _predict(self, windows: Sequence[FloatArray]) -> list[WindowPrediction]:
        if not windows:
            return []
        harmony = stack_harmony(self._weights.card.config.n_harmony, windows)
        return self._convert(self._network.predict([self._normalize(window) for window in windows], harmony))

    def _normalize(self, window: FloatArray) -> FloatArray:
        """Normalize features by the statistics of the training set; repeat a window that is too short."""
        frames = (window - self._weights.means) / self._weights.sds
        repeats = -(-self._weights.card.config.min_frames // len(frames))  # rounded up
        return frames if repeats == 1 else np.tile(frames, (repeats, 1))

    def _convert(self, output: NetworkOutput) -> list[WindowPrediction]:
        """Convert ratings to the 0..1 scale, and fused values to the axes of the sound space."""
        fused = self._weights.space.fused.transform(output.fused)
        parts = (output.ratings, output.embedding, fused, output.tags)
        if not all(np.isfinite(part).all() for part in parts):
            raise AudioError("analyze", "the network's output for it is not finite")
        unit = ((output.ratings.astype(np.float64) - 1) / 8).clip(0, 1)  # 1-9 -> 0..1
        return [
            WindowPrediction(float(valence), float(arousal), *rows)
            for (valence, arousal), *rows in zip(unit, output.embedding, fused, output.tags, strict=True)
        ]

    def _reduce_memory(self) -> None:
        """Halve the batch size; at 1, switch to the CPU."""
        if self.batch_size > 1:
            if not self._reported_halving:
                self._on_notice(
                    f"the device {self.device} has too little memory for {self.batch_size} windows at once; "
                    "continuing with fewer"
                )
            self._reported_halving = True
            self.batch_size //= 2
        else:
            self._on_notice(f"the device {self.device} has too little memory; continuing on the CPU")
            self._network = OnnxNetwork(self._weights)


def stack_harmony(n_harmony: int, windows: Sequence[FloatArray]) -> FloatArray | None:
    """Return harmony features [shape=(n, n_harmony)] of unnormalized features; None if ``n_harmony`` is 0."""
    return np.stack([harmony_features(window) for window in windows]) if n_harmony else None


def _named_network(weights: Weights, device: str) -> Network:
    """Return the network on a device; raise DeviceError if it does not run there."""
    if not re.fullmatch(r"cpu|mps|cuda(:\d+)?", device):
        raise DeviceError(f"unknown device {device!r}", "use auto, cpu, cuda, cuda:1 or mps")
    if device == "cpu":
        return OnnxNetwork(weights)
    if lacking({"torch": "PyTorch"}):
        raise DeviceError(
            f"the device {device} needs PyTorch, which is not installed",
            f"use --device cpu, or install it: {installation().add()}",
        )
    from musimo.emotion.torch_backend import TorchNetwork

    return TorchNetwork(weights, device)


def _best_network(weights: Weights, on_notice: Callable[[str], None]) -> Network:
    """Return the network on the first GPU that works, else on the CPU."""
    if may_have_gpu():
        from musimo.emotion.torch_backend import TorchNetwork, available_gpus

        for name in available_gpus():
            try:
                return TorchNetwork(weights, name)
            except DeviceError as error:
                on_notice(f"{error.message}; using the CPU instead")
    return OnnxNetwork(weights)


def may_have_gpu() -> bool:
    """Return whether torch may find a GPU, without importing torch, which takes two seconds."""
    try:
        build = version("torch")
    except PackageNotFoundError:
        return False
    if "+cpu" in build:
        return False
    if sys.platform == "darwin":
        return platform.machine() == "arm64"
    return sys.platform == "win32" or any(map(os.path.exists, DRIVERS))
