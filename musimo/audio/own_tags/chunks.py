"""musimo's fields in WAV and AIFF: an ID3v2 tag in a chunk of its own; all other chunks stay as they are."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

from musimo.audio.own_tags.id3_tag import edit_tag
from musimo.audio.own_tags.pieces import MOST_PARTS, Edit, Fields, Kept, Piece, Source, damaged, read_exactly
from musimo.errors import TagsError

HEAD = 12  # bytes: RIFF or FORM, size, kind
LARGEST = 2**32 - 1  # what the size of the whole may say


class _Chunk(NamedTuple):
    name: bytes
    start: int
    end: int  # with the byte that pads it to an even length


def edit_wave(file: Source, size: int, fields: Fields) -> Edit:
    """Of a RIFF WAVE file."""
    return _edit(file, size, fields, "little", b"id3 ")


def edit_aiff(file: Source, size: int, fields: Fields) -> Edit:
    """Of an AIFF or AIFF-C file."""
    return _edit(file, size, fields, "big", b"ID3 ")


def _edit(file: Source, size: int, fields: Fields, order: Literal["little", "big"], name: bytes) -> Edit:
    head = read_exactly(file, 0, HEAD)
    end = 8 + int.from_bytes(head[4:8], order)
    if end > size:
        raise damaged("it is shorter than its header says")
    chunks = list(_chunks(file, end, order))
    tagged = [chunk for chunk in chunks if chunk.name.upper() == b"ID3 "]
    if len(tagged) > 1:
        raise TagsError("it has several ID3 chunks")
    tag = b""
    if tagged:
        length = int.from_bytes(read_exactly(file, tagged[0].start + 4, 4), order)
        tag = read_exactly(file, tagged[0].start + 8, length)
        if tag[:3] != b"ID3" or len(tag) < 10:
            raise damaged("its ID3 chunk holds no ID3 tag")
        name = tagged[0].name
    before, tag = edit_tag(tag, fields)
    made = name + len(tag).to_bytes(4, order) + tag + bytes(len(tag) % 2) if tag else b""
    inside: list[Piece] = [made if chunk in tagged else Kept(chunk.start, chunk.end) for chunk in chunks]
    if not tagged:
        inside.append(bytes((end - HEAD) % 2 if chunks and made else 0) + made)
    total = 4 + sum(len(piece) if isinstance(piece, bytes) else piece.end - piece.start for piece in inside)
    if total > LARGEST:
        raise TagsError("a file of its kind cannot be larger than 4 GB")
    return Edit(before, [head[:4] + total.to_bytes(4, order) + head[8:], *inside, Kept(end, size)])


def _chunks(file: Source, end: int, order: Literal["little", "big"]) -> Iterator[_Chunk]:
    place = HEAD
    for _ in range(MOST_PARTS):
        if place >= end:
            return
        head = read_exactly(file, place, min(8, end - place))
        length = int.from_bytes(head[4:8], order)
        close = place + 8 + length
        if len(head) < 8 or close > end:
            raise damaged("its chunks do not fit together")
        close = min(close + length % 2, end)  # some programs leave out the last byte of padding
        yield _Chunk(head[:4], place, close)
        place = close
    raise TagsError(f"it has more than {MOST_PARTS} chunks")
