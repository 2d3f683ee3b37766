"""The engine: FAISS, over segments in memory, in files, and with codes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import mkstemp

import numpy as np
import pytest

from musimo.emotion.space import unit
from musimo.records import FloatArray
from musimo.search import segment
from musimo.search.faiss_index import FaissIndex
from musimo.search.index import Header
from musimo.search.segment_file import Description, load, save
from musimo.search.space import Ids, query_vectors
from tests.indexes import asking, index_of, index_with_codes, segment_of, stored_rows
from tests.search.index_contract import COSINE, Build, IndexContract, brute_force, cloud, headers


def on_disk(build: Build, folder: Path) -> Build:
    """The same, written to files and mapped from there."""

    def written(ids: Ids, vectors: FloatArray, header: Header) -> FaissIndex:
        made = build(ids, vectors, header)
        assert isinstance(made, FaissIndex)
        parts = []
        for part in (made.added, made.base):
            file = Path(mkstemp(dir=folder)[1])
            parts.append(None if part is None else save(file, part, Description(header, "stamp"))[0])
        assert parts[0] is not None
        return FaissIndex(header, parts[0], parts[1])

    return written


class TestFaissIndex(IndexContract):
    @pytest.fixture(params=["memory", "file", "codes", "codes in a file"])
    def build(self, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Build:
        """One kind after the other; codes choose a short list that a few hundred vectors need."""
        monkeypatch.setattr(segment, "SHORTLIST", 499)
        monkeypatch.setattr(segment, "COMPARED", 500)
        made: Build = index_with_codes if "codes" in request.param else index_of
        return on_disk(made, tmp_path) if "file" in request.param else made


@headers
def test_of_thousands_of_equal_ones_the_lower_ids_come_first(header: Header) -> None:
    ids, _ = cloud(3000, 2)
    points = np.array([[0.6, 0.8], [0.8, 0.6]], np.float32)[np.arange(3000) % 2]
    index = index_of(ids, points, header)
    for allowed, near in ((None, np.sort(ids[::2])), (ids[:2000], np.sort(ids[:2000:2]))):
        for k in (1, 256, len(near) - 1):
            found, _ = index.search(asking(points[0], header), k, allowed)
            assert found.tolist() == near[:k].tolist()


def test_hubness_offsets_are_subtracted() -> None:
    """(0.8 - 0.5) / (1 - 0.5) is less than 0.7 without an offset."""
    vectors = np.array([[0.8, 0.6], [0.7, 0.714]], np.float32)
    index = index_of(np.array([1, 2]), vectors, COSINE, np.array([0.5, 0], np.float32))
    query = query_vectors(np.array([[1, 0]], np.float32))
    ids, scores = index.search(query[0], 2)
    assert ids.tolist() == [2, 1]
    np.testing.assert_allclose(scores, [0.7, 0.6], rtol=1e-6)
    np.testing.assert_allclose(index.vectors(ids) @ query[0], scores, rtol=1e-6)


def test_two_segments_answer_as_one_and_what_is_removed_is_not_found() -> None:
    ids, vectors = cloud(400, 8)
    one = index_of(ids[100:], vectors[100:], COSINE)
    base = index_with_codes(ids[:300], vectors[:300], COSINE).base
    added = segment_of(ids[300:], stored_rows(vectors[300:], COSINE), COSINE)
    both = FaissIndex(COSINE, added, base, np.sort(ids[:100]))
    assert len(both) == len(one) == 300
    for vector in vectors[[0, 200, 350]]:
        query = asking(vector, COSINE)
        assert both.search(query, 50)[0].tolist() == one.search(query, 50)[0].tolist()
        some = ids[50:350:2]
        assert both.search(query, 50, some)[0].tolist() == one.search(query, 50, some)[0].tolist()
    np.testing.assert_array_equal(both.vectors(ids[[350, 150]]), one.vectors(ids[[350, 150]]))
    np.testing.assert_array_equal(both.ids, np.sort(ids[100:]))
    with pytest.raises(KeyError):
        both.vectors(ids[:1])


@pytest.fixture(scope="module")
def clustered() -> tuple[Ids, FloatArray, FaissIndex]:
    """Clusters, as music has them; of 30,000 vectors 8,192 are compared in full."""
    rng = np.random.default_rng(4)
    vectors = unit(np.repeat(rng.normal(size=(3000, 96)), 10, axis=0) + rng.normal(size=(30_000, 96)))
    ids = np.arange(30_000)
    return ids, vectors, index_with_codes(ids, vectors, COSINE)


@pytest.mark.parametrize("share", [1.0, 0.9])
def test_a_short_list_of_codes_holds_the_nearest(
    clustered: tuple[Ids, FloatArray, FaissIndex], share: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segment, "COMPARED", 20_000)
    ids, vectors, index = clustered
    allowed = None if share == 1 else ids[np.random.default_rng(5).random(30_000) < share]
    usable = ids if allowed is None else allowed
    lists = short_lists(index, monkeypatch)
    shared = []
    for vector in vectors[::1500]:
        found, _ = index.search(asking(vector, COSINE), 10, allowed)
        nearest = brute_force(usable, vectors[usable], vector, "cosine", 10)[0]
        shared.append(len({*found} & {*nearest}) / 10)
    assert np.mean(shared) >= 0.99
    assert all(length is not None and length < 15_000 for length in lists), "codes were used"


def test_of_few_that_are_allowed_all_are_compared(
    clustered: tuple[Ids, FloatArray, FaissIndex], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segment, "COMPARED", 20_000)
    ids, vectors, index = clustered
    allowed = ids[::2]
    lists = short_lists(index, monkeypatch)
    found, _ = index.search(asking(vectors[7], COSINE), 50, allowed)
    assert found.tolist() == brute_force(allowed, vectors[allowed], vectors[7], "cosine", 50)[0].tolist()
    assert lists == []


def short_lists(index: FaissIndex, monkeypatch: pytest.MonkeyPatch) -> list[int | None]:
    """Lengths of the short lists that searches will make."""
    assert index.base is not None
    lengths: list[int | None] = []
    choose: Callable[..., Ids | None] = index.base._short_list

    def noting(*arguments: object) -> Ids | None:
        found = choose(*arguments)
        lengths.append(None if found is None else len(found))
        return found

    monkeypatch.setattr(index.base, "_short_list", noting)
    return lengths


def test_faiss_opens_the_file_too(tmp_path: Path) -> None:
    import faiss

    ids, vectors = cloud(300, 8)
    path = tmp_path / "some.index"
    path.touch()
    save(path, segment_of(ids, stored_rows(vectors, COSINE), COSINE), Description(COSINE, "stamp"))
    native = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC)
    query = query_vectors(vectors[:1])
    at = native.search(query, 5)[1][0]
    assert np.sort(ids)[at].tolist() == brute_force(ids, vectors, vectors[0], "cosine", 5)[0].tolist()
    assert load(path)[0].ids.tolist() == np.sort(ids).tolist()
