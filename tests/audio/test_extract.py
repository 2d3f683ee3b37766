"""One track in: events, windows, tiling, and every file of the bad folder."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from musimo.audio import extract as extract_module
from musimo.audio import features as features_module
from musimo.audio.decode import FFmpegDecoder
from musimo.audio.extract import extract_windows
from musimo.audio.features import compute_features, repeated_features
from musimo.audio.formats import is_music
from musimo.audio.loudness import network_input
from musimo.errors import AudioError
from musimo.records import ExtractedWindow, FileOpened, FloatArray, SlidingPlan, Window, WindowPlan
from tests.sounds import encode, make_bad_folder, melody, noise


def events(path: Path | bytes, coverage: WindowPlan = "windows") -> tuple[FileOpened, list[ExtractedWindow]]:
    opened, *clips = extract_windows(path, coverage, lambda content: True)
    assert isinstance(opened, FileOpened)
    assert all(isinstance(clip, ExtractedWindow) for clip in clips)
    return opened, [clip for clip in clips if isinstance(clip, ExtractedWindow)]


def test_a_track_of_two_minutes(tmp_path: Path) -> None:
    path = encode(tmp_path / "song.flac", melody(120, 44_100))
    opened, clips = events(path)
    assert opened.duration_s == pytest.approx(120)
    assert [clip.window for clip in clips] == list(opened.windows)
    assert [clip.window.start_s for clip in clips] == pytest.approx([0, 37.5, 75])
    for clip in clips:
        assert clip.features.shape == (1938, 193)
        assert clip.features.dtype == np.float32
    assert len(events(path, "full")[1]) == 3
    assert opened.tags.codec == "flac"
    assert (opened.tags.sample_rate, opened.tags.channels) == (44_100, 1)
    assert opened.tags.bitrate is not None


def test_what_is_not_wanted_is_not_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = encode(tmp_path / "song.flac", melody(2, 44_100))
    monkeypatch.setattr(extract_module, "repeated_features", lambda samples, n: pytest.fail("decoded"))
    asked: list[bytes] = []

    def refuse(content: bytes) -> bool:
        asked.append(content)
        return False

    found = list(extract_windows(path, "windows", refuse))
    assert len(found) == 1
    assert isinstance(found[0], FileOpened)
    assert asked == [found[0].content]


def test_a_short_track_is_tiled(tmp_path: Path) -> None:
    samples = melody(10)
    soundfile.write(tmp_path / "short.wav", samples, 22_050, subtype="FLOAT")
    opened, [clip] = events(tmp_path / "short.wav")
    assert clip.window == Window(0, 10) == opened.windows[0]
    np.testing.assert_array_equal(clip.features, compute_features(np.tile(samples, 5)[: 45 * 22_050]))


@pytest.mark.parametrize("n", [2_205, 14_333, 5_000 + 2**15, 22_050 * 6])
def test_a_short_sound_is_repeated_frame_by_frame(n: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its frames are those that begin within a quarter of a hop; at the ends and at first they are exact."""
    samples = melody(n / 22_050) * np.float32(0.5)
    whole = compute_features(np.resize(samples, 45 * 22_050))
    computed: list[int] = []
    features_of = features_module._features_of

    def counted(frames: FloatArray) -> FloatArray:
        computed.append(len(frames))
        return features_of(frames)

    monkeypatch.setattr(features_module, "_features_of", counted)
    features = repeated_features(samples, 45 * 22_050)
    [n_computed] = computed
    assert n_computed <= max(4 * n / 512, 256) + 9
    assert features.shape == whole.shape
    for exact in (slice(None, n // 512), slice(-2, None)):
        np.testing.assert_allclose(features[exact], whole[exact], rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(features.mean(axis=0), whole.mean(axis=0), rtol=0.02, atol=0.3)


@pytest.mark.parametrize("n_hops", [5, 43, 200])
def test_a_sound_of_whole_hops_is_repeated_exactly(n_hops: int) -> None:
    samples = melody(n_hops * 512 / 22_050)
    np.testing.assert_allclose(
        repeated_features(samples, 45 * 22_050),
        compute_features(np.resize(samples, 45 * 22_050)),
        rtol=1e-3,
        atol=1e-3,
    )


def test_stereo_of_equal_channels_has_the_features_of_mono(tmp_path: Path) -> None:
    tune = melody(5, 44_100)
    for kind in ("wav", "flac"):
        _, [mono] = events(encode(tmp_path / f"mono.{kind}", tune))
        _, [stereo] = events(encode(tmp_path / f"stereo.{kind}", np.stack([tune, tune], axis=1)))
        np.testing.assert_array_equal(stereo.features, mono.features)


def test_a_window_of_which_nothing_is_left_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = encode(tmp_path / "song.wav", melody(120, 22_050), 22_050)
    window = Window(110, 115)
    monkeypatch.setattr(
        extract_module, "plan_windows", lambda d, c: (window, Window(300, 345), Window(118, 163))
    )
    _, clips = events(path)
    assert [clip.window for clip in clips] == [window, Window(118, 120)]


def test_no_window_with_audio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = encode(tmp_path / "song.wav", melody(2, 22_050), 22_050)
    monkeypatch.setattr(extract_module, "plan_windows", lambda d, c: (Window(300, 345),))
    with pytest.raises(AudioError, match="no audio could be decoded") as caught:
        events(path)
    assert caught.value.stage == "decode"


def test_features_that_are_not_finite_never_leave(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(samples: FloatArray, n: int) -> FloatArray:
        return np.full((1938, 193), np.nan, np.float32)

    monkeypatch.setattr(extract_module, "repeated_features", broken)
    with pytest.raises(AudioError) as caught:
        events(encode(tmp_path / "song.wav", melody(2, 22_050), 22_050))
    assert caught.value.stage == "decode"


def test_loud_float_samples_are_extracted(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "int.wav", noise(1) * 2.0**31, 22_050, subtype="FLOAT")
    _, [clip] = events(tmp_path / "int.wav")
    assert np.isfinite(clip.features).all()


def test_the_bad_folder(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    fates = make_bad_folder(tmp_path / "bad")
    assert {"analysed", "failed", "ignored", "silent"} == set(fates.values())
    for name, fate in fates.items():
        path = os.fsencode(tmp_path / "bad") + b"/" + name
        assert is_music(name) == (fate != "ignored"), name
        if fate in ("analysed", "silent"):
            _, clips = events(path)
            assert clips, name
        elif fate == "failed":
            with pytest.raises(AudioError) as caught:
                events(path)
            assert caught.value.stage in ("read", "decode")
            assert caught.value.reason, name
    said = capfd.readouterr()
    assert said.out == said.err == ""


def test_sliding_windows_equal_each_one_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = encode(tmp_path / "song.ogg", melody(40, 44_100))
    monkeypatch.setattr(extract_module, "SEGMENT_S", 18.0)  # three windows, then three, then one
    _, clips = events(path, SlidingPlan(10, 4))
    assert [clip.window.start_s for clip in clips] == pytest.approx(
        [0, 4, 8, 12, 16, 20, 24, 28, 30], abs=0.1
    )
    assert clips[-1].window.end_s == pytest.approx(40, abs=0.1)
    for clip in clips[::3]:
        _, [alone] = events(path, clip.window)
        assert np.abs(clip.features - alone.features).mean() < 0.02


def test_a_window_with_gaps_in_its_segment_is_decoded_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = encode(tmp_path / "song.wav", melody(30, 22_050), 22_050)
    _, whole = events(path, SlidingPlan(10, 10))
    honest = FFmpegDecoder.samples

    def samples(self: FFmpegDecoder, window: Window) -> FloatArray:
        found = honest(self, window)
        return found[: len(found) // 2] if window == Window(0, 30) else found

    monkeypatch.setattr(FFmpegDecoder, "samples", samples)
    _, clips = events(path, SlidingPlan(10, 10))
    for clip, same in zip(clips, whole, strict=True):
        np.testing.assert_allclose(clip.features, same.features, atol=1e-3)


CONTRAST_DB = 0.05  # rounding, in a valley far below its peak; all other values are much closer


@pytest.mark.parametrize("plan", ["windows", SlidingPlan(5, 5)])
def test_a_gain_changes_the_loudness_and_nothing_else(tmp_path: Path, plan: WindowPlan) -> None:
    tune = melody(10)
    for name, gain in (("loud", 1.0), ("soft", 10 ** (-12 / 20))):
        soundfile.write(tmp_path / f"{name}.wav", tune * np.float32(gain), 22_050, subtype="FLOAT")
    loud, soft = (events(tmp_path / f"{name}.wav", plan)[1] for name in ("loud", "soft"))
    assert len(loud) == len(soft) == (1 if plan == "windows" else 2)
    for one, other in zip(loud, soft, strict=True):
        assert one.track_lufs - other.track_lufs == pytest.approx(12, abs=1e-3)
        assert (one.features[:, :128] > other.features[:, :128] + 11).all(), "the level of the file"
        np.testing.assert_allclose(network_input(one), network_input(other), rtol=0, atol=CONTRAST_DB)
        np.testing.assert_allclose(one.statistics, other.statistics, rtol=0, atol=CONTRAST_DB)


def test_what_is_soft_within_a_track_is_soft(tmp_path: Path) -> None:
    """The loudness is that of the track, whichever windows are asked for."""
    tune = melody(10)
    tune[5 * 22_050 :] = tune[: 5 * 22_050] / 2
    soundfile.write(tmp_path / "song.wav", tune, 22_050, subtype="FLOAT")
    _, [whole] = events(tmp_path / "song.wav")
    _, [first, second] = events(tmp_path / "song.wav", SlidingPlan(5, 5))
    assert first.track_lufs == second.track_lufs == whole.track_lufs
    moved = network_input(first)[:, :128] - network_input(second)[:, :128]
    np.testing.assert_allclose(moved, 20 * np.log10(2), atol=1e-2)
    mean = slice(0, 128)
    np.testing.assert_allclose(first.statistics[mean] - second.statistics[mean], 20 * np.log10(2), atol=1e-2)


def test_a_silent_track_has_no_loudness(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "song.wav", np.zeros(22_050), 22_050)
    _, [silent] = events(tmp_path / "song.wav")
    assert silent.track_lufs == -np.inf
    np.testing.assert_array_equal(network_input(silent), silent.features)


def test_too_many_windows_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = encode(tmp_path / "song.wav", melody(12, 22_050), 22_050)
    monkeypatch.setattr(extract_module, "MAX_WINDOWS", 3)
    with pytest.raises(AudioError, match="at most 3"):
        events(path, SlidingPlan(5, 1))
