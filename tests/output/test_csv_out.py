import csv
import io
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musimo.output.answers import AnalyzeAnswer, ErrorsAnswer, MoodResult, SimilarResult, TracksAnswer
from musimo.output.csv_out import csv_table, guarded, unguarded
from musimo.records import AnalyzedFile, Failure, HeardTag, KeyNotation, Tags, Track


def read(written: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(written, newline=""), strict=True))


def test_golden(track: Track) -> None:
    assert csv_table(TracksAnswer([track]), "0-1") == (
        "id,path,title,artist,album,albumartist,genre,year,duration,format,bitrate,valence,arousal,"
        "path_bytes,partial,tempo,tempo_confidence,key,key_confidence,content,heard,release_year,start,end\r\n"
        "7,/music/Nina/07 Feeling Good.mp3,Feeling Good,Nina Simone,I Put a Spell on You,,Jazz,1965,173.42,"
        "mp3,320,0.625,0.25,,,120.0,0.88,G minor,0.52,,,,,\r\n"
    )
    released = replace(track, tags=replace(track.tags, release_year=2013))
    assert read(csv_table(TracksAnswer([released]), "0-1"))[0]["release_year"] == "2013"


@pytest.mark.parametrize(
    ("notation", "written"), [(None, "G minor"), ("musical", "Gm"), ("camelot", "6A"), ("openkey", "11m")]
)
def test_keys_are_written_as_asked(
    track: Track, bare: Track, notation: KeyNotation | None, written: str
) -> None:
    rows = read(csv_table(TracksAnswer([track, bare]), "0-1", keys=notation))
    assert [row["key"] for row in rows] == [written, ""]


def test_rows_of_every_answer(similar: SimilarResult, mood: MoodResult, analyzed: AnalyzedFile) -> None:
    rows = read(csv_table(similar, "0-1"))
    assert [row["rank"] for row in rows] == ["1", "2", "3", "4"]
    assert rows[2]["path_bytes"]
    assert rows[1]["similarity"] == "0.5"
    assert read(csv_table(mood, "1-9"))[0]["distance"] == "1.0"
    assert read(csv_table(AnalyzeAnswer([analyzed], []), "0-1"))[0] == {
        "path": "/tmp/new.flac",
        "duration": "110.0",
        "valence": "0.625",
        "arousal": "0.25",
        "path_bytes": "",
        "tempo": "",
        "tempo_confidence": "0.1",
        "key": "Eb major",
        "key_confidence": "0.5",
        "content": "68617368",
        "heard": "",
    }
    failure = Failure(b"/a", "read", "gone, alas", "2026")
    assert read(csv_table(ErrorsAnswer([failure]), "0-1"))[0]["reason"] == "gone, alas"


def test_tags_heard_share_a_cell(track: Track) -> None:
    heard = (HeardTag("jazz", 0.9), HeardTag("no vocals", 0.75))
    row = read(csv_table(TracksAnswer([replace(track, heard=heard)]), "0-1"))[0]
    assert row["heard"] == "jazz; no vocals"


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1+1", "'=1+1"),
        ("-30-", "'-30-"),
        ("@me", "'@me"),
        ("+44", "'+44"),
        ("\t=1", "'\t=1"),
        ("＝1", "'＝1"),
        ("'=1", "''=1"),
        ("'Round Midnight", "'Round Midnight"),
        ("a=b", "a=b"),
        ("", ""),
    ],
)
def test_no_tag_becomes_a_formula(cell: str, written: str) -> None:
    assert guarded(cell) == written
    assert unguarded(written) == cell


def test_numbers_stay_numbers() -> None:
    track = Track(1, b"/a", Tags(title="-5", year=-5), 1.0, None, None, None)
    row = read(csv_table(TracksAnswer([track]), "0-1"))[0]
    assert (row["year"], row["title"]) == ("-5", "'-5")


@given(st.lists(st.text(), min_size=1, max_size=5))
def test_titles_come_back(titles: list[str]) -> None:
    tracks = [Track(1, b"/a", Tags(title=title), None, None, None, None) for title in titles]
    rows = read(csv_table(TracksAnswer(tracks), "0-1"))
    assert [unguarded(row["title"]) for row in rows] == titles
    assert not any(row["title"].startswith(("=", "+", "-", "@", "\t", "\r", "\n")) for row in rows)


def test_for_excel_a_byte_order_mark_comes_first(track: Track) -> None:
    plain = csv_table(TracksAnswer([track]), "0-1")
    assert csv_table(TracksAnswer([track]), "0-1", excel=True) == "\ufeff" + plain
