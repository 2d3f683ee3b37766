"""The loader on a miniature of the data set's layout."""

from __future__ import annotations

from pathlib import Path

import pytest

from musimo.errors import UsageError
from musimo.training.datasets.musifeast17 import load

HEADER = (
    "clip_name,genre,familiarity,track_title,artist,release_date,vocalisation,"
    "valence_m,valence_sd,arousal_m,arousal_sd"
)


def miniature(
    folder: Path, *rows: str, sounds: tuple[str, ...] = ("Jazz_LOW_01.opus", "Pop_HIGH_02.wav")
) -> Path:
    (folder / "audio").mkdir()
    for name in sounds:
        (folder / "audio" / name).touch()
    (folder / "ratings.csv").write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8-sig")
    return folder


JAZZ = 'Jazz_LOW_01,Jazz,Low,"Blue, Not Green","The Quartet, Voice",1961,no,3,0.9,1,0.8'
POP = "Pop_HIGH_02,Pop,High,Song,Zoë,1999,yes,4.5,0.5,2.25,0.7"


def test_ratings_on_the_scale_of_1_to_9(tmp_path: Path) -> None:
    jazz, pop = load(miniature(tmp_path, JAZZ, POP))
    assert (jazz.name, jazz.group, jazz.valence, jazz.arousal) == ("Jazz_LOW_01", "quartet", 5.0, 1.0)
    assert (pop.name, pop.group, pop.valence, pop.arousal) == ("Pop_HIGH_02", "zoe", 8.0, 3.5)
    assert (jazz.genre, pop.genre) == ("Jazz", "Pop")
    assert jazz.path == tmp_path / "audio" / "Jazz_LOW_01.opus"


def test_clips_without_audio_and_audio_without_ratings_are_left_out(tmp_path: Path) -> None:
    absent = POP.replace("Pop_HIGH_02", "Pop_HIGH_03")
    assert [clip.name for clip in load(miniature(tmp_path, absent, JAZZ))] == ["Jazz_LOW_01"]


def test_a_missing_folder_says_which_files_to_put_where(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        load(tmp_path / "music")
    assert "MUSIFEAST-17" in caught.value.message
    assert "ratings.csv" in caught.value.hint
    assert str(tmp_path / "music" / "audio") in caught.value.hint


def test_a_folder_without_audio_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not hold"):
        load(miniature(tmp_path, JAZZ, sounds=()))


@pytest.mark.parametrize("valence", ["", "high", "0.9", "5.5", "nan"])
def test_an_invalid_rating_is_named(tmp_path: Path, valence: str) -> None:
    with pytest.raises(UsageError, match="valence_m of Pop_HIGH_02"):
        load(miniature(tmp_path, POP.replace("4.5", valence)))


def test_missing_columns_are_named(tmp_path: Path) -> None:
    miniature(tmp_path)
    (tmp_path / "ratings.csv").write_text("clip_name,artist,valence_m\n")
    with pytest.raises(UsageError, match="arousal_m"):
        load(tmp_path)


def test_audio_with_other_names_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is named after a clip"):
        load(miniature(tmp_path, JAZZ, sounds=("track 1.opus",)))


def test_the_genre_is_optional(tmp_path: Path) -> None:
    miniature(tmp_path)
    (tmp_path / "ratings.csv").write_text("clip_name,artist,valence_m,arousal_m\nJazz_LOW_01,X,3,3\n")
    assert [clip.genre for clip in load(tmp_path)] == [""]
