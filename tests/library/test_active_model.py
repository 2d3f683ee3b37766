"""A new model takes over when it has heard all, and not before."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path

import numpy as np
import pytest
import soundfile
from safetensors.numpy import save_file

from musimo import Library
from musimo.api.session import Session
from musimo.emotion import calibration
from musimo.errors import WeightsError
from musimo.library.active_model import kept_weights
from musimo.library.scan.events import Audit
from musimo.library.scan.scan import ScanOptions
from musimo.records import FloatArray, WindowPrediction
from musimo.resources import weights_path
from tests.conftest import PlainPredictor
from tests.sounds import melody

OLD, NEW = "mase_net-1.0-00000001", "mase_net-2.0-00000002"
VALENCE = {OLD: 0.25, NEW: 0.75}
N_TRACKS = 4


class FixedPredictor(PlainPredictor):
    """As plain as the plain one, but for the valence, which tells the models apart."""

    def __init__(self, valence: float) -> None:
        super().__init__()
        self.valence = valence

    def predict(self, tracks: Sequence[Sequence[FloatArray]]) -> list[list[WindowPrediction]]:
        return [[replace(felt, valence=self.valence) for felt in clips] for clips in super().predict(tracks)]


@pytest.fixture
def music(tmp_path: Path) -> Path:
    folder = tmp_path / "music"
    folder.mkdir()
    for seed in range(N_TRACKS):
        soundfile.write(folder / f"{seed}.wav", melody(3, 22_050, seed), 22_050)
    return folder


@pytest.fixture
def in_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The one weights file musimo carries, as an upgrade replaces it: see :func:`upgrade`."""
    shipped = tmp_path / "package"
    shipped.mkdir()
    shutil.copy(weights_path(), shipped / f"{OLD}.safetensors")
    monkeypatch.setattr(Session, "load_predictor", lambda self, path: FixedPredictor(VALENCE[path.stem]))
    monkeypatch.setattr("musimo.api.session.weights_path", lambda chosen: chosen or next(shipped.iterdir()))
    monkeypatch.setenv("MUSIMO_JOBS", "0")
    return shipped


def upgrade(shipped: Path) -> None:
    """As an installer does it: the old weights are gone."""
    (shipped / f"{OLD}.safetensors").rename(shipped / f"{NEW}.safetensors")


def valences(library: Library) -> set[float]:
    return {row.track.valence for row in library.mood(0.5, 0.5) if row.track.valence is not None}


def scan_some(library: Library, music: Path, events: int) -> Audit:
    """A scan that is interrupted after so many questions whether to stop."""
    asked: Iterator[int] = count()
    options = ScanOptions(jobs=0, batch_size=1)
    *_, audit = library.scan_events([os.fsencode(music)], options, lambda: next(asked) >= events)
    assert isinstance(audit, Audit)
    return audit


def test_the_old_answers_stay_until_the_new_model_has_heard_all(in_use: Path, music: Path) -> None:
    Library.open().scan(music)
    before = Library.open().similar("0.wav")
    upgrade(in_use)

    upgraded = Library.open()
    assert upgraded.model == NEW
    assert upgraded.similar("0.wav") == before
    status = upgraded.status()
    assert (status.model, status.analyzed, status.indexed) == (OLD, N_TRACKS, N_TRACKS)
    assert status.upgrade is not None
    assert (status.upgrade.model, status.upgrade.n_analyzed, status.upgrade.n_contents) == (NEW, 0, N_TRACKS)

    audit = scan_some(upgraded, music, events=5)
    assert audit.interrupted
    progress = upgraded.status().upgrade
    assert progress is not None
    assert 0 < progress.n_analyzed < N_TRACKS
    assert progress.n_analyzed == audit.changed
    assert valences(upgraded) == valences(Library.open()) == {VALENCE[OLD]}
    assert upgraded.similar("0.wav") == before

    assert upgraded.scan(music).changed == N_TRACKS - progress.n_analyzed
    for library in (upgraded, Library.open()):
        assert valences(library) == {VALENCE[NEW]}
        assert library.status().model == NEW
        assert library.status().upgrade is None
    assert Library.open().scan(music).unchanged == N_TRACKS


