"""Half a file is marked partial, a whole one is not, in every container that shows it."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import av
import pytest

from musimo.audio.completeness import UNKNOWN_SHARE, lacks_end, present_share
from musimo.audio.decoded_fraction import present_fraction
from musimo.audio.extract import extract_windows
from musimo.records import FileOpened
from tests.sounds import add_sound, encode, melody, wav_header

CONTAINERS = {
    "mka": ("matroska", "libopus"),
    "webm": ("webm", "libopus"),
    "w64": ("w64", "pcm_s16le"),
    "caf": ("caf", "pcm_s16be"),
    "au": ("au", "pcm_s16be"),
    "aiff": ("aiff", "pcm_s16be"),
    "wav": ("wav", "adpcm_ima_wav"),
    "wave": ("wav", "pcm_mulaw"),
}


def present(path: Path) -> float | None:
    opened = next(extract_windows(path, "windows", lambda content: False))
    assert isinstance(opened, FileOpened)
    return present_fraction(opened)


@pytest.fixture(params=[*sorted(CONTAINERS), "rf64"])
def whole(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    kind: str = request.param
    format_, codec = CONTAINERS.get(kind, ("wav", "pcm_s16le"))
    path = tmp_path / f"whole.{kind}"
    with av.open(
        path, "w", format=format_, options={"rf64": "always"} if kind == "rf64" else {}
    ) as container:
        add_sound(container, codec, melody(20, 44_100), 44_100)
    return path


def test_half_a_file(whole: Path) -> None:
    assert present(whole) is None
    data = whole.read_bytes()
    whole.write_bytes(data[: len(data) // 2])
    assert present(whole) == pytest.approx(0.5, abs=0.06)


@pytest.mark.parametrize("kind", ["ogg", "opus", "oga"])
def test_ogg_without_its_last_page(tmp_path: Path, kind: str) -> None:
    """Nothing shows how much is missing."""
    path = encode(tmp_path / f"whole.{kind}", melody(20, 44_100))
    data = path.read_bytes()
    assert present(path) is None
    for cut in (len(data) // 2, data.rindex(b"OggS"), len(data) - 1):
        path.write_bytes(data[:cut])
        assert present(path) == pytest.approx(UNKNOWN_SHARE)


def test_share_by_hand() -> None:
    assert present_share(io.BytesIO(wav_header(44_100, 1, 16, 100) + bytes(100))) is None
    assert present_share(io.BytesIO(wav_header(44_100, 1, 16, 100) + bytes(25))) == 0.25
    assert present_share(io.BytesIO(b".snd" + struct.pack(">II", 24, 100) + bytes(12 + 50))) == 0.5
    for unfinished in (0, 0x7FFF_FFFF, 0xFFFF_FFFF - 36):
        assert present_share(io.BytesIO(wav_header(44_100, 1, 16, unfinished) + bytes(25))) is None
        assert present_share(io.BytesIO(b".snd" + struct.pack(">II", 24, unfinished) + bytes(62))) is None
    caf = b"caff\0\1\0\0" + b"data" + struct.pack(">q", -1) + bytes(100)
    assert present_share(io.BytesIO(caf)) is None
    for nothing in (b"", b"RIFF", b"caff", b"riff", b"FORM", b"OggS", b"RF64" + bytes(100)):
        assert present_share(io.BytesIO(nothing)) is None
    assert lacks_end(io.BytesIO(b"OggS"))
    assert not lacks_end(io.BytesIO(b"fLaC"))
