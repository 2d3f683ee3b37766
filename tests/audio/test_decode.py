"""Decoding: exact windows, measured durations, one hash per content, and every kind of bad file."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tracemalloc
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import av
import mutagen
import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

from musimo.audio.decode import SAMPLE_RATE, FFmpegDecoder, open_audio
from musimo.audio.fallback import SndfileDecoder
from musimo.audio.files import MusicFile
from musimo.audio.mixdown import mean_of_channels, resample
from musimo.audio.survey import Survey
from musimo.errors import AudioError
from musimo.records import FloatArray, Window
from tests.sounds import ENCODERS, LOSSLESS, Samples, add_sound, encode, melody, noise, sine, wav_header

id3: Any = import_module("mutagen.id3")  # its classes are made by name, and carry no types

WHOLE = Window(0, 1_000)


def heard(path: Path | bytes | str, window: Window = WHOLE) -> FloatArray:
    with open_audio(path) as sound:
        return sound.samples(window)


def duration(path: Path) -> float:
    with open_audio(path) as sound:
        return sound.duration_s


def content(path: Path) -> bytes:
    with open_audio(path) as sound:
        return sound.content


def failure(path: Path | bytes | str) -> AudioError:
    with pytest.raises(AudioError) as caught:
        heard(path)
    return caught.value


@pytest.fixture(scope="module")
def tune() -> Samples:
    return melody(30, 44_100)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory, tune: Samples) -> dict[str, Path]:
    """The same half minute of stereo in every format."""
    folder = tmp_path_factory.mktemp("sounds")
    return {kind: encode(folder / f"tune.{kind}", np.stack([tune, tune], axis=1)) for kind in ENCODERS}


def lag(found: FloatArray, expected: FloatArray, most: int = 3_000) -> int:
    """By how many samples the first lies behind the second, from their cross-correlation."""
    n = 1 << (len(found) + len(expected)).bit_length()
    product = np.fft.rfft(found, n) * np.conj(np.fft.rfft(expected, n))
    correlation = np.fft.irfft(product, n)
    near = np.concatenate([correlation[-most:], correlation[: most + 1]])
    return int(near.argmax()) - most


# Containers that keep time in milliseconds, or drift: how far a window may lie from its place, in samples
LAG = {"wma": 23, "mka": 23, "ac3": 400}
# Codecs that fill bands with random noise, or start from nothing: how far samples may be from a full decoding
NOISE = {"aac": 0.02, "m4a": 0.02, "mp2": 1e-3}


@pytest.mark.parametrize("kind", ENCODERS)
def test_a_window_is_a_slice_of_the_track(files: dict[str, Path], kind: str) -> None:
    with open_audio(files[kind]) as sound:
        whole = sound.samples(WHOLE)
        for centre in (1 / 6, 1 / 2, 5 / 6):
            start_s = centre * sound.duration_s - 2
            window = Window(start_s, start_s + 4)
            samples = sound.samples(window)
            assert samples.dtype == np.float32
            start = round(window.start_s * SAMPLE_RATE)
            expected = whole[start : round(window.end_s * SAMPLE_RATE)]
            assert len(samples) == len(expected)
            if kind in LAG:
                assert abs(lag(samples, expected)) <= LAG[kind]
            else:
                np.testing.assert_allclose(samples, expected, rtol=0, atol=NOISE.get(kind, 0))


@pytest.mark.parametrize("kind", ENCODERS)
def test_every_format_is_the_tune(files: dict[str, Path], tune: Samples, kind: str) -> None:
    with open_audio(files[kind]) as sound:
        whole = sound.samples(WHOLE)
        assert sound.duration_s == pytest.approx(30, abs=0.1)
        assert len(whole) / SAMPLE_RATE == pytest.approx(30, abs=0.1)
        assert sound.sample_rate == (48_000 if kind == "opus" else 44_100)
        assert sound.channels == 2
        assert sound.bitrate > 30
    expected = np.concatenate(list(resample([(44_100, tune)])))
    delay = lag(whole, expected)
    assert abs(delay) < 1_200  # what encoders put before the sound, where the container does not say so
    n = 25 * SAMPLE_RATE
    later = np.corrcoef(whole[2_000 + delay : n + delay], expected[2_000:n])[0, 1]
    assert later > (0.9999 if kind in LOSSLESS else 0.97)


@pytest.mark.parametrize(
    ("kind", "codec"),
    [
        ("mp3", "mp3"),
        ("flac", "flac"),
        ("ogg", "vorbis"),
        ("oga", "flac"),
        ("opus", "opus"),
        ("m4a", "aac"),
        ("alac", "alac"),
        ("wma", "wmav2"),
        ("wv", "wavpack"),
        ("tta", "tta"),
    ],
)
def test_codec_by_its_name(files: dict[str, Path], kind: str, codec: str) -> None:
    with open_audio(files[kind]) as sound:
        assert sound.codec == codec


def test_bitrate_is_that_of_the_stream(files: dict[str, Path]) -> None:
    with open_audio(files["mp3"]) as mp3, open_audio(files["wav"]) as wav:
        assert mp3.bitrate == pytest.approx(192, abs=1)
        assert wav.bitrate == 1411


@pytest.mark.parametrize("rate", [8_000, 11_025, 22_050, 32_000, 44_056, 48_000, 96_000, 192_000])
def test_any_rate_keeps_time_and_level(tmp_path: Path, rate: int) -> None:
    path = encode(tmp_path / "tone.wav", sine(440, 6, rate), rate)
    with open_audio(path) as sound:
        np.testing.assert_allclose(sound.samples(Window(3, 4)), sine(440, 4)[3 * SAMPLE_RATE :], atol=2e-3)
        whole = sound.samples(WHOLE)
        cut = sound.samples(Window(2.5, 3.5))
        np.testing.assert_array_equal(cut, whole[round(2.5 * SAMPLE_RATE) :][: len(cut)])


@pytest.mark.parametrize("kind", ["wav", "flac", "alac", "wv"])
@pytest.mark.parametrize("n_channels", [2, 6, 8])
def test_equal_channels_are_their_mono_twin(tmp_path: Path, kind: str, n_channels: int) -> None:
    if (kind, n_channels) == ("alac", 8):
        pytest.skip("ALAC has another order of 7.1, which its encoder refuses")
    tone = melody(2, 44_100)
    mono = encode(tmp_path / f"mono.{kind}", tone)
    many = encode(tmp_path / f"many.{kind}", np.stack([tone] * n_channels, axis=1))
    np.testing.assert_allclose(heard(many), heard(mono), rtol=0, atol=1e-6)


def test_six_channels_are_their_mean(tmp_path: Path) -> None:
    levels = np.array([0.6, 0.3, 0.0, 0.12, 0.06, 0.0], np.float32)
    path = encode(tmp_path / "six.flac", sine(440, 2, 44_100, 1.0)[:, np.newaxis] * levels)
    assert np.abs(heard(path, Window(0.5, 1.5))).max() == pytest.approx(levels.mean(), abs=1e-3)


def test_three_channels_without_a_layout(tmp_path: Path) -> None:
    tone = sine(440, 2, 44_100)
    soundfile.write(tmp_path / "three.wav", np.stack([tone, tone, -tone], axis=1), 44_100)
    assert np.abs(heard(tmp_path / "three.wav", Window(0.5, 1.5))).max() == pytest.approx(0.5 / 3, abs=1e-3)


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW"])
def test_every_sample_format_has_the_same_full_scale(tmp_path: Path, subtype: str) -> None:
    soundfile.write(tmp_path / "tone.wav", sine(440, 2), SAMPLE_RATE, subtype=subtype)
    np.testing.assert_allclose(heard(tmp_path / "tone.wav"), sine(440, 2), atol=0.02)


@pytest.mark.parametrize(
    ("channel", "expected"),
    [
        (np.array([0, 128], np.uint8), [-1.0, 0.0]),
        (np.array([-(2**15), 2**14], np.int16), [-1.0, 0.5]),
        (np.array([-(2**31), 2**30], np.int32), [-1.0, 0.5]),
        (np.array([-1.0, 0.5], np.float64), [-1.0, 0.5]),
    ],
)
def test_mean_of_channels_by_hand(channel: NDArray[Any], expected: list[float]) -> None:
    assert mean_of_channels([channel]).tolist() == expected
    assert mean_of_channels([channel, channel]).tolist() == expected


TONE = np.sin(np.arange(4_000) / 7).astype(np.float32)
OTHER = np.sin(np.arange(4_000) / 3).astype(np.float32)


@pytest.mark.parametrize(
    ("channels", "expected"),
    [
        ([TONE, -TONE], TONE),
        ([TONE, -0.8 * TONE], TONE),  # by 19 dB
        ([0 * TONE, OTHER, -OTHER], OTHER),  # the first channel is silent
        ([TONE, -TONE, OTHER, -OTHER], TONE),
        ([TONE, -0.3 * TONE], 0.35 * TONE),  # the mean keeps a third of the level: nothing is lost
        ([TONE, OTHER], (TONE + OTHER) / 2),
        ([TONE, 0 * TONE], TONE / 2),
        ([TONE, *[0 * TONE] * 23], TONE / 24),  # one of many channels: quiet, but not canceled
        ([0 * TONE, 0 * TONE], 0 * TONE),
    ],
)
def test_channels_that_cancel_give_one_of_them(channels: list[FloatArray], expected: FloatArray) -> None:
    assert mean_of_channels(channels) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("kind", ["flac", "wav", "mp3", "opus", "m4a"])
def test_stereo_in_opposite_phase_is_heard(tmp_path: Path, kind: str) -> None:
    left = melody(3, 44_100)
    path = encode(tmp_path / f"a.{kind}", np.stack([left, -left], axis=1), kind=kind)
    alone = encode(tmp_path / f"b.{kind}", np.stack([left, left], axis=1), kind=kind)
    level, expected = (np.sqrt(np.mean(np.square(heard(one)))) for one in (path, alone))
    assert level == pytest.approx(expected, rel=0.1)


@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.int32])
def test_integers_that_cancel(kind: type[np.integer[Any]]) -> None:
    scale, middle = (100, 128) if kind is np.uint8 else (0.7 * np.iinfo(kind).max, 0)
    channels = [(sign * scale * TONE + middle).astype(kind) for sign in (1, -1)]
    assert np.abs(mean_of_channels(channels)).max() == pytest.approx(100 / 128 if middle else 0.7, rel=0.02)


# ---- identity


@pytest.mark.parametrize(
    "kind", ["mp3", "flac", "ogg", "oga", "opus", "m4a", "alac", "wma", "wv", "tta", "aiff"]
)
def test_tags_leave_the_content_alone(files: dict[str, Path], tmp_path: Path, kind: str) -> None:
    path = Path(shutil.copy(files[kind], tmp_path / f"other name.{kind.replace('alac', 'm4a')}"))
    before = content(path)
    assert before == content(files[kind])
    tagged = mutagen.File(path, easy=True)
    if tagged.tags is None:
        tagged.add_tags()
    if kind == "aiff":
        tagged.tags.add(id3.TIT2(text=["A longer title " * 300]))
    else:
        tagged["title"] = ["A longer title " * 300]
    tagged.save()
    assert path.read_bytes() != files[kind].read_bytes()
    assert content(path) == before


def test_an_old_tag_at_the_end_of_mp3_leaves_the_content_alone(
    files: dict[str, Path], tmp_path: Path
) -> None:
    path = tmp_path / "tagged.mp3"
    path.write_bytes(files["mp3"].read_bytes() + b"TAG" + b"x".ljust(125, b"\0"))
    assert content(path) == content(files["mp3"])


def test_other_audio_is_other_content(tmp_path: Path) -> None:
    one, two = melody(2, 44_100, 1), melody(2, 44_100, 2)
    for kind in ("mp3", "flac", "ogg", "wav"):
        first, second = encode(tmp_path / f"1.{kind}", one), encode(tmp_path / f"2.{kind}", two)
        assert content(first) != content(second)
        assert len(content(first)) == 16


# ---- lengths


def test_mp3_without_a_header_of_its_length(tmp_path: Path) -> None:
    """Three bit rates in one file and no Xing frame: guesses from the first frame are far off."""
    path = tmp_path / "vbr.mp3"
    data = b""
    for bit_rate in (320_000, 64_000, 128_000):
        with av.open(
            tmp_path / "part.mp3", "w", options={"write_xing": "0", "id3v2_version": "0"}
        ) as container:
            stream = container.add_stream("libmp3lame", rate=44_100, layout="mono")
            stream.bit_rate = bit_rate
            frame = av.AudioFrame.from_ndarray(
                (melody(20, 44_100)[np.newaxis] * 32_767).astype(np.int16), format="s16", layout="mono"
            )
            frame.sample_rate = 44_100
            container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
        data += (tmp_path / "part.mp3").read_bytes()
    path.write_bytes(data)
    assert duration(path) == pytest.approx(60, abs=0.3)
    assert len(heard(path)) / SAMPLE_RATE == pytest.approx(60, abs=0.3)
    whole = heard(path)
    np.testing.assert_allclose(
        heard(path, Window(50, 52)), whole[50 * SAMPLE_RATE : 52 * SAMPLE_RATE], atol=1e-6
    )


@pytest.mark.parametrize(
    ("kind", "second_rate", "n_channels"),
    [("ogg", 44_100, 1), ("opus", 44_100, 1), ("oga", 44_100, 1), ("oga", 48_000, 1), ("oga", 48_000, 2)],
)
def test_chained_streams(tmp_path: Path, kind: str, second_rate: int, n_channels: int) -> None:
    """Two streams in a row, as radio recorders leave them: the clock, and maybe the rate, starts anew."""
    second = melody(8, second_rate, 2)
    one = encode(tmp_path / f"1.{kind}", melody(8, 44_100, 1))
    two = encode(tmp_path / f"2.{kind}", np.stack([second] * n_channels, axis=1), second_rate)
    both = tmp_path / f"both.{kind}"
    both.write_bytes(one.read_bytes() + two.read_bytes())
    assert duration(both) == pytest.approx(16, abs=1)
    np.testing.assert_allclose(heard(both, Window(2, 6)), heard(one, Window(2, 6)), atol=1e-6)
    found, expected = heard(both, Window(10, 14)), heard(two, Window(2, 6))
    delay = lag(found, expected)
    assert abs(delay) < 0.1 * SAMPLE_RATE
    start, stop = SAMPLE_RATE // 2, 3 * SAMPLE_RATE
    assert np.corrcoef(found[start + delay : stop + delay], expected[start:stop])[0, 1] > 0.99


@pytest.mark.parametrize("kind", ["ogg", "opus", "oga"])
def test_a_chain_whose_rate_or_channels_change_is_decoded_whole(tmp_path: Path, kind: str) -> None:
    one = encode(tmp_path / f"1.{kind}", melody(8, 44_100, 1))
    two = encode(tmp_path / f"2.{kind}", np.stack([melody(8, 48_000, 2)] * 2, axis=1), 48_000)
    both = tmp_path / f"both.{kind}"
    both.write_bytes(one.read_bytes() + two.read_bytes() + one.read_bytes())
    first_s, second_s = duration(one), duration(two)
    assert duration(both) == pytest.approx(2 * first_s + second_s)
    np.testing.assert_allclose(heard(both, Window(2, 6)), heard(one, Window(2, 6)), atol=1e-6)
    behind = Window(first_s + 2, first_s + 6)
    np.testing.assert_allclose(heard(both, behind), heard(two, Window(2, 6)), atol=1e-3)
    across = heard(both, Window(first_s - 2, first_s + 2))
    assert len(across) == pytest.approx(4 * SAMPLE_RATE, abs=0.02 * SAMPLE_RATE)
    np.testing.assert_allclose(across[:SAMPLE_RATE], heard(one, Window(first_s - 2, first_s - 1)), atol=1e-3)
    assert content(both) not in (content(one), content(two))
    with open_audio(both) as audio:
        assert not audio.lacks_end
    both.write_bytes(one.read_bytes() + two.read_bytes()[:-5_000])
    with open_audio(both) as audio:
        assert audio.lacks_end


def test_packets_without_time_stamps_are_decoded_to_count(
    files: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    untimed = Survey(content=b"?" * 16, duration_s=0.0, n_bytes=1_000, continuous=False)
    monkeypatch.setattr("musimo.audio.decode.survey", lambda container, stream: untimed)
    with open_audio(files["mp3"]) as sound:
        assert sound.duration_s == pytest.approx(30, abs=0.1)
        assert len(sound.samples(Window(20, 22))) == 2 * SAMPLE_RATE


def test_wav_whose_header_lies(tmp_path: Path) -> None:
    samples = (melody(3, SAMPLE_RATE) * 32_767).astype("<i2").tobytes()
    for claimed in (0xFFFFFFFF - 100, 10 * len(samples)):
        path = tmp_path / "liar.wav"
        path.write_bytes(wav_header(SAMPLE_RATE, 1, 16, min(claimed, 0xFFFFFFFF - 36)) + samples)
        assert duration(path) == pytest.approx(3, abs=0.01)
        assert len(heard(path)) == 3 * SAMPLE_RATE


def test_truncated(files: dict[str, Path], tmp_path: Path) -> None:
    for kind in ("mp3", "flac", "ogg", "opus", "wav", "aac", "wv", "tta", "mka"):
        data = files[kind].read_bytes()
        path = tmp_path / f"half.{kind}"
        path.write_bytes(data[: len(data) // 2])
        assert 10 < duration(path) < 20, kind
        assert len(heard(path, Window(5, 10))) == 5 * SAMPLE_RATE, kind


def test_damage_in_the_middle_costs_the_middle(files: dict[str, Path], tmp_path: Path) -> None:
    for kind in ("mp3", "flac", "ogg", "opus", "aac", "wv"):
        data = bytearray(files[kind].read_bytes())
        third = len(data) // 3
        data[third : third + 5_000] = np.random.default_rng(3).bytes(5_000)
        path = tmp_path / f"damaged.{kind}"
        path.write_bytes(data)
        with open_audio(path) as sound, open_audio(files[kind]) as intact:
            assert sound.duration_s == pytest.approx(30, abs=3), kind
            np.testing.assert_allclose(
                sound.samples(Window(2, 7)), intact.samples(Window(2, 7)), atol=NOISE.get(kind, 1e-6)
            )
            assert len(sound.samples(Window(5, 25))) > 15 * SAMPLE_RATE, kind


# ---- what is not sound


def test_cover_art_is_not_audio(files: dict[str, Path], tmp_path: Path) -> None:
    path = Path(shutil.copy(files["mp3"], tmp_path / "cover.mp3"))
    tags = id3.ID3()
    tags.add(id3.APIC(mime="image/png", type=3, data=_png()))
    tags.save(path)
    assert content(path) == content(files["mp3"])


def test_the_first_audio_stream_counts(tmp_path: Path) -> None:
    with av.open(tmp_path / "two.mka", "w", format="matroska") as container:
        add_sound(container, "flac", sine(440, 1, 44_100), 44_100)
    assert np.abs(heard(tmp_path / "two.mka")).max() == pytest.approx(0.5, abs=0.01)


def test_subtitles_and_playlists_are_not_opened(tmp_path: Path, files: dict[str, Path]) -> None:
    for text in (
        "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n" + str(files["mp3"]) + "\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile " + str(files["mp3"]) + "\n",
        "1\n00:00:01,000 --> 00:00:02,000\nHello\n",
    ):
        path = tmp_path / "list.mp3"
        path.write_text(text)
        assert failure(path).reason == "not an audio file: it contains text"


def test_a_video_without_audio(tmp_path: Path) -> None:
    path = tmp_path / "film.m4a"
    with av.open(path, "w", format="mp4") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width = stream.height = 32
        stream.pix_fmt = "yuv420p"
        for _ in range(3):
            container.mux(stream.encode(av.VideoFrame(32, 32, "yuv420p")))
        container.mux(stream.encode(None))
    assert failure(path).stage == "decode"
    assert failure(path).reason == "no audio stream"


def test_what_cannot_be_opened(tmp_path: Path) -> None:
    (tmp_path / "folder.mp3").mkdir()
    (tmp_path / "dangling.mp3").symlink_to("nowhere")
    (tmp_path / "loop.mp3").symlink_to("loop.mp3")
    (tmp_path / "device.mp3").symlink_to("/dev/zero")
    (tmp_path / "empty.mp3").touch()
    os.mkfifo(tmp_path / "pipe.mp3")
    reasons = {
        "folder.mp3": "not a regular file",
        "dangling.mp3": "no such file, or a link to nothing",
        "loop.mp3": "a link that leads back to itself",
        "device.mp3": "not a regular file",
        "empty.mp3": "the file is empty",
        "pipe.mp3": "not a regular file",
        "x" * 300 + ".mp3": "file name too long",
        "nul\0.mp3": "no file can have this name",
    }
    for name, reason in reasons.items():
        error = failure(f"{tmp_path}/{name}")
        assert (error.stage, error.reason) == ("read", reason), name


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_unreadable(tmp_path: Path) -> None:
    path = encode(tmp_path / "secret.wav", sine(440, 1))
    path.chmod(0)
    assert failure(path).reason == "no permission to read it"


@pytest.mark.parametrize(
    "name", [b"\xff\xfe.flac", b"new\nline.flac", b"x" * 250 + b".flac", "🎵.flac".encode()]
)
def test_any_name(tmp_path: Path, name: bytes) -> None:
    plain = encode(tmp_path / "plain.flac", sine(440, 1))
    path = os.fsencode(tmp_path) + b"/" + name
    try:
        shutil.copy(os.fsencode(plain), path)
    except OSError:
        pytest.skip("this file system refuses the name")
    assert content(Path(os.fsdecode(path))) == content(plain)
    np.testing.assert_array_equal(heard(path), heard(plain))


def test_windows_of_a_few_samples(files: dict[str, Path]) -> None:
    with open_audio(files["flac"]) as sound:
        whole = sound.samples(WHOLE)
        for start in (0, 5, 441_000):
            window = Window(start / SAMPLE_RATE, (start + 10) / SAMPLE_RATE)
            np.testing.assert_array_equal(sound.samples(window), whole[start : start + 10])


@pytest.mark.parametrize("rate", [1, 20_000_000])
def test_implausible_rates(tmp_path: Path, rate: int) -> None:
    path = tmp_path / "rate.wav"
    path.write_bytes(wav_header(rate, 1, 16, 100_000) + bytes(100_000))
    with (
        open_audio(path) as sound,
        pytest.raises(AudioError, match=f"a sample rate of {rate} Hz is not plausible"),
    ):
        sound.samples(Window(0, 0.001))


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e30])
def test_implausible_samples(tmp_path: Path, value: float) -> None:
    samples = noise(2)
    samples[SAMPLE_RATE] = value
    soundfile.write(tmp_path / "bad.wav", samples, SAMPLE_RATE, subtype="FLOAT")
    error = failure(tmp_path / "bad.wav")
    assert error.stage == "decode"
    assert "finite" in error.reason or "too large" in error.reason


def test_a_disk_that_fails_while_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = encode(tmp_path / "long.wav", noise(20, 44_100), 44_100)
    reads = 0

    def failing(self: MusicFile, size: int | None = -1) -> bytes:
        nonlocal reads
        reads += 1
        if reads > 3:
            raise AudioError("read", "the disk cannot read it")
        return os.read(self.fileno(), size or 0)

    monkeypatch.setattr(MusicFile, "read", failing)
    assert failure(path).reason == "the disk cannot read it"


def test_damage_of_every_kind_ends_in_audio_or_a_reason(
    files: dict[str, Path], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Flipped bits, overwritten headers, cut ends: what remains is decoded, or the reason is given."""
    rng = np.random.default_rng(7)
    path = tmp_path / "damaged"
    for kind in ENCODERS:
        intact = files[kind].read_bytes()[:30_000]
        for _ in range(12):
            data = bytearray(intact[: rng.integers(1_000, len(intact))])
            for place in (*rng.integers(0, 200, 3), *rng.integers(0, len(data), 5)):
                data[place] = rng.integers(256)
            path.write_bytes(data)
            with suppress(AudioError), open_audio(path) as sound:
                assert np.isfinite(sound.samples(Window(0, 1))).all()
                assert np.isfinite(sound.samples(Window(0.7, 1.2))).all()
    said = capfd.readouterr()
    assert said.out == said.err == ""


