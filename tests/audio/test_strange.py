"""Files that refer a decoder to another file, an address, or data that does not exist."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mutagen.flac import FLAC, Picture
from mutagen.mp4 import MP4

from musimo.audio.extract import extract_windows
from musimo.audio.fallback import SndfileDecoder
from musimo.audio.files import MusicFile
from musimo.audio.id3 import synchsafe
from musimo.audio.ogg import checksum
from musimo.errors import AudioError
from tests.audio.test_hostile import MAX_CPU_S, MAX_MB, extract_apart
from tests.sounds import encode, melody, wav_header

LURES = {
    "ffconcat": "ffconcat version 1.0\nfile '{path}'\n",
    "m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\n{path}\n#EXT-X-ENDLIST\n",
    "hls by url": "#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\nfile://{path}\n#EXT-X-ENDLIST\n",
    "pls": "[playlist]\nFile1={path}\nNumberOfEntries=1\n",
    "cue": 'FILE "{path}" WAVE\n  TRACK 01 AUDIO\n    INDEX 01 00:00:00\n',
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 9 RTP/AVP 0\n",
    "dash": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period><AdaptationSet '
    'mimeType="audio/mp4"><Representation id="1"><BaseURL>{path}</BaseURL></Representation></AdaptationSet>'
    "</Period></MPD>",
    "lavfi": "sine=frequency=440:duration=3",
    "file url": "file:{path}\n",
    "data url": "data:audio/wav;base64,UklGRiQAAABXQVZF\n",
    "asx": '<asx version="3.0"><entry><ref href="{path}"/></entry></asx>',
    "rtsp": "rtsptext\nrtsp://127.0.0.1:9/x\n",
    "wma reference": "[Reference]\nRef1={path}\n",
}


@pytest.mark.parametrize("suffix", ["mp3", "m4a", "ra", "wma"])
@pytest.mark.parametrize("lure", LURES)
def test_no_file_makes_a_decoder_open_another(tmp_path: Path, lure: str, suffix: str) -> None:
    other = encode(tmp_path / "other.wav", melody(3))
    path = tmp_path / f"song.{suffix}"
    path.write_text(LURES[lure].format(path=other))
    with pytest.raises(AudioError) as caught:
        list(extract_windows(path, "windows", lambda content: True))
    assert caught.value.stage == "decode"


def test_audio_that_an_mp4_keeps_in_another_file_is_not_read(tmp_path: Path) -> None:
    """A data reference names the file that holds the samples; this one's own have been taken away."""
    other = encode(tmp_path / "other.m4a", melody(3))
    data = other.read_bytes()
    url = b"\0\0\0\0" + f"file://{other}".encode() + b"\0"
    entry = struct.pack(">I4s", 8 + len(url), b"url ") + url
    dref = data.index(b"dref") - 4
    size = int.from_bytes(data[dref : dref + 4], "big")
    new = struct.pack(">I4sII", 16 + len(entry), b"dref", 0, 1) + entry
    grown = bytearray(data[:dref] + new + data[dref + size :])
    for name in (b"moov", b"trak", b"mdia", b"minf", b"dinf"):
        place = grown.index(name) - 4
        was = int.from_bytes(grown[place : place + 4], "big")
        grown[place : place + 4] = (was + len(new) - size).to_bytes(4, "big")
    sound = grown.index(b"mdat") + 4
    if sound < dref:
        n = int.from_bytes(grown[sound - 8 : sound - 4], "big") - 8
        grown[sound : sound + n] = bytes(n)
    path = tmp_path / "song.m4a"
    path.write_bytes(grown)
    try:
        _, *clips = extract_windows(path, "windows", lambda content: True)
    except AudioError:
        return
    assert max(clip.features[:, :128].max() for clip in clips) <= -90, "silence, at most"  # type: ignore[union-attr]


def huge_wav(path: Path) -> None:
    sound = (melody(3) * 32_767).astype("<i2").tobytes()
    path.write_bytes(wav_header(22_050, 1, 16, 2**32 - 1 - 36) + sound)


