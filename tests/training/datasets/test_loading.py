"""Files in any folder layout, tables in any encoding."""

from __future__ import annotations

from pathlib import Path

import pytest

from musimo.errors import UsageError
from musimo.training.datasets.loading import (
    Song,
    choose_columns,
    find_files,
    first_named,
    numbered_audio,
    rating,
    read_rows,
    read_table,
    song_clips,
    song_number,
)


def touch(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def test_files_are_found_by_name_the_least_nested_first(tmp_path: Path) -> None:
    near, far = tmp_path / "z z" / "x.csv", tmp_path / "a" / "b (c)" / "x.csv"
    touch(near, far, tmp_path / "other" / "y.csv")
    files = find_files(tmp_path)
    assert first_named(files, "x.csv") == near
    assert first_named(files, "none.csv", "y.csv", "x.csv") == tmp_path / "other" / "y.csv"
    assert first_named(files, "none.csv") is None


def test_folders_may_be_links_and_may_be_missing(tmp_path: Path) -> None:
    touch(tmp_path / "disk" / "audio" / "7.mp3")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "audio").symlink_to(tmp_path / "disk" / "audio")
    assert numbered_audio(find_files(tmp_path / "data")) == {7: tmp_path / "data" / "audio" / "7.mp3"}
    assert find_files(tmp_path / "nothing") == []


def test_only_audio_files_named_by_a_number_are_numbered(tmp_path: Path) -> None:
    touch(
        *(tmp_path / name for name in ("007.MP3", "8.csv", "9.wav", "._9.mp3", "x1.mp3", "²5.mp3", "1.5.mp3"))
    )
    assert numbered_audio(find_files(tmp_path)) == {7: tmp_path / "007.MP3", 9: tmp_path / "9.wav"}


def test_the_least_nested_of_two_files_with_one_number_is_used(tmp_path: Path) -> None:
    touch(tmp_path / "deep" / "er" / "3.wav", tmp_path / "mp3" / "3.mp3")
    assert numbered_audio(find_files(tmp_path)) == {3: tmp_path / "mp3" / "3.mp3"}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_tables_in_every_encoding(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text('Song_ID, Valence_ max ,"artist"\r\n  2,   3.1 ,"\tBjörk\t"\r\n,,\r\n\r\n3\r\n', encoding)
    assert read_table(path, "song_id") == [
        {"song_id": "2", "valence_max": "3.1", "artist": "Björk"},
        {"song_id": "3", "valence_max": "", "artist": ""},
    ]


def test_missing_columns_are_named(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(UsageError, match=r"lacks the columns c, d"):
        read_table(path, "a", "c", "d")
    path.write_text("")
    with pytest.raises(UsageError, match=r"lacks the columns a"):
        read_table(path, "a")


def test_a_cell_may_contain_a_line_break(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text('a,b\n1,"x\ny"\n')
    assert read_rows(path) == [["a", "b"], ["1", "x\ny"]]


def test_columns_by_any_of_their_names(tmp_path: Path) -> None:
    rows = [{"a": "1", "b": "2"}]
    assert choose_columns(rows, tmp_path, ("a", "c"), ("a", "b")) == ("a", "b")
    assert choose_columns([], tmp_path, ("a", "c"), ("a", "b")) == ("a", "c")
    with pytest.raises(UsageError, match="lacks the columns a, c"):
        choose_columns(rows, tmp_path, ("a", "c"), ("d",))


@pytest.mark.parametrize(("cell", "number"), [("7", 7), ("007", 7), ("7.0", 7)])
def test_song_numbers(cell: str, number: int, tmp_path: Path) -> None:
    assert song_number(cell, tmp_path) == number


@pytest.mark.parametrize("cell", ["", "x", "nan", "inf"])
def test_an_invalid_song_number_is_an_error(cell: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not the number of a song"):
        song_number(cell, tmp_path)


@pytest.mark.parametrize(
    ("scale", "cell", "expected"),
    [
        ((1.0, 9.0), "1", 1),
        ((1.0, 9.0), "6.4", 6.4),
        ((1.0, 5.0), "4.5", 8),
        ((0.0, 1.0), "0.25", 3),
        ((1.0, 7.0), "7", 9),
        ((1.0, 7.0), "4", 5),
    ],
)
def test_ratings_on_the_scale_of_1_to_9(scale: tuple[float, float], cell: str, expected: float) -> None:
    assert rating({"v": cell}, "v", scale, "x", Path("t")) == pytest.approx(expected)


@pytest.mark.parametrize("row", [{}, {"v": ""}, {"v": "nan"}, {"v": "0.99"}, {"v": "9.01"}, {"v": "high"}])
def test_an_invalid_rating_is_named(row: dict[str, str]) -> None:
    with pytest.raises(UsageError, match=r"t\.csv: v of 12 is .*, not a rating of 1-9"):
        rating(row, "v", (1.0, 9.0), "12", Path("t.csv"))


def test_songs_without_audio_still_join_groups(notices: list[str]) -> None:
    ratings = {1: (2.0, 3.0), 2: (4.0, 5.0), 3: (6.0, 7.0)}
    songs = {1: Song("A", "X"), 2: Song("B", "X"), 3: Song("B", "Y", "Jazz")}
    sounds = {1: Path("1.mp3"), 3: Path("3.mp3")}
    one, three = song_clips("set", ratings, sounds, songs, notices.append)
    assert (one.name, one.group, one.valence, one.arousal, one.album) == ("set-1", "a", 2.0, 3.0, "X")
    assert (three.name, three.group, three.genre, three.path) == ("set-3", "a", "Jazz", Path("3.mp3"))
    assert notices == ["set: 1 of 3 rated clips left out: no audio file"]
