"""An index is only a cache: used while it is current, updated where it is not, rebuilt where it is damaged.

Whatever became of the library, an updated index answers as one that was built from nothing.
"""

from __future__ import annotations

import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from musimo.emotion.space import unit
from musimo.records import FloatArray
from musimo.search import index_update, segment_file, space
from musimo.search.faiss_index import FaissIndex
from musimo.search.index import Header, base_file
from musimo.search.segment_file import MAGIC, OLDER, PAGE, OutdatedIndexError
from musimo.search.space import Ids
from tests.indexes import Given, asking, index_of, integers, opened

COSINE = Header("m-1", "cosine", 7)


def sounds(n: int, d: int = 8, seed: int = 1) -> tuple[Ids, FloatArray]:
    rng = np.random.default_rng(seed)
    return np.sort(rng.permutation(10 * n)[:n]) + 1, unit(rng.standard_normal((n, d)) + 0.3)


def made(path: Path, n: int = 50, header: Header = COSINE, seed: int = 1) -> tuple[FaissIndex, Given]:
    source = Given(*sounds(n, seed=seed))
    return opened(path, header, source)[0], source


def same_answers(one: FaissIndex, other: FaissIndex) -> None:
    for mine, theirs in zip(one.ids_and_stamps, other.ids_and_stamps, strict=True):
        np.testing.assert_array_equal(mine, theirs)
    ids = one.ids
    np.testing.assert_allclose(one.vectors(ids), other.vectors(ids), atol=1e-5)
    for vector in unit(np.random.default_rng(9).standard_normal((3, 8))) if len(ids) else ():
        query = asking(vector, one.header)
        (found, scores), (expected, of_expected) = one.search(query, 20), other.search(query, 20)
        assert found.tolist() == expected.tolist()
        np.testing.assert_allclose(scores, of_expected, atol=1e-5)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "library.db.similar.index"


