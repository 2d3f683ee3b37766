"""The sound space: sound vectors of three blocks of descriptors, each standardized and partially whitened.

The embedding of an emotion network alone does not measure similarity well: it loses what does not matter to
emotion (neural regression collapse, Andriopoulos et al., NeurIPS 2024). So there are three blocks: the fused
values of the network (the paper, section 3.F), statistics of the features over time, and the embedding. Each
is z-scored, rotated to its principal axes, and each axis is divided by a power of its SD: full whitening
would amplify noise, and none would let a few axes dominate. All matrices are fitted once, to one collection
of music, and stored in the weights file, so that adding a track never changes another's vector, and a model
id identifies its space too. Torch is not needed.
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
from musimo.records import Descriptors, FloatArray

PREFIX = "space."  # of its tensors in a weights file
DIGEST = "space"  # key of their digest in the file's metadata
N_AXES = 128  # of each block: better than 64 on music the axes were not fitted to
WHITENING = 0.75  # exponent of an axis's SD that divides it: 0 is none, 1 full whitening; 0.5 was worse
ROUNDING = 1e-6  # relative SD below which an axis is only float32 rounding

NO_SPACE = "fit one to a folder of music: scripts/fit_space.py FOLDER --weights FILE --out FOLDER"


@dataclass(frozen=True, slots=True)
class BlockTransform:
    """Transform of one block: ``((x - mean) * scale) @ axes``.

    Kept by hand instead of scikit-learn's PCA, which is not needed to scan or ask.

    Parameters
    ----------
    mean, scale : [shape=(d,)]; the scale is 1 / SD, and 0 where a value is constant
    axes : [shape=(d, k)], partially whitened; exact in float16, as they are stored
    """

    mean: FloatArray
    scale: FloatArray
    axes: FloatArray

    @classmethod
    def fit(cls, rows: FloatArray, k: int) -> Self:
        """Fit to ``rows`` [shape=(n, d)], with at most ``k`` principal axes."""
        wide = rows.astype(np.float64)
        mean, sd = wide.mean(axis=0), wide.std(axis=0)
        scale = 1 / np.where(sd > 0, sd, np.inf)
        _, singular, axes = np.linalg.svd((wide - mean) * scale, full_matrices=False)
        spread = singular[:k] / np.sqrt(len(rows))
        kept = spread > spread[0] * ROUNDING
        whitened = axes[:k][kept].T / spread[kept] ** WHITENING
        return cls(
            mean.astype(np.float32),
            scale.astype(np.float32),
            np.ascontiguousarray(whitened).astype(np.float16).astype(np.float32),
        )

    def transform(self, rows: FloatArray) -> FloatArray:
        """Transform rows [shape=(n, d)] to the axes [shape=(n, k)]. Linear: it commutes with means."""
        return np.asarray(((rows - self.mean) * self.scale) @ self.axes, np.float32)


@dataclass(frozen=True, slots=True)
class SoundSpace:
    """The space of the vectors that ``similar`` compares."""

    fused: BlockTransform
    statistics: BlockTransform
    embedding: BlockTransform

    def vectors(self, descriptors: Descriptors, mixture: Mapping[str, float]) -> FloatArray:
        """Return sound vectors [shape=(n, d)] of unit length.

        Parameters
        ----------
        descriptors : as the library stores them; their fused values are transformed already
        mixture : weight of each block; the inner product of two vectors is the weighted mean of the blocks'
            cosines. Blocks that are not named are left out.
        """
        blocks: dict[str, Callable[[], FloatArray]] = {
            "fused": lambda: descriptors.fused,
            "statistics": lambda: self.statistics.transform(descriptors.statistics),
            "embedding": lambda: self.embedding.transform(descriptors.embedding),
        }
        if not len(descriptors.embedding):
            return np.empty((0, sum(getattr(self, name).axes.shape[1] for name in mixture)), np.float32)
        return _combine({name: unit(blocks[name]()) for name in mixture}, mixture)

    @property
    def width(self) -> int:
        """Length of the three blocks together."""
        return sum(getattr(self, block.name).axes.shape[1] for block in fields(SoundSpace))

    def block_vectors(self, descriptors: Descriptors) -> FloatArray:
        """Return the unit vectors of each block, side by side [shape=(n, width)]."""
        statistics = self.statistics.transform(descriptors.statistics)
        embedding = self.embedding.transform(descriptors.embedding)
        return np.concatenate([unit(descriptors.fused), unit(statistics), unit(embedding)], axis=1)

    def combine(self, vectors: FloatArray, mixture: Mapping[str, float]) -> FloatArray:
        """Compute `vectors` from `block_vectors` [shape=(n, width)], even rounded ones."""
        widths = [getattr(self, block.name).axes.shape[1] for block in fields(SoundSpace)]
        parts = np.split(vectors, np.cumsum(widths)[:-1], axis=1)
        blocks = {block.name: unit(part) for block, part in zip(fields(SoundSpace), parts, strict=True)}
        return _combine(blocks, mixture)

    def tensors(self) -> dict[str, FloatArray]:
        """Return the tensors that a weights file stores."""
        return {
            f"{PREFIX}{block.name}.{part.name}": getattr(getattr(self, block.name), part.name)
            for block in fields(SoundSpace)
            for part in fields(BlockTransform)
        }

    def digest(self) -> str:
        """Return a digest of the tensors, eight hexadecimal digits."""
        digest = hashlib.sha256()
        for name, tensor in sorted(self.tensors().items()):
            digest.update(f"{name} {tensor.shape}\n".encode())
            digest.update(np.ascontiguousarray(tensor, "<f4").tobytes())
        return digest.hexdigest()[:8]


def fit_space(
    fused: FloatArray, statistics: FloatArray, embedding: FloatArray, k: int = N_AXES
) -> SoundSpace:
    """Fit a space to a collection of music, without labels.

    Use thousands of windows, or at least hundreds, of varied music, several per track if possible, each 45 s
    long, predicted by the network that the space will be stored with. Fewer windows than ``k`` give fewer
    axes.

    Parameters
    ----------
    fused : [shape=(n, 2048)], ``MaseNet.fuse`` of normalized features
    statistics : [shape=(n, 579)], :func:`musimo.audio.statistics.clip_statistics` of features as computed
    embedding : [shape=(n, 256)], of the same network, of any norm: the library stores its direction
    k : maximum number of axes of each block
    """
    return SoundSpace(
        BlockTransform.fit(fused, k),
        BlockTransform.fit(statistics, k),
        BlockTransform.fit(unit(embedding), k),
    )


def other_weights() -> str:
    """Return the hint of errors of a weights file."""
    from musimo.installation import installation

    return f"use other weights, or restore those of musimo: {installation().restore()}"


def load_space(path: Path) -> SoundSpace:
    """Read the space of a weights file, without its network.

    Raises
    ------
    WeightsError : the file is missing or damaged, or contains no space
    """
    if not path.is_file():
        raise WeightsError(f"there is no weights file {path}", other_weights())
    try:
        with safe_open(path, "numpy") as file:
            digest = (file.metadata() or {}).get(DIGEST, "")
            names = [name for name in file.keys() if name.startswith(PREFIX)]  # noqa: SIM118
            tensors = {name: file.get_tensor(name) for name in names}
    except (SafetensorError, OSError) as error:
        raise WeightsError(f"{path} is not a complete safetensors file: {error}", other_weights()) from error
    return space_from_tensors(path, tensors, digest)


def space_from_tensors(path: Path, tensors: Mapping[str, FloatArray], digest: str) -> SoundSpace:
    """Return the space of a weights file from its stored tensors; errors as in `load_space`."""
    if not tensors:
        raise WeightsError(f"{path} contains a network without a sound space", NO_SPACE)
    try:
        space = SoundSpace(
            *(
                BlockTransform(
                    *(
                        tensors[f"{PREFIX}{block.name}.{part.name}"].astype(np.float32)
                        for part in fields(BlockTransform)
                    )
                )
                for block in fields(SoundSpace)
            )
        )
    except KeyError as error:
        raise _damaged(path) from error
    if digest != space.digest() or not all(np.isfinite(tensor).all() for tensor in space.tensors().values()):
        raise _damaged(path)
    return space


def _damaged(path: Path) -> WeightsError:
    return WeightsError(f"the sound space in {path} is damaged", other_weights())


def _combine(blocks: Mapping[str, FloatArray], mixture: Mapping[str, float]) -> FloatArray:
    parts = [blocks[name] * np.float32(np.sqrt(weight)) for name, weight in mixture.items()]
    return unit(np.concatenate(parts, axis=1))


def unit(rows: ArrayLike) -> FloatArray:
    """Normalize rows to unit length [shape=(n, d)]; rows of zeros stay zero."""
    matrix = np.asarray(rows, np.float32)
    if not len(matrix):
        return np.empty((0, 0), np.float32)
    lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
    return np.asarray(matrix / np.where(lengths > 0, lengths, 1), np.float32)
