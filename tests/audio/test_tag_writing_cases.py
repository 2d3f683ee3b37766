"""Files put together in unusual ways: musimo's fields come and go, and everything else keeps its bytes."""

from __future__ import annotations

import struct
from collections.abc import Callable
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import Any

import av
import mutagen
import numpy as np
import pytest

from musimo.audio.decode import open_audio
from musimo.audio.id3 import synchsafe
from musimo.audio.tag_writing import read_fields, write_fields
from musimo.errors import TagsError
from tests.sounds import encode, jpeg, melody

FIELDS = {"MUSIMO_VALENCE": "0.612", "MUSIMO_MOOD": "calm; träumerisch ÿ"}
apev2: Any = import_module("mutagen.apev2")


def tag(version: int, flags: int, *frames: bytes, padding: int = 300) -> bytes:
    body = b"".join(frames) + bytes(padding)
    return b"ID3" + bytes((version, 0, flags)) + synchsafe(len(body)) + body


def frame(name: bytes, body: bytes, flags: bytes = b"\0\0") -> bytes:
    return name + len(body).to_bytes(4, "big") + flags + body


def old_frame(name: bytes, body: bytes) -> bytes:
    return name + len(body).to_bytes(3, "big") + body


OLD_FRAMES = (
    old_frame(b"TT2", b"\0title"),
    old_frame(b"TP1", b"\1\xff\xfea\0"),
    old_frame(b"PIC", b"\0JPG\3\0" + jpeg()),
    old_frame(b"TXX", b"\0desc\0value"),
    old_frame(b"XYZ", b"unknown"),
)
FRAMES = (
    frame(b"TIT2", b"\1\xff\xfe\xe9\0\xff\0"),
    frame(b"TYER", b"\x001999"),
    frame(b"TCON", b"\0(17)"),
    frame(b"XXXX", b"unknown"),
    frame(b"TXXX", b"\0twice\0a"),
    frame(b"TXXX", b"\0twice\0b"),
    frame(b"TXXX", b"\0zip\0not", b"\0\x80"),
    frame(b"RVAD", b"123456789"),
    frame(b"APIC", b"\0image/jpeg\0\3\0" + jpeg()),
    frame(b"TIT2", b"\0second"),
)
ID3V1 = b"TAG" + b"old title".ljust(125, b"\0")
LYRICS = b"LYRICSBEGININD0000200LYR00005hello"
LYRICS += b"%06d" % len(LYRICS) + b"LYRICS200"


def ape(version: int = 2_000, *, read_only: bool = False, twice: bool = False) -> bytes:
    tags: Any = apev2.APEv2()
    tags["Title"], tags["Cover Art (Front)"] = "t", apev2.APEValue(b"f.jpg\0" + jpeg(), apev2.BINARY)
    made = BytesIO()
    tags.save(made)
    items = made.getvalue()[32:-32]
    if read_only:
        items = items[:4] + b"\1" + items[5:]
    if twice:
        items += struct.pack("<II", 1, 0) + b"TITLE\0u"
    foot = b"APETAGEX" + struct.pack("<III", version, len(items) + 32, 2 + twice)
    if version == 1_000:
        return items + foot + bytes(12)
    return foot + struct.pack("<I8x", 0xA0 << 24) + items + foot + struct.pack("<I8x", 0x80 << 24)


MP3: dict[str, tuple[bytes, bytes]] = {
    "2.2": (tag(2, 0, *OLD_FRAMES), b""),
    "2.2 without padding": (tag(2, 0, *OLD_FRAMES, padding=0), b""),
    "2.3": (tag(3, 0, *FRAMES), b""),
    "2.3 unsynchronized": (tag(3, 0x80, b"".join(FRAMES).replace(b"\xff", b"\xff\0")), b""),
    "2.3 extended": (tag(3, 0x40, struct.pack(">IHI", 6, 0, 100), *FRAMES), b""),
    "2.3 with names of 2.2": (tag(3, 0, frame(b"TT2\0", b"\0hello"), *FRAMES), b""),
    "two tags": (tag(3, 0, *FRAMES) + tag(4, 0, frame(b"TIT2", b"\3x")), b""),
    "zeros behind": (tag(3, 0, *FRAMES) + bytes(5_000), b""),
    "ID3v1 too": (tag(3, 0, *FRAMES), ID3V1),
    "lyrics": (tag(3, 0, *FRAMES), LYRICS + ID3V1),
    "APE too": (tag(3, 0, *FRAMES), ape() + ID3V1),
    "APE alone": (b"", ape()),
    "APE before ID3v1": (b"", ape() + ID3V1),
}
REFUSED: dict[str, tuple[bytes, bytes, str]] = {
    "empty frame": (tag(3, 0, frame(b"TIT2", b""), *FRAMES), b"", "would drop"),
    "junk": (tag(3, 0, *FRAMES, bytes(20), b"junk"), b"", "would drop"),
    "footer": (tag(4, 0x10, FRAMES[0], padding=0) + b"3DI\4\0\x10" + bytes(4), b"", "footer"),
    "ID3v1 alone": (b"", ID3V1, "ID3v1"),
    "APE of version 1": (b"", ape(1_000), "APE"),
    "APE with a read-only item": (b"", ape(read_only=True), "APE"),
    "APE with one name twice": (b"", ape(twice=True), "APE"),
    "APE with strange letters": (b"", ape().replace(b"Title", b"Titl\xe9"), "mutagen cannot read"),
}


