"""Features of many clips in, emotion and embedding of each out, on whatever device there is.

On the CPU the clips of a track pass the network together, on one core, several tracks side by side: the same
track then gives the same bits whatever its neighbours and however many cores there are. On a GPU clips go in
batches.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import torch

from musimo.audio.features import FEATURE_ID
from musimo.audio.harmony import harmony
from musimo.emotion.mase_net import MaseNetConfig
from musimo.emotion.weights import Weights, load_weights
from musimo.errors import AudioError, DeviceError
from musimo.records import ClipEmotion, FloatArray

USE_CPU = "use --device cpu"


@dataclass(frozen=True, slots=True)
class _Input:
    """One clip as the network takes it."""

    frames: torch.Tensor  # (T, 193), normalised
    harmony: torch.Tensor | None  # (n_harmony,); None where the network does not hear it


class Analyzer:
    """A network on a device.

    Parameters
    ----------
    weights : a loaded weights file
    device : where the network runs
    batch_size : most clips at once on a GPU; halves itself where memory does not suffice
    on_notice : told, in one sentence, once each, what a user should know: a GPU that could not be used

    Attributes
    ----------
    model_id, feature_id : what made the answers, and from what
    device : where the network runs now
    batch_size : clips at once, now
    """

    def __init__(
        self,
        weights: Weights,
        device: torch.device,
        batch_size: int = 16,
        on_notice: Callable[[str], None] | None = None,
    ) -> None:
        self.model_id = weights.model_id
        self.feature_id = weights.card.feature_id
        self.device = device
        self.batch_size = batch_size
        self._on_notice = on_notice or (lambda _: None)
        self._network = weights.network.to(device)
        block = weights.space.fused
        self._block = [torch.from_numpy(part) for part in (block.mean, block.scale, block.axes)]
        self._config = weights.card.config
        self._means, self._sds = weights.means, weights.sds
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
        if device != "auto":
            return cls(loaded, named_device(device, loaded), batch_size, on_notice)
        analyzer = cls(loaded, torch.device("cpu"), batch_size, on_notice)
        for name, there in (("cuda", _cuda_is_there), ("mps", torch.backends.mps.is_available)):
            if there():
                try:
                    return cls(loaded, named_device(name, loaded), batch_size, on_notice)
                except DeviceError as error:
                    analyzer._on_notice(f"{error.message}; using the CPU instead")
        return analyzer

    def analyze(self, tracks: Sequence[Sequence[FloatArray]]) -> list[list[ClipEmotion]]:
        """Feel clips, those of one track together.

        On a CPU the last bits of an answer depend on the clips of its own track, and on no other track, on no
        batch and on no number of cores.

        Parameters
        ----------
        tracks : features of the clips of each, (n_frames, 193) each, of any lengths, not normalised

        Returns
        -------
        One `ClipEmotion` a clip, in order: valence and arousal within 0..1, embedding (256,),
        fused values in the k axes of the sound space

        Raises
        ------
        AudioError : a clip is empty, of another shape or not finite; no clip of the call was analysed
        DeviceError : the device failed, or the CPU ran out of memory
        """
        inputs = [[self._input(clip) for clip in clips] for clips in tracks]
        felt: list[ClipEmotion] = []
        if self.device.type != "cpu":
            felt = self._feel_in_batches([clip for clips in inputs for clip in clips])
        if self.device.type == "cpu":
            felt = self._feel_on_cores(inputs)
        answers = iter(felt)
        return [list(islice(answers, len(clips))) for clips in inputs]

    def _input(self, clip: FloatArray) -> _Input:
        """Features by the statistics of the training set, a clip too short to hear repeated; its harmony."""
        if clip.ndim != 2 or clip.shape[1] != len(self._means) or len(clip) == 0:
            raise AudioError("analyze", f"features of shape {clip.shape} instead of (n, {len(self._means)})")
        if not np.isfinite(clip).all():
            raise AudioError("analyze", "features that are not finite")
        frames = torch.from_numpy((clip - self._means) / self._sds).float()
        repeats = -(-self._config.min_frames // len(frames))  # rounded up: 1 for all but the shortest
        heard = harmony_for(self._config, [clip])
        return _Input(frames.repeat(repeats, 1), None if heard is None else heard[0])

    def _feel_in_batches(self, clips: Sequence[_Input]) -> list[ClipEmotion]:
        """On a GPU, as many at once as it holds; whatever is left when it holds none is for the CPU."""
        felt: list[ClipEmotion] = []
        while len(felt) < len(clips) and self.device.type != "cpu":
            try:
                felt += self._feel_batch(clips[len(felt) : len(felt) + self.batch_size])
            except RuntimeError as error:
                if not _is_out_of_memory(error):
                    raise DeviceError(f"the device {self.device} failed: {error}", USE_CPU) from error
                self._need_less_memory()
        return felt

    def _feel_on_cores(self, tracks: Sequence[Sequence[_Input]]) -> list[ClipEmotion]:
        """Each track on one core alone: a core more or less must not change a bit of the answer."""
        if not tracks:
            return []
        try:
            with _one_core_each(), ThreadPoolExecutor(min(len(tracks), _usable_cores())) as pool:
                return [felt for clips in pool.map(self._feel_track, tracks) for felt in clips]
        except RuntimeError as error:
            raise DeviceError(f"the device {self.device} failed: {error}") from error

    def _feel_track(self, clips: Sequence[_Input]) -> list[ClipEmotion]:
        """Clips of one length at once, which saves a third of the time; others one by one."""
        if len({len(clip.frames) for clip in clips}) == 1:
            return self._feel_batch(clips)
        return [felt for clip in clips for felt in self._feel_batch([clip])]

    @torch.inference_mode()
    def _feel_batch(self, clips: Sequence[_Input]) -> list[ClipEmotion]:
        frames = [clip.frames for clip in clips]
        lengths = torch.tensor([len(clip) for clip in frames])
        batch = self._to_device(torch.nn.utils.rnn.pad_sequence(frames, batch_first=True))
        heard = [clip.harmony for clip in clips if clip.harmony is not None]
        ragged = bool((lengths != lengths[0]).any())
        fused = self._network.fuse(batch, self._to_device(lengths) if ragged else None)
        ratings, embeddings = self._network.rate(
            fused, self._to_device(torch.stack(heard)) if heard else None
        )
        mean, scale, axes = map(self._to_device, self._block)
        placed = ((fused - mean) * scale) @ axes
        if not all(answer.isfinite().all() for answer in (ratings, embeddings, placed)):
            raise AudioError("analyze", "a sound the network has no finite answer to")
        unit = ((ratings.cpu().double() - 1) / 8).clamp(0, 1)  # 1-9 -> 0..1; Apple's GPU has no doubles
        return [
            ClipEmotion(float(valence), float(arousal), *rows)
            for (valence, arousal), *rows in zip(
                unit, embeddings.float().cpu().numpy(), placed.float().cpu().numpy(), strict=True
            )
        ]

    def _to_device(self, tensor: torch.Tensor) -> torch.Tensor:
        return tensor.to(self.device)

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
            self.device = torch.device("cpu")
            self._network.to(self.device)


def harmony_for(config: MaseNetConfig, clips: Sequence[FloatArray]) -> torch.Tensor | None:
    """Harmony of clips [shape=(n, n_harmony)], features not normalised; None if the network hears none."""
    if not config.n_harmony:
        return None
    return torch.from_numpy(np.stack([harmony(clip) for clip in clips]))


def named_device(name: str, weights: Weights) -> torch.device:
    """The device of that name, after the network has run on it once.

    Raises
    ------
    DeviceError : no such device, or the network does not run on it
    """
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise DeviceError(f"{name!r} names no device", "use auto, cpu, cuda, cuda:1 or mps") from error
    if device.type not in ("cpu", "cuda", "mps"):
        raise DeviceError(f"musimo does not run on {name!r}", "use auto, cpu, cuda, cuda:1 or mps")
    if device.type != "cpu":
        config = weights.card.config
        try:
            with torch.inference_mode():
                weights.network.to(device)(
                    torch.zeros(1, config.min_frames, config.n_features, device=device),
                    harmony=torch.zeros(1, config.n_harmony, device=device),
                )
        except (RuntimeError, AssertionError) as error:  # torch asserts that it was built with CUDA
            weights.network.to("cpu")
            reason = str(error).partition("\n")[0]
            raise DeviceError(f"the device {name} cannot be used: {reason}", USE_CPU) from error
    return device


def _cuda_is_there() -> bool:
    with warnings.catch_warnings():  # torch warns of drivers too old, where the answer says it all
        warnings.simplefilter("ignore")
        return torch.cuda.is_available()


def _is_out_of_memory(error: RuntimeError) -> bool:
    """True for CUDA's own class, and for Apple's GPU, which has none."""
    return isinstance(error, torch.OutOfMemoryError) or "out of memory" in str(error).lower()


def _usable_cores() -> int:
    """Cores this process may use, which a container may hold below what the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def _one_core_each() -> Iterator[None]:
    """Let torch's operations use one core each, in threads started within."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
