"""Features of many clips in, emotion and embedding of each out, on whatever device there is.

On the CPU the clips of a track pass the network together, on one core, several tracks side by side: the same
track then gives the same bits whatever its neighbours and however many cores there are. On a GPU clips go in
batches. Torch is imported only where there may be a GPU.
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
from musimo.audio.harmony import harmony
from musimo.emotion.on_cpu import CpuNetwork
from musimo.emotion.outputs import Answers, Network, OutOfMemoryError
from musimo.emotion.weights import Weights, load_weights
from musimo.errors import AudioError, DeviceError
from musimo.installation import installation, lacking
from musimo.records import FloatArray, WindowPrediction
from musimo.settings import usable_cores

DRIVERS = ("/dev/nvidiactl", "/dev/nvmap", "/dev/dxg", "/dev/kfd")
"""One of these is there where torch may find a GPU under Linux: NVIDIA's, on a Jetson, under WSL, AMD's."""


class Analyzer:
    """A network on a device.

    Parameters
    ----------
    weights : a loaded weights file
    network : it, on a device
    batch_size : most clips at once on a GPU; halves itself where memory does not suffice
    on_notice : told, in one sentence, once each, what a user should know: a GPU that could not be used

    Attributes
    ----------
    model_id, feature_id : what made the answers, and from what
    batch_size : clips at once, now
    space : in which the network's sounds lie
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
        self._weights = weights
        self._network = network
        self._on_notice = on_notice or (lambda _: None)
        self._told_of_halving = False

    @classmethod
    def load(
        cls,
        weights: Path,
        device: str = "auto",
        batch_size: int = 16,
        on_notice: Callable[[str], None] | None = None,
    ) -> Analyzer:
        """Load a weights file onto a device: ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``.

        ``auto`` takes a CUDA GPU on which the network really runs, else Apple's, else the CPU.

        Raises
        ------
        WeightsError : see `load_weights`
        DeviceError : a device asked for by name is not there, or does not work
        """
        loaded = load_weights(weights, FEATURE_ID)
        told = on_notice or (lambda _: None)
        network = _best_network(loaded, told) if device == "auto" else _named_network(loaded, device)
        return cls(loaded, network, batch_size, on_notice)

    @property
    def device(self) -> str:
        """Where the network runs now."""
        return self._network.device

    def analyze(self, tracks: Sequence[Sequence[FloatArray]]) -> list[list[WindowPrediction]]:
        """Feel clips, those of one track together.

        On a CPU the last bits of an answer depend on the clips of its own track, and on no other track, on no
        batch and on no number of cores.

        Parameters
        ----------
        tracks : features of the clips of each, (n_frames, 193) each, of any lengths, not normalised

        Returns
        -------
        One `WindowPrediction` a clip, in order: valence and arousal within 0..1, embedding (256,),
        fused values in the k axes of the sound space

        Raises
        ------
        AudioError : a clip is empty, of another shape or not finite; no clip of the call was analysed
        DeviceError : the device failed, or the CPU ran out of memory
        """
        for clip in (clip for clips in tracks for clip in clips):
            self._check(clip)
        felt: list[WindowPrediction] = []
        if self.device != "cpu":
            felt = self._feel_in_batches([clip for clips in tracks for clip in clips])
        if self.device == "cpu":
            felt = self._feel_on_cores(tracks)
        answers = iter(felt)
        return [list(islice(answers, len(clips))) for clips in tracks]

    def _check(self, clip: FloatArray) -> None:
        n_features = len(self._weights.means)
        if clip.ndim != 2 or clip.shape[1] != n_features or len(clip) == 0:
            raise AudioError("analyze", f"features of shape {clip.shape} instead of (n, {n_features})")
        if not np.isfinite(clip).all():
            raise AudioError("analyze", "features that are not finite")

    def _feel_in_batches(self, clips: Sequence[FloatArray]) -> list[WindowPrediction]:
        """On a GPU, as many at once as it holds; whatever it was, the CPU does all if it holds none."""
        felt: list[WindowPrediction] = []
        while len(felt) < len(clips) and self.device != "cpu":
            try:
                felt += self._feel(clips[len(felt) : len(felt) + self.batch_size])
            except OutOfMemoryError:
                self._need_less_memory()
        return felt

    def _feel_on_cores(self, tracks: Sequence[Sequence[FloatArray]]) -> list[WindowPrediction]:
        """Each track on one core; more threads in NumPy would sum in another order, and spin in between."""
        if not tracks:
            return []
        alone = threadpool_limits(1, user_api="blas")
        with alone, ThreadPoolExecutor(min(len(tracks), usable_cores())) as pool:
            return [felt for clips in pool.map(self._feel, tracks) for felt in clips]

    def _feel(self, clips: Sequence[FloatArray]) -> list[WindowPrediction]:
        if not clips:
            return []
        heard = harmony_for(self._weights.card.config.n_harmony, clips)
        return self._placed(self._network.answer([self._normalised(clip) for clip in clips], heard))

    def _normalised(self, clip: FloatArray) -> FloatArray:
        """Features by the statistics of the training set, a clip too short to hear repeated."""
        frames = (clip - self._weights.means) / self._weights.sds
        repeats = -(-self._weights.card.config.min_frames // len(frames))  # rounded up
        return frames if repeats == 1 else np.tile(frames, (repeats, 1))

    def _placed(self, answers: Answers) -> list[WindowPrediction]:
        """Answers on the scale and in the space that musimo uses."""
        placed = self._weights.space.fused.coordinates(answers.fused)
        if not all(np.isfinite(part).all() for part in (answers.ratings, answers.embedding, placed)):
            raise AudioError("analyze", "a sound the network has no finite answer to")
        unit = ((answers.ratings.astype(np.float64) - 1) / 8).clip(0, 1)  # 1-9 -> 0..1
        return [
            WindowPrediction(float(valence), float(arousal), *rows)
            for (valence, arousal), *rows in zip(unit, answers.embedding, placed, strict=True)
        ]

    def _need_less_memory(self) -> None:
        """Halve the batch, then leave the GPU."""
        if self.batch_size > 1:
            if not self._told_of_halving:
                self._on_notice(
                    f"the device {self.device} has too little memory for {self.batch_size} clips at once; "
                    "going on with fewer"
                )
            self._told_of_halving = True
            self.batch_size //= 2
        else:
            self._on_notice(f"the device {self.device} has too little memory; going on with the CPU")
            self._network = CpuNetwork(self._weights)


def harmony_for(n_harmony: int, clips: Sequence[FloatArray]) -> FloatArray | None:
    """Harmony of clips [shape=(n, n_harmony)], of features as they are; None for a network without."""
    return np.stack([harmony(clip) for clip in clips]) if n_harmony else None


def _named_network(weights: Weights, device: str) -> Network:
    """The network on the device of that name; DeviceError where it does not run there."""
    if not re.fullmatch(r"cpu|mps|cuda(:\d+)?", device):
        raise DeviceError(f"{device!r} names no device", "use auto, cpu, cuda, cuda:1 or mps")
    if device == "cpu":
        return CpuNetwork(weights)
    if lacking({"torch": "PyTorch"}):
        raise DeviceError(
            f"the device {device} needs PyTorch, which is not installed",
            f"use --device cpu, or install it: {installation().add()}",
        )
    from musimo.emotion.on_gpu import GpuNetwork

    return GpuNetwork(weights, device)


def _best_network(weights: Weights, on_notice: Callable[[str], None]) -> Network:
    """The network on the first GPU that works, else on the CPU."""
    if gpu_may_be_there():
        from musimo.emotion.on_gpu import GpuNetwork, gpus

        for name in gpus():
            try:
                return GpuNetwork(weights, name)
            except DeviceError as error:
                on_notice(f"{error.message}; using the CPU instead")
    return CpuNetwork(weights)


def gpu_may_be_there() -> bool:
    """Whether torch should be asked for a GPU, told without importing it, which takes two seconds."""
    try:
        build = version("torch")
    except PackageNotFoundError:
        return False
    if "+cpu" in build:
        return False
    if sys.platform == "darwin":
        return platform.machine() == "arm64"
    return sys.platform == "win32" or any(map(os.path.exists, DRIVERS))