# ---- the second decoder


def test_fallback_decodes_what_ffmpeg_decodes(files: dict[str, Path]) -> None:
    for kind in ("ogg", "flac", "wav", "aiff"):
        with MusicFile(files[kind]) as file, MusicFile(files[kind]) as same:
            second, first = SndfileDecoder(file), FFmpegDecoder(same)
            assert second.duration_s == pytest.approx(first.duration_s, abs=0.01)
            assert (second.sample_rate, second.channels) == (44_100, 2)
            for window in (Window(0, 2), Window(21.234, 23.5)):
                np.testing.assert_allclose(second.samples(window), first.samples(window), atol=1e-4)
            second.close()
            first.close()


def test_fallback_is_taken_where_ffmpeg_refuses(
    files: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(file: MusicFile) -> None:
        raise av.error.InvalidDataError(1, "refused")

    expected = heard(files["ogg"], Window(10, 12))
    monkeypatch.setattr("musimo.audio.decode._open_container", refuse)
    np.testing.assert_allclose(heard(files["ogg"], Window(10, 12)), expected, atol=1e-4)
    with open_audio(files["ogg"]) as sound:
        assert sound.codec == "vorbis"
        assert len(sound.content) == 16
        assert sound.duration_s == pytest.approx(30, abs=0.01)
    assert failure(files["m4a"]).stage == "decode"


# ---- manners


def test_memory_does_not_grow_with_length(tmp_path: Path) -> None:
    """A quarter of an hour of 16-bit stereo, 160 MB, mostly a sparse hole."""
    n_bytes = 900 * 44_100 * 4
    path = tmp_path / "long.wav"
    with path.open("wb") as file:
        file.write(wav_header(44_100, 2, 16, n_bytes))
        file.truncate(44 + n_bytes)
    with open_audio(path) as sound:
        assert sound.duration_s == pytest.approx(900)
    tracemalloc.start()
    with open_audio(path) as sound:
        assert not sound.samples(Window(800, 845)).any()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10e6  # the window itself is 4 MB


def test_nothing_is_written_to_stderr_and_nothing_heavy_is_imported(
    files: dict[str, Path], tmp_path: Path
) -> None:
    damaged = tmp_path / "damaged.mp3"
    damaged.write_bytes(files["mp3"].read_bytes()[:100_000] + bytes(50_000) + noise(1).tobytes())
    (tmp_path / "zeros.mp3").write_bytes(bytes(20_000))
    script = """
import sys
from pathlib import Path
from musimo.audio.extract import extract_windows
from musimo.errors import AudioError
for path in sys.argv[1:]:
    try:
        list(extract_windows(path, "windows", lambda content: True))
    except AudioError as error:
        print(error)
print([name for name in ("librosa", "scipy", "numba", "torch") if name in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", script, damaged, tmp_path / "zeros.mp3"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    assert done.stdout.splitlines() == ["not an audio file: it contains zero bytes only", "[]"]


def _png() -> bytes:
    """A picture of one dot."""
    return bytes.fromhex(
        "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
        "1f15c4890000000d49444154789c6360000000000005000167e2a9b50000000049454e44ae426082"
    )
