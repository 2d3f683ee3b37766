"""Sounds for the tests: made by formula, and written by PyAV and soundfile into every format.

``make_bad_folder`` makes a folder of everything that goes wrong with music files.
"""

from __future__ import annotations

import os
import struct
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import av
import numpy as np
import soundfile
from numpy.typing import NDArray

Samples = NDArray[np.float32]
Fate = Literal["analysed", "failed", "ignored", "silent"]  # silent: it decodes, and a scan rejects it

# ending -> FFmpeg's container and encoder; None where soundfile writes it: FFmpeg's Vorbis encoder is poor
ENCODERS: dict[str, tuple[str, str] | None] = {
    "mp3": ("mp3", "libmp3lame"),
    "flac": ("flac", "flac"),
    "ogg": None,
    "oga": ("ogg", "flac"),
    "opus": ("ogg", "libopus"),
    "m4a": ("ipod", "aac"),
    "alac": ("ipod", "alac"),
    "aac": ("adts", "aac"),
    "wma": ("asf", "wmav2"),
    "wav": ("wav", "pcm_s16le"),
    "aiff": ("aiff", "pcm_s16be"),
    "wv": ("wv", "wavpack"),
    "tta": ("tta", "tta"),
    "mka": ("matroska", "flac"),
    "mp2": ("mp2", "mp2"),
    "ac3": ("ac3", "ac3"),
    "caf": ("caf", "pcm_s16le"),
    "au": ("au", "pcm_s16be"),
}
LOSSLESS = ("flac", "oga", "alac", "wav", "aiff", "wv", "tta", "mka", "caf", "au")
LAYOUTS = {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1"}


def sine(hz: float, seconds: float, rate: int = 22_050, amplitude: float = 0.5) -> Samples:
    t = np.arange(round(seconds * rate)) / rate
    return (amplitude * np.sin(2 * np.pi * hz * t)).astype(np.float32)


def noise(seconds: float, rate: int = 22_050, seed: int = 1, amplitude: float = 0.1) -> Samples:
    drawn = np.random.default_rng(seed).standard_normal(round(seconds * rate))
    return (amplitude * drawn).astype(np.float32)


def click(seconds: float, at_s: float, rate: int = 22_050) -> Samples:
    samples = np.zeros(round(seconds * rate), np.float32)
    samples[round(at_s * rate)] = 1.0
    return samples


def melody(seconds: float, rate: int = 22_050, seed: int = 1) -> Samples:
    """A new note every quarter second, over soft noise: no two stretches of it are alike."""
    rng = np.random.default_rng(seed)
    n = round(seconds * rate)
    notes = rng.integers(48, 84, size=int(seconds * 4) + 1)
    hz = 440 * 2.0 ** ((notes[np.arange(n) * 4 // rate] - 69) / 12)
    phase = 2 * np.pi * np.cumsum(hz) / rate
    return (0.3 * np.sin(phase) + 0.02 * rng.standard_normal(n)).astype(np.float32)


def encode(path: Path, samples: Samples, rate: int = 44_100, kind: str | None = None) -> Path:
    """Write samples, (n,) or (n, channels), in the format ``kind`` (by default that of the path's ending)."""
    encoder = ENCODERS[kind or path.suffix[1:]]
    if encoder is None:
        with soundfile.SoundFile(path, "w", rate, samples[:1].size, format="OGG", subtype="VORBIS") as file:
            for start in range(
                0, len(samples), rate
            ):  # libsndfile's encoder overflows its stack on long blocks
                file.write(samples[start : start + rate])
        return path
    with av.open(path, "w", format=encoder[0]) as container:
        add_sound(container, encoder[1], samples, rate)
    return path


def add_sound(container: Any, codec: str, samples: Samples, rate: int) -> None:
    """Encode samples into a new stream of an open container."""
    columns = samples.reshape(len(samples), -1)
    layout = LAYOUTS[columns.shape[1]]
    stream = container.add_stream(codec, rate=48_000 if codec == "libopus" else rate, layout=layout)
    if codec in ("libmp3lame", "aac", "libopus", "wmav2", "mp2", "ac3"):
        stream.bit_rate = 192_000
    integers = (columns * 32_767).round().clip(-32_768, 32_767).astype(np.int16)
    for start in range(0, len(integers), rate):
        block = np.ascontiguousarray(integers[start : start + rate]).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(block, format="s16", layout=layout)
        frame.sample_rate, frame.pts, frame.time_base = rate, start, Fraction(1, rate)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))


def jpeg() -> bytes:
    """The first bytes of a picture."""
    return b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00" + bytes(range(256)) * 8


def make_bad_folder(folder: Path) -> dict[bytes, Fate]:
    """Everything that goes wrong with music files, in one folder.

    Returns
    -------
    name (bytes, relative to the folder) -> what must become of it: ``analysed``, ``failed`` with a reason, or
    ``ignored`` as not music. The folder named folder.mp3 is no file and not among them; what the machine
    cannot make (a file unreadable for root, a name its file system refuses) is left out.
    """
    folder.mkdir(parents=True, exist_ok=True)
    fates: dict[bytes, Fate] = {}

    def add(name: str | bytes, fate: Fate) -> Path:
        fates[os.fsencode(name)] = fate
        return folder / os.fsdecode(name)

    tune = melody(3, 44_100)
    good = encode(add("good.mp3", "analysed"), tune)
    flac = encode(add("good.flac", "analysed"), tune)

    add("zero bytes.mp3", "failed").write_bytes(b"")
    add("text.mp3", "failed").write_text("This is not music.\n" * 200)
    add("playlist.mp3", "failed").write_text("#EXTM3U\n#EXTINF:3,good\ngood.mp3\n")
    add("picture.flac", "failed").write_bytes(jpeg())
    add("zeros.ogg", "failed").write_bytes(bytes(20_000))
    add("noise.wav", "failed").write_bytes(np.random.default_rng(1).bytes(20_000))
    add("truncated.mp3", "analysed").write_bytes(good.read_bytes()[: good.stat().st_size // 2])
    add("truncated.flac", "analysed").write_bytes(flac.read_bytes()[: flac.stat().st_size // 2])
    add("header only.flac", "failed").write_bytes(flac.read_bytes()[:100])
    add("header only.wav", "failed").write_bytes(wav_header(44_100, 2, 16, 0))
    add("damaged.mp3", "analysed").write_bytes(_damaged(good.read_bytes()))

    encode(add("one second.flac", "analysed"), tune[:44_100])
    encode(add("a click.wav", "failed"), tune[:441])
    encode(add("silence.wav", "silent"), np.zeros(3 * 44_100, np.float32))
    encode(add("six channels.flac", "analysed"), np.stack([melody(3, 44_100, k) for k in range(6)], axis=1))
    encode(add("8 kHz.wav", "analysed"), melody(3, 8_000), 8_000)
    encode(add("192 kHz.flac", "analysed"), melody(3, 192_000), 192_000)
    soundfile.write(add("nan.wav", "failed"), np.full(44_100, np.nan, np.float32), 44_100, subtype="FLOAT")
    soundfile.write(add("huge.wav", "failed"), noise(1) * np.float32(1e30), 22_050, subtype="FLOAT")

    (folder / "folder.mp3").mkdir()
    (add("dangling link.mp3", "failed")).symlink_to("nowhere.mp3")
    (add("link loop.mp3", "failed")).symlink_to("link loop.mp3")
    (add("device.mp3", "failed")).symlink_to("/dev/zero")
    os.mkfifo(add("pipe.mp3", "failed"))
    if os.geteuid() != 0:
        unreadable = encode(add("unreadable.flac", "failed"), tune)
        unreadable.chmod(0)

    add("._good.mp3", "ignored").write_bytes(b"\x00\x05\x16\x07" + bytes(100))
    add("notes.txt", "ignored").write_text("not music\n")
    add("no ending", "ignored").write_bytes(good.read_bytes())
    for name in (
        "new\nline.mp3",
        "\U0001f3b5 emoji.mp3",
        "\x1b[31mescape.mp3",
        "-rf.mp3",
        "UPPER.MP3",
        b"not utf-8 \xff\xfe.mp3",
        b"x" * 251 + b".mp3",
    ):
        try:
            add(name, "analysed").write_bytes(good.read_bytes())
        except OSError:  # some file systems take UTF-8 only, or shorter names
            del fates[os.fsencode(name)]
    return fates


def wav_header(rate: int, channels: int, bits: int, n_bytes: int) -> bytes:
    """The 44 bytes before the samples of a PCM WAV file."""
    frame = channels * bits // 8
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, channels, rate, rate * frame, frame, bits)
    return b"RIFF" + struct.pack("<I", 36 + n_bytes) + b"WAVE" + form + b"data" + struct.pack("<I", n_bytes)


def _damaged(data: bytes) -> bytes:
    """A fifth of the file, in its middle, overwritten."""
    fifth = len(data) // 5
    return data[: 2 * fifth] + np.random.default_rng(2).bytes(fifth) + data[3 * fifth :]
