"""An index is only a cache: used when it is what is wanted, brought up to date where it is not, and
not believed where it is damaged. Whatever became of the library, it answers as one made anew.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from musimo.emotion.space import unit
from musimo.records import FloatArray
from musimo.search import renew, space
from musimo.search.index import Header, VectorIndex, base_file, read_whole
from musimo.search.sections import MAGIC, PAGE
from musimo.search.space import Ids
from tests.indexes import Given, asking, index_of, integers, opened

COSINE = Header("m-1", "cosine", 7)


def sounds(n: int, d: int = 8, seed: int = 1) -> tuple[Ids, FloatArray]:
    rng = np.random.default_rng(seed)
    return np.sort(rng.permutation(10 * n)[:n]) + 1, unit(rng.standard_normal((n, d)) + 0.3)


def made(path: Path, n: int = 50, header: Header = COSINE, seed: int = 1) -> tuple[VectorIndex, Given]:
    source = Given(*sounds(n, seed=seed))
    return opened(path, header, source)[0], source


def same_answers(one: VectorIndex, other: VectorIndex) -> None:
    np.testing.assert_array_equal(one.seen()[0], other.seen()[0])
    ids = one.seen()[0]
    np.testing.assert_allclose(one.vectors(ids), other.vectors(ids), atol=1e-5)
    for place in unit(np.random.default_rng(9).standard_normal((3, 8))) if len(ids) else ():
        question = asking(place, one.header)
        (found, scores), (expected, of_expected) = one.search(question, 20), other.search(question, 20)
        assert found.tolist() == expected.tolist()
        np.testing.assert_allclose(scores, of_expected, atol=1e-5)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "library.db.similar.index"


@pytest.fixture(params=["short", "long"])
def length(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """A library whose index is one file, and one that has a long segment."""
    if request.param == "long":
        monkeypatch.setattr(renew, "SHORT", 10)
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
        ids, places = sounds(50)
        same_answers(again, index_of(ids, places, COSINE))

    def test_an_empty_index_comes_back_too(self, path: Path) -> None:
        nothing = Given(integers([]), np.empty((0, 0), np.float32))
        assert len(opened(path, COSINE, nothing)[0]) == 0
        assert len(opened(path, COSINE, made(path.with_name("other"))[1])[0]) == 0
        assert len(opened(path, replace(COSINE, generation=8), Given(*sounds(5)))[0]) == 5
        assert len(opened(path, COSINE, nothing)[0]) == 0

    @pytest.mark.parametrize("other", [{"model": "m-2"}, {"metric": "euclidean"}], ids=str)
    def test_of_another_make_nothing_of_it_is_used(self, path: Path, other: dict[str, str]) -> None:
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

    @pytest.mark.parametrize("damage", ["cut", "header cut", "empty", "foreign", "longer", "no json", "list"])
    @pytest.mark.parametrize("which", ["index", "vectors"])
    def test_damaged_it_is_made_anew(self, path: Path, damage: str, which: str) -> None:
        made(path)
        file = path if which == "index" else base_file(path)
        if not file.exists():
            pytest.skip("a short one has no long segment")
        data = file.read_bytes()
        first = data[:PAGE].rstrip(b"\0")
        file.write_bytes(
            {
                "cut": data[:-100],
                "header cut": data[: len(MAGIC) + 10],
                "empty": b"",
                "foreign": b"PK\x03\x04" + data,
                "longer": data + b"x",
                "no json": data.replace(b'"facts"', b"'facts'"),
                "list": data.replace(first, MAGIC + b"[1]".ljust(len(first) - len(MAGIC))),
            }[damage]
        )
        index, source = made(path, 30, seed=3)
        assert source.asked == source.ids.tolist()
        assert len(index) == 30
        assert opened(path, COSINE, source)[1] == []

    def test_what_it_says_of_itself_may_not_differ_by_a_byte(self, path: Path) -> None:
        made(path)
        for file in (path, base_file(path)):
            if not file.exists():
                continue
            data = file.read_bytes()
            for place in range(0, len(data[:PAGE].rstrip(b"\0")), 23):
                damaged = bytearray(data)
                damaged[place] ^= 0x40
                file.write_bytes(damaged)
                with pytest.raises(ValueError, match=r"is damaged|is not a musimo index"):
                    VectorIndex.load(path)
            file.write_bytes(data)

    def test_its_ids_and_codes_may_not_differ_by_a_bit_nor_its_numbers_when_all_is_read(
        self, path: Path
    ) -> None:
        """What leads to rows is checked when it is opened, and what FAISS reads, for it believes it."""
        made(path)
        for file in (path, base_file(path)):
            if not file.exists():
                continue
            data = file.read_bytes()
            said = json.loads(data[len(MAGIC) + 9 : PAGE].rstrip(b"\0"))
            for name, section in said["sections"].items():
                if 0 in section["shape"]:
                    continue
                damaged = bytearray(data)
                damaged[section["start"] + 5] ^= 0x40
                file.write_bytes(damaged)
                with pytest.raises(ValueError, match=f"the {name} of an index are damaged"):
                    read_whole(path)
                if name in ("ids", "codes") or file == path:
                    with pytest.raises(ValueError, match="damaged"):
                        VectorIndex.load(path)
            file.write_bytes(data)

    def test_the_long_segment_of_another_is_not_believed(self, path: Path) -> None:
        made(path)
        made(path.with_name("other.index"), seed=5)
        if not base_file(path).exists():
            pytest.skip("a short one has none")
        base_file(path.with_name("other.index")).replace(base_file(path))
        with pytest.raises(ValueError, match="not what"):
            VectorIndex.load(path)

    def test_damage_is_not_carried_on_when_all_is_written_anew(
        self, path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made(path)
        file = base_file(path) if base_file(path).exists() else path
        data = bytearray(file.read_bytes())
        data[PAGE + 3] ^= 0x40  # of the first place
        file.write_bytes(data)
        monkeypatch.setattr(renew, "SHORT", 1)
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


def test_steps_lead_to_the_end(path: Path, length: str) -> None:
    _, steps = opened(path, COSINE, Given(*sounds(50)))
    assert [step.done for step in steps] == sorted(step.done for step in steps) or length == "long"
    assert steps[-1].done == steps[-1].total
    assert {step.total for step in steps} == {100} | ({0} if length == "long" else set())


def test_a_few_that_came_cost_a_few(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The long segment stays as it lies, and no place in it is asked for or counted again."""
    monkeypatch.setattr(renew, "SHORT", 100)
    monkeypatch.setattr(space, "REFERENCES", 120)
    ids, places = sounds(2000)
    opened(path, COSINE, Given(ids[:1990], places[:1990]))
    lies = base_file(path).stat()
    source = Given(ids, places)
    index, steps = opened(path, replace(COSINE, generation=8), source)
    if set(space.references(ids)) == set(space.references(ids[:1990])):
        assert base_file(path).stat() == lies
        assert sum(step.done for step in steps) < 100
    assert source.asked == ids[1990:].tolist()
    same_answers(index, opened(path.with_name("anew.index"), index.header, Given(ids, places))[0])


