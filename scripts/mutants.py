"""Damage to audio files: bits, blocks, truncation, and the header fields that decoders trust."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from random import Random

from musimo.audio.ogg import checksum

Field = tuple[int, int]
"""Offset and length, in bytes, of a number that a decoder reads."""

HEAD = 256  # bytes from which numbers are picked in unknown formats
MAX_FIELDS = 2_000  # per file
MARKS = (b"wvpk", b"Xing", b"Info", b"LAME", b"TTA1", b".snd", b"desc", b"pakt", b"APETAGEX", b"TAG")
"""Precede numbers worth changing."""

ATOMS = (
    b"moov trak mdia mdhd stbl stsd stsz stts stsc stco mdat udta ilst covr mp4a esds alac elst mvhd".split()
)


def mutant(data: bytes, others: Sequence[bytes], rng: Random) -> bytes:
    """Return ``data`` with one to four kinds of damage, never empty; ``others`` are for splicing."""
    damaged = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        rng.choice(DAMAGES)(damaged, rng)
    if rng.random() < 0.1:
        other = rng.choice(others)
        damaged = damaged[: rng.randrange(len(damaged) + 1)] + other[rng.randrange(len(other)) :]
    if data.startswith(b"OggS") and rng.random() < 0.7:  # decoders skip pages with a wrong checksum
        _mend_pages(damaged)
    return bytes(damaged) or b"\0"


def fields(data: bytes) -> list[Field]:
    """Return the fields of sizes, counts and rates in the file's format."""
    found: list[Field] = []
    for find in (_id3, _flac, _chunks, _atoms, _pages, _comments, _marked):
        for field in find(data):
            if field[0] >= 0 and sum(field) <= len(data) and len(found) < MAX_FIELDS:
                found.append(field)
    return found


def _bits(data: bytearray, rng: Random) -> None:
    for _ in range(rng.choice((1, 3, 30, 300))):
        if data:
            data[_offset(data, rng)] ^= 1 << rng.randrange(8)


def _bytes(data: bytearray, rng: Random) -> None:
    for _ in range(rng.choice((1, 3, 30))):
        if data:
            data[_offset(data, rng)] = rng.choice((0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)))


def _overwrite(data: bytearray, rng: Random) -> None:
    start, end = _block(data, rng)
    data[start:end] = rng.choice((bytes(end - start), b"\xff" * (end - start), rng.randbytes(end - start)))


def _delete(data: bytearray, rng: Random) -> None:
    start, end = _block(data, rng)
    del data[start:end]


def _repeat(data: bytearray, rng: Random) -> None:
    start, end = _block(data, rng)
    data[end:end] = data[start:end] * rng.choice((1, 2, 9))


def _swap(data: bytearray, rng: Random) -> None:
    start, end = _block(data, rng)
    middle = (start + end) // 2
    data[start:end] = data[middle:end] + data[start:middle]


def _truncate(data: bytearray, rng: Random) -> None:
    del data[rng.randrange(len(data) + 1) :]


def _numbers(data: bytearray, rng: Random) -> None:
    """Set fields to zero, extreme or random values."""
    known = fields(bytes(data)) if rng.random() < 0.8 else []
    for _ in range(rng.choice((1, 1, 2, 5))):
        if known:
            offset, n = rng.choice(known)
        else:
            offset, n = rng.randrange(max(1, min(HEAD, len(data) - 4))), rng.choice((1, 2, 4))
        was = int.from_bytes(data[offset : offset + n], "big")
        top = (1 << 8 * n) - 1
        edges = (0, 1, top, top - 1, top >> 1, (top >> 1) + 1)
        value = rng.choice((*edges, was + 1, was - 1, 2 * was, rng.getrandbits(8 * n)))
        data[offset : offset + n] = (value & top).to_bytes(n, rng.choice(("big", "little")))


