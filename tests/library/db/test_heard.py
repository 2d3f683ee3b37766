"""Tags heard: which are set, what they are asked by, and what becomes of them with their content."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import select

from musimo.errors import UsageError
from musimo.library.db import rehash
from musimo.library.db.heard import count_heard, heard_scores, with_heard
from musimo.library.db.queries import Store
from musimo.library.db.schema import contents, heard, tag_scores
from musimo.records import HeardTag, Track
from musimo.records.heard import GENRES, TAG_NAME, set_tags, strongest_genre
from musimo.search.heard import SPELLINGS, tag_name
from musimo.search.selection import EVERYTHING, Selection, select_tracks
from musimo.search.where import parse
from tests.catalog import MODEL, Catalog, Entry, direction

TAGS = ("piano", "rock", "no vocals", "jazz")


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    made = Catalog(tmp_path / "library.db", tmp_path / "music", tags=TAGS)
    made.add(
        Entry("a.mp3", direction(1), heard=(0.75, 0.5, 0.875, 0.25)),
        Entry("b.mp3", direction(1), heard=(0.25, 1.0, 0.0, 0.5)),
        Entry("c.mp3", direction(1), heard=(0.25, 0.25, 0.0, 0.25)),
        Entry("d.mp3", sound=b"d"),
    )
    return made


def names(catalog: Catalog, *where: str) -> str:
    found = select_tracks(catalog.store, Selection(None, where, None, None, fold_versions=False))
    return "".join(Path(track.path).stem for track in found)


def test_tags_are_set_from_a_half_on_strongest_first(catalog: Catalog) -> None:
    found = [track.heard for track in select_tracks(catalog.store, EVERYTHING)]
    assert found == [
        (HeardTag("no vocals", 0.875), HeardTag("piano", 0.75), HeardTag("rock", 0.5)),
        (HeardTag("rock", 1.0), HeardTag("jazz", 0.5)),
        (),
        None,
    ]
    assert count_heard(catalog.store) == {"rock": 2, "jazz": 1, "no vocals": 1, "piano": 1}
    assert [*count_heard(catalog.store)] == ["rock", "jazz", "no vocals", "piano"]


def test_rounding_comes_before_the_threshold() -> None:
    """So that the scores and the rows of tags that are set agree, here and where they are imported."""
    [one] = set_tags(("piano", "rock"), np.array([0.49999, 0.4996], np.float32))
    assert one == HeardTag("piano", 0.5)


def test_all_scores_of_present_tracks(catalog: Catalog) -> None:
    catalog.add(Entry("copy.mp3", sound=b"a.mp3"))
    found = heard_scores(catalog.store)
    assert found.track_ids.tolist() == catalog.ids("a.mp3", "b.mp3", "c.mp3", "copy.mp3")
    assert found.tags == TAGS
    assert found.scores.dtype == np.float32
    first, second = [0.75, 0.5, 0.875, 0.25], [0.25, 1, 0, 0.5]
    assert found.scores[[0, 1, 3]].tolist() == [first, second, first]
    nobody = heard_scores(Store(catalog.store.engine, catalog.store.path, "another"))
    assert (nobody.track_ids.shape, nobody.tags, nobody.scores.shape) == ((0,), (), (0, 0))


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("heard:rock", "ab"),
        ("heard:Piano", "a"),
        ('heard:"no vocals"', "a"),
        ("heard:No-Vocals", "a"),
        ("heard:instrumental", "a"),
        ("heard:", "ab"),
        ("^heard:rock", "cd"),
        ("^heard:", "cd"),
        ("heard:piano|jazz", "ab"),
        ("^heard:piano|jazz", "cd"),
    ],
)
def test_tracks_are_found_by_what_is_heard(catalog: Catalog, where: str, found: str) -> None:
    assert names(catalog, where) == found


def test_conditions_hold_together(catalog: Catalog) -> None:
    assert names(catalog, "heard:rock", "^heard:piano") == "b"


@pytest.mark.parametrize("where", ["heard:pianoo", "^heard:pianoo", "heard:rock|pianoo"])
def test_a_tag_that_is_not_heard_is_an_error_that_names_the_others(catalog: Catalog, where: str) -> None:
    for ask in (catalog.store.matching_contents, lambda filters: list(catalog.store.all_tracks(filters))):
        with pytest.raises(UsageError, match=f"{MODEL} hears no tag 'pianoo'") as caught:
            ask([parse(where)])
        assert caught.value.hint == "did you mean piano? tags: piano, rock, no vocals, jazz"


def test_a_model_without_tags_hears_nothing_and_says_so(tmp_path: Path) -> None:
    deaf = Catalog(tmp_path / "deaf.db", tmp_path / "music")
    assert names(deaf, "heard:piano") == "", "nothing is analyzed, which other words say better"
    deaf.add(Entry("a.mp3", direction(1)))
    with pytest.raises(UsageError, match="hears no tags"):
        names(deaf, "heard:piano")
    [track] = select_tracks(deaf.store, EVERYTHING)
    assert track.heard is None
    assert track.as_dict()["heard"] is None


def test_a_new_analysis_replaces_what_was_heard(catalog: Catalog) -> None:
    catalog.add(Entry("a.mp3", direction(1), heard=(0.0, 0.0, 0.0, 0.75)))
    assert names(catalog, "heard:jazz") == "ab"
    assert names(catalog, "heard:piano") == ""
    with catalog.store.connect() as connection:
        rows = connection.execute(select(tag_scores.c.content_id)).all()
    assert len(rows) == 3


def test_two_models_are_kept_apart(catalog: Catalog) -> None:
    other = Catalog(catalog.store.path, Path(catalog.root.decode()), "plain-2", ("rock", "sad"))
    other.add(Entry("a.mp3", direction(1), heard=(0.25, 0.75)))
    assert names(other, "heard:sad") == "a"
    assert names(other, "heard:rock") == ""
    assert names(catalog, "heard:rock") == "ab"
    [track, *_] = select_tracks(other.store, EVERYTHING)
    assert track.heard == (HeardTag("sad", 0.75),)


def test_what_was_heard_goes_with_its_content(catalog: Catalog) -> None:
    with catalog.store.engine.begin() as connection:
        target = connection.execute(contents.insert().values(hash=b"n" * 16, duration_s=1.0)).lastrowid
        [source] = connection.execute(select(contents.c.id).where(contents.c.hash == b"a.mp3")).scalars()
        for _ in range(2):  # the second time there is nothing to copy
            rehash._copy(connection, heard, source, target, lacking=tag_scores)
            rehash._copy(connection, tag_scores, source, target)
        rows = connection.execute(select(heard.c.tag).where(heard.c.content_id == target)).scalars().all()
        assert sorted(rows) == ["no vocals", "piano", "rock"]
        rehash.delete_unused(connection, target)
        for table in (heard, tag_scores):
            assert not connection.execute(select(table).where(table.c.content_id == target)).all()


def test_tracks_from_elsewhere_stay_as_they_are(catalog: Catalog) -> None:
    [known, *_] = catalog.store.all_tracks()
    outside = Track(None, b"/x.mp3", known.tags, 1.0, None, 0.5, 0.5, heard=(HeardTag("sad", 0.5),))
    assert with_heard(catalog.store, [outside]) == [outside]
    assert with_heard(catalog.store, [outside, known])[0] == outside


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Hip-Hop", "hip hop"),
        ("hiphop", "hip hop"),
        ("R&B", "rnb"),
        ("r'n'b", "rnb"),
        ("80's", "80s"),
        ("1980s", "80s"),
        ("  No_Vocals ", "no vocals"),
        ("PIANO", "piano"),
        ("", ""),
        ("\x1b[31m", "31m"),
    ],
)
def test_tags_are_written_as_people_do(written: str, name: str) -> None:
    assert tag_name(written) == name
    assert name == "" or TAG_NAME.fullmatch(name)


def test_genres_and_spellings_are_names_of_tags() -> None:
    assert all(map(TAG_NAME.fullmatch, {*GENRES, *SPELLINGS.values()}))
    assert not {*SPELLINGS} & GENRES
    assert strongest_genre((HeardTag("piano", 0.9), HeardTag("soul", 0.8), HeardTag("rock", 0.7))) == "soul"
    assert strongest_genre(None) is strongest_genre(()) is None
