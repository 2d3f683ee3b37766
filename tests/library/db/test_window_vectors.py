"""Places of windows: what a scan keeps of them, and what is read back."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import soundfile

from musimo import Library
from musimo.api.session import Session
from musimo.library.db.journal import Journal
from musimo.library.db.queries import Store
from musimo.library.db.windows import WindowVectors, window_vectors
from musimo.library.scan.scan import ScanOptions, scan
from musimo.records import FloatArray, WindowPrediction
from musimo.resources import weights_path
from musimo.search.best_window import best_windows
from musimo.search.indexes import Indexes
from musimo.search.seeds import Seed
from musimo.search.space import By
from tests.catalog import DIMENSIONS, Catalog, Entry, PlainSpace, direction
from tests.conftest import PlainPredictor
from tests.sounds import melody, noise, sine
from tests.spaces import some_space

SPACE = some_space(8, 579, 256)
RATE = 22_050


class PlacingPredictor(PlainPredictor):
    """As plain as the plain one, with a space of three axes a block."""

    space = SPACE

    def predict(self, tracks: Sequence[Sequence[FloatArray]]) -> list[list[WindowPrediction]]:
        return [
            [replace(felt, fused=felt.fused[60:63]) for felt in clips] for clips in super().predict(tracks)
        ]


@pytest.fixture
def music(tmp_path: Path) -> Path:
    """Tracks of two halves, a low tone and noise, one after the other and the other way round."""
    folder = tmp_path / "music"
    folder.mkdir()
    halves = [sine(110.0, 45.0), noise(45.0)]
    soundfile.write(folder / "tone first.wav", np.concatenate(halves), RATE)
    soundfile.write(folder / "noise first.wav", np.concatenate(halves[::-1]), RATE)
    return folder


def heard(path: Path, music: Path, jobs: int, batch_size: int) -> WindowVectors:
    store = Store.open(path, "plain-1", create=True)
    options = ScanOptions(jobs=jobs, batch_size=batch_size, coverage="full")
    for _ in scan(Journal(store, "plain-features", "full"), [bytes(music)], PlacingPredictor, options):
        pass
    of_path = {track.path_bytes: track.content for track in store.all_tracks()}
    contents = [content for _, content in sorted(of_path.items()) if content is not None]
    found = window_vectors(store, contents, SPACE.width)
    order = np.argsort([contents.index(content) for content in found.contents.tolist()], kind="stable")
    return WindowVectors(
        np.sort(found.contents), tuple(found.windows[at] for at in order), found.vectors[order]
    )


def test_places_are_the_same_bits_whoever_heard_them(tmp_path: Path, music: Path) -> None:
    for seed in (1, 2):
        soundfile.write(music / f"{seed}.wav", melody(3, RATE, seed), RATE)
    alone = heard(tmp_path / "alone.db", music, 0, 1)
    together = heard(tmp_path / "together.db", music, 2, 16)
    assert len(alone.windows) == 6
    assert alone.windows == together.windows
    assert alone.vectors.tobytes() == together.vectors.tobytes()
    np.testing.assert_allclose(np.linalg.norm(alone.vectors.reshape(6, 3, 3), axis=2), 1, atol=1e-3)


def test_a_passage_finds_the_half_of_a_track_that_is_like_it(
    music: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Session, "load_predictor", lambda self, weights: PlacingPredictor())
    monkeypatch.setattr(Indexes, "_space", lambda self: SPACE)
    monkeypatch.setenv("MUSIMO_JOBS", "0")
    library = Library.open()
    library.scan(music, coverage="full")
    for start_s, half in ((2, 45.0), (50, 0.0)):
        for by in get_args(By):
            track = music / "tone first.wav"
            [row] = library.similar(track, by=by, from_s=start_s, to_s=start_s + 30)
            best = row.window
            assert best is not None
            assert best.window.start_s == pytest.approx(half, abs=0.1)
            assert best.similarity > 0.5


def test_without_a_space_or_before_there_were_places_no_window_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Indexes, "_space", lambda self: PlainSpace())
    catalog = Catalog(tmp_path / "library.db", tmp_path / "music", weights_path().stem)
    catalog.add(Entry("1.mp3", direction(1)), Entry("2.mp3", direction(1, 1)))
    [row] = Library.open(tmp_path / "library.db").similar("1.mp3")
    assert row.track.path_bytes == catalog.path("2.mp3")
    assert row.window is None


def test_an_older_library_names_no_window(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Indexes, "_space", lambda self: PlainSpace())
    path = home / "library.db"
    shutil.copy(Path(__file__).parents[2] / "libraries" / "0004.db", path)
    model = Store.open(path, "any").active_model()
    assert model is not None
    store = Store.open(path, model)
    first, *others = [track for track in store.all_tracks() if track.content is not None]
    contents = [track.content for track in others if track.content is not None]
    assert contents
    assert all(store.windows_of(content) for content in contents)
    indexes = Indexes(store, weights_path())
    sound = store.descriptors_of(first.content or 0)
    assert sound is not None
    seeds = [Seed(first, sound, first.content)]
    assert best_windows(store, indexes, indexes.sounds("both"), contents, seeds, "both") == {}


def test_places_of_another_width_are_passed_over(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "library.db", tmp_path / "music")
    odd = np.ones(7, np.float32)
    catalog.add(
        Entry("1.mp3", direction(1), places=(direction(1), direction(0, 1))),
        Entry("2.mp3", direction(1), places=(odd,)),
    )
    contents = [track.content for track in catalog.store.all_tracks() if track.content is not None]
    found = window_vectors(catalog.store, contents, DIMENSIONS)
    assert found.contents.tolist() == [contents[0]] * 2
    np.testing.assert_array_equal(found.vectors, [direction(1), direction(0, 1)])
