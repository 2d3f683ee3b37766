"""The contract every engine of nearest vectors keeps, for all sizes of a library."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from musimo.emotion.space import unit
from musimo.records import FloatArray
from musimo.search import index as engine
from musimo.search.index import Header, VectorIndex, Metric, Segment, VectorIndex
from musimo.search.space import Ids, questions
from tests.indexes import asking, index_of, index_with_codes

COSINE, EUCLIDEAN = Header("m-1", "cosine", 7), Header("m-1", "euclidean", 7)
NOBODY = np.empty(0, np.int64)

Build = Callable[[Ids, FloatArray, Header], VectorIndex]


@pytest.fixture(params=[index_of, index_with_codes], ids=["short", "long"])
def build(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Build:
    """One kind after the other; the short list is one that a few hundred vectors need."""
    monkeypatch.setattr(engine, "SHORTLIST", 499)
    made: Build = request.param
    return made


def cloud(n: int, d: int, metric: Metric = "cosine", seed: int = 1) -> tuple[Ids, FloatArray]:
    """Vectors under ids that are neither dense nor in order."""
    rng = np.random.default_rng(seed)
    vectors = rng.standard_normal((n, d)).astype(np.float32)
    ids = rng.permutation(10 * n)[:n].astype(np.int64) + 1
    return ids, unit(vectors) if metric == "cosine" else vectors


def brute_force(
    ids: Ids, vectors: FloatArray, query: FloatArray, metric: Metric, k: int
) -> tuple[Ids, FloatArray]:
    if metric == "cosine":
        scores = vectors @ query
        order = np.argsort(-scores)[:k]
    else:
        scores = np.linalg.norm(vectors - query, axis=1)
        order = np.argsort(scores)[:k]
    return ids[order], scores[order]


class TestContract:
    @pytest.mark.parametrize("header", [COSINE, EUCLIDEAN], ids=["cosine", "euclidean"])
    @pytest.mark.parametrize("k", [1, 7, 1000])
    def test_it_finds_exactly_the_nearest(self, build: Build, header: Header, k: int) -> None:
        ids, vectors = cloud(1000, 64, header.metric)
        index = build(ids, vectors, header)
        assert len(index) == 1000
        for query in cloud(5, 64, header.metric, seed=2)[1]:
            found, scores = index.search(asking(query, header), k)
            _, expected = brute_force(ids, vectors, query, header.metric, k)
            assert len({*found}) == k
            np.testing.assert_allclose(scores, expected, atol=1e-5)
            rows = vectors[np.argsort(ids)[np.searchsorted(np.sort(ids), found)]]
            _, of_found = brute_force(found, rows, query, header.metric, k)
            np.testing.assert_allclose(of_found, expected, atol=1e-5)

    @pytest.mark.parametrize("header", [COSINE, EUCLIDEAN], ids=["cosine", "euclidean"])
    @pytest.mark.parametrize("share", [0.03, 0.5, 0.99])
    def test_it_finds_exactly_the_nearest_of_those_allowed(
        self, build: Build, header: Header, share: float
    ) -> None:
        ids, vectors = cloud(1000, 64, header.metric)
        index = build(ids, vectors, header)
        query = cloud(1, 64, header.metric, seed=2)[1][0]
        some = np.random.default_rng(3).random(1000) < share
        found, _ = index.search(asking(query, header), 20, ids[some])
        nearest, _ = brute_force(ids[some], vectors[some], query, header.metric, 20)
        assert found.tolist() == nearest.tolist()

    def test_those_allowed_may_all_be_far(self, build: Build) -> None:
        """As where a filter asks for another genre than the question's."""
        ids, vectors = cloud(2000, 64)
        query = vectors[0]
        far = np.argsort(vectors @ query)[:700]
        found, _ = build(ids, vectors, COSINE).search(asking(query, COSINE), 10, ids[far])
        assert found.tolist() == brute_force(ids[far], vectors[far], query, "cosine", 10)[0].tolist()

    def test_fewer_are_answered_where_there_are_fewer(self, build: Build) -> None:
        ids, vectors = cloud(5, 4)
        index = build(ids, vectors, COSINE)
        question = asking(vectors[0], COSINE)
        absent = np.array([10**9, 10**9 + 1], np.int64)
        assert sorted(index.search(question, 100)[0]) == sorted(ids)
        assert index.search(question, 100, np.concatenate([absent, ids[:1]]))[0].tolist() == [ids[0]]
        assert len(index.search(question, 3, absent)[0]) == 0
        assert len(index.search(question, 3, NOBODY)[0]) == 0
        assert len(index.search(question, 3, NOBODY)[1]) == 0

    @pytest.mark.parametrize("d", [0, 4])
    def test_an_empty_one_answers_nothing(self, build: Build, d: int) -> None:
        index = build(NOBODY, np.empty((0, d), np.float32), COSINE)
        ids, scores = index.search(np.ones(5, np.float32), 10)
        assert (len(index), len(ids), len(scores)) == (0, 0, 0)
        assert len(index.search(np.ones(5, np.float32), 10, np.array([1], np.int64))[0]) == 0

    def test_an_exact_match_comes_first_at_the_score_it_has(self, build: Build) -> None:
        ids, vectors = cloud(50, 8)
        found, scores = build(ids, vectors, COSINE).search(asking(vectors[3], COSINE), 1)
        assert found[0] == ids[3]
        assert scores[0] == pytest.approx(1, abs=1e-6)
        found, scores = build(ids, vectors, EUCLIDEAN).search(vectors[3], 1)
        assert (found[0], scores[0]) == (ids[3], pytest.approx(0, abs=1e-6))

    def test_euclidean_scores_are_distances_and_not_their_squares(self, build: Build) -> None:
        index = build(np.array([4], np.int64), np.array([[0.3, 0.4]], np.float32), EUCLIDEAN)
        assert index.search(np.zeros(2, np.float32), 1)[1][0] == pytest.approx(0.5)

    def test_equal_ones_are_answered_in_order_of_id(self, build: Build) -> None:
        ids = np.array([9, 2, 7, 4], np.int64)
        index = build(ids, np.tile(np.array([[0.6, 0.8]], np.float32), (4, 1)), EUCLIDEAN)
        for k in (1, 2, 3, 4):
            assert index.search(np.zeros(2, np.float32), k)[0].tolist() == [2, 4, 7, 9][:k]

    def test_it_returns_the_vectors_it_was_given(self, build: Build) -> None:
        ids, vectors = cloud(50, 8)
        index = build(ids, vectors, COSINE)
        found = index.vectors(ids[[7, 3, 7]])
        np.testing.assert_array_equal(found, np.hstack([vectors[[7, 3, 7]], np.zeros((3, 1))]))
        with pytest.raises(KeyError):
            index.vectors(np.array([ids[0], 10**9], np.int64))


