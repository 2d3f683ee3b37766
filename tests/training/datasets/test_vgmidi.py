"""VGMIDI: labels from curves, renderings by a stand-in for FluidSynth, and by FluidSynth itself."""

from __future__ import annotations

import json
import shutil
import stat
from pathlib import Path

import numpy as np
import pytest
import soundfile

from musimo.errors import MusimoError, UsageError
from musimo.records import Window
from musimo.training.datasets import render
from musimo.training.datasets.loading import find_files
from musimo.training.datasets.vgmidi import (
    load,
    mean_over,
    piece_clips,
    read_curves,
    series_and_game,
    windows,
)

# One quarter note of a second, so that a measure lasts 4 s; a note of one quarter.
TEMPO = b"\x00\xff\x51\x03\x0f\x42\x40"
NOTE = b"\x00\x90\x3c\x60\x60\x3c\x00"
TRACK = TEMPO + NOTE + b"\x00\xff\x2f\x00"
MIDI = b"MThd\0\0\0\x06\0\0\0\1\0\x60MTrk" + len(TRACK).to_bytes(4, "big") + TRACK
PIECE = "Mana_SNES_Secret of Mana_Danger.mid"
OTHER = "Other_PC_The Sims_Theme 4.mid"


def curve(valence: list[float], arousal: list[float]) -> dict[str, object]:
    return {"valence": valence, "arousal": arousal, "duration_s": 9, "measures": len(valence), "raters": 30}


def means(folder: Path, **curves: dict[str, object]) -> Path:
    (folder / "midi").mkdir(parents=True)
    for name in curves:
        (folder / "midi" / name).write_bytes(MIDI)
    (folder / "va_curves.json").write_text(json.dumps(curves))
    return folder


@pytest.fixture
def soundfont(tmp_path: Path) -> Path:
    path = tmp_path / "fonts" / "Small.sf2"
    path.parent.mkdir()
    path.write_bytes(b"RIFF\x04\0\0\0sfbk")
    return path


