"""Labeled clips, and features computed once."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from musimo.audio.features import FEATURE_ID, N_FEATURES
from musimo.audio.loudness import REFERENCE_LUFS, loudness
from musimo.errors import AudioError
from musimo.records import Window
from musimo.training.clips import LabeledClip, cached_features, ratings_of


def test_ratings_in_order() -> None:
    clips = [LabeledClip("x", Path("x"), "g", 2.0, 8.0), LabeledClip("y", Path("y"), "g", 3.0, 7.0)]
    assert ratings_of(clips).tolist() == [[2, 8], [3, 7]]


def noise(folder: Path, name: str) -> LabeledClip:
    path = folder / f"{name}.wav"
    soundfile.write(path, np.random.default_rng(len(name)).normal(0, 0.1, 22_050), 22_050)
    return LabeledClip(name, path, "g", 5.0, 5.0)


def test_features_are_computed_once(tmp_path: Path) -> None:
    clips = [noise(tmp_path, "a"), noise(tmp_path, "bb")]
    first = cached_features(clips, tmp_path / "cache")
    assert [clip.shape for clip in first] == [(44, N_FEATURES)] * 2
    for clip in clips:
        clip.path.unlink()
    again = cached_features(clips[::-1], tmp_path / "cache")
    for one, other in zip(first, again[::-1], strict=True):
        np.testing.assert_array_equal(one, other)
    names = sorted(path.name for path in (tmp_path / "cache" / FEATURE_ID).iterdir())
    assert names == ["a.npy", "bb.npy"]


def test_a_window_is_a_part_of_the_file(tmp_path: Path) -> None:
    whole = noise(tmp_path, "a")
    early, late = (replace(whole, window=Window(start, start + 0.5)) for start in (0.0, 0.5))
    all_of_it, first, second = cached_features([whole, early, late], tmp_path / "cache")
    assert [len(part) for part in (all_of_it, first, second)] == [44, 22, 22]
    assert (first != second).any()
    names = {path.name for path in (tmp_path / "cache" / FEATURE_ID).iterdir()}
    assert names == {"a.npy", "a@0.000-0.500.npy", "a@0.500-1.000.npy"}


def test_several_processes_compute_the_same(tmp_path: Path) -> None:
    clips = [noise(tmp_path, "abc"[:n]) for n in (1, 2, 3)]
    alone, together = cached_features(clips, tmp_path / "1"), cached_features(clips, tmp_path / "2", 2)
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_clip_that_cannot_be_decoded_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "x.wav"
    path.write_bytes(b"")
    with pytest.raises(AudioError):
        cached_features([LabeledClip("x", path, "g", 5.0, 5.0)], tmp_path / "cache")


def test_copies_of_other_levels_have_equal_features(tmp_path: Path) -> None:
    """The level of a clip is not a property of its music; the reference is -14 LUFS."""
    samples, clips = np.random.default_rng(0).normal(0, 0.1, 22_050), []
    for name, gain in (("soft", 0.05), ("loud", 2.0)):
        path = tmp_path / f"{name}.wav"
        soundfile.write(path, gain * samples, 22_050, subtype="FLOAT")
        clips.append(LabeledClip(name, path, "g", 5.0, 5.0))
    soft, loud = cached_features(clips, tmp_path / "cache")
    np.testing.assert_allclose(soft, loud, rtol=0, atol=0.05)
    assert loudness([soft]) == pytest.approx(REFERENCE_LUFS, abs=1e-3)
