"""The space of sounds: axes on paper, files that refuse damage, places that do not depend on neighbours."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from musimo.errors import WeightsError
from musimo.records import FloatArray
from musimo.resources import space_path, weights_path
from musimo.search.space import Block, SoundSpace, unit


def normal(n: int, d: int, seed: int = 0) -> FloatArray:
    return np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32)


@pytest.fixture
def space() -> SoundSpace:
    return SoundSpace.fit("net-1", normal(40, 6), normal(40, 9, seed=1), k=4)


def test_an_axis_is_half_whitened() -> None:
    """Two columns that always agree make one axis of SD √2, which is left at 2^(1/4)."""
    column = np.array([-1.0, 1.0, -1.0, 1.0])
    alone = np.array([-1.0, -1.0, 1.0, 1.0])
    rows = np.stack([3 * column + 7, 0.1 * column, alone], axis=1).astype(np.float32)
    block = Block.fit(rows, k=3)
    spread = ((rows - block.mean) @ block.axes).std(axis=0)
    np.testing.assert_allclose(spread, [2**0.25, 1], rtol=1e-5)


def test_what_never_varies_has_no_say() -> None:
    rows = normal(20, 3)
    rows[:, 1] = 5
    block = Block.fit(rows, k=3)
    assert block.axes.shape == (3, 2)
    moved = rows.copy()
    moved[:, 1] = 500
    np.testing.assert_array_equal(block.place(rows), block.place(moved))


def test_both_blocks_weigh_the_same(space: SoundSpace) -> None:
    vectors = space.vectors(normal(5, 6, seed=2), 1000 * normal(5, 9, seed=3))
    assert vectors.shape == (5, 8)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, rtol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(vectors[:, :4], axis=1), np.sqrt(0.5), rtol=1e-6)


def test_one_sound_lies_where_it_lies_among_many(space: SoundSpace) -> None:
    embeddings, statistics = normal(5, 6, seed=2), normal(5, 9, seed=3)
    together = space.vectors(embeddings, statistics)
    np.testing.assert_allclose(space.vector(embeddings[3], statistics[3]), together[3], atol=1e-6)


def test_no_sounds_have_no_places(space: SoundSpace) -> None:
    assert space.vectors(np.empty((0, 0), np.float32), np.empty((0, 0), np.float32)).shape == (0, 8)
    assert unit([]).shape == (0, 0)
    np.testing.assert_array_equal(unit([np.zeros(3, np.float32)]), np.zeros((1, 3)))


def test_a_file_gives_back_the_very_space(space: SoundSpace, tmp_path: Path) -> None:
    path = space.save(tmp_path)
    loaded = SoundSpace.load(path, "net-1")
    assert path.stem == loaded.id == space.id
    embeddings, statistics = normal(5, 6, seed=2), normal(5, 9, seed=3)
    np.testing.assert_array_equal(
        loaded.vectors(embeddings, statistics), space.vectors(embeddings, statistics)
    )


def test_a_file_that_would_lie_is_refused(space: SoundSpace, tmp_path: Path) -> None:
    path = space.save(tmp_path)
    with pytest.raises(WeightsError, match="was made for net-1, the network in use is net-2"):
        SoundSpace.load(path, "net-2")
    with pytest.raises(WeightsError, match="damaged or was renamed"):
        SoundSpace.load(path.rename(tmp_path / "space-00000000.safetensors"), "net-1")
    broken = tmp_path / "space-00000001.safetensors"
    broken.write_bytes(b"\x80\x04not safetensors")
    with pytest.raises(WeightsError, match="no whole space"):
        SoundSpace.load(broken, "net-1")
    with pytest.raises(WeightsError, match="no whole space"):
        SoundSpace.load(tmp_path / "absent.safetensors", "net-1")


def test_the_shipped_space_fits_the_shipped_network() -> None:
    space = SoundSpace.load(space_path(), weights_path().stem)
    assert (space.embedding.mean.shape, space.statistics.mean.shape) == ((256,), (579,))
