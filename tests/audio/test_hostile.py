"""Files made to keep a machine busy or full: each costs little time and memory, or is refused."""

from __future__ import annotations

import json
import subprocess
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from mutagen.flac import FLAC, Picture
from mutagen.mp4 import MP4, MP4Cover

from musimo.audio.extract import extract_windows
from musimo.audio.files import MusicFile
from musimo.audio.id3 import end_of_frames, id3_tag_spans, synchsafe
from musimo.audio.tags import read_tags
from musimo.errors import AudioError
from tests.sounds import encode, jpeg, melody

id3: Any = import_module("mutagen.id3")

COVER = jpeg() + bytes(15_000_000)  # a FLAC block holds no more than 16 MB
MAX_MB = 300  # Python, NumPy and FFmpeg take 60 of them, a cover four times its size
MAX_CPU_S = 8.0  # a song takes one; 65,000 frames read one by one, minutes
N_FRAMES = 65_000
SILENT_RATE = 8_000  # Hz
SILENT_BLOCK = 65_535  # samples a frame, the most that FLAC can say

LISTEN = """
import json, os, resource, sys
from musimo.audio.extract import extract_windows
from musimo.errors import AudioError
try:
    opened, *clips = extract_windows(sys.argv[1], "windows", lambda content: True)
    said = [opened.duration_s, opened.tags.title and len(opened.tags.title), len(clips)]
except AudioError as error:
    said = [error.stage, error.reason]
used = resource.getrusage(resource.RUSAGE_SELF)
peak_kb = used.ru_maxrss  # on Linux it begins with the peak of the process that started this one
if os.path.exists("/proc/self/status"):
    with open("/proc/self/status") as status:
        peak_kb = next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))
print(json.dumps([said, peak_kb / 1024, used.ru_utime + used.ru_stime]))
"""


@dataclass
class Usage:
    result: list[Any]
    peak_mb: float
    cpu_s: float


def extract_apart(path: Path) -> Usage:
    """Extract a file in a process of its own, and measure it."""
    done = subprocess.run(
        [sys.executable, "-c", LISTEN, path], capture_output=True, text=True, check=True, timeout=50
    )
    assert done.stderr == ""
    return Usage(*json.loads(done.stdout))


def tag(frames: bytes) -> bytes:
    return b"ID3\x04\0\0" + synchsafe(len(frames)) + frames


def frame(name: bytes, body: bytes, flags: bytes = b"\0\0") -> bytes:
    return name + synchsafe(len(body)) + flags + body


def many_frames() -> bytes:
    """A title, then 65,000 comments."""
    texts = (frame(b"TXXX", b"\x03name %d\0text" % n) for n in range(N_FRAMES))
    return tag(frame(b"TIT2", b"\x03Title") + b"".join(texts))


def compressed_title() -> bytes:
    """50 million characters in 50 kB."""
    packed = zlib.compress(b"\x03" + b"x" * 50_000_000, 9)
    return tag(frame(b"TIT2", synchsafe(50_000_001) + packed, b"\0\x09"))


