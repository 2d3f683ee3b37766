"""emoMusic, on miniatures of its layouts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from musimo.errors import UsageError
from musimo.training.datasets.emomusic import load

ORIGINAL = (
    "song_id,mean_arousal,std_arousal,mean_valence,std_valence\n2,3.1,0.99,3.0,0.67\n4,5.7,1.5,5.5,1.7\n"
)
SONGS = (
    '"song_id","file_name","Artist","Song title","start of the segment (min.sec)",'
    '"end of the segment (min.sec)","Genre","Mediaeval 2013 set"\n'
    '2,"\t2.mp3","The New Mystikal Troubadours\t","\tTonight  A Lonely Century\t","\t0.48\t","\t1.33\t",'
    '"\tBlues\t","development"\n'
    '4,"\t4.mp3","New Mystikal Troubadours\t","\tSlow Burn\t","\t1.29\t","\t2.14\t","\tJazz\t","evaluation"\n'
)


def test_arousal_comes_first_and_tabs_are_stripped(
    tmp_path: Path, sounds: Callable[..., None], notices: list[str]
) -> None:
    (tmp_path / "annotations").mkdir()
    (tmp_path / "annotations" / "static_annotations.csv").write_text(ORIGINAL)
    (tmp_path / "annotations" / "songs_info.csv").write_text(SONGS)
    sounds(tmp_path / "clips_45seconds", "2", "4")
    one, two = load(tmp_path, notices.append)
    assert (one.name, one.valence, one.arousal, one.genre) == ("emomusic-2", 3.0, 3.1, "Blues")
    assert one.group == two.group == "new mystikal troubadours"
    assert one.path == tmp_path / "clips_45seconds" / "2.wav"
    assert notices == []


def test_the_layout_of_music2emotion(tmp_path: Path, sounds: Callable[..., None], notices: list[str]) -> None:
    (tmp_path / "meta").mkdir()
    (tmp_path / "meta" / "static_annotations.csv").write_text(
        "song_id,valence_mean,valence_std,arousal_mean,arousal_std\n2,3.0,0.67,3.1,0.99\n3,4,1,5,1\n"
    )
    sounds(tmp_path / "mp3", "2")
    (clip,) = load(tmp_path, notices.append)
    assert (clip.valence, clip.arousal) == (3.0, 3.1)
    assert len(notices) == 2


def test_missing_columns_are_named(tmp_path: Path, notices: list[str]) -> None:
    (tmp_path / "static_annotations.csv").write_text("song_id,valence\n2,3\n")
    with pytest.raises(UsageError, match="mean_valence, mean_arousal"):
        load(tmp_path, notices.append)


@pytest.mark.parametrize(("labels", "lacking"), [(False, "no ratings"), (True, "no audio of a rated clip")])
def test_missing_files_are_named(tmp_path: Path, notices: list[str], labels: bool, lacking: str) -> None:
    if labels:
        (tmp_path / "static_annotations.csv").write_text(ORIGINAL)
    with pytest.raises(UsageError, match=f"emoMusic: {lacking}") as caught:
        load(tmp_path, notices.append)
    assert "clips_45seconds" in caught.value.hint
