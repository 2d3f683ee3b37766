"""What a library answers about what is in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import event

from musimo.errors import LibraryError
from musimo.library.db.files import GoneFile
from musimo.library.db.names import Named
from musimo.library.db.queries import Store
from musimo.library.db.tracks import Counts
from musimo.records import RangeFilter, Tags, TextFilter
from tests.catalog import FUSED, STATISTICS, Catalog, Entry, direction


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    """Two tracks and a copy of the second one, which alone is jazz."""
    catalog = Catalog(tmp_path / "library.db", tmp_path / "music")
    catalog.add(
        Entry("a.mp3", direction(1), 0.25, 0.75, Tags(title="A", duration_s=1.0), 100.0),
        Entry("b.mp3", direction(0, 1), 0.5, 0.5, Tags(title="B", year=1999), sound=b"b"),
        Entry("copy of b.mp3", None, tags=Tags(title="B", genre="Jazz"), sound=b"b"),
    )
    return catalog


def miss(catalog: Catalog, name: str) -> None:
    root = catalog.planned(name).scan_folder.root_id
    catalog.journal.mark_missing([GoneFile(root, name.encode(), catalog.id(name), False)])


def test_a_track_comes_back_as_it_was_written(catalog: Catalog) -> None:
    track = catalog.store.track_at(catalog.path("a.mp3"))
    assert track is not None
    assert track.tags == Tags(title="A", duration_s=1.0)
    assert track.duration_s == 100.0, "measured, not claimed"
    assert (track.valence, track.arousal) == (0.25, 0.75)
    assert track.content is not None
    sound = catalog.store.descriptors_of(track.content)
    assert sound is not None
    np.testing.assert_array_equal(sound.embedding, [direction(1)])
    np.testing.assert_array_equal(sound.statistics, [STATISTICS])
    np.testing.assert_array_equal(sound.fused, [FUSED])
    [part] = catalog.store.windows_of(track.content)
    assert (part.window.start_s, part.window.end_s, part.valence, part.arousal) == (0, 45, 0.25, 0.75)
    assert catalog.store.emotion_sd(track.content) == (0.0, 0.0)


def test_exact_copies_share_one_sound(catalog: Catalog) -> None:
    ids, _ = catalog.store.stamps()
    found, sounds = catalog.store.descriptors(ids)
    np.testing.assert_array_equal(found, ids)
    assert sounds.embedding.dtype == sounds.statistics.dtype == sounds.fused.dtype == np.float32
    np.testing.assert_array_equal(sounds.embedding, [direction(1), direction(0, 1)])
    np.testing.assert_array_equal(sounds.statistics, [STATISTICS, STATISTICS])
    np.testing.assert_array_equal(sounds.fused, [FUSED, FUSED])
    mood_ids, moods = catalog.store.emotions()
    np.testing.assert_array_equal(mood_ids, ids)
    np.testing.assert_array_equal(moods, [(0.25, 0.75), (0.5, 0.5)])
    assert catalog.store.counts() == Counts(tracks=3, analyzed=3, missing=0, failed=0)


def test_of_exact_copies_the_first_by_path_that_passes_is_shown(catalog: Catalog) -> None:
    shared = catalog.store.content_id(b"b")
    assert shared is not None
    assert catalog.store.tracks_of([shared])[shared].path_bytes == catalog.path("b.mp3")
    jazz = [TextFilter("genre", "jazz", False)]
    assert catalog.store.tracks_of([shared], jazz)[shared].path_bytes == catalog.path("copy of b.mp3")
    assert catalog.store.matching_contents(jazz).tolist() == [shared]
    assert catalog.store.tracks_of([shared], [RangeFilter("year", 2000, None, False)]) == {}


def test_a_sound_is_gone_when_its_last_copy_is(catalog: Catalog) -> None:
    miss(catalog, "b.mp3")
    assert len(catalog.store.stamps()[0]) == 2
    miss(catalog, "copy of b.mp3")
    assert len(catalog.store.stamps()[0]) == len(catalog.store.emotions()[0]) == 1
    assert [track.path_bytes for track in catalog.store.all_tracks()] == [catalog.path("a.mp3")]
    assert catalog.store.counts() == Counts(tracks=3, analyzed=1, missing=2, failed=0)
    assert catalog.store.track_by_id(catalog.id("b.mp3")) is not None, "still known by name"


def test_a_stamp_changes_when_a_sound_is_heard_again_and_only_then(catalog: Catalog) -> None:
    ids, before = catalog.store.stamps()
    assert len({*before.tolist()}) == 2
    catalog.add(Entry("a.mp3", direction(0, 0, 1), 0.1, 0.1))
    miss(catalog, "b.mp3")
    found, after = catalog.store.stamps()
    np.testing.assert_array_equal(found, ids)
    np.testing.assert_array_equal(after == before, [False, True])


def test_the_sounds_asked_for_are_told_where_they_have_a_place(catalog: Catalog) -> None:
    [first, second] = catalog.store.stamps()[0]
    catalog.add(Entry("unheard.mp3"))
    asked = np.array([second, 10**9, catalog.store.content_id(b"unheard.mp3") or 0], np.int64)
    ids, sounds = catalog.store.descriptors(asked)
    assert ids.tolist() == [second]
    np.testing.assert_array_equal(sounds.embedding, [direction(0, 1)])
    assert first not in ids


def test_stamps_and_moods_are_read_without_the_long_rows(catalog: Catalog) -> None:
    """A million sounds are 4 GB; what an index asks first must not read them."""
    asked: list[tuple[str, Any]] = []

    def listen(_c: object, _u: object, statement: str, values: Any, _x: object, _m: object) -> None:
        asked.append((statement, values))

    engine = catalog.store.engine
    event.listen(engine, "before_cursor_execute", listen)
    catalog.store.stamps()
    catalog.store.emotions()
    event.remove(engine, "before_cursor_execute", listen)
    queries = [(statement, values) for statement, values in asked if statement.startswith("SELECT")]
    assert len(queries) == 2
    with engine.connect() as connection:
        for statement, values in queries:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
            steps = " ".join(row[-1] for row in plan)
            assert "emotions USING COVERING INDEX ix_emotions_seen" in steps
            assert "tracks USING COVERING INDEX ix_tracks_present" in steps


def test_another_model_sees_the_tracks_but_none_of_the_answers(catalog: Catalog) -> None:
    other = Store(catalog.store.engine, catalog.store.path, "other-2")
    assert len(other.stamps()[0]) == len(other.emotions()[0]) == 0
    assert other.counts() == Counts(tracks=3, analyzed=0, missing=0, failed=0)
    track = other.track_at(catalog.path("a.mp3"))
    assert track is not None
    assert track.content is not None
    assert (track.valence, track.arousal, other.emotion_sd(track.content)) == (None, None, None)
    assert other.descriptors_of(track.content) is None
    assert other.windows_of(track.content) == []
    assert other.analyzed_by(track.content) == other.analyzed_by() == ["plain-1"]
    assert other.analyzed_by(track.content + 100) == []


def test_an_empty_library_answers_with_nothing(tmp_path: Path) -> None:
    store = Catalog(tmp_path / "library.db", tmp_path).store
    ids, sounds = store.descriptors(store.stamps()[0])
    assert len(ids) == len(sounds.embedding) == len(sounds.statistics) == len(sounds.fused) == 0
    assert store.analyzed_by() == []
    assert store.emotions()[1].shape == (0, 2)
    assert not [*store.all_tracks(), *store.failures(), *Named(store, "a").containing(5, accents=False)]
    assert store.matching_contents([]).dtype == np.int64


@pytest.mark.parametrize("track_id", [0, -1, 4, 2**63, 10**30])
def test_an_id_that_is_none_finds_nothing(catalog: Catalog, track_id: int) -> None:
    assert catalog.store.track_by_id(track_id) is None


def test_more_sounds_than_one_statement_takes(catalog: Catalog) -> None:
    ids = [*range(40_000)]
    assert len(catalog.store.tracks_of(ids)) == 2


def test_a_library_that_is_damaged_while_open_is_told_of_in_words(catalog: Catalog) -> None:
    catalog.store.path.write_bytes(b"no database any more" * 1000)
    for suffix in ("-wal", "-shm"):
        Path(f"{catalog.store.path}{suffix}").unlink(missing_ok=True)
    with pytest.raises(LibraryError, match="not a database"):
        catalog.store.counts()
    with pytest.raises(LibraryError, match="not a database"):
        list(catalog.store.all_tracks())