@pytest.fixture(scope="module")
def frames(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """An mp3 without any tag."""
    path = encode(tmp_path_factory.mktemp("mp3") / "x.mp3", melody(2, 44_100))
    mutagen.File(path).delete()
    return path.read_bytes()


def content(path: Path) -> bytes:
    with open_audio(path) as sound:
        return sound.content


def come_and_go(path: Path) -> tuple[bytes, bytes]:
    """Write fields and remove them, and return the bytes with them and without."""
    known = content(path)
    assert write_fields(path, FIELDS, known) is not None
    assert read_fields(path, {})[0] == FIELDS
    written = path.read_bytes()
    assert write_fields(path, {}, known) is not None
    assert (read_fields(path, {})[0], content(path)) == ({}, known)
    return written, path.read_bytes()


@pytest.mark.parametrize("kind", MP3)
def test_tags_of_every_kind_around_mp3(kind: str, frames: bytes, tmp_path: Path) -> None:
    before, behind = MP3[kind]
    path = tmp_path / "x.mp3"
    path.write_bytes(before + frames + behind)
    written, emptied = come_and_go(path)
    for data in (written, emptied):
        assert data[3:4] == before[3:4] or not before
        assert all(before.count(one) <= data.count(one) for one in (*OLD_FRAMES, *FRAMES))
        assert frames in data
        assert not before or data.endswith(frames + behind)
        assert not behind.endswith(ID3V1) or data.endswith(ID3V1)
    assert before or emptied == frames + behind


@pytest.mark.parametrize("kind", REFUSED)
def test_what_mutagen_would_damage_is_refused(kind: str, frames: bytes, tmp_path: Path) -> None:
    before, behind, why = REFUSED[kind]
    path = tmp_path / "x.mp3"
    path.write_bytes(before + frames + behind)
    data = path.read_bytes()
    with pytest.raises(TagsError, match=why):
        write_fields(path, FIELDS, content(path))
    assert path.read_bytes() == data


def test_an_mp3_that_begins_in_the_middle_of_a_frame(frames: bytes, tmp_path: Path) -> None:
    path = tmp_path / "x.mp3"
    path.write_bytes(tag(3, 0, *FRAMES) + frames[100:])
    written, _ = come_and_go(path)
    assert written.endswith(frames[100:])


def riff(*chunks: tuple[bytes, bytes]) -> bytes:
    body = b"".join(
        name + struct.pack("<I", len(data)) + data + bytes(len(data) % 2) for name, data in chunks
    )
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WAVE" + body


def resized(data: bytes) -> bytes:
    """With a size that leaves out the last byte, which pads the last chunk."""
    return data[:4] + struct.pack("<I", len(data) - 9) + data[8:]


PCM = np.random.default_rng(1).integers(-9_000, 9_000, 44_100, np.int16).tobytes()
CHUNKS = (
    (b"bext", b"b" * 603),
    (b"fmt ", struct.pack("<HHIIHH", 1, 1, 44_100, 88_200, 2, 16)),
    (b"LIST", b"INFOINAM\5\0\0\0abcd\0\0"),
    (b"data", PCM),
    (b"cue ", bytes(28)),
    (b"iXML", b"<x/>!"),
)
WAVE: dict[str, bytes] = {
    "chunks": riff(*CHUNKS),
    "a tag between": riff(CHUNKS[0], CHUNKS[1], (b"id3 ", tag(3, 0, *FRAMES)), *CHUNKS[2:]),
    "a tag of 2.2 in capitals": riff(*CHUNKS, (b"ID3 ", tag(2, 0, *OLD_FRAMES))),
    "behind the end": riff(*CHUNKS) + b"trailing data",
    "not padded": resized(riff(*CHUNKS))[:-1],
    "a size without padding": resized(riff(*CHUNKS)),
}


@pytest.mark.parametrize("kind", WAVE)
def test_chunks_of_wav_stay(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "x.wav"
    path.write_bytes(WAVE[kind])
    for data in come_and_go(path):
        assert all(name + struct.pack("<I", len(body)) + body in data for name, body in CHUNKS)
        for one in (*OLD_FRAMES, *FRAMES):
            assert WAVE[kind].count(one) <= data.count(one)
    assert kind != "behind the end" or path.read_bytes() == WAVE[kind]


def flac_block(code: int, data: bytes) -> bytes:
    return bytes((code,)) + len(data).to_bytes(3, "big") + data


def test_blocks_of_flac_stay(tmp_path: Path) -> None:
    data = encode(tmp_path / "x.flac", melody(2, 44_100)).read_bytes()
    cue = b"1234567890123".ljust(128, b"\0") + bytes(8) + b"\x80" + bytes(258) + b"\1"
    cue += bytes(8) + b"\xaa" + b"isrc".ljust(12, b"\0") + b"\xc0" + bytes(13) + b"\0"
    picture = struct.pack(">II10sIIIIII", 3, 10, b"image/jpeg", 0, 1, 2, 3, 4, len(jpeg())) + jpeg()
    blocks = [flac_block(3, bytes(36)), flac_block(2, b"APPLpayload"), flac_block(6, picture)]
    blocks += [flac_block(100, b"reserved"), flac_block(5, cue)]
    path = tmp_path / "y.flac"
    for before, behind in ((b"", b""), (tag(3, 0, *FRAMES), ID3V1)):
        if before:
            blocks.pop()  # FFmpeg opens no file with ID3 frames and a cue sheet
        path.write_bytes(before + data[:42] + b"".join(blocks) + data[42:] + behind)
        original = path.read_bytes()
        written, emptied = come_and_go(path)
        assert all(block in written for block in blocks)
        assert emptied == original


def test_chained_ogg_and_data_behind_it(tmp_path: Path) -> None:
    first, second = (encode(tmp_path / f"{n}.ogg", melody(2, 44_100, n)).read_bytes() for n in range(2))
    path = tmp_path / "x.ogg"
    for behind in (second, b"no page of Ogg, but long enough for one"):
        path.write_bytes(first + behind)
        original = path.read_bytes()
        written, emptied = come_and_go(path)
        assert written.endswith(behind)
        assert emptied == original


def test_a_field_that_stands_twice_is_written_once(tmp_path: Path) -> None:
    path = encode(tmp_path / "x.ogg", melody(2, 44_100))
    file: Any = mutagen.File(path)
    file.tags += [("MUSIMO_BPM", "1"), ("TITLE", "t"), ("musimo_bpm", "2")]
    file.save()
    come_and_go(path)
    file = mutagen.File(path)
    assert "musimo_bpm" not in file
    assert file["title"] == ["t"]


def film(path: Path) -> None:
    """Audio and video, whose chunks alternate, behind the list of both."""
    with av.open(path, "w", format="mp4", options={"movflags": "faststart"}) as container:
        video: Any = container.add_stream("mpeg4", rate=25)
        video.width, video.height, video.pix_fmt = 64, 64, "yuv420p"
        audio: Any = container.add_stream("aac", rate=44_100, layout="mono")
        for n in range(40):
            picture = av.VideoFrame.from_ndarray(np.full((64, 64, 3), n, np.uint8))
            container.mux(video.encode(picture))
        samples = (melody(2, 44_100) * 32_000).astype(np.int16).reshape(1, -1)
        block = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        block.sample_rate, block.pts = 44_100, 0
        for stream, frame in ((audio, block), (audio, None), (video, None)):
            container.mux(stream.encode(frame))


def quicktime(path: Path) -> None:
    with av.open(path, "w", format="mov") as container:
        stream: Any = container.add_stream("aac", rate=44_100, layout="mono")
        samples = (melody(2, 44_100) * 32_000).astype(np.int16).reshape(1, -1)
        block = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        block.sample_rate, block.pts = 44_100, 0
        container.mux(stream.encode(block))
        container.mux(stream.encode(None))


def all_packets(path: Path) -> list[tuple[int, int | None, bytes]]:
    with av.open(path) as container:
        return [(packet.stream.index, packet.pts, bytes(packet)) for packet in container.demux()]


@pytest.mark.parametrize("make", [film, quicktime])
def test_packets_of_all_streams_stay(make: Callable[[Path], None], tmp_path: Path) -> None:
    path = tmp_path / "x.mp4"
    make(path)
    before = all_packets(path)
    known = content(path)
    write_fields(path, FIELDS, known)
    assert all_packets(path) == before
    write_fields(path, {}, known)
    assert all_packets(path) == before


def test_items_of_mp4_that_mutagen_would_rewrite_keep_their_bytes(tmp_path: Path) -> None:
    path = encode(tmp_path / "x.m4a", melody(2, 44_100))
    file: Any = mutagen.File(path)
    file.tags["tmpo"] = [17]
    file.save()
    data = path.read_bytes()
    assert data.count(b"tmpo") == 1
    path.write_bytes(data.replace(b"tmpo", b"gnre"))  # mutagen makes text of a genre's number
    original = path.read_bytes()
    written, emptied = come_and_go(path)
    assert b"gnre" in written
    assert emptied == original


def test_a_wma_states_its_own_size(tmp_path: Path) -> None:
    path = encode(tmp_path / "x.wma", melody(2, 44_100))
    properties = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
    for data in come_and_go(path):
        at = data.index(properties) + 24 + 16
        assert int.from_bytes(data[at : at + 8], "little") == len(data)
