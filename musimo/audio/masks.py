"""Which bytes of a file decoders had better not see: tags that would keep them busy or full.

FFmpeg compares each name of a tag with all names before it, so that 65,000 of them take it a minute; and
it holds covers in memory several times. Sound needs neither. What is masked stays as long as it is, so that
everything else keeps its place.

ID3: id3.org. FLAC: RFC 9639. Ogg: RFC 3533. MP4: ISO/IEC 14496-12. ASF: Microsoft's "Advanced Systems Format
Specification". APE: the "APE Tags Header" of the hydrogenaudio wiki.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import IO, Literal

from musimo.audio.id3 import Readable, id3_tags
from musimo.audio.ogg import CAPTURE, CHECKSUM_PLACE, PAGE, SEGMENT, checksum

Mask = tuple[int, bytes, int]
"""Place in the file, bytes that are read there instead, and how often these are repeated."""

MAX_COMMENTS = 1_000  # names in a tag; busy ones have some fifty
MAX_TAG = 65_536  # bytes of a tag that decoders may see; it holds too few names to cost time
MAX_BLOCKS = 1_000  # blocks, pages, atoms looked at; honest files tell all by the first dozen
HEADER_PAGES = 8  # of an Ogg file, among which the comments of each stream begin
MAX_PLACE = 2**62  # well above any file, and well below what seeking takes
PADDING, COMMENTS, PICTURE = 1, 4, 6  # types of FLAC's metadata blocks
LAST_BLOCK = 0x80
OGG_COMMENTS = {
    b"\x01vorbis": (b"\x03vorbis", 7),
    b"OpusHead": (b"OpusTags", 8),
    b"\x7fFLAC": (b"", 4),
    b"Speex   ": (b"", 0),
}
"""How the first packet of a stream begins; how its second does, and where in it the vendor's name stands."""
MP4_TAGS = (b"moov", b"udta", b"meta", b"ilst")
CHUNKED: dict[bytes, Literal["little", "big"]] = {b"RIFF": "little", b"RF64": "little", b"FORM": "big"}
ASF_HEADER = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
ASF_TAGS = bytes.fromhex("40a4d0d207e3d21197f000a0c95ea850")  # "extended content description"
APE_FOOTER, ID3V1 = 32, 128  # bytes, at the end of the file; the one may stand before the other


def masks(file: Readable | IO[bytes]) -> list[Mask]:
    """What decoders are to see in the place of tags; the file is left anywhere."""
    tags = id3_tags(file)
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