def test_what_is_ordinary_is_taken_off() -> None:
    """(0.8 - 0.5) / (1 - 0.5) is less than 0.7 of which nothing is ordinary."""
    places = np.array([[0.8, 0.6], [0.7, 0.714]], np.float32)
    ordinary = np.array([0.5, 0], np.float32)
    index = VectorIndex(COSINE, Segment(np.array([1, 2]), np.array([0, 0]), places, ordinary))
    question = questions(np.array([[1, 0]], np.float32))
    ids, scores = index.search(question[0], 2)
    assert ids.tolist() == [2, 1]
    np.testing.assert_allclose(scores, [0.7, 0.6], rtol=1e-6)
    np.testing.assert_allclose(index.vectors(ids) @ question[0], scores, rtol=1e-6)


def test_two_segments_answer_as_one_and_what_is_gone_is_gone() -> None:
    ids, vectors = cloud(400, 8)
    one = index_of(ids[100:], vectors[100:], COSINE)
    base, added = (
        index_with_codes(ids[:300], vectors[:300], COSINE),
        index_of(ids[300:], vectors[300:], COSINE),
    )
    both = VectorIndex(COSINE, added.added, base.base, np.sort(ids[:100]))
    assert len(both) == len(one) == 300
    for query in vectors[[0, 200, 350]]:
        question = asking(query, COSINE)
        assert both.search(question, 50)[0].tolist() == one.search(question, 50)[0].tolist()
        some = ids[50:350:2]
        assert both.search(question, 50, some)[0].tolist() == one.search(question, 50, some)[0].tolist()
    np.testing.assert_array_equal(both.vectors(ids[[350, 150]]), one.vectors(ids[[350, 150]]))
    np.testing.assert_array_equal(both.seen()[0], np.sort(ids[100:]))
    with pytest.raises(KeyError):
        both.vectors(ids[:1])


def test_a_short_list_of_codes_holds_the_nearest() -> None:
    """Clusters, as music has them; of 30,000 rows 8,192 are compared in full."""
    rng = np.random.default_rng(4)
    places = unit(np.repeat(rng.normal(size=(3000, 96)), 10, axis=0) + rng.normal(size=(30_000, 96)))
    ids = np.arange(30_000)
    index = index_with_codes(ids, places, COSINE)
    shared = []
    for query in places[::1500]:
        found, _ = index.search(asking(query, COSINE), 10)
        shared.append(len({*found} & {*brute_force(ids, places, query, "cosine", 10)[0]}) / 10)
    assert np.mean(shared) >= 0.99