def many_pages(path: Path) -> None:
    """200,000 pages of Ogg without a byte in them, before the audio."""
    whole = encode(path, melody(3, 44_100)).read_bytes()
    path.write_bytes((b"OggS" + bytes(23)) * 200_000 + whole)


def claimed_ape(path: Path) -> None:
    whole = encode(path, melody(3, 44_100)).read_bytes()
    path.write_bytes(whole + struct.pack("<8sIIII8x", b"APETAGEX", 2000, 2**31 - 1, 2**31 - 1, 0))


def tag_in_tag(path: Path) -> None:
    whole = encode(path, melody(3, 44_100)).read_bytes()
    tag = b""
    for _ in range(1_000):
        tag = b"ID3\x04\0\0" + synchsafe(len(tag)) + tag
    path.write_bytes(tag + whole)


def absurd_sizes(mark: bytes, shift: int, size: bytes) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        data = bytearray(encode(path, melody(3, 44_100)).read_bytes())
        place = data.index(mark) + shift
        data[place : place + len(size)] = size
        path.write_bytes(data)

    return make


def covers_of_90_mb(path: Path) -> None:
    encode(path, melody(3, 44_100))
    cover = b"\xff\xd8\xff\xe0" + bytes(15_000_000)
    if path.suffix == ".flac":
        flac, picture = FLAC(path), Picture()  # type: ignore[no-untyped-call]
        picture.data = cover
        for _ in range(6):
            flac.add_picture(picture)  # type: ignore[no-untyped-call]
        flac.save()
    else:
        mp4: Any = MP4(path)  # type: ignore[no-untyped-call]
        mp4["covr"] = [cover] * 6
        mp4.save()


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("size.wav", huge_wav),
        ("pages.ogg", many_pages),
        ("tag.wv", claimed_ape),
        ("tag.mp3", claimed_ape),
        ("nested.mp3", tag_in_tag),
        ("sizes.aiff", absurd_sizes(b"COMM", 4, b"\xff\xff\xff\xff")),
        ("sound.aiff", absurd_sizes(b"SSND", 4, b"\xff\xff\xff\xff")),
        ("sizes.caf", absurd_sizes(b"data", 4, b"\x7f" + b"\xff" * 7)),
        ("segment.mka", absurd_sizes(b"\x18\x53\x80\x67", 4, b"\x01" + b"\xfe" * 7)),
        ("codec.mka", absurd_sizes(b"\x63\xa2", 2, b"\x08\xff\xff\xff\xff")),
        ("stsz.m4a", absurd_sizes(b"stsz", 12, b"\x7f\xff\xff\xff")),
        ("stts.m4a", absurd_sizes(b"stts", 8, b"\x7f\xff\xff\xff")),
        ("duration.m4a", absurd_sizes(b"stts", 16, b"\x7f\xff\xff\xff")),
        ("covers.flac", covers_of_90_mb),
    ],
)
def test_absurd_sizes_cost_little(tmp_path: Path, name: str, make: Callable[[Path], None]) -> None:
    path = tmp_path / name
    make(path)
    usage = extract_apart(path)
    assert usage.peak_mb < MAX_MB
    assert usage.cpu_s < MAX_CPU_S


def test_libsndfile_stops_where_the_audio_does(tmp_path: Path) -> None:
    """The last page of an Ogg file claims a duration, here of a thousand years."""
    path = encode(tmp_path / "long.ogg", melody(3, 44_100))
    data = bytearray(path.read_bytes())
    last = data.rindex(b"OggS")
    data[last + 6 : last + 14] = (2**50).to_bytes(8, "little")
    data[last + 22 : last + 26] = bytes(4)
    data[last + 22 : last + 26] = checksum(bytes(data[last:])).to_bytes(4, "little")
    path.write_bytes(data)
    with MusicFile(path) as file:
        assert SndfileDecoder(file).duration_s == pytest.approx(3, abs=0.1)
