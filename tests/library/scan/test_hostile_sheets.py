"""Sheets from strangers: refused or read, but never a traceback, a file outside the folder, or a loss."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from musimo import Library
from musimo.api.session import Session
from musimo.audio.cue_sheet import MAX_SHEET, MAX_TEXT, MAX_TRACKS, parse_sheet
from musimo.errors import SheetError
from musimo.library.db.files import FoundFile
from musimo.library.scan.events import Audit, FileFailed, SheetUnused
from musimo.library.scan.scan import ScanOptions
from musimo.library.scan.sheets import find_sheets
from musimo.records import CueSheet, Tags
from tests.conftest import PlainPredictor
from tests.sounds import melody

RATE = 22_050
NAMES = st.sampled_from(
    [
        "a.flac",
        "A.WAV",
        "../b.flac",
        "/etc/passwd",
        "..\\b.flac",
        "C:\\x\\a.wav",
        "..",
        ".",
        "",
        "sub/c.flac",
        "\x1b[31m",
    ]
) | st.text(max_size=20)
TIMES = st.tuples(st.integers(-1, 99_999), st.integers(-1, 61), st.integers(-1, 76)).map(
    lambda time: ":".join(f"{number:02}" for number in time)
) | st.sampled_from(
    ["", "0", "00:00", "1:2:3", "NaN", "٠١:٠٠:٠٠", "99999999999999999999:00:00", "00:00:00.5"]
)
LINES = st.one_of(
    NAMES.map('FILE "{}" WAVE'.format),
    st.integers(-1, 300).map("TRACK {} AUDIO".format),
    st.tuples(st.integers(0, 3), TIMES).map(lambda one: f"INDEX {one[0]:02} {one[1]}"),
    st.tuples(st.sampled_from(["TITLE", "PERFORMER", "REM DATE", "REM GENRE", "FLAGS"]), st.text()).map(
        " ".join
    ),
    st.text(),
)
SHEETS = st.one_of(
    st.lists(LINES, max_size=30).map("\n".join).map(lambda text: text.encode("utf-8", "replace")),
    st.lists(LINES, max_size=10).map("\r\n".join).map(lambda text: text.encode("utf-16", "replace")),
    st.binary(max_size=200),
)


def assert_sane(tracks: CueSheet) -> None:
    assert 2 <= len(tracks) <= MAX_TRACKS
    assert tracks[0].start_s >= 0
    assert all(one.end_s is None or one.start_s < one.end_s for one in tracks)
    assert all((one.end_s or 0) <= other.start_s for one, other in pairwise(tracks))
    for track in tracks:
        for text in (track.tags.title, track.tags.artist, track.tags.album, track.tags.genre):
            if text is not None:
                text.encode()  # no surrogates
                assert 0 < len(text) <= MAX_TEXT
                assert not {"\0", "\n", "\r"} & {*text}


@given(SHEETS)
def test_whatever_is_in_a_sheet_it_is_refused_or_makes_sense(data: bytes) -> None:
    try:
        files = parse_sheet(data)
    except SheetError:
        return
    for _, tracks in files:
        assert_sane(tracks)


@given(st.lists(NAMES, min_size=1, max_size=4))
def test_a_sheet_divides_no_file_outside_its_folder(
    tmp_path_factory: pytest.TempPathFactory, names: list[str]
) -> None:
    root = tmp_path_factory.getbasetemp() / "root"
    (root / "in").mkdir(parents=True, exist_ok=True)
    tracks = "TRACK 01 AUDIO\nINDEX 01 00:00:00\nTRACK 02 AUDIO\nINDEX 01 00:01:00\n"
    text = "".join(f'FILE "{name}" WAVE\n{tracks}' for name in names)
    (root / "in" / "a.cue").write_bytes(text.encode("utf-8", "replace"))
    files = {
        path: FoundFile(path, 1, 1) for path in (b"b.flac", b"in/a.flac", b"in/sub/c.flac", b"other/a.flac")
    }
    found = find_sheets(os.fsencode(root), [FoundFile(b"in/a.cue", 1, 1)], {}, files, {})
    assert {*found.applied} <= {b"in/a.flac"}


def sheet(*starts: str, file: str = "album.flac", title: str = "Song") -> str:
    tracks = (f'TRACK {n:02} AUDIO\nTITLE "{title}"\nINDEX 01 {at}' for n, at in enumerate(starts, 1))
    return "\n".join([f'FILE "{file}" WAVE', *tracks])


USUAL = ("00:00:00", "00:01:00")
WHOLE: dict[str, str | bytes] = {
    "empty": "",
    "nul": b"\0" * 1000,
    "no end of a quote": 'FILE "album.flac WAVE\nTRACK',
    "10,000 tracks": sheet(*(f"{n // 4500:02}:{n // 75 % 60:02}:{n % 75:02}" for n in range(10_000))),
    "unsorted": sheet("00:01:00", "00:00:00"),
    "at one time": sheet("00:00:00", "00:00:00"),
    "negative": sheet("-1:00:00", "00:01:00"),
    "beyond the end": sheet("9999:00:00", "9999:00:01"),
    "no number": sheet("xx:yy:zz", "00:01:00"),
    "too many digits": sheet("00:00:00", "9" * 400 + ":00:00"),
    "too many seconds": sheet("00:00:00", "00:99:00"),
    "absolute": sheet(*USUAL, file="/etc/passwd"),
    "in another folder": sheet(*USUAL, file="../usual/other.flac"),
    "a newline in the name": sheet(*USUAL, file="al\nbum.flac"),
    "no file": sheet(*USUAL).partition("\n")[2],
    "a file per track": "\n".join(
        f'FILE "{n}.flac" WAVE\nTRACK {n:02} AUDIO\nINDEX 01 00:00:00' for n in range(3)
    ),
    "megabytes": sheet(*USUAL) + "\nREM " + "x" * MAX_SHEET,
}
DIVIDED: dict[str, str | bytes] = {
    "usual": sheet(*USUAL),
    "up and down": sheet(*USUAL, file="../../up and down/album.flac"),
    "of windows": sheet(*USUAL, file="C:\\Rips\\ALBUM.WAV"),
    "colors": sheet(*USUAL, title="\x1b[31mred\x1b]0;owned\x07"),
    "an endless title": sheet(*USUAL, title="x" * 100_000),
    "the last one beyond the end": sheet(*USUAL, "80:00:00"),
    "twice the same file": sheet(*USUAL) + "\n" + sheet("00:00:00", "00:00:50"),
    "another file too": sheet(*USUAL) + "\n" + sheet(*USUAL, file="/dev/zero"),
    "not utf-8": sheet(*USUAL, title="\udce4\udcff").encode("utf-8", "surrogateescape"),
    "half of utf-16": f"{sheet(*USUAL)}\n\n".encode("utf-16")[:-1],
}


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> Iterator[Library]:
    monkeypatch.setattr(Session, "load_predictor", lambda self, weights: PlainPredictor())
    monkeypatch.setenv("MUSIMO_JOBS", "0")
    with Library.open() as opened:
        yield opened


def test_every_album_is_scanned_whatever_its_sheet_says(library: Library, tmp_path: Path) -> None:
    music = tmp_path / "music"
    for n, (name, text) in enumerate((WHOLE | DIVIDED).items()):
        (music / name).mkdir(parents=True)
        soundfile.write(music / name / "album.flac", melody(2, RATE, n), RATE, subtype="PCM_16")
        data = text if isinstance(text, bytes) else text.encode()
        (music / name / "album x.cue").write_bytes(data)
    os.mkfifo(music / "usual" / "pipe.cue")
    (music / "usual" / "folder.cue").mkdir()
    (music / "usual" / "device.cue").symlink_to("/dev/zero")
    (music / "usual" / "dangling.cue").symlink_to("nowhere")
    n_albums, n_ignored = len(WHOLE | DIVIDED), len(WHOLE | DIVIDED) + 3
    *events, audit = library.scan_events([music], ScanOptions())
    assert isinstance(audit, Audit)
    assert not [event for event in events if isinstance(event, FileFailed)]
    assert (audit.new, audit.ignored, audit.seen) == (n_albums, n_ignored, n_albums + n_ignored)
    tracks = list(library.tracks())
    divided = {track.path.parent.name for track in tracks if track.part is not None}
    assert divided == {*DIVIDED}
    assert len(tracks) == len(WHOLE) + 2 * len(DIVIDED)
    assert all(track.part is None or track.part.end_s <= 2.0 for track in tracks)
    noted = {Path(os.fsdecode(event.path)).parent.name for event in events if isinstance(event, SheetUnused)}
    assert noted == {*WHOLE} - {"beyond the end", "a file per track"}
    *events, audit = library.scan_events([music], ScanOptions())
    assert isinstance(audit, Audit)
    assert (audit.unchanged, audit.seen) == (n_albums, n_albums + n_ignored)
    assert not [event for event in events if isinstance(event, SheetUnused)], "it was said already"


def test_tags_of_sheets_are_none_where_they_say_nothing() -> None:
    [(_, (first, _))] = parse_sheet(sheet(*USUAL, title="\0 \0"))
    assert first.tags == Tags(track=1)
