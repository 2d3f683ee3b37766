"""Hide tags from decoders that would cost them much time or memory.

FFmpeg compares the name of each tag with all names before it, so that 65,000 of them take a minute; and it
holds covers in memory several times. Decoding needs neither. Masked bytes are replaced, not removed, so that
every position in the file stays the same. Kept by hand because no library filters what FFmpeg reads.

ID3: id3.org. FLAC: RFC 9639. Ogg: RFC 3533. MP4: ISO/IEC 14496-12. ASF: Microsoft's "Advanced Systems Format
Specification". APE: the "APE Tags Header" of the hydrogenaudio wiki.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import IO, Literal

from musimo.audio.id3 import Readable, id3_tag_spans
from musimo.audio.ogg import CAPTURE, CHECKSUM_OFFSET, PAGE, SEGMENT, checksum

Mask = tuple[int, bytes, int]
"""Position in the file, bytes that are read there instead, and how often they are repeated."""

MAX_COMMENTS = 1_000  # fields in a tag; large ones have some fifty
MAX_TAG = 65_536  # bytes of a tag that decoders may see: too few fields to cost time
MAX_BLOCKS = 1_000  # blocks, pages or atoms examined; regular files need a dozen
HEADER_PAGES = 8  # pages of an Ogg file among which the comments of each stream begin
MAX_POSITION = 2**62  # beyond any file, and within what seek() takes
PADDING, COMMENTS, PICTURE = 1, 4, 6  # types of FLAC's metadata blocks
LAST_BLOCK = 0x80
OGG_COMMENTS = {
    b"\x01vorbis": (b"\x03vorbis", 7),
    b"OpusHead": (b"OpusTags", 8),
    b"\x7fFLAC": (b"", 4),
    b"Speex   ": (b"", 0),
}
"""Start of a stream's first packet: start of its second one, and offset of the vendor string in that."""
MP4_TAGS = (b"moov", b"udta", b"meta", b"ilst")
CHUNKED: dict[bytes, Literal["little", "big"]] = {b"RIFF": "little", b"RF64": "little", b"FORM": "big"}
ASF_HEADER = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
ASF_TAGS = bytes.fromhex("40a4d0d207e3d21197f000a0c95ea850")  # "extended content description"
APE_FOOTER, ID3V1 = 32, 128  # bytes, at the end of the file; the former may precede the latter


def find_masks(file: Readable | IO[bytes]) -> list[Mask]:
    """Return the masks of a file; the file position is unspecified afterwards."""
    tags = id3_tag_spans(file)
    start = tags[-1][1] if tags else 0
    file.seek(start)
    magic = file.read(8) or b""
    found = [mask for begin, end in tags if end - begin > 10 for mask in _id3(begin, end)]
    if magic.startswith(b"fLaC"):
        found += _flac(file, start + 4)
    elif magic.startswith(b"OggS"):
        found += _ogg(file, start)
    elif magic[4:] == b"ftyp":
        found += _mp4(file, start)
    elif magic[:4] in CHUNKED:
        found += _chunks(file, CHUNKED[magic[:4]])
    elif magic == ASF_HEADER[:8]:
        found += _asf(file)
    return [*found, *_ape(file)]


