"""Masked tags: decoded audio stays the same, and opening costs nothing."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import mutagen
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mutagen.flac import FLAC, Picture
from mutagen.mp4 import MP4
from mutagen.ogg import OggPage

from musimo.audio.decode import container_metadata, open_audio
from musimo.audio.files import MusicFile
from musimo.audio.id3 import synchsafe
from musimo.audio.masks import apply_masks, find_masks
from musimo.audio.tags import read_tags
from tests.sounds import encode, jpeg, melody

MANY = 65_000
OPEN_S = 4.0  # CPU seconds for the sound and its tags; FFmpeg alone takes ten times that over the comments


@pytest.fixture(scope="module")
def tunes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("tunes")
    kinds = ("flac", "ogg", "opus", "oga", "m4a", "wma", "wv", "wav", "aiff", "mp3")
    return {kind: encode(folder / f"tune.{kind}", melody(1, 44_100)) for kind in kinds}


def comment(path: Path, n: int) -> None:
    """A title and n names more."""
    if path.suffix in (".wav", ".aiff"):
        _id3_chunk(path, n)
    elif path.suffix in (".wv", ".mp3"):
        tag = b"".join(_ape_item(f"k{k}", "text") for k in range(n)) + _ape_item("Title", "Title")
        head, foot = (
            struct.pack("<8sIIII8x", b"APETAGEX", 2000, len(tag) + 32, n + 1, flags)
            for flags in (0xA0000000, 0x80000000)
        )
        path.write_bytes(path.read_bytes() + head + tag + foot)
    elif path.suffix == ".m4a":
        mp4: Any = MP4(path)  # type: ignore[no-untyped-call]
        mp4["\xa9nam"] = ["Title"]
        mp4.tags.update({f"----:x:k{k}": [b"text"] for k in range(n)})
        mp4.save()
    else:
        file: Any = mutagen.File(path)
        if file.tags is None:
            file.add_tags()
        file["title"] = "Title"
        if path.suffix == ".wma":
            attribute = type(file["title"][0])
            list.extend(file.tags, ((f"k{k}", attribute("text")) for k in range(n)))
        else:
            file.tags.extend((f"k{k}", "text") for k in range(n))
        file.save()


def _ape_item(name: str, text: str) -> bytes:
    return struct.pack("<II", len(text), 0) + name.encode() + b"\0" + text.encode()


def _id3_chunk(path: Path, n: int) -> None:
    texts = [b"TIT2" + synchsafe(6) + b"\0\0\x03Title"]
    for k in range(n):
        body = b"\x03k%d\0text" % k
        texts.append(b"TXXX" + synchsafe(len(body)) + b"\0\0" + body)
    frames = b"".join(texts)
    tag = b"ID3\x04\0\0" + synchsafe(len(frames)) + frames + bytes(len(frames) % 2)
    data = bytearray(path.read_bytes())
    order, name = ("<", b"id3 ") if path.suffix == ".wav" else (">", b"ID3 ")
    data += name + struct.pack(order + "I", len(tag)) + tag
    data[4:8] = struct.pack(order + "I", len(data) - 8)
    path.write_bytes(data)


def identity(path: Path) -> tuple[bytes, float]:
    with open_audio(path) as sound:
        return sound.content, sound.duration_s


def copied(source: Path, folder: Path) -> Path:
    path = folder / source.name
    path.write_bytes(source.read_bytes())
    return path


KINDS = ("flac", "ogg", "opus", "oga", "m4a", "wma", "wv", "mp3", "wav", "aiff")


@pytest.mark.parametrize("kind", KINDS)
def test_many_comments_are_masked_and_the_audio_stays_the_same(
    tmp_path: Path, tunes: dict[str, Path], kind: str
) -> None:
    path = copied(tunes[kind], tmp_path)
    comment(path, 5_000)
    assert identity(path) == identity(tunes[kind])
    assert not any(name.lower().endswith(("k7", "k4999")) for name in container_metadata(path))
    assert read_tags(path).title == "Title"


@pytest.mark.parametrize(
    "kind", KINDS[:-3] + KINDS[-2:]
)  # an mp3 begins with ID3, which is always apply_masks
def test_a_few_comments_are_left_to_decoders(tmp_path: Path, tunes: dict[str, Path], kind: str) -> None:
    path = copied(tunes[kind], tmp_path)
    comment(path, 50)
    with MusicFile(path) as file:
        assert find_masks(file) == []
        assert file.seek(0) == 0
        assert file.read() == path.read_bytes()
    assert identity(path) == identity(tunes[kind])


@pytest.mark.parametrize("kind", ["flac", "ogg", "opus", "oga", "m4a", "wv"])
def test_65_000_comments_cost_next_to_nothing(tmp_path: Path, tunes: dict[str, Path], kind: str) -> None:
    path = copied(tunes[kind], tmp_path)
    comment(path, MANY)
    began = time.process_time()
    assert identity(path) == identity(tunes[kind])
    assert read_tags(path).title == "Title"
    assert time.process_time() - began < OPEN_S


def test_a_page_of_ogg_without_its_comments_has_the_right_checksum(
    tmp_path: Path, tunes: dict[str, Path]
) -> None:
    path = copied(tunes["ogg"], tmp_path)
    comment(path, 2_000)
    with MusicFile(path) as file:
        seen = file.read()
    page_start = seen.index(b"OggS", 1)
    with path.open("rb") as file:
        file.seek(page_start)
        page: Any = OggPage(file)  # type: ignore[no-untyped-call]
    count = 7 + 4 + int.from_bytes(page.packets[0][7:11], "little")
    page.packets[0] = page.packets[0][:count] + bytes(4) + page.packets[0][count + 4 :]
    written = page.write()  # which computes the checksum anew
    assert seen[page_start : page_start + len(written)] == written


def test_pictures_of_flac_are_padding_to_decoders(tmp_path: Path, tunes: dict[str, Path]) -> None:
    path = copied(tunes["flac"], tmp_path)
    flac, picture = FLAC(path), Picture()  # type: ignore[no-untyped-call]
    picture.data = jpeg()
    flac["title"] = "Title"
    flac.add_picture(picture)  # type: ignore[no-untyped-call]
    flac.save()
    with MusicFile(path) as file:
        seen = file.read()
    assert container_metadata(path)["title"] == "Title"
    assert identity(path) == identity(tunes["flac"])
    differing = [(was, now) for was, now in zip(path.read_bytes(), seen, strict=True) if was != now]
    assert differing == [(6, 1)]


MASK = st.tuples(st.integers(0, 50), st.binary(min_size=1, max_size=4), st.integers(1, 9))


@given(st.binary(max_size=40), st.lists(MASK, max_size=3), st.integers(0, 39))
def test_every_part_of_a_file_is_masked_alike(
    data: bytes, found: list[tuple[int, bytes, int]], at: int
) -> None:
    whole = bytearray(data)
    for start, fill, times in found:
        filling = (fill * times)[: max(0, len(data) - start)]
        whole[start : start + len(filling)] = filling
    assert apply_masks(data, 0, found) == bytes(whole)
    assert apply_masks(data[at:], at, found) == bytes(whole)[at:]


HEADS: list[Callable[[bytes], bytes]] = [
    lambda rest: rest,
    lambda rest: b"fLaC" + rest,
    lambda rest: b"OggS\0\2" + bytes(12) + rest,
    lambda rest: b"\0\0\0\x08ftyp" + rest,
    lambda rest: b"RIFF\xff\xff\xff\xffWAVE" + rest,
    lambda rest: b"FORM\xff\xff\xff\xffAIFF" + rest,
    lambda rest: bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c") + rest,
    lambda rest: rest + b"APETAGEX" + b"\xff" * 24,
]


@given(st.sampled_from(HEADS), st.binary(max_size=200))
def test_whatever_a_file_holds_can_be_masked(make: Callable[[bytes], bytes], rest: bytes) -> None:
    data = make(rest)
    assert len(apply_masks(data, 0, find_masks(BytesIO(data)))) == len(data)
