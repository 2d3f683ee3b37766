"""One track, window after window: in this process, in a worker, and in one that dies."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from musimo.emotion.turns import find_turns
from musimo.errors import AudioError
from musimo.library.curve import CurveProgress, analyze_curve, measure_duration
from musimo.library.scan import workers
from musimo.records import Curve, SlidingPlan
from tests.conftest import PlainPredictor
from tests.sounds import noise

RATE = 22_050
PLAN = SlidingPlan(10, 5)


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A minute, soft for its first half and loud for its second."""
    path = tmp_path_factory.mktemp("song") / "song.flac"
    samples = noise(60, RATE)
    samples[: 30 * RATE] *= np.float32(0.05)
    soundfile.write(path, samples, RATE)
    return str(path).encode()


def heard(path: bytes, jobs: int = 0, plan: SlidingPlan = PLAN) -> tuple[list[CurveProgress], Curve]:
    *steps, curve = analyze_curve(path, PlainPredictor, jobs, plan)
    assert isinstance(curve, Curve)
    return [step for step in steps if isinstance(step, CurveProgress)], curve


def test_a_sound_that_grows_loud_grows_excited(song: bytes) -> None:
    steps, curve = heard(song)
    assert [one.window.middle_s for one in curve.readings] == pytest.approx(list(range(5, 56, 5)))
    assert curve.readings[0].window.start_s == 0
    assert curve.readings[-1].window.end_s == curve.duration_s == pytest.approx(60)
    arousals = [one.arousal for one in curve.readings]
    assert max(arousals[:5]) + 0.1 < min(arousals[6:])
    [turn] = find_turns(curve.readings, PLAN.window_s)
    assert turn.time_s == 30
    assert turn.arousal > 0.1
    assert [step.done for step in steps] == sorted(step.done for step in steps)
    assert (steps[0], steps[-1]) == (CurveProgress(0, 11), CurveProgress(11, 11))
    assert (curve.track.id, curve.track.path_bytes, curve.partial) == (None, song, None)


def test_a_worker_hears_the_same(song: bytes) -> None:
    assert heard(song, jobs=2)[1] == heard(song)[1]


def test_a_track_shorter_than_a_window_is_one_reading(song: bytes) -> None:
    _, curve = heard(song, plan=SlidingPlan(45, 5))
    assert len(curve.readings) == 4
    assert len(heard(song, plan=SlidingPlan(61, 5))[1].readings) == 1


def test_what_cannot_be_heard_is_an_error(tmp_path: Path) -> None:
    for jobs in (0, 1):
        with pytest.raises(AudioError, match="no such file"):
            heard(bytes(tmp_path / "absent.mp3"), jobs)
        with pytest.raises(AudioError, match="no such file"):
            measure_duration(bytes(tmp_path / "absent.mp3"), jobs)


@pytest.mark.parametrize(
    ("does", "said", "patience_s"),
    [("os.kill(os.getpid(), 11)", "crashed", 60.0), ("time.sleep(600)", "no sign of life", 1.0)],
)
def test_a_decoder_that_crashes_or_hangs_is_an_error(
    song: bytes, monkeypatch: pytest.MonkeyPatch, does: str, said: str, patience_s: float
) -> None:
    code = (
        "import os, time\nfrom musimo.library.scan import worker\n"
        f"worker.extract_windows = lambda *_: {does}\nworker.main()"
    )
    monkeypatch.setattr(workers, "COMMAND", (sys.executable, "-c", code))
    monkeypatch.setattr(workers, "MAX_IDLE_S", patience_s)
    monkeypatch.setattr(workers, "READ_RATE", 1e12)
    with pytest.raises(AudioError, match=said):
        heard(song, jobs=1)


def test_the_length_is_that_of_the_whole_stream(song: bytes) -> None:
    assert measure_duration(song, 0) == pytest.approx(60)
