"""Tracks of cue sheets in everything that is done to a library: relocate, prune, kill, export, rate."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from musimo import Library
from musimo.api.analyses import Imported
from musimo.api.session import Session
from musimo.audio import extract
from musimo.library.scan import sheets
from musimo.library.scan.events import Audit, FileStored, ScanEvent, SheetUnused
from musimo.library.scan.scan import ScanOptions
from tests.conftest import PlainPredictor
from tests.sounds import melody

RATE = 22_050
STARTS = ("00:00:00", "00:02:00", "00:04:00")
TITLES = ["Song 1", "Song 2", "Song 3"]


def sheet(*starts: str, file: str = "album.flac") -> str:
    tracks = (f'TRACK {n:02} AUDIO\nTITLE "Song {n}"\nINDEX 01 {at}' for n, at in enumerate(starts, 1))
    return "\n".join(['PERFORMER "Band"', f'FILE "{file}" WAVE', *tracks])


@pytest.fixture
def music(tmp_path: Path) -> Path:
    """An album of three melodies of 2 s with its sheet, and another melody alone."""
    folder = tmp_path / "music"
    (folder / "Album").mkdir(parents=True)
    parts = [melody(2, RATE, seed) for seed in (1, 2, 3)]
    soundfile.write(folder / "Album" / "album.flac", np.concatenate(parts), RATE, subtype="PCM_16")
    (folder / "Album" / "album.cue").write_text(sheet(*STARTS))
    soundfile.write(folder / "alone.flac", melody(2, RATE, 4), RATE, subtype="PCM_16")
    return folder


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> Iterator[Library]:
    monkeypatch.setattr(Session, "load_predictor", lambda self, weights: PlainPredictor())
    monkeypatch.setenv("MUSIMO_JOBS", "0")
    with Library.open() as opened:
        yield opened


def scanned(library: Library, *folders: Path, **options: Any) -> tuple[list[ScanEvent], Audit]:
    *events, audit = library.scan_events(folders, ScanOptions(**options))
    assert isinstance(audit, Audit)
    parts = audit.new + audit.changed + audit.moved + audit.unchanged + audit.failed + audit.ignored
    assert audit.seen == parts
    return events, audit


def parts(library: Library) -> dict[str | None, tuple[int | None, int | None]]:
    """Ids and contents of the tracks of sheets, by title."""
    return {one.tags.title: (one.id, one.content) for one in library.tracks() if one.part is not None}


@pytest.fixture
def forbid(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Makes opened audio and read sheets errors from now on."""

    def now() -> None:
        def refuse(*_: Any) -> Any:
            raise AssertionError("this needs no file")

        monkeypatch.setattr(extract, "open_audio", refuse)
        monkeypatch.setattr(sheets, "_read", refuse)

    return now


def test_a_scan_of_what_has_not_changed_opens_neither_audio_nor_sheets(
    library: Library, music: Path, forbid: Any
) -> None:
    (music / "broken.cue").write_text("garbage")
    events, _ = scanned(library, music)
    assert len([event for event in events if isinstance(event, SheetUnused)]) == 1
    forbid()
    for folder in (music, music / "Album", music):
        events, audit = scanned(library, folder)
        assert audit.new + audit.changed + audit.moved + audit.failed == 0
        assert not [event for event in events if isinstance(event, FileStored | SheetUnused)]