@pytest.fixture(scope="module")
def tune(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("tunes")
    return {kind: encode(folder / f"tune.{kind}", melody(3, 44_100)) for kind in ("mp3", "flac", "m4a")}


def with_cover(path: Path, kind: str) -> None:
    if kind == "mp3":
        tags = id3.ID3()
        tags.add(id3.TIT2(text=["Title"]))
        tags.add(id3.APIC(mime="image/jpeg", type=3, data=COVER))
        tags.save(path)
    elif kind == "flac":
        flac, picture = FLAC(path), Picture()  # type: ignore[no-untyped-call]
        picture.data = COVER
        flac["title"] = "Title"
        flac.add_picture(picture)  # type: ignore[no-untyped-call]
        flac.save()
    else:
        mp4 = MP4(path)  # type: ignore[no-untyped-call]
        mp4["\xa9nam"] = ["Title"]
        mp4["covr"] = [MP4Cover(COVER)]  # type: ignore[no-untyped-call]
        mp4.save()  # type: ignore[no-untyped-call]


@pytest.mark.parametrize("kind", ["mp3", "flac", "m4a"])
def test_a_large_cover_costs_a_few_times_its_size(tmp_path: Path, tune: dict[str, Path], kind: str) -> None:
    path = tmp_path / f"song.{kind}"
    path.write_bytes(tune[kind].read_bytes())
    with_cover(path, kind)
    usage = extract_apart(path)
    assert usage.result == [pytest.approx(3, abs=0.1), len("Title"), 1]
    assert usage.peak_mb < MAX_MB
    assert usage.cpu_s < MAX_CPU_S


@pytest.mark.parametrize(
    ("make", "length"), [(many_frames, len("Title")), (compressed_title, 1_000)], ids=["frames", "compressed"]
)
def test_an_id3_tag_made_to_be_slow_is_not(
    tmp_path: Path, tune: dict[str, Path], make: Any, length: int
) -> None:
    path = tmp_path / "song.mp3"
    path.write_bytes(make() + tune["mp3"].read_bytes())
    usage = extract_apart(path)
    assert usage.result == [pytest.approx(3, abs=0.1), length, 1]
    assert usage.peak_mb < MAX_MB
    assert usage.cpu_s < MAX_CPU_S


def _crc(data: bytes, bits: int, polynomial: int) -> int:
    value, top, mask = 0, 1 << (bits - 1), (1 << bits) - 1
    for byte in data:
        value ^= byte << (bits - 8)
        for _ in range(8):
            value = (value << 1 ^ (polynomial if value & top else 0)) & mask
    return value


def silent_flac(hours: float) -> Iterator[bytes]:
    """Silence in 14 bytes every 8 seconds (RFC 9639, section 9)."""
    n_frames = round(hours * 3_600 * SILENT_RATE / SILENT_BLOCK)
    size = SILENT_BLOCK.to_bytes(2, "big")
    format_ = (SILENT_RATE << 44 | 15 << 36 | n_frames * SILENT_BLOCK).to_bytes(8, "big")  # mono, 16 bits
    yield b"fLaC\x80\0\0\x22" + size + size + bytes(6) + format_ + bytes(16)
    for number in range(n_frames):
        head = b"\xff\xf8\x70\x08" + chr(number).encode("utf-8", "surrogatepass")
        head += (SILENT_BLOCK - 1).to_bytes(2, "big")
        whole = head + bytes([_crc(head, 8, 0x07)]) + b"\0\0\0"
        yield whole + _crc(whole, 16, 0x8005).to_bytes(2, "big")


def test_ten_hours_of_silence_in_sixty_kilobytes(tmp_path: Path) -> None:
    path = tmp_path / "silence.flac"
    path.write_bytes(b"".join(silent_flac(10)))
    assert path.stat().st_size < 65_000
    usage = extract_apart(path)
    assert usage.result == [pytest.approx(36_000, abs=10), None, 3]
    assert usage.peak_mb < MAX_MB
    assert usage.cpu_s < MAX_CPU_S


def test_more_than_a_week_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "weeks.flac"
    path.write_bytes(b"".join(silent_flac(2)))
    monkeypatch.setattr("musimo.audio.extract.MAX_AUDIO_S", 3_600.0)
    with pytest.raises(AudioError, match="days of audio"):
        list(extract_windows(path, "full", lambda content: True))


# ---- the tags that are read over


def test_tags_at_the_head_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "song.mp3"
    for data, expected in (
        (b"sound", []),
        (tag(b""), [(0, 10)]),
        (tag(bytes(300)) + tag(bytes(5)) + b"sound", [(0, 310), (310, 325)]),
        (b"ID3\x04\0\x10" + synchsafe(7) + bytes(17), [(0, 27)]),
        (b"ID3\x04\0\0\x80\0\0\0", []),
        (tag(b"") * 1_000, [(10 * n, 10 * n + 10) for n in range(16)]),
    ):
        path.write_bytes(data)
        with path.open("rb") as file:
            assert id3_tag_spans(file) == expected


def test_where_a_frame_ends(tmp_path: Path) -> None:
    path = tmp_path / "song.mp3"
    third = b"ID3\x03\0\0" + synchsafe(1_000) + (b"TXXX" + (200).to_bytes(4, "big") + bytes(202)) * 3
    second = b"ID3\x02\0\0" + synchsafe(1_000) + (b"TXX" + (200).to_bytes(3, "big") + bytes(200)) * 3
    fourth = tag(frame(b"TXXX", bytes(200)) * 3)
    for data, end in ((third, 430), (second, 422), (fourth, 430)):
        path.write_bytes(data)
        with path.open("rb") as file:
            assert end_of_frames(file, 2) == end
            assert end_of_frames(file, 4) is None
    path.write_bytes(b"sound")
    with path.open("rb") as file:
        assert end_of_frames(file, 1) is None


def test_decoders_see_padding_instead_of_frames(tmp_path: Path) -> None:
    path = tmp_path / "song.mp3"
    data = b"ID3\x04\0\x80" + synchsafe(20) + b"x" * 20 + b"sound"
    path.write_bytes(data)
    with MusicFile(path) as file:
        blank = b"ID3\x04\0\0" + synchsafe(20) + bytes(20) + b"sound"
        assert file.read() == blank
        for place in range(len(data)):
            for size in (1, 7, 30):
                file.seek(place)
                assert file.read(size) == blank[place : place + size]
                assert file.tell() == min(place + size, len(data))


def test_of_too_many_frames_the_first_are_read(tmp_path: Path, tune: dict[str, Path]) -> None:
    path = tmp_path / "song.mp3"
    frames = frame(b"TIT2", b"\x03Title") + frame(b"TXXX", b"\x03a\0b") * 2_000 + frame(b"TPE1", b"\x03Late")
    path.write_bytes(tag(frames) + tune["mp3"].read_bytes())
    found = read_tags(path)
    assert (found.title, found.artist) == ("Title", None)
