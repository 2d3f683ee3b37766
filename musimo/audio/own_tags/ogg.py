"""Vorbis comments in Ogg: Vorbis, Opus, Speex, FLAC. The pages of the sound keep their bytes.

RFC 3533 (Ogg), section 6. The comments are a packet, which begins the second page of its stream. The pages
it fills are made anew, as many as there were; only where they cannot hold it the later ones get new numbers.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from musimo.audio.ogg import (
    CAPTURE,
    CONTINUED,
    FIRST,
    LAST,
    MAX_SEGMENTS,
    NO_PACKET_ENDS,
    PAGE,
    SEGMENT,
    checksum,
)
from musimo.audio.own_tags.comments import edit_block, edit_comments
from musimo.audio.own_tags.pieces import MAX_TAG, Edit, Fields, Kept, Piece, Source, damaged, read_exactly
from musimo.errors import TagsError

FLAC = b"\x7fFLAC"
STREAMS = {b"\x01vorbis": b"\x03vorbis", b"OpusHead": b"OpusTags", b"Speex   ": b"", FLAC: b""}
"""How the first packet of a stream of sound begins, and what stands before its comments."""


class _Page(NamedTuple):
    start: int
    flags: int
    granule: int
    serial: int
    number: int
    lengths: bytes  # of the segments

    @property
    def body(self) -> int:
        return self.start + PAGE.size + len(self.lengths)

    @property
    def end(self) -> int:
        return self.body + sum(self.lengths)


def edit_ogg(file: Source, size: int, fields: Fields) -> Edit:
    """Of an Ogg file; of several streams, the first that is sound."""
    serial, begin = _sound(file)
    old = _header_pages(file, serial)
    data = b"".join(read_exactly(file, page.body, page.end - page.body) for page in old)
    packets = list(_packets(data, b"".join(page.lengths for page in old)))
    before, packets[0] = _edit_packet(packets[0], begin, fields)
    new = _pages(packets, old)
    return Edit(before, _pieces(file, size, old, new))


def _edit_packet(packet: bytes, begin: bytes, fields: Fields) -> tuple[Fields, bytes]:
    if begin == FLAC:
        return edit_block(packet, fields)
    prefix = STREAMS[begin]
    if not packet.startswith(prefix):
        raise damaged("its comments are not where they should be")
    before, comments = edit_comments(packet[len(prefix) :], fields)
    return before, prefix + comments


def _page(file: Source, start: int) -> _Page:
    head = read_exactly(file, start, PAGE.size)
    capture, _, flags, granule, serial, number, _, n_segments = PAGE.unpack(head)
    if capture != CAPTURE:
        raise damaged("its pages do not follow one another")
    lengths = read_exactly(file, start + PAGE.size, n_segments)
    return _Page(start, flags, granule, serial, number, lengths)


def _sound(file: Source) -> tuple[int, bytes]:
    """Serial number of the first stream of sound, and the first bytes of it."""
    page = _page(file, 0)
    while page.flags & FIRST:
        first = read_exactly(file, page.body, page.end - page.body)
        for begin in STREAMS:
            if first.startswith(begin):
                return page.serial, begin
        page = _page(file, page.end)
    raise TagsError("musimo knows no comments in a stream of its kind")


def _header_pages(file: Source, serial: int) -> list[_Page]:
    """Pages of a stream from its second one to the one that its comments, or what shares it, end on."""
    pages: list[_Page] = []
    page = _page(file, 0)
    while not pages or pages[-1].lengths[-1:] in (b"", b"\xff"):  # until a packet ends where a page does
        page = _page(file, page.end)
        if page.serial == serial and not page.flags & FIRST:
            if pages and page.start != pages[-1].end:
                raise TagsError("its comments are spread among other streams")
            pages.append(page)
            if page.end - pages[0].start > MAX_TAG:
                raise damaged("its comments do not end")
    if pages[0].flags & CONTINUED or pages[-1].flags & LAST:
        raise damaged("its comments are not where they should be")
    return pages


def _packets(data: bytes, lengths: bytes) -> Iterator[bytes]:
    place = end = 0
    for length in lengths:
        end += length
        if length < SEGMENT:
            yield data[place:end]
            place = end


def _pages(packets: list[bytes], old: list[_Page]) -> list[bytes]:
    """The packets on as many pages as there were, or more where they have to be."""
    lengths = b"".join(
        bytes((SEGMENT,)) * (len(packet) // SEGMENT) + bytes((len(packet) % SEGMENT,)) for packet in packets
    )
    data = b"".join(packets)
    n_pages = max(min(len(old), len(lengths)), -(-len(lengths) // MAX_SEGMENTS))
    pages: list[bytes] = []
    place = 0
    for at in range(n_pages):
        part = lengths[at * len(lengths) // n_pages : (at + 1) * len(lengths) // n_pages]
        granule = old[-1].granule if min(part) < SEGMENT else NO_PACKET_ENDS
        goes_on = at > 0 and lengths[at * len(lengths) // n_pages - 1] == SEGMENT
        body = data[place : place + sum(part)]
        place += sum(part)
        facts = (CONTINUED if goes_on else 0, granule, old[0].serial, old[0].number + at)
        pages.append(_rendered(*facts, part, body))
    return pages


def _pieces(file: Source, size: int, old: list[_Page], new: list[bytes]) -> Iterator[Piece]:
    yield Kept(0, old[0].start)
    yield from new
    shift, place = len(new) - len(old), old[-1].end
    while shift and place < size:
        page = _page(file, place)
        if page.serial == old[0].serial:
            body = read_exactly(file, page.body, page.end - page.body)
            yield _rendered(page.flags, page.granule, page.serial, page.number + shift, page.lengths, body)
        else:
            yield Kept(page.start, page.end)
        place = page.end
        if page.serial == old[0].serial and page.flags & LAST:  # another may follow with the same serial
            break
    yield Kept(place, size)


def _rendered(flags: int, granule: int, serial: int, number: int, lengths: bytes, body: bytes) -> bytes:
    def head(check: int) -> bytes:
        number_ = number & 0xFFFFFFFF
        return PAGE.pack(CAPTURE, 0, flags, granule, serial, number_, check, len(lengths)) + lengths

    return head(checksum(head(0) + body)) + body
