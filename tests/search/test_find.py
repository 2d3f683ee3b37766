"""Which track is meant by what somebody typed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from musimo.errors import NotFoundError, UsageError
from musimo.library.db.files import GoneFile
from musimo.records import Tags
from musimo.search.find import LISTED, find_track
from tests.catalog import Catalog, Entry, direction

LATIN = os.fsdecode(b"caf\xe9.mp3")


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    """A few tracks; only ``disk.mp3`` has a file, as on a library whose drive is away."""
    (tmp_path / "Musik").mkdir()
    (tmp_path / "Musik" / "disk.mp3").touch()
    catalog = Catalog(tmp_path / "library.db", tmp_path / "Musik")
    titles = {
        "disk.mp3": "On Disk",
        "Live/so what.mp3": "So What",
        "b.mp3": "So What (Take 2)",
        "c.mp3": "Straße nach Ålesund",
        "d.mp3": "1999",
        "e.mp3": "twice",
        "f.mp3": "Twice",
        "g.mp3": "Thrice upon twice",
        LATIN: None,
    }
    catalog.add(*(Entry(name, direction(1), tags=Tags(title=title)) for name, title in titles.items()))
    return catalog


def found(catalog: Catalog, named: str | Path) -> str | None:
    """Name of the track that was found."""
    track = find_track(catalog.store, named)
    return os.fsdecode(track.path_bytes[len(catalog.root) + 1 :]) if track else None


@pytest.mark.parametrize(
    ("named", "name"),
    [
        ("On Disk", "disk.mp3"),
        ("on dis", "disk.mp3"),
        ("so what", "Live/so what.mp3"),
        ("SO WHAT (", "b.mp3"),
        ("take 2", "b.mp3"),
        ("live/", "Live/so what.mp3"),
        ("STRASSE NACH A\u030aLESUND", "c.mp3"),
        ("å", "c.mp3"),
        ("1999", "d.mp3"),
        (LATIN, LATIN),
        ("Thrice", "g.mp3"),
    ],
)
def test_words_of_a_title_or_path_name_the_one_track_that_has_them(
    catalog: Catalog, named: str, name: str
) -> None:
    assert found(catalog, named) == name


def test_an_id_names_its_track(catalog: Catalog) -> None:
    assert found(catalog, str(catalog.id("c.mp3"))) == "c.mp3"
    with pytest.raises(NotFoundError):
        found(catalog, "99999999999999999999999")


def test_a_path_names_its_track_from_wherever_it_is_seen(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "Musik"
    (tmp_path / "other name").symlink_to(folder)
    for path in (folder / "disk.mp3", tmp_path / "other name" / "disk.mp3"):
        assert found(catalog, path) == found(catalog, str(path)) == "disk.mp3"
    monkeypatch.chdir(folder)
    assert found(catalog, "disk.mp3") == found(catalog, "./disk.mp3") == "disk.mp3"
    assert found(catalog, "../Musik/disk.mp3") == "disk.mp3"
    monkeypatch.setenv("HOME", str(tmp_path))
    assert found(catalog, "~/Musik/disk.mp3") == "disk.mp3"


def test_a_track_whose_drive_is_away_is_found_by_its_path(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "Musik")
    assert found(catalog, tmp_path / "Musik" / "b.mp3") == "b.mp3"
    assert found(catalog, tmp_path / "link" / "b.mp3") == "b.mp3"
    monkeypatch.chdir(tmp_path / "Musik")
    assert found(catalog, LATIN) == LATIN
    assert found(catalog, "b.mp3") == "b.mp3"


def test_a_link_in_a_scanned_folder_is_known_by_its_own_name(catalog: Catalog, tmp_path: Path) -> None:
    (tmp_path / "elsewhere.mp3").touch()
    (tmp_path / "Musik" / "b.mp3").symlink_to(tmp_path / "elsewhere.mp3")
    assert found(catalog, tmp_path / "Musik" / "b.mp3") == "b.mp3"
    assert found(catalog, tmp_path / "elsewhere.mp3") is None


def test_a_file_that_is_not_in_the_library_is_nobody_even_if_words_would_fit(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "so what").touch()
    monkeypatch.chdir(tmp_path)
    assert found(catalog, "so what") is None


def test_several_tracks_are_listed_and_not_guessed_from(catalog: Catalog) -> None:
    with pytest.raises(UsageError, match="'twice' names several") as caught:
        found(catalog, "twice")
    lines = [f"{catalog.id(name)}: {os.fsdecode(catalog.path(name))}" for name in ("e.mp3", "f.mp3", "g.mp3")]
    assert caught.value.hint.split("\n") == lines


def test_of_several_the_file_of_just_that_name_is_meant_where_it_has_no_title(catalog: Catalog) -> None:
    catalog.add(Entry("bonus.ogg", direction(1)), Entry("bonus/back.ogg", direction(1)))
    assert found(catalog, "Bonus") == "bonus.ogg"
    catalog.add(Entry("more/bonus.ogg", direction(1)))
    with pytest.raises(UsageError, match="names several"):
        found(catalog, "bonus")


def test_a_long_list_is_cut_and_says_so(catalog: Catalog) -> None:
    catalog.add(*(Entry(f"many/{n:02}\n.mp3", direction(1)) for n in range(30)))
    with pytest.raises(UsageError) as caught:
        found(catalog, "many")
    lines = caught.value.hint.split("\n")
    assert len(lines) == LISTED + 1
    assert lines[0].endswith("many/00\\n.mp3"), "a name cannot forge a line"
    assert lines[-1] == "…"


@pytest.mark.parametrize(
    "named",
    [
        "paniq – Randomness Decides",
        "paniq - Randomness Decides",
        "PANIQ — randomness decides",
        "paniq, dont stop",
        "paniq: beyond",
        "r.e.m. believing paniq",
    ],
)
def test_a_track_is_found_as_it_is_printed_and_by_artist_and_title(catalog: Catalog, named: str) -> None:
    tags = Tags(title="Randomness Decides", artist="paniq", album="Don’t Stop: Beyond, Believing REM")
    catalog.add(
        Entry("1.flac", direction(1), tags=tags),
        Entry("2.flac", direction(1), tags=Tags(title="Something Else", artist="paniq")),
        Entry("Other/paniq – Randomness Decides (cover).flac", direction(1), tags=Tags(title="By Others")),
    )
    assert found(catalog, named) == "1.flac"
    with pytest.raises(UsageError, match="names several"):
        found(catalog, "randomness paniq")


@pytest.mark.parametrize(
    ("named", "name"),
    [
        ("Don't Stop", "1.flac"),
        ("dont stop", "1.flac"),
        ("motorhead", "2.wav"),
        ("ace of spades", "2.wav"),
        ("take a-ha", "3.flac"),
        ("ilhan", "İlhan.flac"),
        ("finale", "5.flac"),
        ("Elan", "6.flac"),
        ("Élan", "7.flac"),
    ],
)
def test_what_a_keyboard_types_names_typographic_titles(catalog: Catalog, named: str, name: str) -> None:
    catalog.add(
        Entry("1.flac", direction(1), tags=Tags(title="Don’t Stop Believin’")),
        Entry("Motörhead/Ace of Spädes/2.wav", direction(1)),
        Entry("3.flac", direction(1), tags=Tags(title="Take a‐ha")),
        Entry("İlhan.flac", direction(1)),
        Entry("5.flac", direction(1), tags=Tags(title="ﬁnale")),
        Entry("6.flac", direction(1), tags=Tags(title="Elan")),
        Entry("7.flac", direction(1), tags=Tags(title="Élan")),
    )
    assert (found(catalog, named) or "").split("/")[-1] == name


def test_an_id_that_is_also_a_title_is_noted(catalog: Catalog) -> None:
    number = str(catalog.id("c.mp3"))
    catalog.add(Entry("seven.mp3", direction(1), tags=Tags(title=number)))
    notes: list[str] = []
    track = find_track(catalog.store, number, notes.append)
    assert track is not None
    assert track.id == catalog.id("c.mp3")
    [note] = notes
    assert "c.mp3" in note
    assert str(catalog.id("seven.mp3")) in note
    find_track(catalog.store, str(catalog.id("e.mp3")), notes.append)
    assert len(notes) == 1


@pytest.mark.parametrize(
    "named",
    ["Kind of Blue", "100%", "so_what", "so*", os.fsdecode(b"\xff\xfe"), "x" * 5000, "a\0b", "no/such.mp3"],
)
def test_what_nobody_has_is_told_with_a_way_on(catalog: Catalog, named: str) -> None:
    with pytest.raises(NotFoundError) as caught:
        found(catalog, named)
    assert "export" in caught.value.hint


def test_missing_tracks_are_found_by_path_and_id_but_not_by_words(catalog: Catalog) -> None:
    root = catalog.planned("b.mp3").scan_folder.root_id
    catalog.journal.mark_missing([GoneFile(root, b"b.mp3", catalog.id("b.mp3"), False)])
    assert found(catalog, str(catalog.id("b.mp3"))) == "b.mp3"
    assert found(catalog, os.fsdecode(catalog.path("b.mp3"))) == "b.mp3"
    with pytest.raises(NotFoundError):
        found(catalog, "take 2")


def test_bytes_that_are_no_text_are_told_apart(catalog: Catalog) -> None:
    assert found(catalog, os.fsdecode(b"f\xe9")) == LATIN
    with pytest.raises(NotFoundError):
        found(catalog, os.fsdecode(b"f\xff"))


def test_another_spelling_that_the_disk_takes_for_the_same_file_names_its_track(
    catalog: Catalog, tmp_path: Path
) -> None:
    folder = tmp_path / "Musik"
    (folder / "BJÖRK.mp3").write_bytes(b"x" * 1000)
    catalog.add(Entry("BJÖRK.mp3", direction(2)))
    (folder / "björk.mp3").hardlink_to(folder / "BJÖRK.mp3")
    (folder / "BJÖRK.MP3").write_bytes(b"x" * 1000)
    (folder / "other.mp3").hardlink_to(folder / "BJÖRK.mp3")
    assert found(catalog, folder / "björk.mp3") == "BJÖRK.mp3"
    assert found(catalog, folder / "BJÖRK.MP3") is None, "a copy beside it, on a disk that keeps both"
    assert found(catalog, folder / "other.mp3") is None


@pytest.mark.parametrize("name", ["", "  "])
def test_an_empty_name_names_nothing_even_where_there_is_one_track(tmp_path: Path, name: str) -> None:
    """``musimo tag "$track" --write`` where the shell has no such variable."""
    one = Catalog(tmp_path / "library.db", tmp_path / "a folder")
    one.add(Entry("a song.mp3", direction(1), tags=Tags(title="A Song")))
    with pytest.raises(UsageError, match="empty"):
        find_track(one.store, name)


def test_a_number_of_any_length_is_no_fault(catalog: Catalog) -> None:
    with pytest.raises(NotFoundError):
        find_track(catalog.store, "9" * 5_000)
