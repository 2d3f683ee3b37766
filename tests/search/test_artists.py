"""One notion of artist and album: who a track counts for, and on which album it is."""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musimo.records import Tags, Track
from musimo.search.artists import (
    album_key,
    album_title,
    artist_key,
    compilation_key,
    group_keys,
    lead_artist,
)
from musimo.search.diversify import diversify
from musimo.search.duplicates import are_namesakes
from musimo.search.versions import work_key


def track(
    artist: str | None = None,
    album: str | None = None,
    albumartist: str | None = None,
    title: str | None = None,
    path: bytes = b"/m/a.mp3",
) -> Track:
    tags = Tags(artist=artist, album=album, albumartist=albumartist, title=title)
    return Track(1, path, tags, 60.0, 1, 0.5, 0.5)


@pytest.mark.parametrize(
    "join",
    [
        "{} feat. {}",
        "{} feat.{}",
        "{} ft. {}",
        "{} ft {}",
        "{} Featuring {}",
        "{} (feat. {})",
        "{} [ft. {}]",
        "{} (with {})",
        "{} with {}",
        "{} & {}",
        "{} and {}",
        "{} + {}",
        "{} x {}",
        "{} × {}",
        "{} vs. {}",
        "{} VS {}",
        "{}; {}",
        "{};{}",
        "{}, {}",
        "{}、{}",
        "{} / {}",
        "{} pres. {}",
        "{} ＆ {}",
    ],
)
@pytest.mark.parametrize(
    "name", ["Drake", "Björk", "AC/DC", "Guns N’ Roses", "A-ha", "10,000 Maniacs", "Ｐｅｒｆｕｍｅ"]
)
def test_guests_and_partners_make_no_other_artist(name: str, join: str) -> None:
    lead = lead_artist(name)
    assert lead is not None
    assert lead_artist(join.format(name, "Rihanna")) == lead
    assert lead_artist(unicodedata.normalize("NFD", join.format(name, "Rihanna")).upper()) == lead


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The Beatles", "Beatles, The"),
        ("The Beatles", "beatles"),
        ("Bob Marley and the Wailers", "Bob Marley & The Wailers"),
        ("Earth, Wind & Fire", "Earth, Wind and Fire feat. Somebody"),
        ("a‐ha", "A-HA"),
        ("İlhan İrem", "ilhan irem"),
    ],
)
def test_spellings_of_one_artist(one: str, other: str) -> None:
    assert lead_artist(one) == lead_artist(other) is not None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Earth", "Earth, Wind & Fire"),
        ("Tyler", "Tyler, the Creator"),
        ("Simon", "Simon & Garfunkel"),
        ("Various Cruelties", "Various Artists"),
        ("Unknown Mortal Orchestra", "Unknown Artist"),
        ("10", "10,000 Maniacs"),
    ],
)
def test_different_artists(one: str, other: str) -> None:
    assert lead_artist(one) != lead_artist(other)


@pytest.mark.parametrize(
    "name",
    [
        "Various Artists",
        "VARIOUS ARTISTS",
        "Various",
        "V.A.",
        "VA",
        "V/A",
        "[Unknown]",
        "<unknown>",
        "Unknown Artist",
        "Verschiedene Künstler",
        "Artistes divers",
        "Varios Artistas",
        "Vários artistas",
        "Неизвестный исполнитель",
        "群星",
        "",
        "  ",
        None,
    ],
)
def test_nobody_is_not_one_artist(name: str | None) -> None:
    assert lead_artist(name) is None
    assert artist_key(track(name)) is None
    assert artist_key(track(name, albumartist="Drake & Giveon")) == "drake"


@pytest.mark.parametrize(
    "title",
    [
        "The Wall",
        "The Wall (Deluxe Edition)",
        "The Wall [Disc 2]",
        "The Wall (CD1)",
        "The Wall CD 1",
        "The Wall, Disc Two",
        "The Wall - Disc 1",
        "The Wall (Disc 1: The Early Days)",
        "The Wall (Remastered 2011)",
        "The Wall (2011 Remaster) [Disc 1 of 2]",
        "The Wall (30th Anniversary Edition)",
        "The Wall (Collector’s Edition)",
        "The Wall [Explicit]",
        "The Wall (Bonus Track Version)",
        "THE WALL (Édition Deluxe)",
        "The Wall (Remasterizado)",
    ],
)
def test_editions_and_discs_are_one_album(title: str) -> None:
    assert album_title(title) == "the wall"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Songs, Vol. 1", "Songs, Vol. 2"),
        ("Alive", "Alive (Live)"),
        ("Paris", "Paris (Live at Paris)"),
        ("Blood", "Blood Disc"),
        ("Now 42", "Now 43"),
        ("Weezer (Blue Album)", "Weezer (Green Album)"),
    ],
)
def test_different_albums(one: str, other: str) -> None:
    assert album_title(one) != album_title(other)


def test_an_unknown_album_is_no_album() -> None:
    for title in (None, "", " ", "Unknown Album", "[non-album tracks]", "Untitled"):
        assert album_key(track("A", title)) is None
        assert compilation_key(track("A", title)) is None


def listed(*tracks: Track) -> int:
    return len(list(diversify(tracks, group_keys, (None, 1, 1))))


def test_a_compilation_without_album_artist_is_one_album() -> None:
    assert listed(track("A", "Now 42"), track("B", "Now 42"), track("C", "Now 42 (Deluxe)")) == 1
    folders = [b"/m/Now 42/CD1/a", b"/m/Now 42/CD2/b", b"/m/Now 42 (Disc 3)/c", b"/m/Now 42/d"]
    assert (
        listed(*(track(name, "Now 42", path=path) for name, path in zip("ABCD", folders, strict=True))) == 1
    )


def test_albums_of_one_title_are_several() -> None:
    assert listed(track("A", "Greatest Hits"), track("B", "Greatest Hits")) == 2
    assert listed(track("A", "Moods", path=b"/a/1"), track("B", "Moods", path=b"/b/1")) == 2
    assert listed(track("X", "Moods", "A"), track("Y", "Moods", "B")) == 2


def test_guests_and_several_folders_make_no_other_album() -> None:
    assert listed(track("A", "Moods", path=b"/a/1"), track("A feat. B", "Moods (Deluxe)", path=b"/b/1")) == 1
    assert listed(track("B", "Moods", "A"), track("C", "Moods [Disc 2]", "A & C", path=b"/b/1")) == 1


def test_versions_and_namesakes_have_the_same_artists() -> None:
    one = track("Drake & Giveon", title="Rings")
    other = track("Drake feat. Rihanna", title="Rings (feat. Rihanna)")
    assert work_key(one) == work_key(other) is not None
    assert are_namesakes(one, other)
    assert not are_namesakes(one, track("Drake", title="Rings (Live)"))
    assert not are_namesakes(track("Various Artists", title="Song"), track("Various Artists", title="Song"))


@given(st.text(max_size=40))
def test_any_text_is_a_name(text: str) -> None:
    lead, album = lead_artist(text), album_title(text)
    assert lead != ""
    assert album != ""


@pytest.mark.parametrize(
    "unit", ["feat. ", "(", "(feat", "a, ", " & ", "- ", "(a) ", "[disc 1]", " - a", "，", "the "]
)
def test_hostile_names_are_processed_quickly(unit: str) -> None:
    begin = time.process_time()
    for n in (499 // len(unit), 100_000):
        lead_artist(unit * n)
        album_title(unit * n)
    assert time.process_time() - begin < 1
