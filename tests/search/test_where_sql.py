"""Filters mean the same to SQL as to Python, whatever is in the library."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from musimo.library.db.folding import fold
from musimo.library.db.heard import with_heard
from musimo.library.db.schema import (
    contents,
    emotions,
    heard,
    ratings,
    tag_scores,
    tempo_keys,
    tracks,
    windows,
)
from musimo.records import (
    KEYS,
    AnyFilter,
    Filter,
    HeardFilter,
    KeyFilter,
    PathFilter,
    RangeFilter,
    Tags,
    TempoKey,
    TextFilter,
)
from musimo.search.plane import Plane
from musimo.search.where import MOOD_RADIUS, NUMBER_FIELDS, TEXT_FIELDS, matches, parse
from tests.catalog import Catalog, Entry, direction

# Letters with several cases, spellings and widths; SQL's own wildcards and quotes; what bytes become.
LETTERS = "aAbßẞﬁfiİıIsSſΣσςÅÅe\u0301é％%_'\"*?[]\\ \n\x01０0🎵\ufffd"
texts = st.text(LETTERS, max_size=4)
numbers = st.integers(-3, 3) | st.floats(-3, 3) | st.sampled_from([0.1, 1 / 3, 1e300, -0.0])
wholes = st.none() | st.integers(-3, 3) | st.just(2**53 + 1)
moods = st.floats(0, 1) | st.sampled_from([0.0, 0.5, 0.6, 1.0])
HEARD_TAGS = ("piano", "no vocals", "vocals")
# What may stand in a name on disk, UTF-8 or not
names = st.lists(
    st.sampled_from([b"a", b"A", b"/b", b"\xff", b"\xc3", b"\xa9", b"%", b"\n"]), min_size=1
).map(b"".join)

tags = st.builds(
    Tags,
    **{"codec" if field == "format" else field: st.none() | texts for field in TEXT_FIELDS},
    **dict.fromkeys(("year", "release_year", "track", "disc", "sample_rate", "channels", "bitrate"), wholes),
    bpm=st.none() | numbers.map(float),
    duration_s=st.none() | numbers.map(float),
)
entries = st.builds(
    Entry,
    name=names,
    vector=st.sampled_from([direction(1), None]),
    valence=moods,
    arousal=moods,
    tags=tags,
    duration_s=numbers.map(float),
    sound=st.sampled_from([None, b"shared"]),
    heard=st.tuples(*[st.sampled_from([0.0, 0.4999, 0.5, 1.0])] * 3),
    tempo_key=st.builds(
        TempoKey, st.none() | numbers.map(float), moods, st.sampled_from([None, *KEYS[:2]]), moods
    ),
)
simple: st.SearchStrategy[Filter] = st.one_of(
    st.builds(TextFilter, st.sampled_from(TEXT_FIELDS), texts.map(fold), st.booleans()),
    st.builds(PathFilter, names | st.just(b""), st.booleans()),
    st.builds(HeardFilter, st.sampled_from(["", *HEARD_TAGS]), st.booleans()),
    st.builds(KeyFilter, st.sampled_from([KEYS, KEYS[:1], KEYS[1:]]), st.booleans()),
    st.builds(
        RangeFilter, st.sampled_from(NUMBER_FIELDS), st.none() | numbers, st.none() | numbers, st.booleans()
    ),
)
filters = simple | st.builds(AnyFilter, st.lists(simple, max_size=3).map(tuple), st.booleans())


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    folder = tmp_path_factory.mktemp("where")
    root = Path(os.fsdecode(os.fsencode(folder) + b"/m\xfcsic"))
    return Catalog(folder / "library.db", root, tags=HEARD_TAGS)


def refill(shelf: Catalog, content: Sequence[Entry]) -> None:
    with shelf.store.engine.begin() as connection:
        for table in (tracks, windows, emotions, heard, tag_scores, tempo_keys, contents):
            connection.execute(table.delete())
    shelf.add(*content)


@settings(max_examples=40)
@given(
    content=st.lists(entries, max_size=5, unique_by=lambda entry: entry.name),
    queries=st.lists(filters, min_size=1, max_size=8),
)
def test_sql_agrees_with_the_meaning_of_filters(
    shelf: Catalog, content: list[Entry], queries: list[Filter]
) -> None:
    refill(shelf, content)
    everything = with_heard(shelf.store, list(shelf.store.all_tracks()))
    assert len(everything) == len(content)
    for query in queries:
        meant = [track for track in everything if matches(query, track)]
        assert with_heard(shelf.store, list(shelf.store.all_tracks([query]))) == meant
    meant = [track for track in everything if all(matches(query, track) for query in queries[:2])]
    sounds = {track.content for track in meant}
    assert set(shelf.store.matching_contents(queries[:2]).tolist()) == sounds
    shown = shelf.store.tracks_of([track.content or 0 for track in everything], queries[:2])
    assert set(shown) == sounds
    assert all(track in meant for track in with_heard(shelf.store, [*shown.values()]))


def test_what_is_typed_in_another_encoding_matches_nothing_and_breaks_nothing(shelf: Catalog) -> None:
    refill(shelf, [Entry("a.mp3", tags=Tags(artist="Café"))])
    latin = os.fsdecode("artist:café".encode("latin-1"))
    assert list(shelf.store.all_tracks([parse(latin)])) == []
    assert len(list(shelf.store.all_tracks([parse("^" + latin)]))) == 1
    assert len(list(shelf.store.all_tracks([parse("artist:CAFE\u0301")]))) == 1
    assert len(list(shelf.store.all_tracks([parse(os.fsdecode(b"path:m\xfcsic/"))]))) == 1
    assert len(list(shelf.store.all_tracks([parse("id:..99999999999999999999999")]))) == 1


def test_a_mood_is_near_in_percentiles_of_the_library(shelf: Catalog) -> None:
    values = {"a": (0.50, 0.50), "b": (0.51, 0.40), "c": (0.52, 0.45), "d": (0.53, 0.41), "e": (0.49, 0.60)}
    refill(shelf, [Entry(name, direction(1), *value) for name, value in values.items()] + [Entry("f")])
    found = list(shelf.store.all_tracks([parse("mood:calm")]))
    ids, points = zip(*((name, point) for name, point in values.items()), strict=True)
    plane = Plane(np.arange(len(ids)), np.array(points, np.float32)).relative()
    meant = [
        ids[at] for at, _ in plane.nearest((0.75, 0.25)) if plane.distances((0.75, 0.25))[at] <= MOOD_RADIUS
    ]
    assert [os.fsdecode(track.path.name) for track in found] == sorted(meant)
    assert meant
    assert len(list(shelf.store.all_tracks([parse("^mood:calm")]))) == 6 - len(meant)


def test_ratings_are_a_condition(shelf: Catalog) -> None:
    refill(shelf, [Entry(name, direction(1)) for name in "abc"])
    [a, b, c] = shelf.store.all_tracks()
    with shelf.store.engine.begin() as connection:
        for track, liking in ((a, 1), (b, -1), (c, None)):
            rating = {"content_id": track.content, "liking": liking, "rated_at": "now"}
            connection.execute(ratings.insert().values(rating))
    for expression, meant in (("liked:", [a]), ("disliked:", [b]), ("^liked:", [b, c])):
        assert list(shelf.store.all_tracks([parse(expression)])) == meant
    with shelf.store.engine.begin() as connection:
        connection.execute(ratings.delete())
