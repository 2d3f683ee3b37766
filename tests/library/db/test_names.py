"""The one pass that finds candidates loses none of the tracks that each track by itself would be."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from musimo.library.db import names
from musimo.library.db.folding import fold, fold_case, has_words, without_punctuation
from musimo.library.db.names import Named
from musimo.records import Tags, Track
from tests.catalog import Catalog, Entry, direction

TAGS = [
    Tags("Don’t Stop", "Fleetwood Mac", album="Rumours"),
    Tags("Don't Stop (Live)", "Fleetwood Mac", album="The Dance"),
    Tags("Ace of Spades", "Motörhead", "Motörhead", "Ace of Spades"),
    Tags("Motorhead", "Hawkwind"),
    Tags("Radio Free Europe", "R.E.M.", album="Murmur"),
    Tags("İstanbul", "İlhan İrem"),
    Tags("ﬁne ﬂow", None, "Ａｒｔｉｓｔ"),
    Tags("春の海", "宮城道雄"),
    Tags("zero\0byte", "separator"),
    Tags(None, None),
    Tags("?", "!!!"),
]
TYPED = [
    *("don't stop", "don’t stop", "motorhead", "motörhead", "MOTÖRHEAD – ace of spades", "rem europe"),
    *("r.e.m.", "istanbul", "fine flow", "artist", "春", "zero", "byte separator", "none", "?", "!!!", "…"),
    *("music/fleet", "fleet/ru", "/Music", "mac rumours stop", "nothing at all", "Hawkwind - Motorhead"),
]


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    catalog = Catalog(tmp_path_factory.mktemp("made") / "library.db", Path("/drive/Music"))
    catalog.add(
        *(
            Entry(f"{(tags.artist or 'x').replace('!', '')}/{tags.album}/{n}.mp3", direction(1, n), tags=tags)
            for n, tags in enumerate(TAGS)
        )
    )
    return catalog


def containing(tracks: Sequence[Track], typed: str, *, accents: bool) -> set[int | None]:
    folded = fold_case if accents else fold
    return {
        track.id
        for track in tracks
        if folded(typed) in folded(track.tags.title or "")
        or folded(typed) in folded(str(track.path))
        or (" - " in fold(typed) and fold(typed) == fold(f"{track.tags.artist} - {track.tags.title}"))
    }


@pytest.mark.parametrize("typed", TYPED)
@pytest.mark.parametrize("part", [2, 500])
@pytest.mark.parametrize("most", [1, 2_000])
def test_every_track_that_matches_is_found(
    catalog: Catalog, typed: str, part: int, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(names, "PART", part)
    monkeypatch.setattr(names, "MAX_CANDIDATES", most)
    tracks = [*catalog.store.all_tracks()]
    named = Named(catalog.store, typed)
    for accents in (True, False):
        found = {track.id for track in named.containing(99, accents=accents)}
        assert found == containing(tracks, typed, accents=accents)
    needles = " ".join(filter(None, map(without_punctuation, fold(typed).split())))
    expected = {
        track.id
        for track in tracks
        if needles
        and has_words(
            needles,
            track.path_bytes,
            track.tags.title,
            track.tags.artist,
            track.tags.albumartist,
            track.tags.album,
        )
    }
    assert {track.id for track in named.with_words(99)} == expected


def test_what_nobody_has_takes_one_pass(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    named = Named(catalog.store, "nothing at all")
    monkeypatch.delattr(type(catalog.store), "connect")
    assert [
        *named.containing(5, accents=True),
        *named.containing(5, accents=False),
        *named.with_words(5),
    ] == []
