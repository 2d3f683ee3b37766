"""Corpora: recordings at the reference loudness, and rows that keep or lose their level."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from musimo.audio.features import compute_features
from musimo.audio.loudness import REFERENCE_LUFS, loudness
from musimo.records import FloatArray
from musimo.training import corpus
from musimo.training.corpus import (
    HEADROOM,
    at_reference_loudness,
    decode_tracks,
    fill_rows,
    open_corpus,
    read_excerpt,
    row_samples,
)
from musimo.training.teacher import N_ACTIVATIONS, Teachers
from tests.sounds import melody, sine
from tests.training import miniature


def measured(samples: FloatArray) -> float:
    return loudness([compute_features(samples)])


def test_samples_at_the_reference_loudness() -> None:
    tune = melody(4)
    for gain in (0.01, 3.0):
        moved = at_reference_loudness(tune * np.float32(gain))
        assert moved.dtype == np.float32
        assert measured(moved) == pytest.approx(REFERENCE_LUFS, abs=1e-3)
    np.testing.assert_array_equal(at_reference_loudness(np.zeros(22_050, np.float32)), 0)


def test_parts_of_a_track_keep_their_relation(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loudness is measured in parts, but over all of them."""
    monkeypatch.setattr(corpus, "LOUDNESS_SAMPLES", 22_050)
    tone = sine(997, 2)
    moved = at_reference_loudness(np.concatenate([tone, tone / 2]))
    np.testing.assert_allclose(moved[: len(tone)], 2 * moved[len(tone) :], rtol=1e-5)
    assert measured(moved) == pytest.approx(REFERENCE_LUFS, abs=0.1)


def test_copies_of_other_levels_are_decoded_alike(tmp_path: Path) -> None:
    tune = melody(6)
    tune[22_050] = 1.0  # a click that exceeds full scale at the reference
    paths = [tmp_path / f"{name}.wav" for name in ("loud", "soft", "jingle")]
    for path, gain in zip(paths, (1.0, 0.02, 1.0), strict=True):
        kept = tune[: 2 * 22_050] if path.stem == "jingle" else tune
        soundfile.write(path, kept * np.float32(gain), 22_050, subtype="FLOAT")
    work = decode_tracks(paths, tmp_path / "sound", 1)
    while True:
        try:
            next(work)
        except StopIteration as stop:
            loud, soft = stop.value  # the jingle is too short
            break
    one, other = (read_excerpt(path, 0, len(tune)) for path in (loud, soft))
    np.testing.assert_allclose(one, other, atol=2 * HEADROOM / 32_767)
    assert measured(one) == pytest.approx(REFERENCE_LUFS, abs=0.01)
    assert 1 < np.abs(one).max() < HEADROOM


@pytest.mark.parametrize("own_level", [True, False])
def test_mixes_get_the_reference_loudness_and_windows_keep_their_level(
    own_level: bool, tmp_path: Path
) -> None:
    teachers = miniature.teachers(tmp_path)
    rows = open_corpus(tmp_path / "rows", 2, 1, 2 * N_ACTIVATIONS)
    tune = melody(3)

    def sampler(row: int) -> FloatArray:
        return tune * np.float32((1.0, 0.1)[row])

    assert len(tune) == row_samples(1)
    assert list(fill_rows(tmp_path / "rows", 1, teachers, sampler, np.arange(2), own_level)) == [0, 1]
    assert rows.done.all()
    levels = [loudness([rows.features[row].astype(np.float32)]) for row in range(2)]
    expected = [REFERENCE_LUFS] * 2 if own_level else [measured(tune), measured(tune) - 20]
    assert levels == pytest.approx(expected, abs=0.05)  # float16
    heard = at_reference_loudness(tune) if own_level else tune
    np.testing.assert_allclose(rows.steps[0], Teachers(teachers).embed(heard), rtol=1e-3, atol=1e-3)
    same = np.allclose(rows.steps[0], rows.steps[1], rtol=1e-3, atol=1e-3)
    assert same == own_level, "the teachers hear the level, too"
