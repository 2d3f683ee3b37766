"""One track, window after window: in this process, in a worker, and in one that dies."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from musimo.emotion.turns import find_peaks, find_turns
from musimo.errors import AudioError
from musimo.library.curve import CurveOpened, CurveProgress, analyze_curve, measure_duration
from musimo.library.scan import workers
from musimo.records import FloatArray, SlidingPlan, Window
from musimo.records.curve import Curve, Section
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
    opened, *steps, curve = analyze_curve(path, PlainPredictor, jobs, plan)
    assert isinstance(opened, CurveOpened)
    assert isinstance(curve, Curve)
    return [step for step in steps if isinstance(step, CurveProgress)], curve


def test_a_sound_that_grows_loud_grows_excited(song: bytes) -> None:
    steps, curve = heard(song)
    middles = [5, 10, 15, 20, 25, 35, 40, 45, 50, 55]
    assert [one.window.middle_s for one in curve.readings] == pytest.approx(middles, abs=0.1)
    assert curve.readings[0].window.start_s == 0
    assert curve.readings[-1].window.end_s == curve.duration_s == pytest.approx(60)
    assert [one.window.end_s for one in curve.sections] == pytest.approx([30, 60], abs=0.1)
    arousals = [one.arousal for one in curve.readings]
    assert max(arousals[:5]) + 0.1 < min(arousals[5:])
    [turn] = find_turns(curve.readings, curve.sections)
    assert turn.time_s == pytest.approx(30, abs=0.1)
    assert turn.arousal > 0.1
    assert [step.done for step in steps] == list(range(1, len(steps) + 1))
    assert steps[-1].total == steps[-1].done
    assert (curve.track.id, curve.track.path_bytes, curve.partial) == (None, song, None)


def test_a_worker_hears_the_same(song: bytes) -> None:
    assert heard(song, jobs=2)[1] == heard(song)[1]


def written(path: Path, *parts: FloatArray) -> bytes:
    soundfile.write(path, np.concatenate(parts), RATE)
    return bytes(path)


def test_an_even_track_is_one_section_and_if_short_one_reading(tmp_path: Path) -> None:
    path = written(tmp_path / "even.flac", noise(60, RATE))
    _, curve = heard(path, plan=SlidingPlan(45, 5))
    assert len(curve.readings) == 4
    assert curve.sections == (Section(Window(0, 60)),)
    assert len(heard(path, plan=SlidingPlan(61, 5))[1].readings) == 1


def loud(seconds: float) -> FloatArray:
    return noise(seconds, RATE, amplitude=0.3)


def soft(seconds: float) -> FloatArray:
    return noise(seconds, RATE, amplitude=0.01)


def silence(seconds: float) -> FloatArray:
    return np.zeros(round(seconds * RATE), np.float32)


def faded(samples: FloatArray, start: float, end: float) -> FloatArray:
    return samples * np.linspace(start, end, len(samples), dtype=np.float32)


PIECES: dict[str, tuple[list[FloatArray], list[float]]] = {
    "up": ([soft(60), loud(60)], [60]),
    "down": ([loud(60), soft(60)], [60]),
    "early": ([soft(12), loud(60)], [12]),
    "late": ([soft(60), loud(8)], [60]),
    "odd": ([soft(33.3), loud(38.4), soft(21)], [33.3, 71.7]),
    "short": ([soft(40), loud(7), soft(40)], [40, 47]),
    "many": ([soft(20), loud(20), soft(20), loud(20), soft(20)], [20, 40, 60, 80]),
    "at the edge of what is extracted at once": ([soft(44.6), loud(44.5), soft(44.3)], [44.6, 89.1]),
    "even": ([loud(100)], []),
    "fade in": ([faded(loud(30), 0, 1), loud(40)], []),
    "fade out": ([loud(40), faded(loud(30), 1, 0)], []),
    "silence": ([loud(40), silence(30), loud(40)], []),
    "silence before another part": ([soft(40), silence(30), loud(40)], [70]),
}


@pytest.mark.parametrize("name", PIECES)
def test_every_change_is_found_within_a_second_and_none_is_invented(tmp_path: Path, name: str) -> None:
    parts, cuts = PIECES[name]
    _, curve = heard(written(tmp_path / "piece.flac", *parts), plan=SlidingPlan(45, 5))
    turns = find_turns(curve.readings, curve.sections)
    assert [turn.time_s for turn in turns] == pytest.approx(cuts, abs=1)
    for one in curve.readings:
        for turn in turns:
            assert not one.window.start_s + 0.01 < turn.time_s < one.window.end_s - 0.01
    for peak in find_peaks(curve.readings, curve.sections):
        if cuts:
            assert peak.value == pytest.approx(max(one.arousal for one in curve.readings), abs=0.05)
        assert not any(
            one.silent and one.window.start_s < peak.time_s < one.window.end_s for one in curve.sections
        )


def test_silence_is_interpolated_and_alone_has_no_mood(tmp_path: Path) -> None:
    path = written(tmp_path / "gap.flac", loud(40), silence(30), loud(40))
    _, curve = heard(path, plan=SlidingPlan(10, 5))
    assert [one.silent for one in curve.sections] == [False, True, False]
    arousals = [one.arousal for one in curve.readings]
    assert max(arousals) - min(arousals) < 0.05
    with pytest.raises(AudioError, match="digital silence only"):
        heard(written(tmp_path / "silence.flac", silence(20)))


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
