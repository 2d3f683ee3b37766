"""The indexes of a library: opened once, by however many threads, and updated when the library changes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from musimo.records.indexing import Indexing
from musimo.search.indexes import Indexes
from tests.catalog import Catalog, Entry, PlainSpace, direction


@pytest.fixture
def catalog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Catalog:
    monkeypatch.setattr(Indexes, "_space", lambda self: PlainSpace())
    made = Catalog(tmp_path / "library.db", Path("/music"))
    made.add(*(Entry(f"{n}.mp3", direction(1, n), valence=n / 40) for n in range(40)))
    return made


def test_many_threads_build_an_index_once(catalog: Catalog) -> None:
    steps: list[Indexing] = []
    indexes = Indexes(catalog.store, Path("none"), steps.append)
    with ThreadPoolExecutor(8) as pool:
        sounds = [*pool.map(lambda _: indexes.sounds("both"), range(16))]
        moods = [*pool.map(lambda _: indexes.moods(), range(16))]
    assert len({id(index) for index in sounds}) == len({id(index) for index in moods}) == 1
    assert len(sounds[0]) == len(moods[0]) == 40
    assert sum(step.done == step.total for step in steps) == 2, "one for sounds and one for moods"


def test_a_changed_library_is_seen_by_the_next_query(catalog: Catalog) -> None:
    indexes = Indexes(catalog.store, Path("none"))
    before = indexes.sounds("both")
    assert indexes.sounds("both") is before
    catalog.add(Entry("new.mp3", direction(0, 0, 1)))
    assert len(indexes.sounds("both")) == 41
    assert len(before) == 40, "what was handed out does not change"


def test_indexes_may_be_used_while_they_are_built(catalog: Catalog) -> None:
    indexes = Indexes(catalog.store, Path("none"))
    steps = []
    for step in indexes.build():
        steps.append(step)
        with ThreadPoolExecutor(1) as pool:
            assert len(pool.submit(indexes.moods).result(timeout=60)) == 40
        assert len(indexes.sounds("both")) == 40
    assert steps
    assert [*Indexes(catalog.store, Path("none")).build()] == [], "nothing is left to do"
