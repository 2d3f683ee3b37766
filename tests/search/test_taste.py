"""A few tracks that stand for many."""

from __future__ import annotations

import numpy as np

from musimo.emotion.space import unit
from musimo.records import FloatArray
from musimo.search.index import Header
from musimo.search.query import nearest_sounds
from musimo.search.space import query_vectors
from musimo.search.taste import MOST, representatives
from tests.indexes import index_of


def around(centres: FloatArray, n: int, seed: int = 0) -> FloatArray:
    """Unit vectors in clouds, one around each centre, one cloud after the other."""
    rng = np.random.default_rng(seed)
    return unit(np.repeat(centres, n, axis=0) + rng.normal(0, 0.1, (n * len(centres), centres.shape[1])))


def test_few_stand_for_themselves() -> None:
    places = around(np.eye(4, dtype=np.float32), 2)
    assert representatives(places).tolist() == [*range(8)]
    assert representatives(places[:1]).tolist() == [0]


def test_every_corner_of_a_taste_has_its_own() -> None:
    chosen = representatives(around(np.eye(4, dtype=np.float32), 25), most=4)
    assert (chosen // 25).tolist() == [0, 1, 2, 3]


def test_a_stranger_comes_after_what_stands_for_many() -> None:
    crowd = around(np.eye(3, dtype=np.float32)[:2], 20)
    stranger = np.array([[0, 0, -1]], np.float32)
    assert 40 not in representatives(np.concatenate([crowd, stranger]), most=2)
    assert 40 in representatives(np.concatenate([crowd, stranger]), most=10)


def test_hundreds_of_seeds_are_asked_of_the_index_by_a_few() -> None:
    clouds = around(np.eye(6, dtype=np.float32), 100)
    index = index_of(np.arange(600), clouds, Header("m", "cosine", 1))
    asked: list[int] = []

    class Counting:
        header = index.header
        vectors = index.vectors

        def __len__(self) -> int:
            return len(index)

        def search(self, vector: FloatArray, *rest: object) -> object:
            asked.append(1)
            return index.search(vector, *rest)  # type: ignore[arg-type]

    seeds = query_vectors(clouds[:300])  # of three clouds out of six
    ranked = [id_ for id_, _ in nearest_sounds(Counting(), seeds, seeds[:0])]  # type: ignore[arg-type]
    assert sorted(ranked) == [*range(600)]
    assert max(ranked[:200]) < 300
    assert {id_ // 100 for id_ in ranked[:50]} == {0, 1, 2}
    assert len(asked) % MOST == 0
