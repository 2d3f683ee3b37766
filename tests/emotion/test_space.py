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


def distances(rows: np.ndarray) -> np.ndarray:
    first, second = np.triu_indices(len(rows), 1)
    return np.asarray(np.linalg.norm(rows[first] - rows[second], axis=1))


def test_further_axes_follow_what_is_wanted() -> None:
    """Targets are a linear function of the rows, so that a regression recovers them."""
    rows = 3 * normal(600, 9) + 50
    targets = rows @ normal(9, 3, seed=4)
    own = BlockTransform.fit(rows, k=2)
    both = own.extended(rows, targets, k=3)
    assert both.axes.shape == (9, 2 + 3)
    np.testing.assert_array_equal(both.axes[:, :2], own.axes)
    np.testing.assert_array_equal(both.axes, both.axes.astype(np.float16))
    asked = 3 * normal(60, 9, seed=5) + 50
    wanted = BlockTransform.fit(targets, k=3).transform(asked @ normal(9, 3, seed=4))
    of_own, further = np.split(both.transform(asked), [2], axis=1)
    assert np.corrcoef(distances(further), distances(wanted))[0, 1] > 0.99
    assert np.corrcoef(distances(of_own), distances(wanted))[0, 1] < 0.8


def test_further_axes_have_equal_weight() -> None:
    rows = normal(300, 9)
    both = BlockTransform.fit(rows, k=4).extended(rows, 1000 * normal(300, 5, seed=7), k=5)
    lengths = [np.linalg.norm(part, axis=1).mean() for part in np.split(both.transform(rows), [4], axis=1)]
    assert lengths[1] == pytest.approx(lengths[0], rel=2e-3)  # axes have 11 bits


def test_a_wanted_value_that_never_varies_has_no_say() -> None:
    rows, targets = normal(200, 6), normal(200, 2, seed=7)
    targets[:, 1] = 5
    both = BlockTransform.fit(rows, k=3).extended(rows, targets, k=2)
    assert both.axes.shape == (6, 3 + 1)
    assert np.isfinite(both.axes).all()


def test_a_teacher_extends_the_fused_block_alone() -> None:
    fused, statistics, embedding = (normal(40, d) for d in (20, 9, 6))
    plain = fit_space(fused, statistics, embedding, 3)
    taught = fit_space(fused, statistics, embedding, 3, teacher=normal(40, 8, seed=9))
    assert taught.fused.axes.shape == (20, 6)
    assert taught.width == plain.width + 3
    for name in ("statistics", "embedding"):
        np.testing.assert_array_equal(getattr(taught, name).axes, getattr(plain, name).axes)


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
