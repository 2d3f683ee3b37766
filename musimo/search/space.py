"""Where sounds lie to one another: blocks of numbers, each centred and half-whitened, side by side.

The embedding of an emotion network alone is a poor ear: what does not matter to mood it forgets (neural
regression collapse, Andriopoulos et al., NeurIPS 2024). So a sound's vector has two blocks: that embedding,
and statistics of the features over time. Each is z-scored, turned to its principal axes, and each axis is
divided by the square root of its standard deviation: whitening in full would give noise the weight of music,
and none would let a few axes decide alone. All matrices come from one collection and ship with the network,
so that adding a track never moves another.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from musimo.atomic import write_atomically
from musimo.errors import WeightsError
from musimo.records import FloatArray

REINSTALL = "install musimo again: pip install --force-reinstall musimo"


@dataclass(frozen=True, slots=True)
class Block:
    """How one kind of numbers enters the space: ``(x - mean) @ axes``, at unit length.

    Parameters
    ----------
    mean : (d,)
    axes : (d, k), scaled so that each axis is half-whitened
    """

    mean: FloatArray
    axes: FloatArray

    @classmethod
    def fit(cls, rows: FloatArray, k: int) -> Self:
        """Principal axes of z-scored ``rows`` [shape=(n, d)], at most ``k`` of them."""
        wide = rows.astype(np.float64)
        mean, sd = wide.mean(axis=0), wide.std(axis=0)
        scale = 1 / np.where(sd > 0, sd, np.inf)  # what never varies says nothing
        _, singular, axes = np.linalg.svd((wide - mean) * scale, full_matrices=False)
        kept = singular[:k] > singular[0] * 1e-6  # beyond float32, an axis is rounding
        spread = singular[:k][kept] / np.sqrt(len(rows))
        half_whitened = scale[:, None] * axes[:k][kept].T / np.sqrt(spread)
        return cls(mean.astype(np.float32), np.ascontiguousarray(half_whitened, np.float32))

    def place(self, rows: FloatArray) -> FloatArray:
        """Rows [shape=(n, d)] in this block's axes, unit length [shape=(n, k)]."""
        return unit((rows - self.mean) @ self.axes)


@dataclass(frozen=True, slots=True)
class SoundSpace:
    """The space in which ``similar`` measures.

    Parameters
    ----------
    id : by content; indexes carry it
    model : id of the network whose embeddings it takes
    embedding, statistics : its blocks, of equal weight
    """

    id: str
    model: str
    embedding: Block
    statistics: Block

    @classmethod
    def fit(cls, model: str, embeddings: FloatArray, statistics: FloatArray, k: int) -> Self:
        """The space of a collection, by its embeddings [shape=(n, 256)] and statistics [shape=(n, 579)]."""
        blocks = Block.fit(embeddings, k), Block.fit(statistics, k)
        return cls(_content_id(model, _tensors(*blocks)), model, *blocks)

    @classmethod
    def load(cls, path: Path, model: str) -> Self:
        """Read a space.

        Raises
        ------
        WeightsError : it is missing, damaged, renamed, or takes the embeddings of another model
        """
        try:
            with safe_open(path, "numpy") as file:
                made_for = (file.metadata() or {}).get("model", "")
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            blocks = [
                Block(tensors[f"{name}.mean"], tensors[f"{name}.axes"].astype(np.float32))
                for name in ("embedding", "statistics")
            ]
        except (SafetensorError, OSError, KeyError) as error:
            raise WeightsError(f"{path} is no whole space of sounds: {error}", REINSTALL) from error
        if path.stem != _content_id(made_for, tensors):
            raise WeightsError(f"{path} is damaged or was renamed", REINSTALL)
        if made_for != model:
            raise WeightsError(f"{path} was made for {made_for}, the network in use is {model}", REINSTALL)
        return cls(path.stem, made_for, *blocks)

    def save(self, folder: Path) -> Path:
        """Write the space into ``folder`` under the name its content asks for, and return its path."""
        path = folder / f"{self.id}.safetensors"
        write_atomically(path, save(_tensors(self.embedding, self.statistics), {"model": self.model}))
        return path

    def vectors(self, embeddings: FloatArray, statistics: FloatArray) -> FloatArray:
        """Places of sounds [shape=(n, k)], unit length: their inner product is their similarity."""
        if not len(embeddings):
            return np.empty((0, self.embedding.axes.shape[1] + self.statistics.axes.shape[1]), np.float32)
        blocks = self.embedding.place(embeddings), self.statistics.place(statistics)
        return unit(np.concatenate(blocks, axis=1))

    def vector(self, embedding: FloatArray, statistics: FloatArray) -> FloatArray:
        """Place of one sound [shape=(k,)]."""
        placed: FloatArray = self.vectors(embedding[None], statistics[None])[0]
        return placed


def unit(rows: ArrayLike) -> FloatArray:
    """Rows of unit length [shape=(n, d)]; rows of zeros stay zero."""
    matrix = np.asarray(rows, np.float32)
    if not len(matrix):
        return np.empty((0, 0), np.float32)
    lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
    return np.asarray(matrix / np.where(lengths > 0, lengths, 1), np.float32)


def _tensors(embedding: Block, statistics: Block) -> dict[str, FloatArray]:
    """What is stored."""
    return {
        "embedding.mean": embedding.mean,
        "embedding.axes": embedding.axes,
        "statistics.mean": statistics.mean,
        "statistics.axes": statistics.axes,
    }


def _content_id(model: str, tensors: Mapping[str, FloatArray]) -> str:
    digest = hashlib.sha256(model.encode())
    for name in sorted(tensors):
        digest.update(f"{name} {tensors[name].shape}\n".encode())
        digest.update(np.ascontiguousarray(tensors[name]).tobytes())
    return f"space-{digest.hexdigest()[:8]}"
