"""Files that a cue sheet divides into tracks: scanned, mended, moved, and whole again."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile
from mutagen.flac import FLAC

from musimo import Library
from musimo.api.session import Session
from musimo.errors import SheetTracksError
from musimo.library.db.files import FoundFile, KnownFile
from musimo.library.scan.events import Audit
from musimo.library.scan.scan import ScanOptions
from musimo.library.scan.sheets import find_sheets
from tests.conftest import PlainPredictor
from tests.sounds import melody

RATE = 22_050
STARTS = ("00:00:00", "00:04:00", "00:08:00")


def sheet(*starts: str, file: str = "album.wav", title: str = "Song") -> str:
    tracks = (
        f'  TRACK {n:02} AUDIO\n    TITLE "{title} {n}"\n    INDEX 01 {at}' for n, at in enumerate(starts, 1)
    )
    return "\n".join(['PERFORMER "Band"', 'TITLE "Album"', f'FILE "{file}" WAVE', *tracks])


@pytest.fixture
def music(tmp_path: Path) -> Path:
    """An album of three melodies of 4 s in one file, and the second one alone."""
    folder = tmp_path / "music"
    folder.mkdir()
    parts = [melody(4, RATE, seed) for seed in (1, 2, 3)]
    soundfile.write(folder / "album.flac", np.concatenate(parts), RATE, subtype="PCM_16")
    soundfile.write(folder / "second.flac", parts[1], RATE, subtype="PCM_16")
    return folder


@pytest.fixture
def library(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Library]:
    monkeypatch.setattr(Session, "load_predictor", lambda self, weights: PlainPredictor())
    monkeypatch.setenv("MUSIMO_JOBS", "0")
    with Library.open() as opened:
        yield opened


def scan(library: Library, folder: Path, *, verify: bool = False) -> Audit:
    *_, audit = library.scan_events([folder], ScanOptions(verify=verify))
    assert isinstance(audit, Audit)
    parts = audit.new + audit.changed + audit.moved + audit.unchanged + audit.failed + audit.ignored
    assert audit.seen == parts
    return audit


def listed(library: Library) -> list[tuple[object, ...]]:
    return [
        (
            track.path.name,
            track.tags.title,
            track.part.start_s if track.part else None,
            track.part.end_s if track.part else None,
        )
        for track in library.tracks()
    ]


WHOLE = [("album.flac", None, None, None), ("second.flac", None, None, None)]
DIVIDED = [
    ("album.flac", "Song 1", 0.0, 4.0),
    ("album.flac", "Song 2", 4.0, 8.0),
    ("album.flac", "Song 3", 8.0, 12.0),
    ("second.flac", None, None, None),
]


def test_a_file_is_its_tracks_and_each_sounds_as_it_does_alone(library: Library, music: Path) -> None:
    (music / "Album.CUE").write_text(sheet(*STARTS, file="ALBUM.wav"))
    audit = scan(library, music)
    assert (audit.new, audit.ignored) == (2, 1), "an album is one file"
    assert listed(library) == DIVIDED
    tracks = list(library.tracks())
    assert [track.tags.artist for track in tracks[:3]] == ["Band"] * 3
    assert tracks[1].valence == pytest.approx(tracks[3].valence, abs=1e-3)
    assert len({track.content for track in tracks}) == 4
    assert library.similar(tracks[1].id or 0).rows[0].track.id == tracks[3].id
    assert scan(library, music).unchanged == 2


def test_a_sheet_that_comes_goes_or_changes_replaces_the_tracks(library: Library, music: Path) -> None:
    scan(library, music)
    assert listed(library) == WHOLE
    beside = music / "album.cue"
    beside.write_text(sheet(*STARTS))
    audit = scan(library, music)
    assert (audit.changed, audit.unchanged, audit.missing) == (1, 1, 0)
    assert listed(library) == DIVIDED
    before = {track.content for track in library.tracks()}
    beside.write_text(sheet(STARTS[0], STARTS[1], "00:09:00"))
    assert scan(library, music).changed == 1
    assert len({track.content for track in library.tracks()} & before) == 2, "the first, and second.flac"
    beside.unlink()
    assert scan(library, music).changed == 1
    assert listed(library) == WHOLE
    assert scan(library, music).unchanged == 2


def test_ratings_follow_a_file_that_moves_with_its_sheet(library: Library, music: Path) -> None:
    beside = music / "album.cue"
    beside.write_text(sheet(*STARTS))
    scan(library, music)
    second = list(library.tracks())[1]
    folder = music / "elsewhere"
    folder.mkdir()
    (music / "album.flac").rename(folder / "renamed.flac")
    beside.rename(folder / "renamed.cue")
    audit = scan(library, music)
    assert (audit.moved, audit.missing) == (1, 0)
    moved = library.show(second.id or 0).track
    assert (moved.path.name, moved.content) == ("renamed.flac", second.content)


def test_verify_and_a_root_that_moves_keep_everything(library: Library, music: Path) -> None:
    (music / "album.cue").write_text(sheet(*STARTS))
    scan(library, music)
    ids = [track.id for track in library.tracks()]
    assert scan(library, music, verify=True).unchanged == 2
    moved = music.with_name("archive")
    music.rename(moved)
    audit = scan(library, moved)
    assert (audit.moved, audit.new, audit.changed, audit.missing) == (2, 0, 0, 0)
    assert [track.id for track in library.tracks()] == ids
    assert all(track.path.parent == moved for track in library.tracks())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "garbage \0 \x1b[31m",
        sheet("00:00:00"),
        sheet("00:08:00", "00:04:00"),
        sheet(*STARTS, file="../second.flac"),
        sheet(*STARTS, file="/etc/passwd"),
        sheet(*STARTS, file="other.wav"),
        sheet("10:00:00", "20:00:00"),
    ],
)
def test_a_broken_sheet_leaves_the_file_whole(library: Library, music: Path, text: str) -> None:
    (music / "sub").mkdir()
    (music / "album.flac").rename(music / "sub" / "album.flac")
    (music / "sub" / "strange.cue").write_text(text)
    audit = scan(library, music)
    assert (audit.new, audit.failed, audit.ignored) == (2, 0, 1)
    assert all(track.part is None for track in library.tracks())
    assert scan(library, music).unchanged == 2


def test_tracks_beyond_the_end_and_silent_ones_are_left_out(library: Library, music: Path) -> None:
    silence = np.zeros(4 * RATE)
    sound = np.concatenate([melody(4, RATE, 1), silence, melody(4, RATE, 2)])
    soundfile.write(music / "album.flac", sound, RATE, subtype="PCM_16")
    (music / "album.cue").write_text(sheet(*STARTS, "01:00:00"))
    assert scan(library, music).failed == 0
    titles = [track.tags.title for track in library.tracks() if track.part is not None]
    assert titles == ["Song 1", "Song 3"]
    assert scan(library, music).unchanged == 2


def test_a_sheet_inside_the_file_counts_where_there_is_none_beside(library: Library, music: Path) -> None:
    tagged = FLAC(music / "album.flac")  # type: ignore[no-untyped-call]
    tagged["cuesheet"] = sheet(*STARTS, file="CDImage.wav", title="Inside")
    tagged.save()
    scan(library, music)
    assert [one[1] for one in listed(library)[:3]] == ["Inside 1", "Inside 2", "Inside 3"]
    (music / "album.cue").write_text(sheet(*STARTS))
    assert scan(library, music).changed == 1
    assert listed(library) == DIVIDED


def test_a_path_names_the_tracks_of_its_sheet_by_number(library: Library, music: Path) -> None:
    (music / "album.cue").write_text(sheet(*STARTS))
    scan(library, music)
    assert library.show(f"{music}/album.flac#2").track.tags.title == "Song 2"
    for named in (music / "album.flac", f"{music}/album.flac#9"):
        with pytest.raises(SheetTracksError, match=r"album\.flac") as caught:
            library.show(named)
        assert "album.flac#3 Song 3" in caught.value.hint
    [update] = library.tags.updates(f"{music}/album.flac#2")
    assert "cue sheet" in update.reason
    assert library.curve(f"{music}/album.flac#2").duration_s == pytest.approx(4.0)


def test_known_sheets_are_not_read_again(tmp_path: Path) -> None:
    path, music = FoundFile(b"a.cue", 1, 1), {b"a.flac": FoundFile(b"a.flac", 1, 1)}
    (tmp_path / "a.cue").write_text(sheet(*STARTS, file="a.flac"))
    root = os.fsencode(tmp_path)
    first = find_sheets(root, [path], {}, music, {})
    assert first.digest(b"a.flac") is not None
    (tmp_path / "a.cue").unlink()
    known = KnownFile(b"a.flac", 1, 1, 1, True, False, sheet=first.digest(b"a.flac"))
    again = find_sheets(root, [path], first.read, music, {b"a.flac": known})
    assert (again.digest(b"a.flac"), again.read, again.gone) == (first.digest(b"a.flac"), {}, [])
