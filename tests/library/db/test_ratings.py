"""What the owner says of sounds, and what outlives it."""

from __future__ import annotations

from pathlib import Path

import pytest

from musimo.errors import LibraryError
from musimo.library.db.files import GoneFile
from musimo.library.db.ratings import (
    Opinion,
    all_ratings,
    count_ratings,
    forget,
    opinion_of,
    predicted_emotion,
    rate,
)
from musimo.library.prune import prune
from tests.catalog import Catalog, Entry, direction


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    catalog = Catalog(tmp_path / "library.db", tmp_path / "music")
    catalog.add(
        Entry("a.mp3", direction(1), 0.25, 0.75),
        Entry("b.mp3", direction(0, 1), 0.5, 0.5, sound=b"b"),
        Entry("copy of b.mp3", None, sound=b"b"),
        Entry("c.mp3", direction(0, 0, 1)),
    )
    return catalog


def content(catalog: Catalog, name: str) -> int:
    track = catalog.store.track_at(catalog.path(name))
    assert track is not None
    assert track.content is not None
    return track.content


def test_what_is_said_later_is_added_to_what_was_said(catalog: Catalog) -> None:
    a, b = content(catalog, "a.mp3"), content(catalog, "b.mp3")
    rate(catalog.store, {a: Opinion(valence=0.0, liking=-1), b: Opinion(arousal=1.0)})
    rate(catalog.store, {a: Opinion(arousal=0.3, liking=1)})
    assert opinion_of(catalog.store, a) == Opinion(0.0, 0.3, 1)
    assert opinion_of(catalog.store, b) == Opinion(None, 1.0, None)
    assert opinion_of(catalog.store, content(catalog, "c.mp3")) is None
    assert count_ratings(catalog.store) == 2
    assert predicted_emotion(catalog.store, a) == (0.25, 0.75)
    assert predicted_emotion(catalog.store, a + 100) is None


def test_ratings_come_by_path_and_copies_share_one(catalog: Catalog) -> None:
    rate(
        catalog.store,
        {content(catalog, "copy of b.mp3"): Opinion(0.1), content(catalog, "a.mp3"): Opinion(0.2)},
    )
    found = [
        (one.track.path_bytes if one.track else None, one.content_hash, one.opinion)
        for one in all_ratings(catalog.store)
    ]
    assert found == [
        (catalog.path("a.mp3"), b"a.mp3", Opinion(0.2)),
        (catalog.path("b.mp3"), b"b", Opinion(0.1)),
    ]


def test_to_forget_is_to_forget_all_that_was_said(catalog: Catalog) -> None:
    a, b = content(catalog, "a.mp3"), content(catalog, "b.mp3")
    rate(catalog.store, {a: Opinion(0.1, 0.2, 1)})
    assert forget(catalog.store, [a, b]) == 1
    assert forget(catalog.store, []) == 0
    assert all_ratings(catalog.store) == []


def test_a_rating_outlives_its_file_and_its_track(catalog: Catalog) -> None:
    a, c = content(catalog, "a.mp3"), content(catalog, "c.mp3")
    rate(catalog.store, {a: Opinion(0.1), c: Opinion(liking=1)})
    root = catalog.planned("a.mp3").scan_folder.root_id
    catalog.journal.mark_missing([GoneFile(root, b"a.mp3", catalog.id("a.mp3"), False)])
    assert [one.track.path_bytes for one in all_ratings(catalog.store) if one.track] == [
        catalog.path("a.mp3"),
        catalog.path("c.mp3"),
    ], "a missing track is still known by name"
    assert prune(catalog.store, catalog.store.missing_tracks()) == 1
    of_c, of_a = all_ratings(catalog.store)
    assert (of_a.content_hash, of_a.track, of_a.opinion) == (b"a.mp3", None, Opinion(0.1))
    assert of_c.track is not None
    catalog.add(Entry("elsewhere/a.flac", None, sound=b"a.mp3"))
    [back] = [one for one in all_ratings(catalog.store) if one.content == a]
    assert back.track is not None
    assert back.track.path_bytes == catalog.path("elsewhere/a.flac")


def test_a_rating_changes_no_answer_and_outdates_no_index(catalog: Catalog) -> None:
    before = catalog.store.generation(), catalog.store.emotions()[1].tolist()
    rate(catalog.store, {content(catalog, "a.mp3"): Opinion(0.9)})
    assert (catalog.store.generation(), catalog.store.emotions()[1].tolist()) == before


def test_all_or_none(catalog: Catalog) -> None:
    a = content(catalog, "a.mp3")
    with pytest.raises(LibraryError, match="FOREIGN KEY"):
        rate(catalog.store, {a: Opinion(0.5), a + 100: Opinion(0.5)})
    assert all_ratings(catalog.store) == []
