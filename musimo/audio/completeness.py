"""Whether a file holds all of its audio: what containers state about its size, against what is there.

Kept by hand because FFmpeg and mutagen state durations, some of which are guesses from the size of the file.

RIFF, RF64, W64, AIFF, CAF, AU: sizes of the chunk with the samples. Ogg: RFC 3533, the flag of the last page.
"""

from __future__ import annotations

import os
from typing import IO, Final

from musimo.audio.id3 import Readable
from musimo.audio.ogg import CAPTURE, LAST, MAX_PAGE_BYTES, PAGE

UNKNOWN_SHARE: Final = 0.99
"""Taken for the share that is present where a part is missing, but nothing shows how much."""

MAX_CHUNKS = 1_000  # before the samples; files have a dozen
UNFINISHED = 2**31 - 2**16  # bytes: recorders that cannot seek back state such sizes, in 32 bits
W64_DATA = b"data\xf3\xac\xd3\x11\x8c\xd1\x00\xc0\x4f\x8e\xdb\x8a"
W64_CHUNK = 24  # bytes of its name and size, which the size includes


def present_share(file: Readable | IO[bytes]) -> float | None:
    """Return the share of the audio's bytes that is present; None where all are, or no size is stated.

    The file position is unspecified afterwards.
    """
    size = file.seek(0, os.SEEK_END)
    magic = _read(file, 0, 4)
    samples = _samples(file, magic, size)
    if samples is None:
        return None
    start, stated = samples
    return max(0, size - start) / stated if stated > 0 and start + stated > size else None


def lacks_end(file: Readable | IO[bytes]) -> bool:
    """Return whether it is an Ogg file whose last page is cut, or not marked as the last of its stream."""
    size = file.seek(0, os.SEEK_END)
    if _read(file, 0, 4) != CAPTURE:
        return False
    n = min(size, 2 * MAX_PAGE_BYTES)
    tail = _read(file, size - n, n)
    at = tail.rfind(CAPTURE)
    while at >= 0:
        if len(tail) - at >= PAGE.size and tail[at + 4] == 0:
            _, _, flags, _, _, _, _, n_segments = PAGE.unpack_from(tail, at)
            body = at + PAGE.size + n_segments
            if body <= len(tail) and body + sum(tail[at + PAGE.size : body]) <= len(tail):
                return not flags & LAST
            return True
        at = tail.rfind(CAPTURE, 0, at)
    return True


def _samples(file: Readable | IO[bytes], magic: bytes, size: int) -> tuple[int, int] | None:
    """Return where the samples start, and the number of their bytes as stated; None where it is not."""
    if magic == b".snd":
        head = _read(file, 4, 8)
        start, stated = int.from_bytes(head[:4], "big"), int.from_bytes(head[4:], "big")
        return (start, stated) if stated < UNFINISHED else None
    if magic == b"riff":
        return _w64(file, size)
    if magic == b"caff":
        found = _chunk(file, 8, size, b"data", "big", 8, aligned=False)
        # -1: until the end of the file; the samples follow the number of their edits
        return found if found is not None and found[1] < 2**63 else None
    if magic in (b"RIFF", b"RF64", b"RIFX", b"FORM"):
        order: Final = "little" if magic in (b"RIFF", b"RF64") else "big"
        found = _chunk(file, 12, size, b"SSND" if magic == b"FORM" else b"data", order, 4, aligned=True)
        if found is None or found[1] < UNFINISHED:
            return found
        if magic == b"RF64" and _read(file, 12, 4) == b"ds64":
            return found[0], int.from_bytes(_read(file, 28, 8), "little")
    return None


def _chunk(
    file: Readable | IO[bytes],
    position: int,
    size: int,
    name: bytes,
    order: str,
    width: int,
    *,
    aligned: bool,
) -> tuple[int, int] | None:
    """Return where the content of the chunk with that name starts, and its stated size."""
    for _ in range(MAX_CHUNKS):
        head = _read(file, position, 4 + width)
        if len(head) < 4 + width:
            return None
        stated = int.from_bytes(head[4:], "little" if order == "little" else "big")
        position += len(head)
        if head[:4] == name:
            return position, stated
        position += stated + (stated % 2 if aligned else 0)
        if position > size:
            return None
    return None


def _w64(file: Readable | IO[bytes], size: int) -> tuple[int, int] | None:
    position = W64_CHUNK + 16  # behind the file's own name and size, and its type
    for _ in range(MAX_CHUNKS):
        head = _read(file, position, W64_CHUNK)
        stated = int.from_bytes(head[16:], "little")
        if len(head) < W64_CHUNK or stated < W64_CHUNK:
            return None
        if head.startswith(W64_DATA):
            return position + W64_CHUNK, stated - W64_CHUNK
        position += -(-stated // 8) * 8
        if position > size:
            return None
    return None


def _read(file: Readable | IO[bytes], position: int, n: int) -> bytes:
    file.seek(position)
    return file.read(n) or b""
