"""The contract of every engine of nearest vectors, see :class:`musimo.search.index.VectorIndex`.

A test class of an engine inherits :class:`IndexContract` and has a fixture ``build``, which makes an index of
ids, in any order, of sound vectors without hubness offsets (``cosine``) or of points (``euclidean``).
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from musimo.emotion.space import unit
from musimo.records import FloatArray
from musimo.search.index import Header, Metric, VectorIndex
from musimo.search.space import Ids
from tests.indexes import asking

COSINE, EUCLIDEAN = Header("m-1", "cosine", 7), Header("m-1", "euclidean", 7)
NOBODY = np.empty(0, np.int64)

Build = Callable[[Ids, FloatArray, Header], VectorIndex]

headers = pytest.mark.parametrize("header", [COSINE, EUCLIDEAN], ids=["cosine", "euclidean"])


def cloud(n: int, d: int, metric: Metric = "cosine", seed: int = 1) -> tuple[Ids, FloatArray]:
    """Vectors under ids that are neither dense nor in order."""
    rng = np.random.default_rng(seed)
    vectors = rng.standard_normal((n, d)).astype(np.float32)
    ids = rng.permutation(10 * n)[:n].astype(np.int64) + 1
    return ids, unit(vectors) if metric == "cosine" else vectors


def brute_force(
    ids: Ids, vectors: FloatArray, query: FloatArray, metric: Metric, k: int
) -> tuple[Ids, FloatArray]:
    """The nearest, of equal ones the lower ids."""
    scores = vectors @ query if metric == "cosine" else np.linalg.norm(vectors - query, axis=1)
    order = np.lexsort((ids, -scores if metric == "cosine" else scores))[:k]
    return ids[order], scores[order]


class IndexContract:
    @headers
    @pytest.mark.parametrize("k", [1, 7, 1000])
    def test_it_finds_exactly_the_nearest(self, build: Build, header: Header, k: int) -> None:
        ids, vectors = cloud(1000, 64, header.metric)
        index = build(ids, vectors, header)
        assert len(index) == 1000
        assert index.header == header
        np.testing.assert_array_equal(index.ids, np.sort(ids))
        for query in cloud(5, 64, header.metric, seed=2)[1]:
            found, scores = index.search(asking(query, header), k)
            _, expected = brute_force(ids, vectors, query, header.metric, k)
            assert len({*found}) == k
            np.testing.assert_allclose(scores, expected, atol=1e-5)
            rows = vectors[np.argsort(ids)[np.searchsorted(np.sort(ids), found)]]
            of_found = rows @ query if header == COSINE else np.linalg.norm(rows - query, axis=1)
            np.testing.assert_allclose(of_found, expected, atol=1e-5)

    @headers
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

    @settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @headers
    @given(data=st.data())
    def test_it_answers_as_brute_force_does(self, build: Build, header: Header, data: st.DataObject) -> None:
        """Whole numbers, whose products and squares are exact: the order is compared, of equal scores too."""
        n = data.draw(st.integers(0, 150), "n")
        rng = np.random.default_rng(data.draw(st.integers(0, 99), "seed"))
        largest = data.draw(st.sampled_from([1, 3, 100]), "largest")
        vectors = rng.integers(-largest, largest + 1, (n, 3)).astype(np.float32)
        ids = rng.permutation(3 * n + 1)[:n].astype(np.int64)
        allowed = data.draw(st.none() | st.sets(st.integers(0, 3 * n + 5)), "allowed")
        k = data.draw(st.integers(0, n + 3), "k")
        query = rng.integers(-largest, largest + 1, 3).astype(np.float32)
        index = build(ids, vectors, header)
        filtering = None if allowed is None else np.array([*allowed], np.int64)
        found, scores = index.search(asking(query, header), k, filtering)
        usable = np.ones(n, bool) if filtering is None else np.isin(ids, filtering)
        expected, of_expected = brute_force(ids[usable], vectors[usable], query, header.metric, k)
        assert found.tolist() == expected.tolist()
        np.testing.assert_allclose(scores, of_expected, rtol=1e-6)

    def test_those_allowed_may_all_be_far(self, build: Build) -> None:
        """As where a filter allows another genre than the query's."""
        ids, vectors = cloud(2000, 64)
        query = vectors[0]
        far = np.argsort(vectors @ query)[:700]
        found, _ = build(ids, vectors, COSINE).search(asking(query, COSINE), 10, ids[far])
        assert found.tolist() == brute_force(ids[far], vectors[far], query, "cosine", 10)[0].tolist()

    def test_fewer_are_returned_where_there_are_fewer(self, build: Build) -> None:
        ids, vectors = cloud(5, 4)
        index = build(ids, vectors, COSINE)
        query = asking(vectors[0], COSINE)
        absent = np.array([10**9, 10**9 + 1], np.int64)
        assert sorted(index.search(query, 100)[0]) == sorted(ids)
        assert index.search(query, 100, np.concatenate([absent, ids[:1]]))[0].tolist() == [ids[0]]
        assert len(index.search(query, 3, absent)[0]) == 0
        assert len(index.search(query, 3, NOBODY)[0]) == 0
        assert len(index.search(query, 3, NOBODY)[1]) == 0

    @pytest.mark.parametrize("d", [0, 4])
    def test_an_empty_one_finds_nothing(self, build: Build, d: int) -> None:
        index = build(NOBODY, np.empty((0, d), np.float32), COSINE)
        ids, scores = index.search(np.ones(5, np.float32), 10)
        assert (len(index), len(index.ids), len(ids), len(scores)) == (0, 0, 0, 0)
        assert len(index.search(np.ones(5, np.float32), 10, np.array([1], np.int64))[0]) == 0
        assert len(index.vectors(NOBODY)) == 0

    def test_an_exact_match_comes_first_with_the_score_it_has(self, build: Build) -> None:
        ids, vectors = cloud(50, 8)
        found, scores = build(ids, vectors, COSINE).search(asking(vectors[3], COSINE), 1)
        assert found[0] == ids[3]
        assert scores[0] == pytest.approx(1, abs=1e-6)
        found, scores = build(ids, vectors, EUCLIDEAN).search(vectors[3], 1)
        assert (found[0], scores[0]) == (ids[3], pytest.approx(0, abs=1e-6))

    def test_euclidean_scores_are_distances_and_not_their_squares(self, build: Build) -> None:
        index = build(np.array([4], np.int64), np.array([[0.3, 0.4]], np.float32), EUCLIDEAN)
        assert index.search(np.zeros(2, np.float32), 1)[1][0] == pytest.approx(0.5)

    @headers
    def test_of_equal_ones_the_lower_ids_come_first(self, build: Build, header: Header) -> None:
        ids = np.array([7, 2, 9, 4], np.int64)
        index = build(ids, np.tile(np.array([[0.6, 0.8]], np.float32), (4, 1)), header)
        query = asking(np.array([0.6, 0.8], np.float32), header)
        for k in (1, 2, 3, 4):
            assert index.search(query, k)[0].tolist() == [2, 4, 7, 9][:k]

    def test_it_returns_the_vectors_it_was_given(self, build: Build) -> None:
        ids, vectors = cloud(50, 8)
        index = build(ids, vectors, COSINE)
        found = index.vectors(ids[[7, 3, 7]])
        np.testing.assert_array_equal(found, np.hstack([vectors[[7, 3, 7]], np.zeros((3, 1))]))
        with pytest.raises(KeyError):
            index.vectors(np.array([ids[0], 10**9], np.int64))

    def test_threads_may_search_it_together(self, build: Build) -> None:
        ids, vectors = cloud(2000, 16)
        index = build(ids, vectors, COSINE)
        some = np.sort(ids[::3])

        def ask(number: int) -> list[int]:
            allowed = some if number % 2 else None
            found: list[int] = index.search(asking(vectors[number], COSINE), 30, allowed)[0].tolist()
            return found

        alone = [ask(number) for number in range(64)]
        with ThreadPoolExecutor(8) as pool:
            assert [*pool.map(ask, range(64))] == alone
