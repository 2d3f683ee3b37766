"""Where sounds lie to one another: three blocks of numbers, each z-scored and whitened in part.

The embedding of an emotion network alone is a poor ear: what does not matter to mood it forgets (neural
regression collapse, Andriopoulos et al., NeurIPS 2024). So the space has three blocks: the fused values of
the network (the paper, section 3.F), statistics of the features over time, and that embedding. Each is
z-scored, turned to its principal axes, and each axis is divided by a power of its standard deviation:
whitening in full would give noise the weight of music, and none would let a few axes decide alone. All
matrices come from one collection and lie in the weights file, so that adding a track never moves another,
and a model id names its space too. Nothing here needs torch.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from safetensors import SafetensorError, safe_open

from musimo.errors import WeightsError
from musimo.installation import installation
from musimo.records import Descriptors, FloatArray

PREFIX = "space."  # of its tensors in a weights file
DIGEST = "space"  # where the file's metadata name their digest
N_AXES = 128  # of each block: better than 64 on music the axes were not fitted to
WHITENING = 0.75  # power of an axis's SD that divides it: 0 leaves it, 1 whitens in full; 0.5 did less well
ROUNDING = 1e-6  # beyond float32, an axis this much shorter than the first is rounding

OTHER_WEIGHTS = f"use other weights, or restore those of musimo: {installation().restore()}"
NO_SPACE = "fit one to a folder of music: scripts/fit_space.py FOLDER --weights FILE --out FOLDER"


@dataclass(frozen=True, slots=True)
class Block:
    """How one kind of numbers enters the space: ``((x - mean) * scale) @ axes``.

    Parameters
    ----------
    mean, scale : (d,); the scale is 1 / SD, and 0 where nothing ever varied
    axes : (d, k), whitened in part; exact in float16, as they are stored
    """

    mean: FloatArray
    scale: FloatArray
    axes: FloatArray

    @classmethod
    def fit(cls, rows: FloatArray, k: int) -> Self:
        """Principal axes of z-scored ``rows`` [shape=(n, d)], at most ``k`` of them."""
        wide = rows.astype(np.float64)
        mean, sd = wide.mean(axis=0), wide.std(axis=0)
        scale = 1 / np.where(sd > 0, sd, np.inf)
        _, singular, axes = np.linalg.svd((wide - mean) * scale, full_matrices=False)
        spread = singular[:k] / np.sqrt(len(rows))
        kept = spread > spread[0] * ROUNDING
        turned = axes[:k][kept].T / spread[kept] ** WHITENING
        return cls(
            mean.astype(np.float32),
            scale.astype(np.float32),
            np.ascontiguousarray(turned).astype(np.float16).astype(np.float32),
        )

    def coordinates(self, rows: FloatArray) -> FloatArray:
        """Rows [shape=(n, d)] in this block's axes [shape=(n, k)]; linear, so that a mean's are the mean."""
        return np.asarray(((rows - self.mean) * self.scale) @ self.axes, np.float32)


@dataclass(frozen=True, slots=True)
class SoundSpace:
    """The space in which ``similar`` measures."""

    fused: Block
    statistics: Block
    embedding: Block

    def vectors(self, sounds: Descriptors, mixture: Mapping[str, float]) -> FloatArray:
        """Places of sounds [shape=(n, d)], unit length: their inner product is their similarity.

        Parameters
        ----------
        sounds : as the library keeps them; its fused values are coordinates already
        mixture : weight of each block; the inner product of two places is the mean of the blocks' cosines,
            so weighted. A block that is not named has no part.
        """
        blocks: dict[str, Callable[[], FloatArray]] = {
            "fused": lambda: sounds.fused,
            "statistics": lambda: self.statistics.coordinates(sounds.statistics),
            "embedding": lambda: self.embedding.coordinates(sounds.embedding),
        }
        if not len(sounds.embedding):
            return np.empty((0, sum(getattr(self, name).axes.shape[1] for name in mixture)), np.float32)
        return _mixed({name: unit(blocks[name]()) for name in mixture}, mixture)

    @property
    def width(self) -> int:
        """Numbers of a place in all three blocks."""
        return sum(getattr(self, block.name).axes.shape[1] for block in fields(SoundSpace))

    def unmixed(self, sounds: Descriptors) -> FloatArray:
        """Places of sounds in each block, of unit length, side by side [shape=(n, width)]."""
        statistics = self.statistics.coordinates(sounds.statistics)
        embedding = self.embedding.coordinates(sounds.embedding)
        return np.concatenate([unit(sounds.fused), unit(statistics), unit(embedding)], axis=1)

    def mixed(self, places: FloatArray, mixture: Mapping[str, float]) -> FloatArray:
        """As :meth:`vectors`, of what :meth:`unmixed` told [shape=(n, width)], even if it was rounded."""
        widths = [getattr(self, block.name).axes.shape[1] for block in fields(SoundSpace)]
        parts = np.split(places, np.cumsum(widths)[:-1], axis=1)
        blocks = {block.name: unit(part) for block, part in zip(fields(SoundSpace), parts, strict=True)}
        return _mixed(blocks, mixture)

    def tensors(self) -> dict[str, FloatArray]:
        """What a weights file holds of it: matrices to be stored as float16, vectors as float32."""
        return {
            f"{PREFIX}{block.name}.{part.name}": getattr(getattr(self, block.name), part.name)
            for block in fields(SoundSpace)
            for part in fields(Block)
        }

    def digest(self) -> str:
        """Eight hexadecimal digits that follow from its tensors."""
        digest = hashlib.sha256()
        for name, tensor in sorted(self.tensors().items()):
            digest.update(f"{name} {tensor.shape}\n".encode())
            digest.update(np.ascontiguousarray(tensor, "<f4").tobytes())
        return digest.hexdigest()[:8]


def fit_space(
    fused: FloatArray, statistics: FloatArray, embedding: FloatArray, k: int = N_AXES
) -> SoundSpace:
    """The space of a collection of music.

    What it needs: clips by the thousand, or at least by the hundred, of much different music, several of each
    track if they are at hand, all heard as long as a scan hears (45 s), through the network whose file the
    space will lie in. No label has a part in it. Of fewer clips than ``k`` it has fewer axes.

    Parameters
    ----------
    fused : (n, 2048), ``MaseNet.fuse`` of normalised features
    statistics : (n, 579), :func:`musimo.audio.statistics.clip_statistics` of features as they are
    embedding : (n, 256), of the same network, of any length: the direction is what a library keeps
    k : most axes of each block
    """
    return SoundSpace(Block.fit(fused, k), Block.fit(statistics, k), Block.fit(unit(embedding), k))


def load_space(path: Path) -> SoundSpace:
    """Only the space of a weights file, without its network and without torch.

    Raises
    ------
    WeightsError : the file is missing or damaged, or holds a network without a space
    """
    if not path.is_file():
        raise WeightsError(f"there is no weights file {path}", OTHER_WEIGHTS)
    try:
        with safe_open(path, "numpy") as file:
            digest = (file.metadata() or {}).get(DIGEST, "")
            names = [name for name in file.keys() if name.startswith(PREFIX)]  # noqa: SIM118
            tensors = {name: file.get_tensor(name) for name in names}
    except (SafetensorError, OSError) as error:
        raise WeightsError(f"{path} is no whole safetensors file: {error}", OTHER_WEIGHTS) from error
    return space_from_tensors(path, tensors, digest)


def space_from_tensors(path: Path, tensors: Mapping[str, FloatArray], digest: str) -> SoundSpace:
    """The space of a weights file, from its tensors as they are stored; errors as of `load_space`."""
    if not tensors:
        raise WeightsError(f"{path} holds a network, but not the space in which its sounds lie", NO_SPACE)
    damaged = WeightsError(f"the sound space in {path} is damaged", OTHER_WEIGHTS)
    try:
        space = SoundSpace(
            *(
                Block(
                    *(
                        tensors[f"{PREFIX}{block.name}.{part.name}"].astype(np.float32)
                        for part in fields(Block)
                    )
                )
                for block in fields(SoundSpace)
            )
        )
    except KeyError as error:
        raise damaged from error
    if digest != space.digest() or not all(np.isfinite(tensor).all() for tensor in space.tensors().values()):
        raise damaged
    return space


def _mixed(blocks: Mapping[str, FloatArray], mixture: Mapping[str, float]) -> FloatArray:
    parts = [blocks[name] * np.float32(np.sqrt(weight)) for name, weight in mixture.items()]
    return unit(np.concatenate(parts, axis=1))


def unit(rows: ArrayLike) -> FloatArray:
    """Rows of unit length [shape=(n, d)]; rows of zeros stay zero."""
    matrix = np.asarray(rows, np.float32)
    if not len(matrix):
        return np.empty((0, 0), np.float32)
    lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
    return np.asarray(matrix / np.where(lengths > 0, lengths, 1), np.float32)