@pytest.fixture(params=["short", "long"])
def length(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A library whose index is one file, and one that has a base with codes."""
    if request.param == "long":
        monkeypatch.setattr(index_update, "REWRITTEN", 10)
        monkeypatch.setattr(index_update, "COMPARED", 20)
    return str(request.param)


@pytest.mark.usefixtures("length")
class TestFile:
    def test_it_comes_back_as_it_was(self, path: Path) -> None:
        index, source = made(path)
        assert source.asked == source.ids.tolist()
        again, steps = opened(path, COSINE, Given(*sounds(20, seed=3)))
        assert again.header == COSINE
        assert steps == []
        same_answers(again, index)
        ids, vectors = sounds(50)
        same_answers(again, index_of(ids, vectors, COSINE))

    def test_an_empty_index_comes_back_too(self, path: Path) -> None:
        nothing = Given(integers([]), np.empty((0, 0), np.float32))
        assert len(opened(path, COSINE, nothing)[0]) == 0
        assert len(opened(path, COSINE, made(path.with_name("other"))[1])[0]) == 0
        assert len(opened(path, replace(COSINE, generation=8), Given(*sounds(5)))[0]) == 5
        assert len(opened(path, COSINE, nothing)[0]) == 0

    @pytest.mark.parametrize("other", [{"model": "m-2"}, {"metric": "euclidean"}], ids=str)
    def test_of_another_model_nothing_of_it_is_used(self, path: Path, other: dict[str, str]) -> None:
        made(path)
        header = replace(COSINE, **other)  # type: ignore[arg-type]
        index, source = made(path, header=header)
        assert source.asked == source.ids.tolist()
        assert index.header == header

    @pytest.mark.parametrize("generation", [6, 8])
    def test_of_another_generation_only_what_changed_is_asked_for(self, path: Path, generation: int) -> None:
        made(path)
        index, source = made(path, header=replace(COSINE, generation=generation))
        assert source.asked == []
        assert index.header.generation == generation
        assert opened(path, index.header, source)[1] == []

    @pytest.mark.parametrize("damage", ["cut", "page cut", "empty", "foreign", "longer", "no json", "list"])
    @pytest.mark.parametrize("which", ["index", "vectors"])
    def test_damaged_it_is_rebuilt(self, path: Path, damage: str, which: str) -> None:
        made(path)
        file = path if which == "index" else base_file(path)
        if not file.exists():
            pytest.skip("a small one has no base")
        data = file.read_bytes()
        begun = len(data) - PAGE
        file.write_bytes(
            {
                "cut": data[:-100],
                "page cut": data[: begun + 30],
                "empty": b"",
                "foreign": b"PK\x03\x04" + data,
                "longer": data + b"x",
                "no json": data[:begun] + data[begun:].replace(b'"header"', b"'header'"),
                "list": data[:begun] + (MAGIC + b"%08x [1]\n" % zlib.crc32(b"[1]")).ljust(PAGE, b"\0"),
            }[damage]
        )
        index, source = made(path, 30, seed=3)
        assert source.asked == source.ids.tolist()
        assert len(index) == 30
        assert opened(path, COSINE, source)[1] == []

    def test_its_description_may_not_differ_by_a_byte(self, path: Path) -> None:
        made(path)
        for file in (path, base_file(path)):
            if not file.exists():
                continue
            data = file.read_bytes()
            begun = len(data) - PAGE
            for position in range(begun, begun + len(data[begun:].rstrip(b"\0")), 23):
                damaged = bytearray(data)
                damaged[position] ^= 0x40
                file.write_bytes(damaged)
                with pytest.raises(ValueError, match=r"is damaged|is not a musimo index"):
                    FaissIndex.load(path)
            file.write_bytes(data)

    def test_what_faiss_parses_ids_and_stamps_may_not_differ_by_a_bit(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The vectors neither where they are few, or where all is read; of many they are not read."""
        made(path)
        for file in (path, base_file(path)):
            if not file.exists():
                continue
            data = file.read_bytes()
            start, stop = segment_file._page(np.frombuffer(data, np.uint8), file)["vectors"]
            for position in (*range(0, len(data) - PAGE, 41), start - 1, start, stop - 1, stop):
                if not 0 <= position < len(data) - PAGE:
                    continue
                damaged = bytearray(data)
                damaged[position] ^= 0x40
                file.write_bytes(damaged)
                with pytest.raises(ValueError, match="damaged"):
                    FaissIndex.load(path)
                with monkeypatch.context() as patch:
                    patch.setattr(segment_file, "VERIFIED_BYTES", 0)
                    with pytest.raises(ValueError, match="damaged"):
                        FaissIndex.load(path, whole=True)
                    if start <= position < stop:
                        FaissIndex.load(path)
                    else:
                        with pytest.raises(ValueError, match="damaged"):
                            FaissIndex.load(path)
            file.write_bytes(data)

    @pytest.mark.parametrize("kind", ["format", "FAISS"])
    def test_one_of_an_older_format_or_another_faiss_is_replaced(
        self, path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made(path)
        if kind == "format":
            path.write_bytes(OLDER + b"00000000 {}".ljust(PAGE, b"\0"))
            base_file(path).write_bytes(OLDER + bytes(5 * PAGE))
        else:
            monkeypatch.setattr("faiss.__version__", "0.0.1")
        with pytest.raises(OutdatedIndexError):
            FaissIndex.load(path)
        index, source = made(path)
        assert source.asked == source.ids.tolist()
        assert FaissIndex.load(path).ids.tolist() == index.ids.tolist()
        assert base_file(path).exists() == (index.base is not None), "no old file is left behind"

    def test_the_base_of_another_is_not_used(self, path: Path) -> None:
        made(path)
        made(path.with_name("other.index"), seed=5)
        if not base_file(path).exists():
            pytest.skip("a small one has none")
        base_file(path.with_name("other.index")).replace(base_file(path))
        with pytest.raises(ValueError, match="is not the base of"):
            FaissIndex.load(path)

    def test_damage_is_not_carried_on_when_all_is_rewritten(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made(path)
        file = base_file(path) if base_file(path).exists() else path
        data = bytearray(file.read_bytes())
        data[segment_file._page(np.frombuffer(bytes(data), np.uint8), file)["vectors"][0] + 3] ^= 0x40
        file.write_bytes(data)
        monkeypatch.setattr(index_update, "REWRITTEN", 1)
        monkeypatch.setattr(segment_file, "VERIFIED_BYTES", 0)
        index, source = made(path, 60, replace(COSINE, generation=8))
        assert source.asked == source.ids.tolist()
        same_answers(index, index_of(*sounds(60), COSINE))

    @pytest.mark.parametrize("place", ["a folder", "no folder around it", "a link to nowhere", "a loop"])
    def test_where_it_cannot_be_kept_it_answers_from_memory(self, tmp_path: Path, place: str) -> None:
        path = tmp_path / "place" / "i.index"
        for file in (path, base_file(path)):
            if place == "a folder":
                file.mkdir(parents=True)
            elif place == "a link to nowhere":
                file.parent.mkdir(exist_ok=True)
                file.symlink_to(tmp_path / "nowhere" / "i")
            elif place == "a loop":
                file.parent.mkdir(exist_ok=True)
                file.symlink_to(file)
        for _ in range(2):
            index, source = made(path)
            assert source.asked[-50:] == source.ids.tolist()
            same_answers(index, index_of(*sounds(50), COSINE))
        assert [file.name for file in tmp_path.rglob("*") if file.is_file()] == []

    def test_a_disk_that_fills_up_leaves_no_half_of_one(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def full(*_: object) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("musimo.atomic.os.fsync", full)
        index, _ = made(path)
        same_answers(index, index_of(*sounds(50), COSINE))
        assert [*path.parent.iterdir()] == []


@pytest.mark.usefixtures("length")
def test_steps_lead_to_the_end(path: Path) -> None:
    _, steps = opened(path, COSINE, Given(*sounds(50)))
    assert [step.done for step in steps] == sorted(step.done for step in steps)
    assert steps[-1].done == steps[-1].total
    assert {step.total for step in steps} == {100}


def test_a_few_that_came_cost_a_few(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The base stays as it is, and no vector in it is asked for or computed again."""
    monkeypatch.setattr(index_update, "REWRITTEN", 100)
    monkeypatch.setattr(space, "REFERENCES", 120)
    ids, vectors = sounds(2000)
    opened(path, COSINE, Given(ids[:1990], vectors[:1990]))
    before = base_file(path).stat()
    source = Given(ids, vectors)
    index, steps = opened(path, replace(COSINE, generation=8), source)
    if set(space.reference_set(ids)) == set(space.reference_set(ids[:1990])):
        assert base_file(path).stat() == before
        assert sum(step.done for step in steps) < 100
    assert source.asked == ids[1990:].tolist()
    same_answers(index, opened(path.with_name("whole.index"), index.header, Given(ids, vectors))[0])


CHANGES = st.lists(
    st.tuples(st.sampled_from(["come", "go", "return", "change"]), st.integers(1, 60)), max_size=6
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=CHANGES, rewritten=st.sampled_from([5, 40, 10**6]), seed=st.integers(0, 99))
def test_step_by_step_it_answers_as_one_built_from_nothing(
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    changes: list[tuple[str, int]],
    rewritten: int,
    seed: int,
) -> None:
    monkeypatch.setattr(index_update, "REWRITTEN", rewritten)
    monkeypatch.setattr(index_update, "COMPARED", 60)
    monkeypatch.setattr(index_update, "CHUNK", 37)
    monkeypatch.setattr(space, "REFERENCES", 110)
    path = tmp_path_factory.mktemp("steps") / "i.index"
    rng = np.random.default_rng(seed)
    vectors = unit(rng.standard_normal((500, 8)) + 0.3)
    stamps = rng.integers(2**62, size=500)
    present = np.zeros(500, bool)
    present[: rng.integers(200)] = True
    for generation, (change, n) in enumerate([("come", 0), *changes]):
        here, away = np.flatnonzero(present), np.flatnonzero(~present)
        some = rng.permutation(here if change in ("go", "change") else away)[:n]
        if change == "come":
            some = away[away > (here.max() if len(here) else -1)][:n]
        if change == "change":
            vectors[some] = unit(rng.standard_normal((len(some), 8))) if len(some) else vectors[some]
            stamps[some] = rng.integers(2**62, size=len(some))
        present[some] = change != "go"
        ids = np.flatnonzero(present)
        header = replace(COSINE, generation=generation)

        def source(ids: Ids = ids) -> Given:
            return Given(ids * 3 + 1, vectors[ids], stamps[ids])

        index, _ = opened(path, header, source())
        same_answers(index, opened(path.with_name(f"whole-{generation}.index"), header, source())[0])
        same_answers(index, FaissIndex.load(path))
