"""PMEmo, on miniatures of its layouts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from musimo.errors import UsageError
from musimo.training.datasets.pmemo import load


def original(folder: Path, rating: str = "0.4") -> None:
    (folder / "PMEmo2019" / "annotations").mkdir(parents=True)
    (folder / "PMEmo2019" / "annotations" / "static_annotations.csv").write_text(
        f"musicId,Arousal(mean),Valence(mean)\n1,{rating},0.575\n4,0.2625,0.2875\n5,1,0\n"
    )
    (folder / "PMEmo2019" / "annotations" / "static_annotations_std.csv").write_text(
        "musicId,Arousal(std),Valence(std)\n1,0.1,0.2\n"
    )
    (folder / "PMEmo2019" / "metadata.csv").write_text(
        "musicId,fileName,title,artist,album,duration,chorus_start_time,chorus_end_time\n"
        '1,1.mp3,Good Drank,"2 Chainz, Gucci Mane",Pretty Girls,1,2,3\n'
        "4,4.mp3,X,Post Malone,Beerbongs,1,2,3\n"
        '5,5.mp3,Y,Guest,"Pretty Girls (Deluxe)",1,2,3\n'
    )


def test_arousal_comes_first_on_a_scale_of_0_to_1(
    tmp_path: Path, sounds: Callable[..., None], notices: list[str]
) -> None:
    original(tmp_path)
    sounds(tmp_path / "PMEmo2019" / "chorus", "1", "4", "5", "600")
    one, four, five = load(tmp_path, notices.append)
    assert one.name == "pmemo-1"
    assert (one.valence, one.arousal) == pytest.approx((5.6, 4.2))
    assert (five.valence, five.arousal) == (1.0, 9.0)
    assert one.group == five.group == "2 chainz"
    assert (four.group, four.album) == ("post malone", "Beerbongs")
    assert notices == []


def test_the_layout_of_music2emotion_is_on_1_to_9(
    tmp_path: Path, sounds: Callable[..., None], notices: list[str]
) -> None:
    (tmp_path / "static_annotations.csv").write_text(
        "song_id,valence_mean,valence_std,arousal_mean,arousal_std\n1,5.6,1,4.2,1\n"
    )
    sounds(tmp_path / "mp3", "1")
    (clip,) = load(tmp_path, notices.append)
    assert (clip.valence, clip.arousal) == (5.6, 4.2)
    assert notices == ["pmemo: no list of its songs, so songs of one artist may be in several folds"]


def test_a_rating_outside_its_scale_is_named(
    tmp_path: Path, sounds: Callable[..., None], notices: list[str]
) -> None:
    original(tmp_path, "4.2")
    with pytest.raises(UsageError, match=r"arousal\(mean\) of 1 is '4\.2', not a rating of 0-1"):
        load(tmp_path, notices.append)


def test_missing_columns_are_named(tmp_path: Path, notices: list[str]) -> None:
    (tmp_path / "static_annotations.csv").write_text("musicId,Arousal\n1,0.5\n")
    with pytest.raises(UsageError, match=r"valence\(mean\)"):
        load(tmp_path, notices.append)


@pytest.mark.parametrize(("labels", "lacking"), [(False, "no ratings"), (True, "no audio of a rated clip")])
def test_missing_files_are_named(tmp_path: Path, notices: list[str], labels: bool, lacking: str) -> None:
    if labels:
        original(tmp_path)
    with pytest.raises(UsageError, match=f"PMEmo: {lacking}") as caught:
        load(tmp_path, notices.append)
    assert "PMEmo2019.zip" in caught.value.hint
