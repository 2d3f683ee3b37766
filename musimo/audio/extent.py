"""Locate the audio within a file: behind the tags at its head, before those at its tail.

Demuxers differ in which tags they recognize there, and take the others for audio. So all of them are given
the bytes between. Kept by hand because no library locates every one of these tags.

ID3v1, ID3v2: id3.org; "TAG+" and Lyrics3: their pages there. APE: the "APE Tags Header" of the hydrogenaudio
wiki.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import IO

from musimo.audio.id3 import HEADER, Readable, id3_size, id3_tag_spans

ID3V1 = 128  # bytes
ENHANCED = 227  # bytes of the "TAG+" that may precede it
APE = 32  # bytes of the header and of the footer
APE_HAS_HEADER = 0x8000_0000
FOOTER = 10  # bytes of the footer of ID3v2.4
LYRICS_END, LYRICS2_END = b"LYRICSEND", b"LYRICS200"
LYRICS_BEGIN = b"LYRICSBEGIN"
MAX_LYRICS = 1_048_576  # bytes searched for the beginning of lyrics; version 1 allows 5,100
MAX_TAGS = 16  # at each end; taggers leave four at most
MIN_PADDING = 16  # zero bytes at the head; fewer may belong to the audio's first number
MAX_PADDING = 1_048_576  # zero bytes that are passed over
MAX_APPENDED = 4_194_304  # bytes searched for an ID3v2 tag without a footer: it holds a cover at most
HEAD_FOOTER = 512  # bytes in which a tag with a footer is recognized

DELIMITED = (
    b"OggS",
    b"RIFF",
    b"RIFX",
    b"RF64",
    b"FORM",
    b"\x1aE\xdf\xa3",
    b"caff",
    b"riff",
    b"DSD ",
    b"FRM8",
)
"""First bytes of containers that state where their audio ends: no tag is searched for behind it."""

HIDDEN = (*DELIMITED, b"\x0bw", b"\x7f\xfe\x80\x01", b"wvpk", b".snd", b"0&\xb2u")
TRUEHD = b"\xf8\x72\x6f"

Find = Callable[[bytes, int, int], int | None]
"""Takes the last bytes of a file, the least and the greatest offset in them at which a tag may end; returns
the offset at which it starts, which is negative where that is before these bytes."""


def audio_extent(file: Readable | IO[bytes]) -> tuple[int, int]:
    """Return where the audio of a file starts and ends; the file position is unspecified afterwards."""
    size = file.seek(0, os.SEEK_END)
    start = _start(file, size)
    magic = _read(file, start, 12)
    free = not magic.startswith(DELIMITED) and magic[4:8] != b"ftyp"
    tags = id3_tag_spans(file)
    if tags and tags[-1][1] == start and not _is_hidden_by_id3(magic):
        start = 0
    if magic.startswith(b"wvpk"):
        return start, size
    end = _stated_end(magic, start, size)
    for _ in range(MAX_TAGS):
        tag = _tag_at_end(file, start, end, free=free)
        if tag is None:
            break
        end = tag
    return start, end


def _start(file: Readable | IO[bytes], size: int) -> int:
    """Return the offset behind ID3v2 tags, APE tags and zero bytes; 0 where nothing else follows."""
    start = 0
    for _ in range(MAX_TAGS):
        spans = id3_tag_spans(file, start)
        head = _read(file, spans[-1][1] if spans else start, APE)
        position = spans[-1][1] if spans else start
        if head.startswith(b"APETAGEX") and len(head) == APE:
            position += APE + int.from_bytes(head[12:16], "little")
        elif head.startswith(bytes(MIN_PADDING)):
            padding = _read(file, position, MAX_PADDING)
            n_zeros = len(padding) - len(padding.lstrip(b"\0"))
            position += n_zeros - (3 if padding[n_zeros + 1 : n_zeros + 5] == b"ftyp" else 0)
        if position == start:
            break
        if position >= size:
            return 0
        start = position
    return start


def _is_hidden_by_id3(magic: bytes) -> bool:
    """Return whether FFmpeg misreads the container behind an ID3v2 tag; MP3 it knows the better for it."""
    return magic.startswith(HIDDEN) or magic[4:8] == b"ftyp" or magic[4:7] == TRUEHD


def _stated_end(magic: bytes, start: int, size: int) -> int:
    """Return where an AU file ends by its header, which its demuxer does not heed; else ``size``."""
    if not magic.startswith(b".snd"):
        return size
    offset, n_bytes = int.from_bytes(magic[4:8], "big"), int.from_bytes(magic[8:12], "big")
    return min(size, start + offset + n_bytes) if n_bytes else size


def _tag_at_end(file: Readable | IO[bytes], start: int, end: int, *, free: bool) -> int | None:
    """Return the offset of the tag that ends at ``end``, or before zero bytes that end there."""
    tail = _read(file, max(start, end - HEAD_FOOTER), min(HEAD_FOOTER, end - start))
    if tail.endswith(b"\0"):
        n = min(MAX_PADDING, end - start)
        tail = _read(file, end - n, n)
    stripped = len(tail.rstrip(b"\0"))
    if not stripped:
        return None
    base = end - len(tail)
    for find in (_id3v1, _ape, _id3v2_footer):
        offset = find(tail, stripped, len(tail))
        if offset is not None and base + offset > start:
            return base + offset
    lyrics = tail[max(0, stripped - len(LYRICS_END)) : stripped]
    if lyrics in (LYRICS_END, LYRICS2_END):
        return _lyrics(file, start, base + stripped, lyrics)
    return _appended_id3v2(file, start, base + stripped, end) if free else None


def _id3v1(tail: bytes, least: int, most: int) -> int | None:
    """See :data:`Find`; the enhanced tag before it belongs to it."""
    for at in _matches(tail, b"TAG", max(0, least - ID3V1), least):
        if least <= at + ID3V1 <= most and tail[max(0, at - 3) : at] != b"APE":
            enhanced = at - ENHANCED
            return enhanced if enhanced >= 0 and tail[enhanced : enhanced + 4] == b"TAG+" else at
    return None


def _ape(tail: bytes, least: int, most: int) -> int | None:
    """See :data:`Find`."""
    for at in _matches(tail, b"APETAGEX", max(0, least - APE), least):
        if least <= at + APE <= most:
            n_bytes, flags = (int.from_bytes(tail[at + i : at + i + 4], "little") for i in (12, 20))
            return at + APE - n_bytes - (APE if flags & APE_HAS_HEADER else 0)
    return None


def _id3v2_footer(tail: bytes, least: int, most: int) -> int | None:
    """See :data:`Find`."""
    for at in _matches(tail, b"3DI", max(0, least - FOOTER), least):
        footer = tail[at : at + FOOTER]
        if least <= at + FOOTER <= most and (n_bytes := id3_size(b"ID3" + footer[3:])) is not None:
            return at - n_bytes - HEADER
    return None


def _lyrics(file: Readable | IO[bytes], start: int, end: int, mark: bytes) -> int | None:
    """Return the offset of the lyrics that end at ``end`` with ``mark``."""
    n = min(MAX_LYRICS, end - start)
    data = _read(file, end - n, n)
    if mark == LYRICS2_END:
        digits = data[-len(mark) - 6 : -len(mark)]
        at = len(data) - len(mark) - 6 - int(digits) if digits.isdigit() else -1
        return end - n + at if at >= 0 and data[at:].startswith(LYRICS_BEGIN) else None
    at = data.rfind(LYRICS_BEGIN)
    return end - n + at if at >= 0 else None


def _appended_id3v2(file: Readable | IO[bytes], start: int, least: int, most: int) -> int | None:
    """Return the offset of an ID3v2 tag without footer that ends between two offsets."""
    n = min(MAX_APPENDED, most - start)
    data = _read(file, most - n, n)
    for at in _matches(data, b"ID3", 0, len(data)):
        n_bytes = id3_size(data[at : at + HEADER])
        if (
            n_bytes is not None
            and most - n + at > start
            and least <= most - n + at + HEADER + n_bytes <= most
        ):
            return most - n + at
    return None


def _matches(data: bytes, mark: bytes, start: int, end: int) -> Iterator[int]:
    at = data.find(mark, start, end)
    while at >= 0:
        yield at
        at = data.find(mark, at + 1, end)


def _read(file: Readable | IO[bytes], position: int, n: int) -> bytes:
    file.seek(position)
    return file.read(n) or b""