CHANGES = st.lists(
    st.tuples(st.sampled_from(["come", "go", "return", "hear again"]), st.integers(1, 60)), max_size=6
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=CHANGES, short=st.sampled_from([5, 40, 10**6]), seed=st.integers(0, 99))
def test_step_by_step_it_answers_as_one_made_anew(
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    changes: list[tuple[str, int]],
    short: int,
    seed: int,
) -> None:
    monkeypatch.setattr(renew, "SHORT", short)
    monkeypatch.setattr(renew, "CHUNK", 37)
    monkeypatch.setattr(space, "REFERENCES", 110)
    path = tmp_path_factory.mktemp("steps") / "i.index"
    rng = np.random.default_rng(seed)
    places = unit(rng.standard_normal((500, 8)) + 0.3)
    stamps = rng.integers(2**62, size=500)
    present = np.zeros(500, bool)
    present[: rng.integers(200)] = True
    for generation, (change, n) in enumerate([("come", 0), *changes]):
        here, away = np.flatnonzero(present), np.flatnonzero(~present)
        some = rng.permutation(here if change in ("go", "hear again") else away)[:n]
        if change == "come":
            some = away[away > (here.max() if len(here) else -1)][:n]
        if change == "hear again":
            places[some] = unit(rng.standard_normal((len(some), 8))) if len(some) else places[some]
            stamps[some] = rng.integers(2**62, size=len(some))
        present[some] = change != "go"
        ids = np.flatnonzero(present)
        header = replace(COSINE, generation=generation)

        def source(ids: Ids = ids) -> Given:
            return Given(ids * 3 + 1, places[ids], stamps[ids])

        index, _ = opened(path, header, source())
        same_answers(index, opened(path.with_name(f"anew-{generation}.index"), header, source())[0])
        same_answers(index, VectorIndex.load(path))
