"""The content hash: equal for what decodes alike, different for what does not."""

from __future__ import annotations

import struct
from pathlib import Path

import av
import mutagen
import numpy as np
import pytest

from musimo.audio.content_hash import VERSION, decoder_setup
from musimo.audio.decode import open_audio
from musimo.audio.ogg import CHECKSUM_OFFSET, PAGE, checksum
from musimo.library.db.schema import HASH_VERSION
from tests.sounds import encode, melody


def content(path: Path) -> bytes:
    with open_audio(path) as audio:
        return audio.content


def wav(path: Path, data: bytes, tag: int, channels: int, rate: int, bits: int) -> Path:
    frame = channels * bits // 8
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, tag, channels, rate, rate * frame, frame, bits)
    body = b"WAVE" + form + b"data" + struct.pack("<I", len(data)) + data
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    return path


def test_the_same_bytes_under_other_headers_are_other_contents(tmp_path: Path) -> None:
    data = np.random.default_rng(1).bytes(120_000)
    pcm, float_, alaw, mulaw = 1, 3, 6, 7
    headers = [
        (pcm, 2, 44_100, 16),
        (pcm, 1, 44_100, 16),
        (pcm, 2, 22_050, 16),
        (pcm, 2, 44_100, 24),
        (pcm, 2, 44_100, 8),
        (pcm, 2, 44_100, 32),
        (float_, 2, 44_100, 32),
        (alaw, 2, 44_100, 8),
        (mulaw, 2, 44_100, 8),
    ]
    found = {content(wav(tmp_path / f"{n}.wav", data, *header)) for n, header in enumerate(headers)}
    assert len(found) == len(headers)
    assert content(wav(tmp_path / "again.wav", data, *headers[0])) in found


def with_gain(path: Path, to: Path, gain: int) -> Path:
    """Return a copy of an Opus file with another output gain, in 1/256 dB."""
    data = bytearray(path.read_bytes())
    at = data.find(b"OpusHead") + 16
    data[at : at + 2] = struct.pack("<h", gain)
    size = PAGE.size + data[PAGE.size - 1] + sum(data[PAGE.size : PAGE.size + data[PAGE.size - 1]])
    data[CHECKSUM_OFFSET : CHECKSUM_OFFSET + 4] = bytes(4)
    data[CHECKSUM_OFFSET : CHECKSUM_OFFSET + 4] = checksum(bytes(data[:size])).to_bytes(4, "little")
    to.write_bytes(data)
    return to


def test_the_gain_in_the_header_of_opus_counts(tmp_path: Path) -> None:
    plain = encode(tmp_path / "plain.opus", melody(3, 48_000), 48_000)
    louder, softer = (with_gain(plain, tmp_path / f"{gain}.opus", gain) for gain in (256, -256))
    assert len({content(plain), content(louder), content(softer)}) == 3
    assert content(with_gain(softer, tmp_path / "back.opus", 0)) == content(plain)


@pytest.mark.parametrize("kind", ["flac", "ogg", "opus", "mp3", "m4a", "alac", "oga"])
def test_the_container_does_not_count(tmp_path: Path, kind: str) -> None:
    path = encode(tmp_path / f"one.{kind}", melody(3, 44_100))
    other = tmp_path / "other.mka"
    with av.open(path) as source, av.open(other, "w", format="matroska") as target:
        stream = target.add_stream_from_template(source.streams.audio[0])
        for packet in source.demux(source.streams.audio[0]):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    assert content(other) == content(path)


def test_pages_and_packets_of_vorbis_agree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = encode(tmp_path / "one.ogg", melody(3, 44_100))
    by_pages = content(path)
    tags = mutagen.File(path)
    assert tags is not None
    tags["TITLE"] = ["A title"]
    tags.save()
    assert content(path) == by_pages
    monkeypatch.setattr("musimo.audio.decode.survey_pages", lambda file: None)
    assert content(path) == by_pages


def test_setup_by_hand() -> None:
    xiph = bytes([2, 3, 255, 2]) + b"ids" + b"c" * 257 + b"setup"
    assert decoder_setup("vorbis", xiph) == b"idssetup"
    assert decoder_setup("vorbis", xiph.replace(b"cc", b"dd")) == b"idssetup"
    assert decoder_setup("vorbis", bytes([2, 255])) == b""
    opus = b"OpusHead\x01" + b"\x02" + b"\x38\x01" + b"\x80\xbb\0\0" + b"\x00\xf1" + b"\0"
    assert decoder_setup("opus", opus) == b"\x02\x38\x01\x00\xf1\0"
    streaminfo = bytes(10) + b"\x0a\xc4\x42\xf0" + bytes(20)
    assert decoder_setup("flac", streaminfo) == bytes([0, 15])
    assert decoder_setup("flac", b"") == b""
    assert decoder_setup("mp3", b"any") == decoder_setup("pcm_s16le", b"any") == b""
    assert decoder_setup("musepack7", bytes(range(16))) == bytes([0, 1, 2, 3, 12, 13, 14, 15])
    assert decoder_setup("aac", b"\x12\x10") == b"\x12\x10"


def test_the_library_knows_the_version() -> None:
    assert VERSION == HASH_VERSION
