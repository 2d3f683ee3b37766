"""Ratings as CSV: what is written is read, and what cannot be read is told by its line."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from musimo.errors import UsageError
from musimo.library.db.ratings import Opinion, Rating
from musimo.output.ratings_csv import BadLine, RatedLine, named_path, ratings_csv, read_ratings
from musimo.records import Tags, Track
from musimo.records.scale import Scale

TRACK = Track(7, b'/music/=a, b\n"c".mp3', Tags(title="=1+1", artist="A"), 60.0, 3, 0.5, 0.5)
AT = "2026-11-01T12:00:00+00:00"


def read(text: str, scale: Scale = "0-1") -> list[RatedLine | BadLine]:
    return read_ratings(text.encode(), scale)


def bad(text: str) -> list[tuple[int, str]]:
    return [(line.number, line.reason) for line in read(text) if isinstance(line, BadLine)]


numbers = st.none() | st.floats(0, 1).map(lambda x: round(x, 4))


@given(st.lists(st.tuples(numbers, numbers, st.sampled_from([None, 1, -1])), max_size=5))
@pytest.mark.parametrize("scale", ["0-1", "1-9"])
def test_what_is_written_is_read(
    scale: Scale, said: list[tuple[float | None, float | None, int | None]]
) -> None:
    opinions = [Opinion(*one) for one in said if one != (None, None, None)]
    ratings = [Rating(n, bytes([n] * 16), opinion, AT, TRACK) for n, opinion in enumerate(opinions)]
    lines = read(ratings_csv(ratings, scale), scale)
    assert len(lines) == len(opinions)
    for line, rating in zip(lines, ratings, strict=True):
        assert isinstance(line, RatedLine)
        assert (line.names["sound"], line.names["path"]) == (
            rating.content_hash.hex(),
            TRACK.path_bytes.decode(),
        )
        assert line.opinion.liking == rating.opinion.liking
        for name in ("valence", "arousal"):
            assert getattr(line.opinion, name) == pytest.approx(getattr(rating.opinion, name), abs=1e-4)


def test_a_name_that_is_no_text_comes_back_whole_and_no_cell_is_a_formula() -> None:
    odd = replace(TRACK, path_bytes=b"/music/caf\xe9.mp3")
    text = ratings_csv(
        [Rating(1, b"s", Opinion(0.5), AT, odd), Rating(2, b"t", Opinion(0.5), AT, None)], "0-1"
    )
    first, second = csv.DictReader(io.StringIO(text))
    assert first["title"] == "'=1+1"
    assert (second["path"], second["title"], second["sound"]) == ("", "", "74")
    of_odd, of_none = read(text)
    assert isinstance(of_odd, RatedLine)
    assert isinstance(of_none, RatedLine)
    assert named_path(of_odd) == odd.path_bytes
    assert (named_path(of_none), dict(of_none.names)) == (None, {"sound": "74"})


def test_columns_have_any_order_and_case_and_others_are_passed_over() -> None:
    [line] = read("\ufeffTitle,Arousal, ID ,liking\nx,0.25,17,Like\n")
    assert line == RatedLine(2, {"id": "17"}, Opinion(None, 0.25, 1))


def test_a_spreadsheet_of_the_continent_is_read() -> None:
    [line] = read("path;valence\n/a.mp3;0,75\n")
    assert line == RatedLine(2, {"path": "/a.mp3"}, Opinion(0.75))
    [line] = read("path\tvalence\r\n/a, b.mp3\t5\r\n", "1-9")
    assert line == RatedLine(2, {"path": "/a, b.mp3"}, Opinion(0.5))


def test_what_spreadsheets_add_is_passed_over() -> None:
    liked = RatedLine(2, {"path": "/a.mp3"}, Opinion(0.75))
    assert read('"path";"valence";"words, and, more"\n/a.mp3;0,75;"x, y"\n') == [liked]
    assert read('path,valence\n/a.mp3,"0,75",, \n') == [liked], "empty cells at the end"
    assert read("\r\npath;valence\r\n/a.mp3;0,75\r\n") == [replace(liked, number=3)]
    assert read("\ufeffsep=;\r\npath;valence\r\n/a.mp3;0,75\r\n") == [replace(liked, number=3)]


def test_lines_that_say_nothing_are_passed_over() -> None:
    assert read("path,valence,liking\n/a.mp3,,\n\n ,,\n,,0\n") == []


def test_each_bad_line_is_told_by_its_number() -> None:
    text = (
        "path,valence,liking\n"
        '"/a\nb.mp3",high,\n'  # two lines long
        "/a.mp3,1.5,\n"
        "/a.mp3,nan,\n"
        "/a.mp3,0.5,perhaps\n"
        ",0.5,\n"
        "/a.mp3,0.5,like,0.5\n"
        "/a.mp3,0.5\n"
    )
    assert bad(text) == [
        (2, "valence 'high' is no number"),
        (4, "valence 1.5 is outside the scale 0..1"),
        (5, "valence nan is outside the scale 0..1"),
        (6, "liking 'perhaps' is neither like nor dislike"),
        (7, "it names no track"),
        (8, "it has 4 cells, and the header 3"),
    ]
    assert [line.number for line in read(text) if isinstance(line, RatedLine)] == [9]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "name their columns"),
        (b"valence\n0.5\n", "name their columns"),
        (b"path,mood\n/a.mp3,0.5\n", "name their columns"),
        (b"path,valence\n\xff\xfe,0.5\n", "not in UTF-8, from byte 13 on"),
        (b'path,valence\n"a,0.5\n', "not valid CSV"),
        (b'path,valence\n"a"b,0.5\n', "not valid CSV"),
    ],
)
def test_a_file_that_is_no_ratings_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        read_ratings(data, "0-1")


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        lines = read_ratings(b"path,valence\n" + data, "0-1")
    except UsageError:
        return
    assert all(isinstance(line, RatedLine | BadLine) for line in lines)
