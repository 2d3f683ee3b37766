"""The survey of an Ogg Vorbis file by its pages, which takes a third of FFmpeg's time for its packets.

The pages of a plain file tell all that :func:`musimo.audio.survey.survey` would find: the bytes of the
packets, which are hashed, and by the granules how long the sound is. Plain is one whole stream from the first
byte of the file to the last, each page with its checksum, its number, and a granule that its packets can
have led to. Everything else, damage above all, is left to FFmpeg.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from itertools import accumulate
from typing import IO, NamedTuple

from musimo.audio.ogg import (
    CAPTURE,
    CHECKSUM_PLACE,
    CONTINUED,
    FIRST,
    LAST,
    MOST_BYTES,
    PAGE,
    SEGMENT,
    checksum,
)
from musimo.records import CONTENT_BYTES

READ_SIZE = 1_048_576  # bytes a read
VORBIS = b"\x01vorbis"
BLOCK_SIZES_PLACE = 28  # in the first packet: exponents of the short and the long block
HEADERS = 3  # packets before the sound: identification, comments, set-up


@dataclass(frozen=True, slots=True)
class PagedSound:
    """What the pages of a stream tell.

    Parameters
    ----------
    content : (16 bytes) hash of the packets of sound, as the survey makes it
    n_bytes : of these packets
    end : samples of one channel that the stream's clock has counted when the last packet ends
    """

    content: bytes
    n_bytes: int
    end: int


class _Page(NamedTuple):
    flags: int
    granule: int
    lengths: bytes  # of the segments
    body: bytes

    @property
    def n_ending(self) -> int:
        """Packets that end on it."""
        return len(self.lengths) - self.lengths.count(SEGMENT)

    @property
    def has_headers(self) -> bool:
        """Whether a packet that begins on it is none of sound, which FFmpeg would keep to itself.

        Vorbis I specification, sections 4.2.1 and 4.3.1: headers have odd types, sound begins with a bit 0.
        """
        before = bytes([SEGMENT if self.flags & CONTINUED else 0]) + self.lengths
        places = accumulate(self.lengths[:-1], initial=0)
        return any(
            ended != SEGMENT and place < len(self.body) and self.body[place] & 1
            for place, ended in zip(places, before, strict=False)
        )


class _NotPlainError(Exception):
    """FFmpeg had better look."""


def survey_pages(file: IO[bytes]) -> PagedSound | None:
    """What the pages tell of a file, read from its beginning; None if it is anything but a plain one."""
    digest = blake2b(digest_size=CONTENT_BYTES)
    n_bytes = 0
    try:
        pages = _pages(file)
        shortest, longest = _samples_of_packets(next(pages))
        _pass_headers(pages)
        granule: int | None = None
        for page in pages:
            _require(not page.has_headers)
            digest.update(page.body)
            n_bytes += len(page.body)
            n_packets = page.n_ending
            if not n_packets:
                continue
            if granule is not None:
                # The last packet may be cut short: encoders end where the music does.
                least = (n_packets - 1 if page.flags & LAST else n_packets) * shortest
                _require(least <= page.granule - granule <= n_packets * longest)
            _require(page.granule >= 0)
            granule = page.granule
        _require(granule is not None)
    except (_NotPlainError, StopIteration):
        return None
    assert granule is not None
    return PagedSound(digest.digest(), n_bytes, granule)


def _samples_of_packets(first: _Page) -> tuple[int, int]:
    """How many samples a packet adds at least and at most: half a short block, half a long one.

    Vorbis I specification, sections 4.2.2 (the identification header) and 4.3.8 (overlap).
    """
    _require(first.n_ending == 1 and first.body.startswith(VORBIS) and len(first.body) > BLOCK_SIZES_PLACE)
    exponents = first.body[BLOCK_SIZES_PLACE]
    return (1 << (exponents & 15)) // 2, (1 << (exponents >> 4)) // 2


def _pass_headers(pages: Iterator[_Page]) -> None:
    """The pages of comments and set-up; the sound begins on a page of its own."""
    n_passed = 1
    while n_passed < HEADERS:
        page = next(pages)
        n_passed += page.n_ending
    _require(n_passed == HEADERS and page.lengths[-1] != SEGMENT)


def _pages(file: IO[bytes]) -> Iterator[_Page]:
    """The pages of the only stream, whole and in order; what is not so raises _NotPlainError."""
    data, place = b"", 0
    serial, open_packet, ended = -1, False, False
    number = 0
    while True:
        if len(data) - place < MOST_BYTES:
            data, place = data[place:] + (file.read(READ_SIZE) or b""), 0
        if place == len(data):
            break
        _require(not ended and len(data) - place >= PAGE.size)
        capture, version, flags, granule, stream, numbered, check, n_segments = PAGE.unpack_from(data, place)
        serial = stream if number == 0 else serial
        _require((capture, version, stream, numbered) == (CAPTURE, 0, serial, number))
        _require(bool(flags & FIRST) == (number == 0) and bool(flags & CONTINUED) == open_packet)
        begin = place + PAGE.size + n_segments
        lengths = data[place + PAGE.size : begin]
        end = begin + sum(lengths)
        _require(0 < n_segments == len(lengths) and end <= len(data))
        head = data[place : place + CHECKSUM_PLACE] + bytes(4) + data[place + CHECKSUM_PLACE + 4 : begin]
        body = data[begin:end]
        _require(checksum(head + body) == check)
        yield _Page(flags, granule, lengths, body)
        place, number = end, number + 1
        open_packet, ended = lengths[-1] == SEGMENT, bool(flags & LAST)
    _require(ended and not open_packet)


def _require(plain: bool) -> None:
    if not plain:
        raise _NotPlainError