def test_a_library_may_stay_with_its_model(in_use: Path, music: Path, home: Path) -> None:
    Library.open().scan(music)
    upgrade(in_use)
    soundfile.write(music / "new.wav", melody(3, 22_050, 9), 22_050)
    staying = Library.open()
    *_, audit = staying.scan_events([os.fsencode(music)], ScanOptions(), keep_model=True)
    assert isinstance(audit, Audit)
    assert (audit.new, audit.unchanged) == (1, N_TRACKS)
    assert valences(staying) == {VALENCE[OLD]}
    assert len(staying.similar("new.wav")) == N_TRACKS

    kept_weights(home / "library.db", OLD).unlink()
    with pytest.raises(WeightsError, match=f"active model of the library is {OLD}") as caught:
        list(Library.open().scan_events([os.fsencode(music)], ScanOptions(), keep_model=True))
    assert "--weights" in caught.value.hint


def test_a_file_outside_is_heard_by_the_model_that_answers(in_use: Path, music: Path, tmp_path: Path) -> None:
    Library.open().scan(music)
    upgrade(in_use)
    outside = tmp_path / "outside.wav"
    soundfile.write(outside, melody(3, 22_050, 9), 22_050)
    [seed] = Library.open().similar(outside).seeds
    assert seed.valence == VALENCE[OLD]


def test_what_is_gone_or_failed_keeps_no_library_from_its_new_model(in_use: Path, music: Path) -> None:
    Library.open().scan(music)
    (music / "3.wav").unlink()
    Library.open().scan(music)
    upgrade(in_use)
    (music / "2.wav").write_bytes(b"")  # a failure of reading: what was heard before is kept
    library = Library.open()
    library.scan(music)
    assert (library.status().model, library.status().upgrade) == (NEW, None)


def test_one_copy_of_the_weights_is_kept_beside_the_library(in_use: Path, music: Path, home: Path) -> None:
    Library.open().scan(music)
    kept = home / "library.db.models"
    assert [file.stem for file in kept.iterdir()] == [OLD]
    upgrade(in_use)
    scan_some(Library.open(), music, events=2)
    assert [file.stem for file in kept.iterdir()] == [OLD]
    Library.open().scan(music)
    assert [file.stem for file in kept.iterdir()] == [NEW]


def test_a_second_upgrade_on_the_way_leaves_the_first_answers(in_use: Path, music: Path) -> None:
    VALENCE["mase_net-3.0-00000003"] = 0.5
    Library.open().scan(music)
    upgrade(in_use)
    scan_some(Library.open(), music, events=5)
    (in_use / f"{NEW}.safetensors").rename(in_use / "mase_net-3.0-00000003.safetensors")
    library = Library.open()
    assert valences(library) == {VALENCE[OLD]}
    library.scan(music)
    assert valences(library) == {0.5}


def test_a_new_model_answers_by_the_owners_ear_from_its_first_answer_on(
    in_use: Path, music: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calibration, "MIN_RATINGS", N_TRACKS)
    Library.open().scan(music)
    Library.open().ratings.rate(*(music / f"{n}.wav" for n in range(N_TRACKS)), valence=0.5)
    assert Library.open().ratings.calibrate().n_sounds == N_TRACKS
    assert all(abs(valence - 0.5) < 0.1 for valence in valences(Library.open()))
    upgrade(in_use)
    scan_some(Library.open(), music, events=5)
    assert all(abs(valence - 0.5) < 0.1 for valence in valences(Library.open()))
    Library.open().scan(music)
    library = Library.open()
    assert library.status().model == NEW
    assert all(abs(valence - 0.5) < 0.1 for valence in valences(library))
    assert library.ratings.undo()
    assert valences(library) == {VALENCE[NEW]}


def test_who_asks_is_told_which_model_answers(in_use: Path, music: Path) -> None:
    Library.open().scan(music)
    upgrade(in_use)
    told: list[str] = []
    library = Library(Library.open().settings, told.append)
    library.similar("0.wav")
    assert [
        f"answers come from {OLD} until {NEW} has analyzed every track" in sentence for sentence in told
    ] == [True]
    library.scan(music)
    assert f"{NEW} analyzes all music again; until that is complete, {OLD} answers" in told[1]
    assert len(told) == 2


def test_weights_that_are_asked_for_and_will_never_answer_are_refused(
    in_use: Path, music: Path, tmp_path: Path
) -> None:
    library = Library.open()
    library.scan(music)
    foreign = tmp_path / "foreign.safetensors"
    save_file({"a": np.zeros(3, np.float32)}, foreign)
    told: list[str] = []
    asked = Library(replace(library.settings, weights=foreign), told.append)
    with pytest.raises(WeightsError, match="names no architecture"):
        asked.similar("0.wav")
    assert told == []
