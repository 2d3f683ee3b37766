"""A short form of scripts/torture, on synthetic audio and with a plain network."""

from __future__ import annotations

import io
import random
import sys
import threading
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import numpy as np
import pytest
import soundfile

from musimo.audio.decode import open_audio
from musimo.cli.main import run as run_musimo
from scripts.trials.disks import fill_disks, unplug_drives
from scripts.trials.excerpts import EXCERPT_S, cut_excerpts
from scripts.trials.harness import CommandResult, Harness, Trial
from scripts.trials.kills import kill_scans
from scripts.trials.moves import move_files
from scripts.trials.races import race
from tests.sounds import melody

N_EXCERPTS = 8
ASKING = threading.Lock()  # sys.stdout is one for all threads
ENDINGS = ("flac", "ogg", "mp3")

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="trials read Linux's /proc")

PLAIN = """
from musimo.api.session import Session
from tests.conftest import PlainPredictor
Session.load_predictor = lambda self, weights: PlainPredictor()
"""


class QuickHarness(Harness):
    """Run commands in this process, which is a hundred times faster; scans stay processes."""

    def run_command(self, library: Path, *command: str | Path) -> CommandResult:
        streams = [io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2)]
        with ASKING, redirect_stdout(streams[0]), redirect_stderr(streams[1]):
            code = run_musimo(["--library", str(library), *map(str, command)])
        for stream in streams:
            stream.seek(0)
        return CommandResult(code, *(stream.read() for stream in streams))


@pytest.fixture(scope="module")
def excerpts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("excerpts")
    for number in range(N_EXCERPTS):
        samples = melody(1.5, seed=number)
        soundfile.write(folder / f"{number:02}.{ENDINGS[number % 3]}", samples, 22_050)
    return folder


@pytest.mark.parametrize(
    ("run", "rounds"),
    [(kill_scans, 4), (move_files, 2), (unplug_drives, 1), (fill_disks, 1), (race, 1)],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_nothing_is_lost(
    run: Callable[[Harness, int], Trial], rounds: int, excerpts: Path, tmp_path: Path
) -> None:
    trial = run(QuickHarness(tmp_path, excerpts, random.Random(1), PLAIN), rounds)
    assert trial.lost == []


def test_losses_are_reported(excerpts: Path, tmp_path: Path) -> None:
    lost = kill_scans(QuickHarness(tmp_path, excerpts, random.Random(1), "raise SystemExit(9)"), 0).lost
    assert lost[0] == "an undisturbed scan ends well"
    assert "the next scan ends well: code 9" in lost[1]


def test_excerpts_are_the_first_seconds_of_files(tmp_path: Path) -> None:
    (tmp_path / "music").mkdir()
    for ending in ENDINGS:
        soundfile.write(tmp_path / "music" / f"long {ending}.{ending}", melody(20), 22_050)
    (tmp_path / "music" / "no sound.mp3").write_bytes(b"no sound" * 100)
    (tmp_path / "excerpts").mkdir()
    assert cut_excerpts(tmp_path / "music", tmp_path / "excerpts", 9, random.Random(1)) == 3
    cut = [path for path in (tmp_path / "excerpts").rglob("*") if path.is_file()]
    lengths = []
    for path in cut:
        with open_audio(path) as sound:
            lengths.append(sound.duration_s)
    assert np.allclose(lengths, EXCERPT_S, atol=0.5)
