"""``musimo curve`` and passages of ``similar``, from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from musimo.library import curve as curve_module
from tests.catalog import Catalog
from tests.cli.conftest import Shell
from tests.sounds import melody, noise

RATE = 22_050


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("song") / "song.flac"
    samples = noise(40, RATE)
    samples[: 20 * RATE] *= np.float32(0.05)
    soundfile.write(path, samples, RATE)
    return path


SHORT = ("--window", "10", "--hop", "5")


def test_a_file_needs_no_library(shell: Shell, song: Path, home: Path) -> None:
    ran = shell("curve", song, *SHORT)
    assert (ran.code, ran.err) == (0, b"")
    assert "turning points" in ran.out.decode()
    assert max(map(len, ran.out.decode().splitlines())) <= 80
    said = shell("curve", song, *SHORT, "--json").document
    assert [row["time"] for row in said["readings"]] == pytest.approx([5, 10, 15, 25, 30, 35])
    assert [turn["time"] for turn in said["turns"]] == [20]
    assert said["sections"] == [
        {"start": 0, "end": 20, "silent": False},
        {"start": 20, "end": 40, "silent": False},
    ]
    assert [*home.iterdir()] == []


def test_the_ending_of_the_file_names_the_format(shell: Shell, song: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    starts = {
        **{
            "a.svg": b"<?xml",
            "a.PDF": b"%PDF-",
            "a.txt": b"20.000000\t",
            "a.edl": b"TITLE: song\r\nFCM: DROP",
            "a.csv": b"time,start",
            "a.fcpxml": b"<?xml",
        },
        **{"a.json": b"{", "a.jsonl": b'{"time"', "plain": b"song, 0:40"},
    }
    for name, start in starts.items():
        ran = shell("curve", song, *SHORT, "-o", tmp_path / name, "--fps", "59.94")
        assert (ran.code, ran.out) == (0, b"")
        assert (tmp_path / name).read_bytes().startswith(start)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(starts)


def test_an_ending_that_names_no_format_is_refused_before_the_track_is_heard(
    shell: Shell, song: Path, tmp_path: Path
) -> None:
    ran = shell("curve", song, "-o", tmp_path / "a.doc")
    assert (ran.code, ran.out) == (2, b"")
    assert b"no format of a curve ends in .doc" in ran.err
    assert [*tmp_path.iterdir()] == []
    assert shell("curve", song, *SHORT, "-o", tmp_path / "a.doc", "--format", "table").code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--window", "3"), b"not within 5..45"),
        (("--window", "60"), b"not within 5..45"),
        (("--hop", "0"), b"not within 0.5..45"),
        (("--fps", "26"), b"no frame rate"),
        (("--start-timecode", "1h"), b"not a timecode"),
        (("--json", "--format", "svg"), b"exclude each other"),
    ],
)
def test_wrong_usage(shell: Shell, song: Path, arguments: tuple[str, ...], said: bytes) -> None:
    ran = shell("curve", song, *arguments)
    assert (ran.code, ran.out) == (2, b"")
    assert said in ran.err


def test_a_file_that_is_no_sound_and_one_that_is_not_there(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "list.mp3").write_text("eggs\n" * 99)
    ran = shell("curve", tmp_path / "list.mp3")
    assert (ran.code, ran.out) == (1, b"")
    assert b"it contains text" in ran.err
    assert b"list.mp3" in ran.err
    assert shell("curve", tmp_path / "absent.mp3").code == 1  # there is no library to look in


def test_marks_that_are_none_are_told(shell: Shell, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "still.wav", melody(6, RATE), RATE)
    ran = shell("curve", tmp_path / "still.wav", "--format", "labels")
    assert (ran.code, ran.out) == (0, b"")
    assert b"--readings" in ran.err


def test_ctrl_c_ends_cleanly(shell: Shell, song: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(curve_module, "WindowEmotion", interrupted)
    ran = shell("curve", song, *SHORT)
    assert (ran.code, ran.out, ran.err.strip()) == (130, b"", b"interrupted")


@pytest.mark.usefixtures("library")
def test_similar_to_a_passage(shell: Shell, song: Path) -> None:
    ran = shell("similar", song, "--from", "0:22", "--to", "0:35", "-n", "2")
    assert ran.code == 0
    assert "from 0:22 to 0:35" in ran.out.decode()
    loud = shell("similar", song, "--from", "0:22", "--json").document
    soft = shell("similar", song, "--to", "18", "--json").document
    assert loud["passage"] == {"start": 22, "end": 40}
    assert soft["passage"] == {"start": 0, "end": 18}
    assert loud["query"][0]["arousal"] > soft["query"][0]["arousal"] + 0.1
    assert "passage" not in json.loads(shell("similar", song, "--json").out)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--from", "0:50"), b"0:50 is not in the track"),
        (("--from", "0:20", "--to", "0:10"), b"runs backwards"),
        (("--from", "1:99"), b"is not a time"),
        (("So What", "--from", "10"), b"name one track"),
    ],
)
def test_passages_that_are_none(
    shell: Shell, library: Catalog, song: Path, arguments: tuple[str, ...], said: bytes
) -> None:
    ran = shell("similar", song, *arguments)
    assert (ran.code, ran.out) == (2, b"")
    assert said in ran.err


def test_a_library_track_whose_drive_is_away_is_an_error_in_words(shell: Shell, library: Catalog) -> None:
    for arguments in (("curve", "So What"), ("similar", "So What", "--from", "10")):
        ran = shell(*arguments)
        assert (ran.code, ran.out) == (1, b"")
        assert b"So What.flac" in ran.err
