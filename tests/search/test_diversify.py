from collections.abc import Iterator
from itertools import count, islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musimo.records import Tags, Track
from musimo.search.artists import album_key, artist_key
from musimo.search.diversify import GroupKeys, diversify

Song = tuple[str | None, str | None]  # artist, album


def keys_of(song: Song) -> GroupKeys:
    return song[0], None if song[1] is None else song


def track(artist: str | None = None, album: str | None = None, albumartist: str | None = None) -> Track:
    tags = Tags(artist=artist, album=album, albumartist=albumartist)
    return Track(1, b"/m/a.mp3", tags, 60.0, 1, 0.5, 0.5)


def keep(songs: list[Song], per_artist: int | None, per_album: int | None) -> list[Song]:
    return list(diversify(songs, keys_of, (per_artist, per_album)))


def test_caps_keep_the_best_of_each_artist_and_album_in_order() -> None:
    ranked: list[Song] = [("A", "x"), ("A", "x"), ("A", "y"), ("B", "x"), ("A", "z"), ("B", "q"), ("B", "r")]
    assert keep(ranked, 2, 1) == [("A", "x"), ("A", "y"), ("B", "x"), ("B", "q")]
    assert keep(ranked, None, 1) == [
        ("A", "x"),
        ("A", "y"),
        ("B", "x"),
        ("A", "z"),
        ("B", "q"),
        ("B", "r"),
    ]
    assert keep(ranked, 1, None) == [("A", "x"), ("B", "x")]


def test_without_caps_everything_stays() -> None:
    ranked: list[Song] = [("A", "x")] * 5
    assert keep(ranked, None, None) == ranked


def test_unknown_artists_and_albums_count_as_their_own() -> None:
    ranked: list[Song] = [(None, None)] * 4
    assert keep(ranked, 1, 1) == ranked


def test_a_track_left_out_for_its_album_leaves_its_artist_room() -> None:
    assert keep([("A", "x"), ("A", "x"), ("A", "y")], 2, 1) == [("A", "x"), ("A", "y")]


def test_is_lazy() -> None:
    def endless() -> Iterator[Song]:
        for number in count():
            assert number < 3, "read on"
            yield (str(number), None)

    assert len(list(islice(diversify(endless(), keys_of, (1, 1)), 3))) == 3


songs = st.tuples(st.sampled_from(["A", "B", None]), st.sampled_from(["x", "y", None]))
caps = st.one_of(st.none(), st.integers(1, 3))


@given(st.lists(songs), caps, caps)
def test_one_is_left_out_exactly_when_its_artist_or_album_is_full(
    ranked: list[Song], per_artist: int | None, per_album: int | None
) -> None:
    positions = [
        position
        for position, _ in diversify(
            enumerate(ranked),
            lambda numbered: keys_of(numbered[1]),
            (per_artist, per_album),
        )
    ]
    assert positions == sorted(set(positions))
    for position, song in enumerate(ranked):
        better = [ranked[i] for i in positions if i < position]
        artist_full = song[0] is not None and [b[0] for b in better].count(song[0]) == per_artist
        album_full = song[1] is not None and better.count(song) == per_album
        assert (position in positions) != (artist_full or album_full)


@pytest.mark.parametrize("name", ["Nina Simone", "nina simone", " NINA  SIMONE "])
def test_artists_are_the_same_regardless_of_case_and_blanks(name: str) -> None:
    assert artist_key(track(artist=name)) == "nina simone"


def test_keys_of_tracks() -> None:
    assert artist_key(track()) is None
    assert artist_key(track(artist="  ")) is None
    assert artist_key(track(albumartist="V.A.")) is None
    assert album_key(track(artist="A")) is None
    assert album_key(track(artist="A", album="Live")) == ("a", "live")
    assert album_key(track(artist="A", album="Live", albumartist="V.A.")) == ("", "live")
    assert album_key(track(album="Live")) == ("", "live")
