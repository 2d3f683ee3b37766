"""DEAM in each of its layouts; swapped labels are corrected, and only those."""

from __future__ import annotations

import runpy
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from musimo.errors import UsageError
from musimo.training.clips import LabeledClip
from musimo.training.datasets import deam
from musimo.training.datasets.deam import (
    Agreement,
    agreements,
    dynamic_means,
    load,
    read_ratings,
    references,
    swap_2013,
    undo_swap,
    verdict,
)
from musimo.training.datasets.loading import find_files

OLD = [2, 3, 4, 5, 7, 8, 10, 12, 13, 17, 19, 999, 1000]  # of 2013
NEW = [1001, 1198, 2000]
RATED = np.random.default_rng(1).uniform(2, 8, (len(OLD + NEW), 2)).round(2)
TRUE = {number: (float(v), float(a)) for number, (v, a) in zip(OLD + NEW, RATED, strict=True)}
FULL_HEADER = (
    "song_id, valence_mean, valence_std, valence_ max_mean, valence_max_std, valence_min_mean,"
    " valence_min_std, arousal_mean, arousal_std, arousal_max_mean, arousal_max_std, arousal_min_mean,"
    " arousal_min_std"
)


Miniature = Callable[..., Path]
"""Write a miniature of the data set to a folder; return the folder."""