DAMAGES: tuple[Callable[[bytearray, Random], None], ...] = (
    _bits, _bytes, _overwrite, _delete, _repeat, _swap, _truncate, _numbers, _numbers, _numbers, _numbers,
)  # fmt: skip


def _offset(data: bytearray, rng: Random) -> int:
    """Return a random offset; half of the time within the headers."""
    return rng.randrange(min(len(data), rng.choice((HEAD, len(data)))))


def _block(data: bytearray, rng: Random) -> tuple[int, int]:
    start = rng.randrange(len(data) + 1)
    return start, min(len(data), start + rng.choice((1, 4, 64, 1_024, 16_384)))


def _id3(data: bytes) -> Iterator[Field]:
    if data.startswith(b"ID3"):
        yield from ((3, 1), (5, 1), (6, 4))
        for name in (b"TIT2", b"TPE1", b"APIC", b"TXXX", b"TSSE"):
            if (offset := data.find(name)) >= 0:
                yield from ((offset + 4, 4), (offset + 8, 2))


def _flac(data: bytes) -> Iterator[Field]:
    offset = data.find(b"fLaC")
    if offset >= 0:
        yield from ((offset + 8 + k, 2) for k in range(0, 18, 2))  # STREAMINFO
        offset += 4
        while offset + 4 <= len(data):
            yield from ((offset, 1), (offset + 1, 3))
            if data[offset] & 0x80:
                return
            offset += 4 + int.from_bytes(data[offset + 1 : offset + 4], "big")


def _chunks(data: bytes) -> Iterator[Field]:
    if data[:4] in (b"RIFF", b"FORM"):
        order = "<I" if data.startswith(b"RIFF") else ">I"
        offset = 4
        while offset + 8 <= len(data):
            yield offset, 4
            yield from ((offset + 4 + k, 2) for k in range(0, 18, 2))  # the format, rate and channels
            offset += 12 if offset == 4 else 8 + struct.unpack_from(order, data, offset)[0]


def _atoms(data: bytes) -> Iterator[Field]:
    if data[4:8] == b"ftyp":
        for name in ATOMS:
            if (offset := data.find(name)) >= 4:
                yield offset - 4, 4
                yield from ((offset + 4 + k, 4) for k in range(0, 40, 4))


def _pages(data: bytes) -> Iterator[Field]:
    offset = data.find(b"OggS")
    while offset >= 0:
        yield from (
            (offset + 5, 1),
            (offset + 6, 8),
            (offset + 14, 4),
            (offset + 18, 4),
            (offset + 26, 1),
            (offset + 27, 1),
        )
        offset = data.find(b"OggS", offset + 27)


def _comments(data: bytes) -> Iterator[Field]:
    for mark, size in ((b"\x03vorbis", 7), (b"OpusTags", 8), (b"\x01vorbis", 7), (b"OpusHead", 8)):
        if (offset := data.find(mark)) >= 0:
            yield from ((offset + size + k, n) for k, n in ((0, 4), (4, 4), (4, 1), (5, 4), (8, 4), (12, 4)))
    if (offset := data.lower().find(b"title=")) >= 8:
        yield from ((offset - 4, 4), (offset - 8, 4))


def _marked(data: bytes) -> Iterator[Field]:
    for mark in MARKS:
        offset = data.find(mark)
        while offset >= 0:
            yield from ((offset + len(mark) + k, 4) for k in range(0, 32, 4))
            offset = data.find(mark, offset + 1)


def _mend_pages(data: bytearray) -> None:
    """Correct the checksum of every Ogg page."""
    offset = data.find(b"OggS")
    while 0 <= offset <= len(data) - 27:
        n = data[offset + 26]
        end = offset + 27 + n + sum(data[offset + 27 : offset + 27 + n])
        data[offset + 22 : offset + 26] = bytes(4)
        data[offset + 22 : offset + 26] = checksum(bytes(data[offset:end])).to_bytes(4, "little")
        offset = data.find(b"OggS", offset + 4)
