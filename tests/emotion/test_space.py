"""The sound space: axes computed by hand, damage refused, vectors independent of other tracks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from musimo.emotion.space import WHITENING, BlockTransform, SoundSpace, fit_space, load_space, unit
from musimo.errors import WeightsError
from musimo.records import Descriptors
from musimo.resources import weights_path
from tests.spaces import normal, some_space

BOTH = {"statistics": 1.0, "fused": 0.5, "embedding": 0.5}


def sounds(n: int, seed: int = 2) -> Descriptors:
    return Descriptors(normal(n, 6, seed), 1000 * normal(n, 9, seed + 1), normal(n, 3, seed + 2))


@pytest.fixture
def space() -> SoundSpace:
    return some_space(20, 9, 6)


def test_an_axis_is_whitened_in_part() -> None:
    """Two columns that always agree make one axis of SD √2, of which the power that is left remains."""
    column = np.array([-1.0, 1.0, -1.0, 1.0])
    alone = np.array([-1.0, -1.0, 1.0, 1.0])
    rows = np.stack([3 * column + 7, 0.1 * column, alone], axis=1).astype(np.float32)
    block = BlockTransform.fit(rows, k=3)
    spread = block.transform(rows).std(axis=0)
    np.testing.assert_allclose(spread, [2 ** ((1 - WHITENING) / 2), 1], rtol=1e-3)  # float16 has 11 bits


def test_what_never_varies_has_no_say() -> None:
    rows = normal(20, 3)
    rows[:, 1] = 5
    block = BlockTransform.fit(rows, k=3)
    assert block.axes.shape == (3, 2)
    moved = rows.copy()
    moved[:, 1] = 500
    np.testing.assert_array_equal(block.transform(rows), block.transform(moved))


def test_fewer_rows_than_axes_give_fewer_axes() -> None:
    assert BlockTransform.fit(normal(5, 30), k=16).axes.shape == (30, 4)


def test_coordinates_of_a_mean_are_the_mean_of_coordinates() -> None:
    block, rows = BlockTransform.fit(normal(40, 9), k=4), normal(3, 9, seed=5)
    np.testing.assert_allclose(
        block.transform(rows.mean(axis=0)[None])[0], block.transform(rows).mean(axis=0), atol=1e-6
    )


def test_similarity_is_the_weighted_mean_of_the_blocks(space: SoundSpace) -> None:
    pair = sounds(2)
    alone = [space.vectors(pair, {name: 1.0}) for name in BOTH]
    cosines = [float(a @ b) for a, b in alone]
    a, b = space.vectors(pair, BOTH)
    assert float(a @ b) == pytest.approx(np.average(cosines, weights=[*BOTH.values()]), abs=1e-6)
    np.testing.assert_allclose(np.linalg.norm(a), 1, rtol=1e-6)
    np.testing.assert_allclose(alone[1], unit(pair.fused), atol=1e-6)


def test_a_louder_embedding_is_the_same_embedding(space: SoundSpace) -> None:
    fused, statistics, embedding = (normal(40, d) for d in (20, 9, 6))
    soft, loud = (fit_space(fused, statistics, gain * embedding, 3) for gain in (1, 7))
    np.testing.assert_allclose(loud.embedding.mean, soft.embedding.mean, atol=1e-6)


def test_a_vector_does_not_depend_on_others(space: SoundSpace) -> None:
    many = sounds(5)
    one = Descriptors(many.embedding[3:4], many.statistics[3:4], many.fused[3:4])
    np.testing.assert_allclose(space.vectors(one, BOTH)[0], space.vectors(many, BOTH)[3], atol=1e-6)


def test_block_vectors_combine_to_every_mixture(space: SoundSpace) -> None:
    some = replace(sounds(7), fused=normal(7, 3))
    kept = space.block_vectors(some)
    assert kept.shape == (7, space.width) == (7, 9)
    for mixture in (BOTH, {"embedding": 1.0}, {"statistics": 1.0, "fused": 1.0}):
        vectors = space.vectors(some, mixture)
        np.testing.assert_allclose(space.combine(kept, mixture), vectors, atol=1e-6)
        rounded = kept.astype(np.float16).astype(np.float32)  # 11 bits of numbers up to 1
        again = space.combine(rounded, mixture)
        np.testing.assert_allclose((again * vectors).sum(axis=1), 1, atol=1e-6)
        np.testing.assert_allclose(again @ again.T, vectors @ vectors.T, atol=1e-3)


def test_no_descriptors_give_no_vectors(space: SoundSpace) -> None:
    nothing = np.empty((0, 0), np.float32)
    assert space.vectors(Descriptors(nothing, nothing, nothing), BOTH).shape == (0, 9)
    assert unit([]).shape == (0, 0)
    np.testing.assert_array_equal(unit([np.zeros(3, np.float32)]), np.zeros((1, 3)))


def write(path: Path, space: SoundSpace, digest: str | None = None) -> Path:
    """A file as weights files hold a space, without a network."""
    tensors = {
        name: part.astype(np.float16 if part.ndim > 1 else np.float32)
        for name, part in space.tensors().items()
    }
    save_file(tensors, path, {"space": space.digest() if digest is None else digest})
    return path


def test_a_file_gives_back_the_very_space(space: SoundSpace, tmp_path: Path) -> None:
    loaded = load_space(write(tmp_path / "net.safetensors", space))
    for name, part in space.tensors().items():
        np.testing.assert_array_equal(loaded.tensors()[name], part)


def refused(path: Path, words: str) -> None:
    with pytest.raises(WeightsError, match=words) as caught:
        load_space(path)
    assert path.name in caught.value.message
    assert caught.value.hint


def test_a_file_that_would_lie_is_refused(space: SoundSpace, tmp_path: Path) -> None:
    path = tmp_path / "net.safetensors"
    refused(path, "there is no weights file")
    refused(write(path, space, "00000000"), "is damaged")
    broken = replace(space, fused=replace(space.fused, mean=np.full(20, np.nan, np.float32)))
    refused(write(path, broken), "is damaged")
    tensors = load_file(write(path, space))
    del tensors["space.fused.mean"]
    save_file(tensors, path, {"space": space.digest()})
    refused(path, "is damaged")
    save_file({"dense1.linear.weight": np.zeros((2, 2), np.float16)}, path)
    refused(path, "without a sound space")
    path.write_bytes(b"\x80\x04not safetensors")
    refused(path, "not a complete safetensors file")


def test_the_space_that_ships_has_its_axes_and_is_read_alone() -> None:
    space = load_space(weights_path())
    shapes = [block.axes.shape for block in (space.statistics, space.fused, space.embedding)]
    assert shapes == [(579, 128), (2048, 128), (256, 128)]
    with safe_open(weights_path(), "numpy") as file:
        assert file.metadata()["space"] == space.digest()