@pytest.fixture
def fluidsynth(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program that logs its calls and writes a file where FluidSynth would; return the log."""
    folder = tmp_path / "bin"
    folder.mkdir()
    log = tmp_path / "calls"
    program = folder / "fluidsynth"
    program.write_text(
        "#!/bin/sh\n"
        f'printf "%s\\n" "$*" >> "{log}"\n'
        'case "$*" in *Bad*) echo "panic: no" >&2; exit 0;; esac\n'
        'while [ "$1" != -F ]; do shift; done\necho sound > "$2"\n'
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return log


def test_windows_do_not_overlap_and_cover_both_ends() -> None:
    assert windows(12.5) == [Window(0.0, 12.5)]
    assert windows(40.0) == [Window(5.0, 35.0)]
    assert windows(95.0) == [Window(0.0, 30.0), Window(32.5, 62.5), Window(65.0, 95.0)]


def test_a_label_is_the_mean_over_time() -> None:
    edges = np.array([0.0, 10.0, 20.0, 60.0])
    curve = np.array([[-1.0, 0.0], [0.5, 0.0], [1.0, 1.0]])
    np.testing.assert_allclose(mean_over(curve, edges, Window(5.0, 35.0)), [(-5 + 5 + 15) / 30, 15 / 30])
    np.testing.assert_allclose(mean_over(curve, edges, Window(12.0, 14.0)), [0.5, 0])


def test_clips_of_a_piece(tmp_path: Path) -> None:
    path = tmp_path / PIECE
    path.write_bytes(MIDI)
    rated = np.repeat([[0.5, -1.0], [-0.5, 1.0]], 8, axis=0)  # 16 measures of 4 s: halves of 32 s
    one, two = piece_clips(path, Path("x.flac"), "Font", rated)
    assert (one.window, two.window) == (Window(0.0, 30.0), Window(34.0, 64.0))
    assert (one.valence, one.arousal, two.valence, two.arousal) == (7.0, 1.0, 3.0, 9.0)
    assert (one.group, one.album, one.genre) == ("Mana", "Secret of Mana", "Video game")
    assert [clip.name for clip in (one, two)] == [f"{path.stem} [Font] {start}" for start in ("000", "034")]


@pytest.mark.parametrize(
    ("stem", "expected"),
    [
        ("Final Fantasy_PS1_Final Fantasy VII_Tifa", ("Final Fantasy", "Final Fantasy VII")),
        ("Other_N64_GoldenEye 007_Dam", ("GoldenEye 007", "GoldenEye 007")),
        ("Star Fox_SNES_Star Fox_Stage_Clear", ("Star Fox", "Star Fox")),
        ("odd", ("odd", "")),
    ],
)
def test_series_and_games(stem: str, expected: tuple[str, str]) -> None:
    assert series_and_game(stem) == expected


def test_curves_from_every_listener(tmp_path: Path) -> None:
    annotations = {
        "piece0_1": {"valence": [0.2, 0.4], "arousal": [-1, 1], "gender": "x"},
        "piece0_2": {"valence": [0.6, 0.0], "arousal": [1, 1]},
        "piece0_3": {"valence": [0.6], "arousal": [1]},  # stopped early
        "piece1_1": {"valence": [1, 1], "arousal": [1]},  # drew one curve only
    }
    pieces = {
        "piece0": {"midi": PIECE, "measures": 2, "duration": 5, "name": "Danger"},
        "piece1": {"midi": OTHER, "measures": 2, "duration": 5, "name": "Theme"},
    }
    for number, part in enumerate((pieces, {}), 1):
        table = {"annotations": annotations if part else {}, "pieces": part}
        (tmp_path / f"vgmidi_raw_{number}.json").write_text(json.dumps(table))
    curves = read_curves(find_files(tmp_path))
    assert list(curves) == [PIECE]
    np.testing.assert_allclose(curves[PIECE], [[0.4, 0], [0.2, 1]])


@pytest.mark.parametrize(
    "entry",
    [
        {},
        {"valence": [0.1], "arousal": [0.1, 0.2]},
        curve([1.5], [0]),
        curve([], []),
        {"valence": [None], "arousal": [0]},
    ],
)
def test_an_invalid_curve_is_named(tmp_path: Path, entry: dict[str, object]) -> None:
    means(tmp_path / "set", **{PIECE: entry})
    with pytest.raises(UsageError, match="Danger"):
        read_curves(find_files(tmp_path))


@pytest.mark.parametrize("text", ["{", "[]"])
def test_invalid_json_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "va_curves.json").write_text(text)
    with pytest.raises(UsageError, match=r"va_curves\.json"):
        read_curves(find_files(tmp_path))


def test_pieces_are_rendered_once_with_each_soundfont(
    tmp_path: Path, fluidsynth: Path, soundfont: Path, notices: list[str]
) -> None:
    folder = means(tmp_path / "set", **{PIECE: curve([0.1] * 3, [0.2] * 3), OTHER: curve([0] * 2, [0] * 2)})
    second = soundfont.with_name("Other.sf3")
    second.write_bytes(soundfont.read_bytes())
    fonts = [str(soundfont), str(second)]
    clips = load(folder, tmp_path / "cache", notices.append, fonts)
    assert len(clips) == len({clip.name for clip in clips}) == 4
    assert all(clip.path.is_file() and clip.path.suffix == ".flac" for clip in clips)
    assert {clip.path.parent.name.partition("-")[0] for clip in clips} == {"Small", "Other"}
    assert len(fluidsynth.read_text().splitlines()) == 4
    assert len(notices) == 2
    assert load(folder, tmp_path / "cache", notices.append, fonts) == clips
    assert len(fluidsynth.read_text().splitlines()) == 4
    assert len(notices) == 2


def test_pieces_without_a_midi_file_are_left_out(
    tmp_path: Path, fluidsynth: Path, soundfont: Path, notices: list[str]
) -> None:
    folder = means(tmp_path / "set", **{PIECE: curve([0.1], [0.2]), OTHER: curve([0], [0])})
    (folder / "midi" / OTHER).unlink()
    (clip,) = load(folder, tmp_path / "cache", notices.append, [str(soundfont)])
    assert clip.group == "Mana"
    assert notices[0] == "vgmidi: 1 of 2 pieces left out: no MIDI file"
    assert fluidsynth.is_file()


def test_a_piece_that_cannot_be_rendered_is_named(
    tmp_path: Path, fluidsynth: Path, soundfont: Path, notices: list[str]
) -> None:
    folder = means(tmp_path / "set", **{"A_B_C_Bad.mid": curve([0.1], [0.2])})
    with pytest.raises(MusimoError, match=r"could not render .*Bad\.mid: panic: no"):
        load(folder, tmp_path / "cache", notices.append, [str(soundfont)])
    assert fluidsynth.is_file()


def test_a_damaged_midi_file_is_named(
    tmp_path: Path, fluidsynth: Path, soundfont: Path, notices: list[str]
) -> None:
    folder = means(tmp_path / "set", **{PIECE: curve([0.1], [0.2])})
    (folder / "midi" / PIECE).write_bytes(b"no")
    with pytest.raises(UsageError, match=r"Danger\.mid: not a MIDI file"):
        load(folder, tmp_path / "cache", notices.append, [str(soundfont)])
    assert fluidsynth.is_file()


def test_without_fluidsynth_it_says_how_to_install_it(
    tmp_path: Path, soundfont: Path, notices: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    folder = means(tmp_path / "set", **{PIECE: curve([0.1], [0.2])})
    with pytest.raises(UsageError, match="FluidSynth") as caught:
        load(folder, tmp_path / "cache", notices.append, [str(soundfont)])
    assert caught.value.hint == "apt-get install fluidsynth fluid-soundfont-gm"


def test_invalid_soundfonts_are_refused(
    tmp_path: Path, soundfont: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError, match=r"no soundfont .*none\.sf2"):
        render.usable_soundfonts([str(tmp_path / "none.sf2")])
    (tmp_path / "text.sf2").write_text("hello, soundfont")
    with pytest.raises(UsageError, match="is not a soundfont"):
        render.usable_soundfonts([str(tmp_path / "text.sf2")])
    (tmp_path / "Small.sf2").write_bytes(soundfont.read_bytes())
    with pytest.raises(UsageError, match="same name"):
        render.usable_soundfonts([str(soundfont), str(tmp_path / "Small.sf2")])
    monkeypatch.setattr(render, "SYSTEM_SOUNDFONTS", (str(tmp_path / "none"), str(soundfont)))
    assert render.usable_soundfonts([]) == [soundfont]
    monkeypatch.setattr(render, "SYSTEM_SOUNDFONTS", ())
    with pytest.raises(UsageError, match="no General MIDI soundfont") as caught:
        render.usable_soundfonts([])
    assert "fluid-soundfont-gm" in caught.value.hint


@pytest.mark.parametrize("labels", [False, True])
def test_missing_files_are_named(tmp_path: Path, notices: list[str], labels: bool) -> None:
    folder = means(tmp_path / "set", **({PIECE: curve([0.1], [0.2])} if labels else {}))
    (folder / "midi" / PIECE).unlink(missing_ok=True)
    with pytest.raises(UsageError, match="does not hold VGMIDI") as caught:
        load(folder, tmp_path / "cache", notices.append)
    assert "vgmidi_raw_1.json" in caught.value.hint
    assert not notices


INSTALLED = shutil.which("fluidsynth") and any(Path(path).is_file() for path in render.SYSTEM_SOUNDFONTS)


@pytest.mark.skipif(not INSTALLED, reason="needs the program fluidsynth and a General MIDI soundfont")
def test_fluidsynth_renders_a_note(tmp_path: Path, notices: list[str]) -> None:
    folder = means(tmp_path / "set", **{PIECE: curve([0.1], [0.2])})
    (clip,) = load(folder, tmp_path / "cache", notices.append)
    samples, rate = soundfile.read(clip.path)
    assert rate == render.SAMPLE_RATE
    assert len(samples) / rate >= 1
    assert 0.01 < np.abs(samples).max() < 1
