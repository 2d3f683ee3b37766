"""Rankings: of one seed, of several, away from what is not wanted; on paper where they can be."""

from __future__ import annotations

from itertools import islice, pairwise
from math import cos, dist, radians

import numpy as np
import pytest

from musimo.emotion.space import unit
from musimo.records import FloatArray
from musimo.search.faiss_index import FaissIndex
from musimo.search.index import Header
from musimo.search.query import FIRST_SEARCH, nearest_moods, nearest_sounds
from musimo.search.space import Ids, query_vectors
from tests.indexes import index_of

COSINE, EUCLIDEAN = Header("m", "cosine", 1), Header("m", "euclidean", 1)
NOTHING = np.empty((0, 0), np.float32)


def at(*degrees: float) -> FloatArray:
    """Unit vectors of the plane."""
    angles = np.radians(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def asked(*degrees: float) -> FloatArray:
    """Query vectors at angles of the plane."""
    return query_vectors(at(*degrees))


def circle(*degrees: int) -> FaissIndex:
    """Sounds around a circle, each under its angle as its id."""
    return index_of(np.array(degrees, np.int64), at(*degrees), COSINE)


def ids(rows: object) -> list[int]:
    return [row[0] for row in rows]  # type: ignore[attr-defined]


def test_one_seed_is_ranked_by_cosine() -> None:
    ranked = list(nearest_sounds(circle(10, 50, 80, 95, 170), asked(0), NOTHING))
    assert ids(ranked) == [10, 50, 80, 95, 170]
    shown = [similarity for _, similarity in ranked]
    assert shown == pytest.approx([cos(radians(10)), cos(radians(50)), cos(radians(80)), 0, 0], abs=1e-6)
    assert min(shown) >= 0, "similarity is 0..1"


def test_several_seeds_agree_on_what_one_of_them_likes_and_not_on_the_middle() -> None:
    """Seeds at 0° and 90°. The sum of 1 / (60 + rank) is, for the pairs, 1/61 + 1/71, 1/62 + 1/70, … and for
    the sound at 45°, which the mean of the seeds would put first, 2/66: the least of all.
    """
    index = circle(2, 4, 6, 8, 10, 45, 80, 82, 84, 86, 88)
    ranked = list(nearest_sounds(index, asked(0, 90), NOTHING))
    assert ids(ranked) == [2, 88, 4, 86, 6, 84, 8, 82, 10, 80, 45]
    assert ranked[0][1] == pytest.approx((cos(radians(2)) + cos(radians(88))) / 2, abs=1e-6)


def test_a_sound_both_seeds_like_best_comes_first() -> None:
    assert ids(nearest_sounds(circle(5, 100, 200, 300), asked(0, 10), NOTHING))[0] == 5


def test_what_is_similar_to_something_unwanted_comes_later() -> None:
    index = circle(10, 348, 40)
    assert ids(nearest_sounds(index, asked(0), NOTHING)) == [10, 348, 40]
    assert ids(nearest_sounds(index, asked(0), asked(20))) == [348, 10, 40]
    assert ids(nearest_sounds(index, asked(0), asked(200)))[0] == 10, (
        "the opposite of a track is no track to flee"
    )
    assert ids(nearest_sounds(index, asked(0, 350), asked(348)))[-1] == 348


@pytest.mark.parametrize("n_seeds", [1, 3])
@pytest.mark.parametrize("n_unwanted", [0, 2])
def test_every_sound_is_yielded_once_however_many_there_are(n_seeds: int, n_unwanted: int) -> None:
    content, vectors = many(3000)
    index = index_of(content, vectors, COSINE)
    unwanted = query_vectors(vectors[10 : 10 + n_unwanted]) if n_unwanted else NOTHING
    yielded = ids(nearest_sounds(index, query_vectors(vectors[:n_seeds]), unwanted))
    assert len(yielded) == 3000
    assert set(yielded) == set(content.tolist())


def test_one_seed_is_ranked_to_the_end_of_the_library() -> None:
    content, vectors = many(3000)
    index = index_of(content, vectors, COSINE)
    yielded = ids(nearest_sounds(index, query_vectors(vectors[:1]), NOTHING))
    similarity = dict(zip(content.tolist(), vectors @ vectors[0], strict=True))
    assert all(similarity[a] >= similarity[b] - 1e-6 for a, b in pairwise(yielded))


def test_only_what_is_allowed_is_yielded() -> None:
    content, vectors = many(3000)
    index = index_of(content, vectors, COSINE)
    allowed = np.concatenate([content[::4], np.arange(10**6, 10**6 + 100)])
    for seeds in (query_vectors(vectors[:1]), query_vectors(vectors[:2])):
        yielded = ids(nearest_sounds(index, seeds, NOTHING, allowed))
        assert sorted(yielded) == sorted(content[::4].tolist())
        assert ids(nearest_sounds(index, seeds, NOTHING, np.empty(0, np.int64))) == []


def test_no_more_is_searched_for_than_is_read() -> None:
    content, vectors = many(3000)
    asked: list[int] = []

    class Counting(FaissIndex):
        def search(self, vector: FloatArray, k: int, allowed: Ids | None = None) -> tuple[Ids, FloatArray]:
            asked.append(k)
            return super().search(vector, k, allowed)

    index = Counting(COSINE, index_of(content, vectors, COSINE).added)
    assert (
        len(list(islice(nearest_sounds(index, query_vectors(vectors[:1]), NOTHING), FIRST_SEARCH)))
        == FIRST_SEARCH
    )
    assert asked == [FIRST_SEARCH]


def test_an_empty_library_yields_nothing() -> None:
    index = index_of(np.empty(0, np.int64), np.empty((0, 0), np.float32), COSINE)
    assert list(nearest_sounds(index, asked(0), NOTHING)) == []
    assert list(nearest_sounds(index, asked(0, 1), asked(2), np.array([5], np.int64))) == []
    assert list(nearest_moods(index, 0.5, 0.5)) == []


MOODS = {1: (0.9, 0.9), 2: (0.5, 0.5), 3: (0.5, 0.1), 4: (0.1, 0.5), 5: (0.55, 0.45)}


def mood_index() -> FaissIndex:
    return index_of(np.array([*MOODS], np.int64), np.array([*MOODS.values()], np.float32), EUCLIDEAN)


@pytest.mark.parametrize("point", [(0.5, 0.5), (1.0, 1.0), (0.0, 1.0), (0.0, 0.0), (1.0, 0.0)])
def test_moods_are_ranked_by_euclidean_distance(point: tuple[float, float]) -> None:
    ranked = list(nearest_moods(mood_index(), *point))
    distances = {content: dist(mood, point) for content, mood in MOODS.items()}
    assert [distances[content] for content, _ in ranked] == pytest.approx(sorted(distances.values()))
    assert [distance for _, distance in ranked] == pytest.approx(sorted(distances.values()), abs=1e-6)


def test_moods_that_are_not_allowed_are_not_yielded() -> None:
    assert ids(nearest_moods(mood_index(), 0.5, 0.5, np.array([1, 3, 99], np.int64))) == [3, 1]


@pytest.mark.parametrize("n_moods", [1, 9, 3000])
def test_every_mood_is_yielded_once_however_many_are_equal(n_moods: int) -> None:
    n = 3000
    content = np.random.default_rng(1).permutation(n).astype(np.int64)
    points = np.random.default_rng(2).random((n_moods, 2)).astype(np.float32)
    index = index_of(content, points[np.arange(n) % n_moods], EUCLIDEAN)
    yielded = list(nearest_moods(index, 0.3, 0.7))
    assert sorted(ids(yielded)) == list(range(n))
    distances = [distance for _, distance in yielded]
    assert distances == sorted(distances)


def test_unit_makes_rows_of_length_one_and_leaves_silence_alone() -> None:
    rows = unit([np.array([3, 4], np.float32), np.zeros(2, np.float32)])
    np.testing.assert_allclose(rows, np.array([[0.6, 0.8], [0, 0]], np.float32))
    assert unit([]).shape == (0, 0)


def many(n: int) -> tuple[Ids, FloatArray]:
    rng = np.random.default_rng(5)
    content = rng.permutation(10 * n)[:n].astype(np.int64)
    return content, unit(rng.standard_normal((n, 8)))
