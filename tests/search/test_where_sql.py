"""Filters mean the same to SQL as to Python, whatever is in the library."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from musimo.library.db.folding import fold
from musimo.library.db.schema import contents, emotions, tempo_keys, tracks, windows
from musimo.records import KEYS, Filter, KeyFilter, PathFilter, RangeFilter, Tags, TempoKey, TextFilter
from musimo.search.where import NUMBER_FIELDS, TEXT_FIELDS, matches, parse
from tests.catalog import Catalog, Entry, direction

# Letters with several cases, spellings and widths; SQL's own wildcards and quotes; what bytes become.
LETTERS = "aAbßẞﬁfiİıIsSſΣσςÅÅe\u0301é％%_'\"*?[]\\ \n\x01０0🎵\ufffd"
texts = st.text(LETTERS, max_size=4)
numbers = st.integers(-3, 3) | st.floats(-3, 3) | st.sampled_from([0.1, 1 / 3, 1e300, -0.0])
wholes = st.none() | st.integers(-3, 3) | st.just(2**53 + 1)
moods = st.floats(0, 1) | st.sampled_from([0.0, 0.5, 0.6, 1.0])
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
    tempo_key=st.builds(
        TempoKey, st.none() | numbers.map(float), moods, st.sampled_from([None, *KEYS[:2]]), moods
    ),
)
filters: st.SearchStrategy[Filter] = st.one_of(
    st.builds(TextFilter, st.sampled_from(TEXT_FIELDS), texts.map(fold), st.booleans()),
    st.builds(PathFilter, names | st.just(b""), st.booleans()),
    st.builds(KeyFilter, st.sampled_from([KEYS, KEYS[:1], KEYS[1:]]), st.booleans()),
    st.builds(
        RangeFilter, st.sampled_from(NUMBER_FIELDS), st.none() | numbers, st.none() | numbers, st.booleans()
    ),
)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    folder = tmp_path_factory.mktemp("where")
    return Catalog(folder / "library.db", Path(os.fsdecode(os.fsencode(folder) + b"/m\xfcsic")))


def refill(shelf: Catalog, content: Sequence[Entry]) -> None:
    with shelf.store.engine.begin() as connection:
        for table in (tracks, windows, emotions, tempo_keys, contents):
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
    everything = list(shelf.store.all_tracks())
    assert len(everything) == len(content)
    for query in queries:
        meant = [track for track in everything if matches(query, track)]
        assert list(shelf.store.all_tracks([query])) == meant
    meant = [track for track in everything if all(matches(query, track) for query in queries[:2])]
    sounds = {track.content for track in meant}
    assert set(shelf.store.matching_contents(queries[:2]).tolist()) == sounds
    shown = shelf.store.tracks_of([track.content or 0 for track in everything], queries[:2])
    assert set(shown) == sounds
    assert all(track in meant for track in shown.values())


def test_what_is_typed_in_another_encoding_matches_nothing_and_breaks_nothing(shelf: Catalog) -> None:
    refill(shelf, [Entry("a.mp3", tags=Tags(artist="Café"))])
    latin = os.fsdecode("artist:café".encode("latin-1"))
    assert list(shelf.store.all_tracks([parse(latin)])) == []
    assert len(list(shelf.store.all_tracks([parse("^" + latin)]))) == 1
    assert len(list(shelf.store.all_tracks([parse("artist:CAFE\u0301")]))) == 1
    assert len(list(shelf.store.all_tracks([parse(os.fsdecode(b"path:m\xfcsic/"))]))) == 1
    assert len(list(shelf.store.all_tracks([parse("id:..99999999999999999999999")]))) == 1
