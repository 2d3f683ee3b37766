"""Where the ID3v2 tags before a sound lie, and where their frames: no more than it takes to bound them.

ID3v2.2 to 2.4, "Overview" and "Frame header" of the informal standards at id3.org.
"""

from __future__ import annotations

from typing import IO, Protocol

HEADER = 10  # bytes: "ID3", version, revision, flags, size in four bytes of seven bits
FOOTER_FLAG = 0x10
MAX_TAGS = 16  # one after the other; taggers leave two at most


class Readable(Protocol):
    """What is asked of a file."""

    def read(self, size: int, /) -> bytes | None: ...  # noqa: D102
    def seek(self, pos: int, whence: int = 0, /) -> int: ...  # noqa: D102


def id3_tags(file: Readable | IO[bytes]) -> list[tuple[int, int]]:
    """Beginning and end of each tag at the head of the file; ends may lie behind the file's own."""
    tags: list[tuple[int, int]] = []
    start = 0
    while len(tags) < MAX_TAGS:
        file.seek(start)
        header = file.read(HEADER) or b""
        if len(header) < HEADER or header[:3] != b"ID3" or max(header[6:]) > 0x7F or 0xFF in header[3:5]:
            break
        end = start + HEADER + _number(header[6:], 7) + (HEADER if header[5] & FOOTER_FLAG else 0)
        tags.append((start, end))
        start = end
    return tags


def end_of_frames(file: IO[bytes], most: int) -> int | None:
    """Where frame number ``most`` of the first tag ends; None where there are no more than that."""
    tags = id3_tags(file)
    if not tags:
        return None
    file.seek(3)
    version = file.read(1)[0]
    n_name, n_size, n_flags, bits = {2: (3, 3, 0, 8), 3: (4, 4, 2, 8)}.get(version, (4, 4, 2, 7))
    place, end = HEADER, tags[0][1]
    for _ in range(most):
        file.seek(place)
        head = file.read(n_name + n_size)
        if len(head) < n_name + n_size or not head[0]:
            return None
        place += len(head) + n_flags + _number(head[n_name:], bits)
        if place >= end:
            return None
    return place


def synchsafe(number: int) -> bytes:
    """A size as the header of a tag holds it."""
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))


def _number(data: bytes, bits: int) -> int:
    value = 0
    for byte in data:
        value = (value << bits) + byte
    return value
