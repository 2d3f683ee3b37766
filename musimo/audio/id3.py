"""Locate ID3v2 tags and their frames, without parsing them.

Kept by hand because it bounds the work of FFmpeg and mutagen, whose own parsers are slow on hostile tags.
Source: ID3v2.2 to 2.4, "Overview" and "Frame header" of the informal standards at id3.org.
"""

from __future__ import annotations

from typing import IO, Protocol

HEADER = 10  # bytes: "ID3", version, revision, flags, size in four bytes of seven bits
FOOTER_FLAG = 0x10
MAX_TAGS = 16  # in a row; taggers leave two at most


class Readable(Protocol):
    """A file that can be read and sought."""

    def read(self, size: int, /) -> bytes | None: ...  # noqa: D102
    def seek(self, pos: int, whence: int = 0, /) -> int: ...  # noqa: D102


def id3_tag_spans(file: Readable | IO[bytes], start: int = 0) -> list[tuple[int, int]]:
    """Return start and end of each tag that begins at ``start``, or where the one before it ends.

    Ends may lie beyond the end of the file.
    """
    tags: list[tuple[int, int]] = []
    while len(tags) < MAX_TAGS:
        file.seek(start)
        n_bytes = id3_size(header := file.read(HEADER) or b"")
        if n_bytes is None:
            break
        end = start + HEADER + n_bytes + (HEADER if header[5] & FOOTER_FLAG else 0)
        tags.append((start, end))
        start = end
    return tags


def id3_size(header: bytes) -> int | None:
    """Return the number of bytes between header and footer of a tag; None if this is no header."""
    if len(header) < HEADER or header[:3] != b"ID3" or max(header[6:]) > 0x7F or 0xFF in header[3:5]:
        return None
    return _decode_size(header[6:], 7)


def end_of_frames(file: IO[bytes], n: int) -> int | None:
    """Return where frame number ``n`` of the first tag ends; None if the tag has at most ``n`` frames."""
    tags = id3_tag_spans(file)
    if not tags:
        return None
    file.seek(3)
    version = file.read(1)[0]
    n_name, n_size, n_flags, bits = {2: (3, 3, 0, 8), 3: (4, 4, 2, 8)}.get(version, (4, 4, 2, 7))
    position, end = HEADER, tags[0][1]
    for _ in range(n):
        file.seek(position)
        head = file.read(n_name + n_size)
        if len(head) < n_name + n_size or not head[0]:
            return None
        position += len(head) + n_flags + _decode_size(head[n_name:], bits)
        if position >= end:
            return None
    return position


def synchsafe(number: int) -> bytes:
    """Return a size as the header of a tag encodes it: four bytes of seven bits."""
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))


def _decode_size(data: bytes, bits: int) -> int:
    value = 0
    for byte in data:
        value = (value << bits) + byte
    return value
