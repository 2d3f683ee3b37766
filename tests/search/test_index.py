"""The contract every engine of nearest vectors keeps, and the index file, which is only a cache."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from musimo.emotion.space import unit
from musimo.records import FloatArray
from musimo.search.index import MAGIC, FaissIndex, Header, Ids, Metric, VectorIndex, open_index

COSINE, EUCLIDEAN = Header("m-1", "cosine", 7), Header("m-1", "euclidean", 7)
NOBODY = np.empty(0, np.int64)

Build = Callable[[Ids, FloatArray, Header], VectorIndex]


@pytest.fixture(params=[FaissIndex.build], ids=["faiss"])
def build(request: pytest.FixtureRequest) -> Build:
    """One engine after the other."""
    engine: Build = request.param
    return engine


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
    @pytest.mark.parametrize("k", [1, 7, 500])
    def test_it_finds_exactly_the_nearest(self, build: Build, header: Header, k: int) -> None:
        ids, vectors = cloud(500, 16, header.metric)
        index = build(ids, vectors, header)
        assert len(index) == 500
        for query in cloud(5, 16, header.metric, seed=2)[1]:
            found, scores = index.search(query, k)
            nearest, expected = brute_force(ids, vectors, query, header.metric, k)
            assert found.tolist() == nearest.tolist()
            np.testing.assert_allclose(scores, expected, atol=1e-5)

    @pytest.mark.parametrize("header", [COSINE, EUCLIDEAN], ids=["cosine", "euclidean"])
    def test_it_finds_exactly_the_nearest_of_those_allowed(self, build: Build, header: Header) -> None:
        ids, vectors = cloud(500, 16, header.metric)
        index = build(ids, vectors, header)
        query = cloud(1, 16, header.metric, seed=2)[1][0]
        allowed = ids[100:130]
        found, _ = index.search(query, 20, allowed)
        nearest, _ = brute_force(allowed, vectors[100:130], query, header.metric, 20)
        assert found.tolist() == nearest.tolist()

    def test_fewer_are_answered_where_there_are_fewer(self, build: Build) -> None:
        ids, vectors = cloud(5, 4)
        index = build(ids, vectors, COSINE)
        absent = np.array([10**9, 10**9 + 1], np.int64)
        assert sorted(index.search(vectors[0], 100)[0]) == sorted(ids)
        assert index.search(vectors[0], 100, np.concatenate([absent, ids[:1]]))[0].tolist() == [ids[0]]
        assert len(index.search(vectors[0], 3, absent)[0]) == 0
        assert len(index.search(vectors[0], 3, NOBODY)[0]) == 0
        assert len(index.search(vectors[0], 3, NOBODY)[1]) == 0

    @pytest.mark.parametrize("d", [0, 4])
    def test_an_empty_one_answers_nothing(self, build: Build, d: int) -> None:
        index = build(NOBODY, np.empty((0, d), np.float32), COSINE)
        ids, scores = index.search(np.ones(4, np.float32), 10)
        assert (len(index), len(ids), len(scores)) == (0, 0, 0)
        assert len(index.search(np.ones(4, np.float32), 10, np.array([1], np.int64))[0]) == 0

    def test_an_exact_match_comes_first_at_the_score_it_has(self, build: Build) -> None:
        ids, vectors = cloud(50, 8)
        found, scores = build(ids, vectors, COSINE).search(vectors[3], 1)
        assert found[0] == ids[3]
        assert scores[0] == pytest.approx(1, abs=1e-6)
        found, scores = build(ids, vectors, EUCLIDEAN).search(vectors[3], 1)
        assert (found[0], scores[0]) == (ids[3], pytest.approx(0, abs=1e-6))

    def test_euclidean_scores_are_distances_and_not_their_squares(self, build: Build) -> None:
        index = build(np.array([4], np.int64), np.array([[0.3, 0.4]], np.float32), EUCLIDEAN)
        assert index.search(np.zeros(2, np.float32), 1)[1][0] == pytest.approx(0.5)

    def test_it_returns_the_vectors_it_was_given(self, build: Build) -> None:
        ids, vectors = cloud(50, 8)
        index = build(ids, vectors, COSINE)
        np.testing.assert_array_equal(index.vectors(ids[[7, 3, 7]]), vectors[[7, 3, 7]])
        with pytest.raises(KeyError):
            index.vectors(np.array([ids[0], 10**9], np.int64))


class TestFile:
    """The cache on disk: used when it is exactly what is wanted, built anew in every other case."""

    @pytest.fixture
    def stored(self, tmp_path: Path) -> Path:
        path = tmp_path / "library.db.similar.index"
        FaissIndex.build(*cloud(50, 8), COSINE).save(path)
        return path

    @staticmethod
    def opened(path: Path, header: Header = COSINE) -> tuple[FaissIndex, bool]:
        """The index, and whether it was built anew."""
        asked: list[bool] = []

        def vectors() -> tuple[Ids, FloatArray]:
            asked.append(True)
            return cloud(20, 8, seed=3)

        return open_index(path, header, vectors), bool(asked)

    def test_it_comes_back_as_it_was(self, stored: Path) -> None:
        ids, vectors = cloud(50, 8)
        index, rebuilt = self.opened(stored)
        assert not rebuilt
        assert index.header == COSINE
        np.testing.assert_array_equal(index.vectors(ids), vectors)
        found, _ = index.search(vectors[5], 50)
        assert found.tolist() == FaissIndex.build(ids, vectors, COSINE).search(vectors[5], 50)[0].tolist()

    def test_an_empty_index_comes_back_too(self, tmp_path: Path) -> None:
        FaissIndex.build(NOBODY, np.empty((0, 0), np.float32), COSINE).save(tmp_path / "i")
        index, rebuilt = self.opened(tmp_path / "i")
        assert (len(index), rebuilt) == (0, False)

    @pytest.mark.parametrize(
        "header",
        [
            replace(COSINE, model="m-2"),
            replace(COSINE, metric="euclidean"),
            replace(COSINE, generation=8),
            replace(COSINE, generation=6),
        ],
        ids=str,
    )
    def test_of_another_make_it_is_built_anew_and_kept(self, stored: Path, header: Header) -> None:
        index, rebuilt = self.opened(stored, header)
        assert rebuilt
        assert (index.header, len(index)) == (header, 20)
        assert self.opened(stored, header)[1] is False

    @pytest.mark.parametrize("damage", ["cut", "header cut", "empty", "foreign", "longer", "no json", "list"])
    def test_damaged_it_is_built_anew(self, stored: Path, damage: str) -> None:
        data = stored.read_bytes()
        facts = data[len(MAGIC) :].split(b"\n", 1)[0]
        stored.write_bytes(
            {
                "cut": data[:-100],
                "header cut": data[: len(MAGIC) + 10],
                "empty": b"",
                "foreign": b"PK\x03\x04" + data,
                "longer": data + b"x",
                "no json": data.replace(facts, b"{'model'"),
                "list": data.replace(facts, b"[1]"),
            }[damage]
        )
        index, rebuilt = self.opened(stored)
        assert rebuilt
        assert len(index) == 20
        assert self.opened(stored)[1] is False

    def test_not_one_byte_may_differ(self, stored: Path) -> None:
        """FAISS believes its bytes: a wrong dimension crashed the search, a wrong number was answered."""
        data = stored.read_bytes()
        start = data.index(b"\n", len(MAGIC)) + 1
        for place in [*range(start, start + 90, 7), *range(start + 90, len(data), 211), len(data) - 1]:
            damaged = bytearray(data)
            damaged[place] ^= 0x40
            stored.write_bytes(damaged)
            assert self.opened(stored)[1], f"byte {place - start} of the body"

    def test_its_header_says_what_it_holds(self, stored: Path) -> None:
        with stored.open("rb") as file:
            assert file.readline() == MAGIC
            facts = json.loads(file.readline())
        assert (facts["model"], facts["metric"], facts["generation"]) == ("m-1", "cosine", 7)
        assert facts["count"] == 50
        assert facts["engine"].startswith("faiss ")

    @pytest.mark.parametrize("place", ["a folder", "no folder around it", "a link to nowhere"])
    def test_where_it_cannot_be_kept_it_answers_from_memory(self, tmp_path: Path, place: str) -> None:
        path = tmp_path / "place" / "i"
        if place == "a folder":
            path.mkdir(parents=True)
        elif place == "a link to nowhere":
            path.parent.mkdir()
            path.symlink_to(tmp_path / "nowhere" / "i")
        for _ in range(2):
            index, rebuilt = self.opened(path)
            assert rebuilt
            assert len(index.search(cloud(20, 8, seed=3)[1][0], 5)[0]) == 5
        assert [file.name for file in tmp_path.rglob("*") if file.is_file()] == []
