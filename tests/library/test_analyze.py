"""Hearing files that are in no library: every file is answered for, in order."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest
import soundfile

from musimo.errors import AudioError
from musimo.library.analyze import analyze
from musimo.records import AnalyzedFile, FailedFile, FloatArray, WindowPrediction
from tests.conftest import PlainPredictor
from tests.sounds import melody, sine


@pytest.fixture
def files(tmp_path: Path) -> list[bytes]:
    """The longest first, so that workers finish out of order."""
    soundfile.write(tmp_path / "long.wav", melody(200), 22_050)
    (tmp_path / "bad.mp3").write_text("not music\n" * 50)
    soundfile.write(tmp_path / "short.wav", sine(440, 1), 22_050)
    return [os.fsencode(tmp_path / name) for name in ("long.wav", "bad.mp3", "gone.mp3", "short.wav")]


def test_answers_come_in_the_order_of_the_files(files: list[bytes]) -> None:
    answers = list(analyze(files, PlainPredictor, 0, "windows"))
    assert [answer.path_bytes for answer in answers] == files
    long, bad, gone, short = answers
    assert isinstance(bad, FailedFile)
    assert isinstance(gone, FailedFile)
    assert (bad.stage, gone.stage) == ("decode", "read")
    assert bad.reason
    assert isinstance(long, AnalyzedFile)
    assert isinstance(short, AnalyzedFile)
    assert [part.window.start_s for part in long.emotion.windows] == pytest.approx(
        [10.83, 77.5, 144.17], abs=0.01
    )
    assert (long.duration_s, short.duration_s) == (200, 1)
    assert long.emotion.valence == pytest.approx(sum(part.valence for part in long.emotion.windows) / 3)


def test_workers_change_nothing(files: list[bytes]) -> None:
    alone = analyze(files, PlainPredictor, 0, "windows")
    together = analyze(files, PlainPredictor, 2, "windows")
    for one, other in zip(alone, together, strict=True):
        assert plain(one) == plain(other)


def plain(answer: AnalyzedFile | FailedFile) -> object:
    """What can be compared: arrays as bytes."""
    if isinstance(answer, FailedFile):
        return answer
    emotion = answer.emotion
    facts = (answer.path_bytes, answer.tags, answer.content, answer.duration_s, emotion.windows)
    return *facts, emotion.embedding.tobytes(), answer.statistics.tobytes()


def test_the_network_is_loaded_once_and_only_for_sound(files: list[bytes]) -> None:
    loaded: list[PlainPredictor] = []

    def load() -> PlainPredictor:
        loaded.append(PlainPredictor())
        return loaded[-1]

    assert len(list(analyze(files[1:3], load, 0, "windows"))) == 2
    assert loaded == []
    list(analyze(files, load, 0, "windows"))
    assert [predictor.n_clips for predictor in loaded] == [4]
    assert list(analyze([], load, 2, "windows")) == []


@pytest.mark.parametrize("deaf_to", [{3}, {4}, {3, 4}])
def test_a_clip_without_an_answer_fails_its_file(files: list[bytes], deaf_to: set[int]) -> None:
    class Deaf(PlainPredictor):
        def predict(self, tracks: Sequence[Sequence[FloatArray]]) -> list[list[WindowPrediction]]:
            felt = super().predict(tracks)
            if self.n_clips in deaf_to:
                raise AudioError("analyze", "a sound the network has no finite answer to")
            return felt

    long, short = analyze([files[0], files[3]], Deaf, 0, "windows")
    assert isinstance(long, FailedFile) == (3 in deaf_to)
    assert isinstance(short, FailedFile) == (4 in deaf_to)
    if isinstance(long, FailedFile):
        assert (long.stage, long.reason) == ("analyze", "a sound the network has no finite answer to")


def test_a_single_clip_without_an_answer_fails_its_file(files: list[bytes]) -> None:
    class Deaf(PlainPredictor):
        def predict(self, tracks: Sequence[Sequence[FloatArray]]) -> list[list[WindowPrediction]]:
            raise AudioError("analyze", "no answer")

    short, again = analyze([files[3], files[3]], Deaf, 0, "windows")
    assert isinstance(short, FailedFile)
    assert isinstance(again, FailedFile)
