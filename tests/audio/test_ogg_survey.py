"""The survey of an Ogg Vorbis file by its pages equals that of FFmpeg's packets, or is None."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av
import mutagen
import numpy as np
import pytest

from musimo.audio.decode import open_audio
from musimo.audio.ogg import CHECKSUM_OFFSET, PAGE, checksum
from musimo.audio.ogg_survey import PageSurvey, survey_pages
from musimo.audio.survey import Survey, survey
from tests.sounds import encode, melody

RATES = [(44_100, 1), (44_100, 2), (22_050, 1), (8_000, 2), (48_000, 2)]


@pytest.fixture(scope="module")
def tune(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tune") / "tune.ogg"
    return encode(path, np.concatenate([melody(4, 44_100), np.zeros(44_100), melody(3, 44_100)]))


@contextmanager
def opened(path: Path) -> Iterator[tuple[Any, Any]]:
    with av.open(str(path), metadata_errors="ignore") as container:
        yield container, container.streams.audio[0]


def by_pages(path: Path) -> PageSurvey | None:
    with path.open("rb") as file:
        return survey_pages(file)


def by_packets(path: Path) -> Survey:
    with opened(path) as (container, stream):
        return survey(container, stream)


def agree(path: Path) -> bool:
    """Return whether both agree; pages alone do not have the time stamp of the first packet."""
    told, expected = by_pages(path), by_packets(path)
    assert told is not None
    with opened(path) as (container, stream):
        first = next(container.demux(stream)).pts
        duration_s = float((told.end - first) * stream.time_base)
    return Survey(told.content, duration_s, told.n_bytes, continuous=True) == expected


def page_places(data: bytes) -> list[int]:
    """Where the pages begin, found by stepping from head to head."""
    places, place = [], 0
    while place < len(data):
        places.append(place)
        n_segments = data[place + 26]
        place += 27 + n_segments + sum(data[place + 27 : place + 27 + n_segments])
    return places


def altered(tune: Path, path: Path, place: int, change: int) -> Path:
    """The tune with the granule of one page changed, and its checksum made right."""
    data = bytearray(tune.read_bytes())
    end = min([other for other in page_places(bytes(data)) if other > place], default=len(data))
    fields = list(PAGE.unpack_from(data, place))
    fields[3] += change
    fields[6] = 0
    PAGE.pack_into(data, place, *fields)
    data[place + CHECKSUM_OFFSET : place + CHECKSUM_OFFSET + 4] = checksum(bytes(data[place:end])).to_bytes(
        4, "little"
    )
    path.write_bytes(data)
    return path


def test_checksum_is_that_of_the_specification() -> None:
    def by_bits(data: bytes) -> int:
        value = 0
        for byte in data:
            value ^= byte << 24
            for _ in range(8):
                value = (value << 1 ^ (0x04C11DB7 if value & 0x80000000 else 0)) & 0xFFFFFFFF
        return value

    for data in (b"", b"\0", b"\1", b"OggS" * 99, bytes(range(256))):
        assert checksum(data) == by_bits(data)


@pytest.mark.parametrize(("rate", "channels"), RATES)
def test_plain_files(tmp_path: Path, rate: int, channels: int) -> None:
    for n in (1, 3_000, 10_000, 60_000, 400_000):
        path = tmp_path / f"{n}.ogg"
        sound = melody(n / rate + 1, rate)[:n]
        encode(path, np.stack([sound] * channels, axis=1) if channels > 1 else sound, rate)
        assert agree(path), n


def test_regular_files_are_surveyed_by_pages(tune: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_audio(tune) as sound:
        told = sound.content, sound.duration_s, sound.bitrate
    monkeypatch.setattr("musimo.audio.decode.survey_pages", lambda file: None)
    with open_audio(tune) as sound:
        assert told == (sound.content, sound.duration_s, sound.bitrate)
    monkeypatch.undo()
    monkeypatch.delattr("musimo.audio.decode.survey")
    with open_audio(tune) as sound:
        assert told == (sound.content, sound.duration_s, sound.bitrate)
        assert sound.duration_s == pytest.approx(8, abs=0.01)


def test_tags_are_not_content(tune: Path, tmp_path: Path) -> None:
    path = tmp_path / "tagged.ogg"
    path.write_bytes(tune.read_bytes())
    tags = mutagen.File(path)
    assert tags is not None
    tags["TITLE"] = ["A very long title " * 9_000]  # more than a page
    tags.save()
    assert len(page_places(path.read_bytes())) > len(page_places(tune.read_bytes()))
    assert by_pages(path) == by_pages(tune)


def test_whatever_is_damaged_is_left_to_ffmpeg(tune: Path, tmp_path: Path) -> None:
    data, path = tune.read_bytes(), tmp_path / "damaged.ogg"
    rng = random.Random(5)
    for _ in range(200):
        place = rng.randrange(len(data))
        path.write_bytes(data[:place] + bytes([data[place] ^ rng.randrange(1, 256)]) + data[place + 1 :])
        assert by_pages(path) is None, place
    for _ in range(50):
        path.write_bytes(data[: rng.randrange(len(data))])
        assert by_pages(path) is None


def test_other_than_one_complete_stream_is_left_to_ffmpeg(tune: Path, tmp_path: Path) -> None:
    data, path = tune.read_bytes(), tmp_path / "odd.ogg"
    places = page_places(data)
    odd = {
        "chained": data + data,
        "with something behind": data + b"TAG" + bytes(125),
        "without its last page": data[: places[-1]],
        "without a page in the middle": data[: places[4]] + data[places[5] :],
        "with a page twice": data[: places[5]] + data[places[4] :],
        "its headers alone": data[: places[2]],
        "its first page alone": data[: places[1]],
        "nothing": b"",
    }
    for what, content in odd.items():
        path.write_bytes(content)
        assert by_pages(path) is None, what
    opus = encode(tmp_path / "tune.opus", melody(2, 48_000), 48_000)
    assert by_pages(opus) is None


def test_a_clock_that_its_packets_cannot_have_led_to_is_left_to_ffmpeg(tune: Path, tmp_path: Path) -> None:
    for place in page_places(tune.read_bytes())[4:]:
        for change in (-(2**40), -500_000, 500_000, 2**40):
            assert by_pages(altered(tune, tmp_path / "clock.ogg", place, change)) is None


def test_an_end_cut_short_by_the_encoder(tune: Path, tmp_path: Path) -> None:
    last = page_places(tune.read_bytes())[-1]
    for change in (-1, -50, -300):
        assert agree(altered(tune, tmp_path / "cut.ogg", last, change))


@pytest.mark.parametrize("n", [5_000, 10_000])
def test_audio_of_one_page_is_extracted(tmp_path: Path, n: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """FFmpeg gives its last packet a negative length, and that as a huge one."""
    path = encode(tmp_path / "short.ogg", melody(1, 44_100)[:n])
    for _ in range(2):
        with open_audio(path) as sound:
            assert sound.duration_s == pytest.approx(n / 44_100, abs=0.001)
        monkeypatch.setattr("musimo.audio.decode.survey_pages", lambda file: None)


@pytest.mark.parametrize("page", [3, 5])
def test_headers_among_the_audio_are_left_to_ffmpeg(tune: Path, tmp_path: Path, page: int) -> None:
    """FFmpeg reads them and hands them to nobody, so that they are not in its hash."""
    path, data = tmp_path / "comments.ogg", bytearray(tune.read_bytes())
    place = page_places(bytes(data))[page]
    data[place + PAGE.size + data[place + PAGE.size - 1]] |= 1  # the type of the first packet on the page
    path.write_bytes(data)
    altered(path, path, place, 0)
    assert by_pages(path) is None
