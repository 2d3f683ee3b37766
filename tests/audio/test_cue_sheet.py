"""Cue sheets: what they say of the tracks of a file, in every encoding, and what is refused."""

from __future__ import annotations

import pytest

from musimo.audio.cue_sheet import MAX_SHEET, parse_sheet, sheet_of_times, with_sheet
from musimo.errors import SheetError
from musimo.records import SheetTrack, Tags

SHEET = """REM GENRE "Progressive Rock"
REM DATE 1973
PERFORMER "{band}"
TITLE "{album}"
FILE "{file}" WAVE
  TRACK 01 AUDIO
    TITLE "{one}"
    INDEX 01 00:00:00
  TRACK 02 AUDIO
    TITLE "{two}"
    PERFORMER "A Guest"
    INDEX 00 03:40:00
    INDEX 01 03:42:37
"""
ENGLISH = {"band": "The Band", "album": "Moon", "file": "moon.wav", "one": "First", "two": "Second"}


def text(**changed: str) -> str:
    return SHEET.format(**(ENGLISH | changed))


def lines(*starts: str, kind: str = "AUDIO") -> str:
    tracks = (f"TRACK {n:02} {kind}\nINDEX 01 {at}" for n, at in enumerate(starts, 1))
    return "\n".join(['FILE "a.wav" WAVE', *tracks])


def test_tracks_begin_at_index_01_and_end_where_the_next_begins() -> None:
    [(name, (first, second))] = parse_sheet(text().encode())
    assert name == "moon.wav"
    assert (first.start_s, first.end_s) == (0.0, 222.493333)
    assert (second.start_s, second.end_s) == (222.493333, None)
    assert first.tags == Tags(
        title="First",
        artist="The Band",
        albumartist="The Band",
        album="Moon",
        genre="Progressive Rock",
        year=1973,
        release_year=1973,
        track=1,
    )
    assert (second.tags.title, second.tags.artist, second.tags.track) == ("Second", "A Guest", 2)


@pytest.mark.parametrize(
    ("encoding", "names"),
    [
        ("utf-8", {"band": "Sigur Rós", "one": "Svefn-g-englar"}),
        ("utf-8-sig", {"band": "Sigur Rós", "one": "Svefn-g-englar"}),
        ("utf-16", {"band": "Sigur Rós", "one": "Svefn-g-englar"}),
        ("cp1251", {"band": "Кино", "album": "Группа крови", "one": "Спокойная ночь"}),
        ("cp932", {"band": "椎名林檎", "album": "無罪モラトリアム", "one": "正しい街"}),
        ("latin-1", {"band": "Björk", "album": "Début", "one": "Jóga"}),
    ],
)
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_every_encoding_and_line_end_is_read(encoding: str, names: dict[str, str], newline: str) -> None:
    data = text(**names).replace("\n", newline).encode(encoding)
    [(_, (first, _))] = parse_sheet(data)
    expected = ENGLISH | names
    assert (first.tags.artist, first.tags.album, first.tags.title) == (
        expected["band"],
        expected["album"],
        expected["one"],
    )


def test_a_file_per_track_divides_none() -> None:
    sheet = "".join(f'FILE "{n}.wav" WAVE\nTRACK {n:02} AUDIO\nINDEX 01 00:00:00\n' for n in (1, 2, 3))
    assert parse_sheet(sheet) == []


def test_a_box_of_two_images_divides_both_and_data_tracks_are_none() -> None:
    sheet = lines("00:00:00", "01:00:00") + "\n" + lines("00:00:00", "02:00:00").replace("a.wav", "b.wav")
    assert [(name, len(tracks)) for name, tracks in parse_sheet(sheet)] == [("a.wav", 2), ("b.wav", 2)]
    data = lines("00:00:00", "01:00:00") + "\nTRACK 03 MODE1/2352\nINDEX 01 02:00:00"
    [(_, tracks)] = parse_sheet(data)
    assert [(track.start_s, track.end_s) for track in tracks] == [(0.0, 60.0), (60.0, 120.0)]


@pytest.mark.parametrize(
    ("sheet", "reason"),
    [
        ("", "no track"),
        ("\0" * 100, "no track"),
        ("TRACK 01 AUDIO\nINDEX 01 00:00:00", "no track"),
        ('FILE "a.wav" WAVE', "no track"),
        (lines("00:00:00", "00:00:00"), "do not increase"),
        (lines("00:00:00", "05:00:00", "04:00:00"), "do not increase"),
        (lines("00:00:00", "00:60:00"), "is no time"),
        (lines("00:00:00", "00:10:75"), "is no time"),
        (lines("00:00:00", "-1:00:00", "05:00:00"), "-1:00:00 is no time"),
        (lines("00:00:00", "9" * 400 + ":00:00"), "^9{20} is no time"),
        (lines("00:00:00", "?"), r"\? is no time"),
        (lines(*(f"{n:02}:00:00" for n in range(10_000))), "more than 250 tracks"),
        ("x" * (MAX_SHEET + 1), "larger than 1 MiB"),
    ],
)
def test_a_sheet_that_contradicts_itself_is_refused(sheet: str, reason: str) -> None:
    with pytest.raises(SheetError, match=reason):
        parse_sheet(sheet.encode())


def test_the_sheet_outweighs_the_tags_of_the_file_but_only_where_it_says_something() -> None:
    file = Tags(title="Whole", artist="X", album="Moon", genre="Rock", composer="Bach", bpm=120.0, track=7)
    track = SheetTrack(0.0, 1.0, Tags(title="First", artist="The Band", track=2))
    assert with_sheet(file, track) == Tags(
        title="First", artist="The Band", album="Moon", genre="Rock", composer="Bach", track=2
    )
    assert with_sheet(file, SheetTrack(0.0, 1.0, Tags())).title is None, "that is the title of the whole"


def test_a_table_of_times_is_a_sheet_without_titles() -> None:
    first, second = sheet_of_times([(1, 0.0), (2, 12.0)])
    assert (first, second) == (
        SheetTrack(0.0, 12.0, Tags(track=1)),
        SheetTrack(12.0, None, Tags(track=2)),
    )
    assert sheet_of_times([(1, 0.0)]) == ()