def apply_masks(data: bytes, position: int, masks: list[Mask]) -> bytes:
    """Return ``data``, read at ``position``, with the masks applied."""
    for start, fill, times in masks:
        low, high = max(start - position, 0), min(start + len(fill) * times - position, len(data))
        if low < high:
            shift = (position + low - start) % len(fill)
            filling = (fill * ((high - low) // len(fill) + 2))[shift : shift + high - low]
            data = data[:low] + filling + data[high:]
    return data


def _id3(start: int, end: int) -> Iterator[Mask]:
    """Mask flags and frames with zeros, which readers take for padding."""
    yield start + 5, b"\0", 1
    yield start + 10, b"\0", end - start - 10


def _flac(file: Readable | IO[bytes], position: int) -> Iterator[Mask]:
    """Mask pictures, and comments where they are large, as padding."""
    comments: list[Mask] = []
    n_bytes = 0
    for _ in range(MAX_BLOCKS):
        head = _read(file, position, 4)
        if len(head) < 4:
            break
        last, kind, size = head[0] & LAST_BLOCK, head[0] & ~LAST_BLOCK, int.from_bytes(head[1:], "big")
        padding = position, bytes([last | PADDING]), 1
        if kind == PICTURE:
            yield padding
        elif kind == COMMENTS:
            comments.append(padding)
            n_bytes += size
        if last:
            break
        position += 4 + size
    if n_bytes > MAX_TAG:
        yield from comments


def _ogg(file: Readable | IO[bytes], position: int) -> Iterator[Mask]:
    """Mask the number of comments by 0, where it is large or they exceed a page, and update the checksum."""
    first_packets: dict[int, bytes] = {}  # by serial number of their stream
    for _ in range(HEADER_PAGES):
        head = _read(file, position, PAGE.size)
        if len(head) < PAGE.size or not head.startswith(CAPTURE):
            return
        _, _, _, _, stream, number, check, n_segments = PAGE.unpack(head)
        table = file.read(n_segments) or b""
        body = file.read(sum(table)) or b""
        if number == 0:
            first_packets[stream] = body[:8]
        elif number == 1 and (count := _comment_count(first_packets.get(stream, b""), body)) is not None:
            n_comments = int.from_bytes(body[count : count + 4], "little")
            if n_comments > MAX_COMMENTS or set(table) == {SEGMENT}:
                yield position + PAGE.size + len(table) + count, b"\0", 4
                change = checksum(body[count : count + 4] + bytes(len(body) - count - 4))
                yield position + CHECKSUM_OFFSET, (check ^ change).to_bytes(4, "little"), 1
        position += PAGE.size + len(table) + len(body)


def _mp4(file: Readable | IO[bytes], position: int) -> Iterator[Mask]:
    """Mask the list of tags as free space, where it is long."""
    for name in MP4_TAGS:
        begin = next((begin for begin, found, _ in _atoms(file, position) if found == name), None)
        if begin is None:
            return
        position = begin + (12 if name == b"meta" else 8)  # this atom has a version before its children
    if sum(1 for _ in _atoms(file, position, MAX_COMMENTS + 1)) > MAX_COMMENTS:
        yield position - 4, b"free", 1


def _atoms(
    file: Readable | IO[bytes], position: int, limit: int = MAX_BLOCKS
) -> Iterator[tuple[int, bytes, int]]:
    """Yield position, name and size of the atoms that begin here."""
    for _ in range(limit):
        head = _read(file, position, 16)
        size = int.from_bytes(head[:4], "big")
        if size == 1:
            size = int.from_bytes(head[8:], "big")
        if len(head) < 8 or size < 8:
            return
        yield position, head[4:8], size
        position += size


def _chunks(file: Readable | IO[bytes], order: Literal["little", "big"]) -> Iterator[Mask]:
    """Mask large ID3 chunks in WAV and AIFF as JUNK."""
    position = 12
    for _ in range(MAX_BLOCKS):
        head = _read(file, position, 8)
        size = int.from_bytes(head[4:], order)
        if len(head) < 8:
            return
        if head[:4].upper() == b"ID3 " and size > MAX_TAG:
            yield position, b"JUNK", 1
        position += 8 + size + size % 2


def _asf(file: Readable | IO[bytes]) -> Iterator[Mask]:
    """Mask the number of tags by 0, where it is large."""
    position = 30
    for _ in range(MAX_BLOCKS):
        head = _read(file, position, 26)
        size = int.from_bytes(head[16:24], "little")
        if len(head) < 26 or size < 24:
            return
        if head.startswith(ASF_TAGS) and int.from_bytes(head[24:], "little") > MAX_COMMENTS:
            yield position + 24, b"\0\0", 1
        position += size


def _ape(file: Readable | IO[bytes]) -> Iterator[Mask]:
    """Mask the number of APE tags by 0, where it is large."""
    for behind in (0, ID3V1):
        end = file.seek(-behind, os.SEEK_END)
        position = end - APE_FOOTER
        file.seek(max(0, position))
        foot = file.read(APE_FOOTER) or b""
        if foot.startswith(b"APETAGEX") and int.from_bytes(foot[16:20], "little") > MAX_COMMENTS:
            yield position + 16, b"\0", 4


def _read(file: Readable | IO[bytes], position: int, n: int) -> bytes:
    """Read up to ``n`` bytes at a position; none beyond what seek() takes."""
    if position > MAX_POSITION:
        return b""
    file.seek(position)
    return file.read(n) or b""


def _comment_count(first_packet: bytes, body: bytes) -> int | None:
    """Return the offset of the number of comments in the page; None if it is not in it."""
    for magic, (prefix, vendor) in OGG_COMMENTS.items():
        if first_packet.startswith(magic) and body.startswith(prefix):
            count = vendor + 4 + int.from_bytes(body[vendor : vendor + 4], "little")
            return count if count + 4 <= len(body) else None
    return None