def masked(data: bytes, place: int, found: list[Mask]) -> bytes:
    """Bytes read at ``place``, as they are to be seen."""
    for start, fill, times in found:
        low, high = max(start - place, 0), min(start + len(fill) * times - place, len(data))
        if low < high:
            shift = (place + low - start) % len(fill)
            filling = (fill * ((high - low) // len(fill) + 2))[shift : shift + high - low]
            data = data[:low] + filling + data[high:]
    return data


def _id3(start: int, end: int) -> Iterator[Mask]:
    """Zeros for flags and frames, which are padding to whoever reads them."""
    yield start + 5, b"\0", 1
    yield start + 10, b"\0", end - start - 10


def _flac(file: Readable | IO[bytes], place: int) -> Iterator[Mask]:
    """Padding for pictures, and for comments where they are large."""
    comments: list[Mask] = []
    n_bytes = 0
    for _ in range(MAX_BLOCKS):
        head = _read(file, place, 4)
        if len(head) < 4:
            break
        last, kind, size = head[0] & LAST_BLOCK, head[0] & ~LAST_BLOCK, int.from_bytes(head[1:], "big")
        padding = place, bytes([last | PADDING]), 1
        if kind == PICTURE:
            yield padding
        elif kind == COMMENTS:
            comments.append(padding)
            n_bytes += size
        if last:
            break
        place += 4 + size
    if n_bytes > MAX_TAG:
        yield from comments


def _ogg(file: Readable | IO[bytes], place: int) -> Iterator[Mask]:
    """No comments, where there are many or they fill more than a page; and the checksum of a page without."""
    first_packets: dict[int, bytes] = {}  # by the number of their stream
    for _ in range(HEADER_PAGES):
        head = _read(file, place, PAGE.size)
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
                yield place + PAGE.size + len(table) + count, b"\0", 4
                change = checksum(body[count : count + 4] + bytes(len(body) - count - 4))
                yield place + CHECKSUM_PLACE, (check ^ change).to_bytes(4, "little"), 1
        place += PAGE.size + len(table) + len(body)


def _mp4(file: Readable | IO[bytes], place: int) -> Iterator[Mask]:
    """Free space for the list of tags, where it is long."""
    for name in MP4_TAGS:
        begin = next((begin for begin, found, _ in _atoms(file, place) if found == name), None)
        if begin is None:
            return
        place = begin + (12 if name == b"meta" else 8)  # which has a version before its atoms
    if sum(1 for _ in _atoms(file, place, MAX_COMMENTS + 1)) > MAX_COMMENTS:
        yield place - 4, b"free", 1


def _atoms(
    file: Readable | IO[bytes], place: int, most: int = MAX_BLOCKS
) -> Iterator[tuple[int, bytes, int]]:
    """Place, name and size of the atoms that begin here."""
    for _ in range(most):
        head = _read(file, place, 16)
        size = int.from_bytes(head[:4], "big")
        if size == 1:
            size = int.from_bytes(head[8:], "big")
        if len(head) < 8 or size < 8:
            return
        yield place, head[4:8], size
        place += size


def _chunks(file: Readable | IO[bytes], order: Literal["little", "big"]) -> Iterator[Mask]:
    """Junk for large chunks of ID3 in WAV and AIFF."""
    place = 12
    for _ in range(MAX_BLOCKS):
        head = _read(file, place, 8)
        size = int.from_bytes(head[4:], order)
        if len(head) < 8:
            return
        if head[:4].upper() == b"ID3 " and size > MAX_TAG:
            yield place, b"JUNK", 1
        place += 8 + size + size % 2


def _asf(file: Readable | IO[bytes]) -> Iterator[Mask]:
    """No tags, where there are many."""
    place = 30
    for _ in range(MAX_BLOCKS):
        head = _read(file, place, 26)
        size = int.from_bytes(head[16:24], "little")
        if len(head) < 26 or size < 24:
            return
        if head.startswith(ASF_TAGS) and int.from_bytes(head[24:], "little") > MAX_COMMENTS:
            yield place + 24, b"\0\0", 1
        place += size


def _ape(file: Readable | IO[bytes]) -> Iterator[Mask]:
    """No tags at the end of the file, where there are many."""
    for behind in (0, ID3V1):
        end = file.seek(-behind, os.SEEK_END)
        place = end - APE_FOOTER
        file.seek(max(0, place))
        foot = file.read(APE_FOOTER) or b""
        if foot.startswith(b"APETAGEX") and int.from_bytes(foot[16:20], "little") > MAX_COMMENTS:
            yield place + 16, b"\0", 4


def _read(file: Readable | IO[bytes], place: int, n: int) -> bytes:
    """Up to ``n`` bytes from there on; none where no file can reach."""
    if place > MAX_PLACE:
        return b""
    file.seek(place)
    return file.read(n) or b""


def _comment_count(first_packet: bytes, body: bytes) -> int | None:
    """Where in the page the number of comments stands; None where that is not in it."""
    for magic, (prefix, vendor) in OGG_COMMENTS.items():
        if first_packet.startswith(magic) and body.startswith(prefix):
            count = vendor + 4 + int.from_bytes(body[vendor : vendor + 4], "little")
            return count if count + 4 <= len(body) else None
    return None