def test_a_sheet_is_read_twice_for_a_new_album_and_once_for_new_music_beside_it(
    library: Library, music: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[bytes] = []
    original = sheets._read

    def counted(path: bytes) -> object:
        read.append(path)
        return original(path)

    monkeypatch.setattr(sheets, "_read", counted)
    scanned(library, music)
    assert len(read) == 2
    read.clear()
    shutil.copy(music / "alone.flac", music / "Album" / "bonus.flac")
    assert scanned(library, music)[1].new == 1
    assert len(read) == 1
    read.clear()
    scanned(library, music)
    assert read == []


def test_a_relocated_root_keeps_tracks_and_needs_no_file(library: Library, music: Path, forbid: Any) -> None:
    scanned(library, music)
    before = parts(library)
    assert [*before] == TITLES
    moved = music.rename(music.with_name("archive"))
    done = library.maintenance.relocate(music, moved)
    assert (done.moved, done.merged) == (4, 0)
    assert parts(library) == before
    forbid()
    assert scanned(library, moved)[1].unchanged == 2


def test_a_relocated_folder_finds_its_sheet_again(library: Library, music: Path) -> None:
    scanned(library, music)
    before = parts(library)
    (music / "Album").rename(music / "Renamed")
    assert library.maintenance.relocate(music / "Album", music / "Renamed").moved == 3
    assert parts(library) == before
    assert scanned(library, music)[1].unchanged == 2
    assert parts(library) == before


def test_a_missing_album_is_one_missing_file_and_prune_deletes_its_tracks(
    library: Library, music: Path
) -> None:
    for n in range(10):  # else most of the folder vanishes, and nothing is believed
        soundfile.write(music / f"{n}.flac", melody(1, RATE, 10 + n), RATE, subtype="PCM_16")
    scanned(library, music)
    shutil.rmtree(music / "Album")
    assert scanned(library, music)[1].missing == 1
    assert library.status().missing == 3
    plan = library.maintenance.prune_plan(accept_missing=True)
    assert [one.tags.title for one in plan.tracks] == TITLES
    assert library.maintenance.prune(plan) == 3
    assert parts(library) == {}
    assert scanned(library, music)[1].missing == 0


def test_an_album_that_comes_back_is_found_again_without_being_opened(library: Library, music: Path) -> None:
    for n in range(10):
        soundfile.write(music / f"{n}.flac", melody(1, RATE, 10 + n), RATE, subtype="PCM_16")
    scanned(library, music)
    before = parts(library)
    away = (music / "Album").rename(music.with_name("away"))
    assert scanned(library, music)[1].missing == 1
    away.rename(music / "Album")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(extract, "open_audio", None)
        _, audit = scanned(library, music)
    assert (audit.unchanged, audit.missing, audit.changed) == (12, 0, 0)
    assert parts(library) == before


@pytest.mark.parametrize("moves", ["both", "the file", "the sheet"])
def test_what_moves_alone_is_an_album_or_whole_and_comes_back(
    library: Library, music: Path, moves: str
) -> None:
    scanned(library, music)
    before = parts(library)
    other = music / "Other"
    other.mkdir()
    album, beside = music / "Album" / "album.flac", music / "Album" / "album.cue"
    if moves != "the sheet":
        album.rename(other / "album.flac")
    if moves != "the file":
        beside.rename(other / "album.cue")
    _, audit = scanned(library, music)
    assert (audit.failed, audit.missing) == (0, 0 if moves != "the file" else 1)
    expected = before if moves == "both" else {}
    assert parts(library) == expected
    if moves == "both":
        return
    for path, name in ((other / "album.flac", album), (other / "album.cue", beside)):
        if path.exists():
            path.rename(name)
    scanned(library, music)
    assert {title: content for title, (_, content) in parts(library).items()} == {
        title: content for title, (_, content) in before.items()
    }, "ratings and analyses are those of the same content"


def test_a_sheet_that_came_while_its_file_was_away_counts_when_that_is_back(
    library: Library, music: Path
) -> None:
    beside = music / "Album" / "album.cue"
    text = beside.read_text()
    beside.unlink()
    scanned(library, music)
    away = (music / "Album" / "album.flac").rename(music.parent / "album.flac")
    beside.write_text(text)
    scanned(library, music)
    away.rename(music / "Album" / "album.flac")
    assert scanned(library, music)[1].changed == 1
    assert [*parts(library)] == TITLES
    assert scanned(library, music)[1].unchanged == 2


@pytest.mark.parametrize("n_events", [1, 2, 3, 4])
def test_a_scan_that_stops_anywhere_leaves_albums_whole_or_not_begun(
    library: Library, music: Path, n_events: int
) -> None:
    second = music / "Second"
    second.mkdir()
    soundfile.write(second / "album.flac", np.concatenate([melody(2, RATE, 7)] * 3), RATE, subtype="PCM_16")
    (second / "album.cue").write_text(sheet(*STARTS))
    events = library.scan_events([music], ScanOptions(batch_size=1))
    for _, _event in zip(range(n_events), events, strict=False):
        pass
    events.close()  # type: ignore[attr-defined]
    for album in (music / "Album", second):
        there = [one for one in library.tracks() if one.path.parent == album]
        assert [one.tags.title for one in there] in ([], TITLES), "an album is one transaction"
    scanned(library, music)
    assert len(list(library.tracks())) == 7
    assert all(one.valence is not None for one in library.tracks())
    assert scanned(library, music)[1].unchanged == 3


def test_analyses_go_to_another_library_and_the_album_is_not_analyzed_there(
    library: Library, music: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scanned(library, music)
    file = tmp_path / "analyses.jsonl.gz"
    assert library.analyses.export(file)[1] == 4
    moods = {one.tags.title: (one.valence, one.arousal) for one in library.tracks()}
    network = PlainPredictor()
    monkeypatch.setattr(Session, "load_predictor", lambda self, weights: network)
    with Library.open(tmp_path / "other.db") as other:
        imported = list(other.analyses.load(file))[-1]
        assert isinstance(imported, Imported)
        assert imported.new == 4
        scanned(other, music)
        assert network.n_clips == 0
        assert {one.tags.title: (one.valence, one.arousal) for one in other.tracks()} == moods
        assert [*parts(other)] == TITLES


def test_vectors_tell_the_parts_apart(library: Library, music: Path, tmp_path: Path) -> None:
    scanned(library, music)
    assert library.analyses.export_vectors(tmp_path / "v.npz") == 4
    with np.load(tmp_path / "v.npz") as arrays:
        assert arrays["start"][:3].tolist() == [0.0, 2.0, 4.0]
        assert arrays["end"][:3].tolist() == [2.0, 4.0, 6.0]
        assert np.isnan([arrays["start"][3], arrays["end"][3]]).all()


def test_a_rating_is_of_one_track_and_stays_through_everything(library: Library, music: Path) -> None:
    scanned(library, music)
    named = f"{music}/Album/album.flac#2"
    library.ratings.rate(named, liking=1)
    rated = {one.id for one in library.tracks() if library.ratings.of_track(one.id or 0) is not None}
    assert rated == {parts(library)["Song 2"][0]}
    beside = music / "Album" / "album.cue"
    text = beside.read_text()
    beside.unlink()
    scanned(library, music)
    assert parts(library) == {}
    beside.write_text(text.replace("Song 2", "Mended"))
    scanned(library, music)
    opinion = library.ratings.of_track(named)
    assert opinion is not None
    assert opinion.liking == 1
    assert library.show(named).track.tags.title == "Mended"


def test_a_copy_of_an_album_is_a_copy_of_each_track(library: Library, music: Path) -> None:
    shutil.copytree(music / "Album", music / "Copy")
    scanned(library, music)
    groups = library.duplicates()
    assert [sorted(one.path.parent.name for one in group.tracks) for group in groups] == [
        ["Album", "Copy"]
    ] * 3
    assert all(group.kind == "sound" and group.note == "" for group in groups)
    for group in groups:
        assert len({one.part for one in group.tracks}) == 1


def test_a_failed_file_is_tried_again_when_its_sheet_changes_and_only_then(
    library: Library, music: Path
) -> None:
    album, beside = music / "Album" / "album.flac", music / "Album" / "album.cue"
    sound = np.concatenate([melody(2, RATE, 1), np.zeros(4 * RATE)])
    soundfile.write(album, sound, RATE, subtype="PCM_16")
    beside.write_text(sheet("00:02:00", "00:04:00"))  # of silence alone
    assert scanned(library, music)[1].failed == 1
    events, _ = scanned(library, music)
    assert not [event for event in events if isinstance(event, FileStored)]
    assert library.failures() != []
    os.utime(beside, ns=(1, 1))
    _, audit = scanned(library, music)
    assert (audit.known_failures, audit.failed_again) == (1, 0), "the sheet says what it said"
    beside.write_text(sheet("00:00:00", "00:02:00"))
    scanned(library, music)
    assert (library.failures(), [*parts(library)]) == ([], ["Song 1"])
    beside.write_text(sheet("00:02:00", "00:04:00"))
    assert scanned(library, music)[1].failed == 1
    beside.unlink()
    scanned(library, music)
    assert library.failures() == []
    assert parts(library) == {}


def test_a_broken_sheet_is_noted_once_and_an_unreadable_one_at_each_scan(
    library: Library, music: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    beside = music / "Album" / "album.cue"
    scanned(library, music)
    before = parts(library)

    def notes() -> list[str]:
        return [event.reason for event in scanned(library, music)[0] if isinstance(event, SheetUnused)]

    original = sheets._read

    def refuse(path: bytes) -> Any:
        raise PermissionError(13, "Permission denied")

    os.utime(beside, ns=(2, 2))
    monkeypatch.setattr(sheets, "_read", refuse)
    assert [notes(), notes()] == [["permission denied"]] * 2
    assert parts(library) == before, "it may be readable again"
    monkeypatch.setattr(sheets, "_read", original)
    assert notes() == []
    assert parts(library) == before
    beside.write_text("garbage")
    assert [len(notes()), len(notes())] == [1, 0]
    assert parts(library) == {}
    beside.write_text("other garbage")
    assert [len(notes()), len(notes())] == [1, 0]
