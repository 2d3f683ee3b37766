"""Tempo and key of several windows, each weighted by its decoded part."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys

import numpy as np
import pytest

from musimo.audio import key, tempo, tempo_key
from musimo.audio.features import compute_features
from musimo.audio.loudness import REFERENCE_LUFS
from musimo.audio.statistics import clip_statistics
from musimo.audio.tempo_key import TEMPO_KEY_ID, estimate_tempo_key, tempo_key_features
from musimo.audio.windows import tile
from musimo.records import KEYS, ExtractedWindow, TempoKey, Window
from tests.audio.test_key import cadence
from tests.audio.test_tempo import clicks
from tests.sounds import Samples, noise

RATE = 22_050


def clip(samples: Samples, missing_s: float = 0.0) -> ExtractedWindow:
    """Return a window as ``extract_windows`` does: repeated to 45 s."""
    features = compute_features(tile(samples, 45 * RATE))
    window = Window(10.0, 10.0 + len(samples) / RATE + missing_s)
    return ExtractedWindow(window, features, clip_statistics(features), REFERENCE_LUFS, missing_s)


def test_the_windows_of_a_track_agree_on_a_tempo_and_a_key() -> None:
    tune = np.resize(cadence("minor", 4), 45 * RATE)
    beaten = clicks(75) + tune  # a click with each chord
    estimate = estimate_tempo_key(
        [
            tempo_key_features(clip(beaten)),
            tempo_key_features(clip(tune)),
            tempo_key_features(clip(clicks(75))),
        ]
    )
    assert estimate.tempo == pytest.approx(75, rel=3e-3)
    assert estimate.key == "E minor"
    assert estimate.key in KEYS


def test_one_noisy_window_among_three_does_not_decide() -> None:
    estimate = estimate_tempo_key(
        [
            tempo_key_features(clip(clicks(132))),
            tempo_key_features(clip(noise(45))),
            tempo_key_features(clip(clicks(132))),
        ]
    )
    assert estimate.tempo == pytest.approx(132, rel=2e-3)
    assert (
        estimate.tempo_confidence
        < estimate_tempo_key([tempo_key_features(clip(clicks(132)))]).tempo_confidence
    )


def test_what_repeats_only_since_it_was_short_is_no_beat() -> None:
    """Two seconds of noise, repeated to 45 s, would come round at 30 and its multiples."""
    short = tempo_key_features(clip(noise(5)))
    assert short.n_frames == round(5 * tempo.FRAMES_PER_S)
    assert estimate_tempo_key([short]).tempo is None
    assert tempo.estimate_tempo(tempo.onset_autocorrelation(clip(noise(1.5)).features))[0] is not None


def test_gaps_do_not_count_as_decoded() -> None:
    assert tempo_key_features(clip(noise(5), missing_s=3.0)).n_frames == round(5 * tempo.FRAMES_PER_S)


def test_the_shortest_audio_and_silence() -> None:
    for seconds in (0.1, 1.0, 3.0):
        estimate = estimate_tempo_key([tempo_key_features(clip(np.zeros(round(seconds * RATE), np.float32)))])
        assert estimate == TempoKey(None, 0.0, None, 0.0)


def test_longer_windows_weigh_more() -> None:
    estimate = estimate_tempo_key(
        [
            tempo_key_features(clip(cadence("major", 7)[: 2 * RATE])),
            tempo_key_features(clip(np.resize(cadence("minor", 2), 40 * RATE))),
        ]
    )
    assert estimate.key == "D minor"


def test_another_number_is_another_maker(monkeypatch: pytest.MonkeyPatch) -> None:
    assert tempo_key.tempo_key_id() == TEMPO_KEY_ID
    monkeypatch.setattr(tempo, "PARAMETERS", dataclasses.replace(tempo.PARAMETERS, least=0.2))
    other = tempo_key.tempo_key_id()
    monkeypatch.undo()
    monkeypatch.setattr(key, "PARAMETERS", dataclasses.replace(key.PARAMETERS, clear=0.2))
    assert len({TEMPO_KEY_ID, other, tempo_key.tempo_key_id()}) == 3


def test_nothing_heavy_is_imported() -> None:
    code = "import sys, json, musimo.audio.tempo_key; print(json.dumps(sorted(sys.modules)))"
    imported = json.loads(
        subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout
    )
    assert not {"librosa", "scipy", "torch", "av"} & set(imported)
