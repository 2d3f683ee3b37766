"""Soundtracks, both sets, on miniatures of their layouts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from musimo.errors import UsageError
from musimo.training.datasets.soundtracks import load

SET1 = (
    "number,valence,energy,tension,anger,fear,happy,sad,tender,TARGET\n"
    "001,4.00,7.00,3.17,1.00,1.00,7.33,1.00,1.00,HAPPY\n"
    "002,2.50,1.00,3.83,1.00,1.00,7.17,1.17,1.83,HAPPY\n"
    "003,5.60,6.20,3.00,1.00,1.00,7.17,1.00,1.00,HAPPY\n"
)
OLDER = (
    "Number,Valence,Energy,Tension,Anger,Fear,Happy,Sad,Tender,TARGET,,\n"
    "1,4.00,7.00,3.17,1.00,1.00,7.33,1.00,1.00,HAPPY,,\n"
)
TRACKS1 = (
    "Nro,Emotion,Album name,Track,Min:Sec\n"
    "001,Happy,The Portait of a Lady,6,02:02-02:17\n"
    "002,Happy,The Portrait of a Lady ,2,01:54-02:07\n"
    "003,Happy,Pride and Prejudice,3,02:55-03:13\n"
)
SET2 = (
    "Number,Valence,Energy,Tension,Anger,Fear,Happy,Sad,Tender,Beauty,Liking,TARGET,soundtrack,link\n"
    "001,2.56,7.73,8.38,6.39,4.40,1.21,1.75,1.01,4.71,4.97,ANGER_HIGH,Pride & Prejudice,227\n"
)
TRACKS2 = "Nro,Emotion,Album name,Track,Min:Sec\n001,Anger High,Pride & Prejudice,8,04:15-04:29\n"


def tables(folder: Path, first: str = SET1) -> Path:
    (folder / "mean_ratings_set1.csv").write_text(first, encoding="utf-8-sig")
    (folder / "mean_ratings_set2.csv").write_text(SET2, encoding="utf-8-sig")
    (folder / "set1_tracklist.csv").write_text(TRACKS1)
    (folder / "set2_tracklist.csv").write_text(TRACKS2)
    return folder


@pytest.mark.parametrize("subfolder", ["Set1/Set1", "mp3/Soundtrack360_mp3", "audio", "."])
@pytest.mark.parametrize("table", [SET1, OLDER])
def test_set_1_is_read_as_1_to_7(
    tmp_path: Path, sounds: Callable[..., None], notices: list[str], subfolder: str, table: str
) -> None:
    sounds(tables(tmp_path, table) / subfolder, "001")
    clip = load(tmp_path, notices.append)[0]
    assert (clip.name, clip.valence, clip.arousal) == ("soundtracks-set1-1", 5.0, 9.0)
    assert clip.path == tmp_path / subfolder / "001.wav"


def test_set_1_as_documented(tmp_path: Path, sounds: Callable[..., None], notices: list[str]) -> None:
    sounds(tables(tmp_path) / "Set1", "001", "002")
    one, two = load(tmp_path, notices.append, "set1-raw")
    assert (one.valence, one.arousal, two.valence, two.arousal) == (4.0, 7.0, 2.5, 1.0)
    assert one.name == "soundtracks-set1-1"
    assert notices == ["soundtracks-set1: 1 of 3 rated clips left out: no audio file"]


def test_set_2_is_another_set(tmp_path: Path, sounds: Callable[..., None], notices: list[str]) -> None:
    sounds(tables(tmp_path) / "Set1" / "Set1", "001", "002", "003")
    sounds(tmp_path / "Set 2" / "Set2", "001")
    (clip,) = load(tmp_path, notices.append, "set2")
    assert (clip.name, clip.valence, clip.arousal) == ("soundtracks-set2-1", 2.56, 7.73)
    assert clip.path == tmp_path / "Set 2" / "Set2" / "001.wav"
    assert load(tmp_path, notices.append)[0].path == tmp_path / "Set1" / "Set1" / "001.wav"
    assert notices == []


def test_folders_above_the_data_set_do_not_matter(
    tmp_path: Path, sounds: Callable[..., None], notices: list[str]
) -> None:
    (tmp_path / "Set2").mkdir()
    sounds(tables(tmp_path / "Set2") / "audio", "001")
    assert len(load(tmp_path / "Set2", notices.append)) == 1


def test_excerpts_of_both_sets_are_grouped_by_film(
    tmp_path: Path, sounds: Callable[..., None], notices: list[str]
) -> None:
    sounds(tables(tmp_path) / "Set1", "001", "002", "003")
    sounds(tmp_path / "Set2", "001")
    one, two, three = load(tmp_path, notices.append)
    (other,) = load(tmp_path, notices.append, "set2")
    assert one.group == two.group == "album portrait of a lady"
    assert three.group == other.group == "album pride prejudice"
    assert (three.album, three.genre) == ("Pride and Prejudice", "Soundtrack")


def test_a_missing_track_list_is_reported(
    tmp_path: Path, sounds: Callable[..., None], notices: list[str]
) -> None:
    sounds(tables(tmp_path) / "Set1", "001", "002", "003")
    (tmp_path / "set1_tracklist.csv").unlink()
    assert len({clip.group for clip in load(tmp_path, notices.append)}) == 3
    assert "no list of its songs" in notices[0]


def test_no_such_part(tmp_path: Path, notices: list[str]) -> None:
    with pytest.raises(UsageError, match="no part 'set3'") as caught:
        load(tmp_path, notices.append, "set3")
    assert caught.value.hint == "parts: set1, set1-raw, set2"


@pytest.mark.parametrize(("labels", "lacking"), [(False, "no ratings"), (True, "no audio of a rated clip")])
def test_missing_files_are_named(tmp_path: Path, notices: list[str], labels: bool, lacking: str) -> None:
    if labels:
        tables(tmp_path)
    with pytest.raises(UsageError, match=f"Soundtracks, set2: {lacking}") as caught:
        load(tmp_path, notices.append, "set2")
    assert "mean_ratings_set2.csv" in caught.value.hint
    assert str(tmp_path / "Set2") in caught.value.hint