def song_level(path: Path, swap: bool, spaces: bool = True) -> None:
    """The song-level file as published, with padding."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = ["song_id, valence_mean, valence_std, arousal_mean, arousal_std"]
    for number, (valence, arousal) in TRUE.items():
        first, second = (arousal, valence) if swap and number <= 1000 else (valence, arousal)
        sds = (0.2, 0.1) if swap and number <= 1000 else (0.1, 0.2)
        lines.append(f"{number:7d},{first:12.2f} ,{sds[0]:12.2f},{second:12.2f} ,{sds[1]:12.2f}")
    text = "\n".join(lines) + "\n"
    path.write_text(text if spaces else text.replace(" ", ""))


def dynamics(folder: Path) -> None:
    """Annotations over time around the true ratings, in rows as long as the songs."""
    folder.mkdir(parents=True, exist_ok=True)
    for column, name in enumerate(("valence", "arousal")):
        lines = ["song_id,sample_15000ms,sample_15500ms,sample_16000ms"]
        for number, rated in TRUE.items():
            mean = (rated[column] - 5) / 4
            tail = f",{mean}" if number % 2 else ""
            lines.append(f"{number},{mean - 0.05},{mean + 0.05}{tail}")
        (folder / f"{name}.csv").write_text("\n".join([*lines, "77,NaN,", ""]))


@pytest.fixture
def miniature(sounds: Callable[..., None]) -> Miniature:
    def make(
        folder: Path,
        swap: bool = True,
        dynamic: bool = True,
        metadata: bool = True,
        averaged: str = "annotations averaged per song",
        around: str = "",
    ) -> Path:
        level = folder / around / "annotations" / averaged
        song_level(level / "song_level" / "static_annotations_averaged_songs_1_2000.csv", swap)
        full = "2001, 3.17,1.07,9,9,9,9, 6.83,0.37,9,9,9,9"
        (level / "song_level" / "static_annotations_averaged_songs_2000_2058.csv").write_text(
            f"{FULL_HEADER}\n{full}\n"
        )
        if dynamic:
            dynamics(level / "dynamic (per second annotations)")
        raters = folder / around / "annotations" / "annotations per each rater"
        (raters / "song_level").mkdir(parents=True)
        (raters / "song_level" / "static_annotations_songs_1_2000.csv").write_text("workerID, SongId\nx, 2\n")
        (raters / "dynamic (per second annotations)" / "arousal").mkdir(parents=True)
        (raters / "dynamic (per second annotations)" / "arousal" / "2.csv").write_text(
            "WorkerId,sample_15000ms\n"
        )
        (folder / "features").mkdir()
        (folder / "features" / "2.csv").write_text("frameTime;pcm\n")
        if metadata:
            write_metadata(folder / "metadata")
        sounds(folder / around / "MEMD_audio", *map(str, [*TRUE, 2001]))
        return folder

    return make


def write_metadata(folder: Path) -> None:
    folder.mkdir()
    (folder / "metadata_2013.csv").write_text(
        '"song_id","file_name","Artist","Song title","start","end","Genre"\n'
        '2,"\t2.mp3","Same Artist\t","\tSong  A\t","\t0.48\t","\t1.33\t","\tBlues\t"\n'
        '3,"\t3.mp3","Other, Guest\t","\tSong B\t","\t0.36\t","\t1.21\t","\tRock\t"\n'
    )
    (folder / "metadata_2014.csv").write_text(
        "Id,Artist,Album,Track,Genre,segment start,segment end\n"
        "1001,Same Artist,Shared Album,T,Pop,00:10,00:55,tag1,tag2,tag3\n"
        "1198,Third,Shared Album,T,Jazz,00:10,00:55\n"
        "2000,Other,Untitled,T,Folk,00:10,00:55,rock\n"
    )
    (folder / "metadata_2015.csv").write_text(
        "id,Filename,title,artist,album,genre\n2001,2001.mp3,Title,n/a,n/a,Rock,extra\n"
    )


def by_number(clips: list[LabeledClip]) -> dict[int, tuple[float, float]]:
    return {int(clip.name.removeprefix("deam-")): (clip.valence, clip.arousal) for clip in clips}


@pytest.mark.parametrize(
    ("averaged", "around"),
    [
        ("annotations averaged per song", ""),
        ("annotations_averaged_per_song", ""),
        ("annotations averaged per song", "DEAM_Annotations"),
    ],
)
def test_official_and_kaggle_layouts(
    tmp_path: Path, miniature: Miniature, notices: list[str], averaged: str, around: str
) -> None:
    clips = load(miniature(tmp_path, averaged=averaged, around=around), notices.append)
    assert by_number(clips) == {**TRUE, 2001: (3.17, 6.83)}
    assert clips[0].path == tmp_path / around / "MEMD_audio" / "2.wav"
    assert all(clip.window is None for clip in clips)
    assert notices == []


def test_groups_join_artists_and_albums_across_the_years(
    tmp_path: Path, miniature: Miniature, notices: list[str]
) -> None:
    clips = {clip.name: clip for clip in load(miniature(tmp_path), notices.append)}
    assert clips["deam-2"].group == clips["deam-1001"].group == clips["deam-1198"].group == "same artist"
    assert clips["deam-3"].group == clips["deam-2000"].group == "other"
    assert len({clips[f"deam-{n}"].group for n in (4, 5, 2001)}) == 3
    assert [clips[f"deam-{n}"].genre for n in (2, 1198, 2001, 4)] == ["Blues", "Jazz", "Rock", ""]
    assert [clips[f"deam-{n}"].album for n in (2, 1001)] == ["", "Shared Album"]


def test_the_layout_of_music2emotion(tmp_path: Path, sounds: Callable[..., None], notices: list[str]) -> None:
    song_level(tmp_path / "meta" / "static_annotations.csv", swap=True, spaces=False)
    (tmp_path / "meta" / "split").mkdir()
    (tmp_path / "meta" / "split" / "train.txt").write_text("2\n")
    sounds(tmp_path / "mp3", *map(str, TRUE))
    assert by_number(load(tmp_path, notices.append)) == TRUE
    assert len(notices) == 2
    assert "not verified" in notices[0]
    assert "no list of its songs" in notices[1]


def test_labels_without_audio_are_read_but_are_no_clips(tmp_path: Path, notices: list[str]) -> None:
    song_level(tmp_path / "deam_static_annotations.csv", swap=True, spaces=False)
    assert len(read_ratings(tmp_path)) == len(TRUE)
    with pytest.raises(UsageError, match="no audio of a rated clip"):
        load(tmp_path, notices.append)


def test_clips_without_audio_are_left_out(tmp_path: Path, miniature: Miniature, notices: list[str]) -> None:
    miniature(tmp_path)
    (tmp_path / "MEMD_audio" / "3.wav").unlink()
    assert 3 not in by_number(load(tmp_path, notices.append))
    assert notices == ["deam: 1 of 17 rated clips left out: no audio file"]


def test_a_missing_folder_is_named(tmp_path: Path, notices: list[str]) -> None:
    with pytest.raises(UsageError, match="does not hold DEAM: no ratings") as caught:
        load(tmp_path / "deam", notices.append)
    assert "DEAM_audio.zip" in caught.value.hint
    assert str(tmp_path / "deam") in caught.value.hint


@pytest.mark.parametrize("rating", ["12", "x", ""])
def test_an_invalid_rating_is_named(tmp_path: Path, rating: str) -> None:
    (tmp_path / "static_annotations.csv").write_text(f"song_id,valence_mean,arousal_mean\n5,3,{rating}\n")
    with pytest.raises(UsageError, match="arousal_mean of 5"):
        read_ratings(tmp_path)


def test_sds_are_swapped_with_their_means(tmp_path: Path, miniature: Miniature) -> None:
    shipped = read_ratings(miniature(tmp_path))
    both = swap_2013(shipped)
    assert (shipped[2].valence, shipped[2].arousal) == TRUE[2][::-1]
    assert (both[2].valence_sd, both[2].arousal_sd) == (0.1, 0.2)
    assert (shipped[2].valence_sd, shipped[2].arousal_sd) == (0.2, 0.1)
    assert (both[1000].valence, both[1000].arousal) == TRUE[1000]
    assert both[1001] == shipped[1001]
    assert swap_2013(both) == shipped


def test_shipped_labels_are_unchanged(tmp_path: Path, miniature: Miniature, notices: list[str]) -> None:
    got = by_number(load(miniature(tmp_path), notices.append, "shipped"))
    assert got == {n: rated[::-1] if n <= 1000 else rated for n, rated in TRUE.items()} | {2001: (3.17, 6.83)}
    assert notices == []


def test_a_corrected_release_is_not_swapped(tmp_path: Path, miniature: Miniature, notices: list[str]) -> None:
    assert by_number(load(miniature(tmp_path, swap=False), notices.append))[2] == TRUE[2]
    assert len(notices) == 1
    assert "looks corrected already" in notices[0]


def emomusic_file(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [f"{n},{TRUE[n][1]},1,{TRUE[n][0]},1" for n in OLD]
    path.write_text("\n".join(["song_id,mean_arousal,std_arousal,mean_valence,std_valence", *lines, ""]))


@pytest.mark.parametrize(
    "path", ["deam/emomusic_static_annotations.csv", "emomusic/annotations/static_annotations.csv"]
)
@pytest.mark.parametrize("swap", [True, False])
def test_emomusic_verifies_the_swap_too(
    tmp_path: Path, miniature: Miniature, notices: list[str], path: str, swap: bool
) -> None:
    miniature(tmp_path / "deam", swap=swap, dynamic=False)
    emomusic_file(tmp_path / path)
    assert by_number(load(tmp_path / "deam", notices.append))[2] == TRUE[2]
    assert [("emoMusic" in notice) for notice in notices] == ([] if swap else [True])


def test_an_unverified_swap_is_undone_with_a_notice(
    tmp_path: Path, miniature: Miniature, notices: list[str]
) -> None:
    assert by_number(load(miniature(tmp_path, dynamic=False), notices.append))[2] == TRUE[2]
    assert len(notices) == 1
    assert "not verified" in notices[0]


def test_labels_that_agree_with_no_reference_are_an_error(
    tmp_path: Path, miniature: Miniature, notices: list[str]
) -> None:
    miniature(tmp_path)
    for path in tmp_path.rglob("valence.csv"):
        path.write_text("song_id,sample_15000ms\n" + "".join(f"{n},0.5\n" for n in TRUE))
    with pytest.raises(UsageError, match="neither as shipped nor") as caught:
        load(tmp_path, notices.append)
    assert 'labels = "shipped"' in caught.value.hint
    assert load(tmp_path, notices.append, "shipped")


def test_ambiguous_labels_are_an_error(notices: list[str]) -> None:
    ratings = {1: deam.SongRatings(2, 1, 3, 1)}
    either = Agreement("a record", 50, np.array([[0.3, 0.9], [0.4, 0.8]]))
    with pytest.raises(UsageError, match="neither"):
        undo_swap(ratings, [either], notices.append)


def test_agreement_of_a_range_of_songs(tmp_path: Path, miniature: Miniature) -> None:
    miniature(tmp_path)
    shipped, others = read_ratings(tmp_path), references(tmp_path)
    (check,) = agreements(shipped, others)
    assert (check.reference, check.n) == ("the dynamic annotations", len(OLD))
    np.testing.assert_allclose([check.r[0, 1], check.r[1, 0]], 1, atol=0.01)
    assert agreements(shipped, others, 1001, 2000) == []  # three songs are too few


def test_dynamic_means_over_rows_of_any_length(tmp_path: Path) -> None:
    dynamics(tmp_path)
    means = dynamic_means(find_files(tmp_path))
    assert means.keys() == TRUE.keys()
    assert means[2] == pytest.approx(((TRUE[2][0] - 5) / 4, (TRUE[2][1] - 5) / 4))
    (tmp_path / "arousal.csv").unlink()
    assert dynamic_means(find_files(tmp_path)) == {}


SWAPPED = Agreement("one", 50, np.array([[0.6, 0.95], [0.9, 0.6]]))
RIGHT = Agreement("two", 50, SWAPPED.r[::-1])


def test_verdicts() -> None:
    assert verdict([SWAPPED]) == "For song_id <= 1000, valence and arousal are swapped, according to one."
    assert "are not swapped" in verdict([RIGHT])
    assert "contradict each other" in verdict([SWAPPED, RIGHT])
    assert "cannot be verified" in verdict([])


def run_script(folder: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    script = Path(deam.__file__).parents[3] / "scripts" / "check_deam_labels.py"
    monkeypatch.setattr(sys, "argv", [str(script), str(folder)])
    with pytest.raises(SystemExit) as caught:
        runpy.run_path(str(script), run_name="__main__")
    assert isinstance(caught.value.code, int)
    return caught.value.code


def test_the_script_shows_the_swap(
    tmp_path: Path, miniature: Miniature, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    miniature(tmp_path / "deam")
    emomusic_file(tmp_path / "emomusic" / "static_annotations.csv")
    assert run_script(tmp_path / "deam", monkeypatch) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == (
        "For song_id <= 1000, valence and arousal are swapped, "
        "according to the dynamic annotations and emoMusic."
    )
    assert "    DEAM's valence with its valence +1.0000" in "\n".join(lines[lines.index("") :])
    assert [line.strip() for line in lines if "within" in line][1].endswith(
        "valence 100.0%, arousal 100.0% of 13"
    )


def test_the_script_names_missing_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_script(tmp_path, monkeypatch) == 1
    assert "no song-level ratings" in capsys.readouterr().err
