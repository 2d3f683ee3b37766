"""The loader on a miniature of the data set's layout."""

from __future__ import annotations

from pathlib import Path

import pytest

from musimo.errors import UsageError
from musimo.training.datasets import panda4q
from tests.training import miniature

HEADER = "clip,quadrant,artist,title,genres,moods,valence_words,arousal_words,n_words"
HAPPY = 'MT01,Q1,"The B & Friends","One, Two",Pop/Rock; Jazz,Happy; Sweet ,7.5,6.25,2'
SAD = "MT02,q3,,Three,,Sad; Bleak; Sad,2,3,2"


def folder(at: Path, *rows: str, sounds: tuple[str, ...] = ("MT01.opus", "MT02.wav")) -> Path:
    (at / "audio").mkdir()
    for name in sounds:
        (at / "audio" / name).touch()
    (at / "clips.csv").write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")
    return at


def test_labels_of_a_clip(tmp_path: Path) -> None:
    happy, sad = panda4q.load(folder(tmp_path, HAPPY, SAD))
    assert (happy.name, happy.quadrant, happy.valence, happy.arousal) == ("MT01", "Q1", 7.5, 6.25)
    assert (happy.genres, happy.genre, happy.words) == (("Pop/Rock", "Jazz"), "Pop/Rock", ("happy", "sweet"))
    assert happy.path == tmp_path / "audio" / "MT01.opus"
    assert (sad.quadrant, sad.genres, sad.genre) == ("Q3", (), "")
    assert sad.words == ("sad", "bleak", "sad"), "as in the data set"
    assert (sad.valence, sad.arousal) == (2.0, 3.0)


def test_groups_are_artists_and_nameless_clips_are_alone(tmp_path: Path) -> None:
    rows = [HAPPY, "MT03,Q2,B,,,x,3,6,3", SAD, SAD.replace("MT02", "MT04")]
    sounds = tuple(f"MT0{i}.wav" for i in (1, 2, 3, 4))
    groups = [clip.group for clip in panda4q.load(folder(tmp_path, *rows, sounds=sounds))]
    assert groups[0] == groups[1] == "b"
    assert len(set(groups)) == 3


def test_clips_without_audio_and_audio_without_labels_are_left_out(tmp_path: Path) -> None:
    clips = panda4q.load(folder(tmp_path, HAPPY, HAPPY.replace("MT01", "MT09")))
    assert [clip.name for clip in clips] == ["MT01"]


@pytest.mark.parametrize("quadrant", ["", "Q5", "happy"])
def test_an_unknown_quadrant_is_named(tmp_path: Path, quadrant: str) -> None:
    with pytest.raises(UsageError, match="quadrant of MT01") as caught:
        panda4q.load(folder(tmp_path, HAPPY.replace("Q1", quadrant)))
    assert "Q1, Q2, Q3, Q4" in caught.value.message


@pytest.mark.parametrize("norm", ["", "high", "0.9", "9.1", "nan"])
def test_an_invalid_norm_is_named(tmp_path: Path, norm: str) -> None:
    with pytest.raises(UsageError, match="valence_words of MT01"):
        panda4q.load(folder(tmp_path, HAPPY.replace("7.5", norm)))


def test_missing_columns_are_named(tmp_path: Path) -> None:
    folder(tmp_path)
    (tmp_path / "clips.csv").write_text("clip,quadrant,artist,genres,valence_words,arousal_words\n")
    with pytest.raises(UsageError, match="moods"):
        panda4q.load(tmp_path)


def test_missing_files_say_what_to_put_where(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not hold Panda 4Q") as caught:
        panda4q.load(folder(tmp_path, HAPPY, sounds=()))
    assert "clips.csv" in caught.value.hint
    assert str(tmp_path / "audio") in caught.value.hint


def test_audio_with_other_names_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is named after a clip"):
        panda4q.load(folder(tmp_path, HAPPY, sounds=("track 1.opus",)))


def test_the_miniature_has_all_quadrants(tmp_path: Path) -> None:
    clips = panda4q.load(miniature.panda4q(tmp_path, n=8, seconds=0.1) / "panda4q")
    assert [clip.quadrant for clip in clips] == ["Q1", "Q2", "Q3", "Q4"] * 2
    assert all((clip.valence > 5) == (clip.quadrant in ("Q1", "Q4")) for clip in clips)
    assert all((clip.arousal > 5) == (clip.quadrant in ("Q1", "Q2")) for clip in clips)
