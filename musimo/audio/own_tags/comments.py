"""musimo's fields in Vorbis comments, and these in FLAC files. Other comments keep their bytes.

Vorbis I specification, section 5; RFC 9639 (FLAC), section 8.
"""

from __future__ import annotations

import struct

from musimo.audio.id3 import id3_tag_spans
from musimo.audio.own_tags.pieces import (
    ROOM,
    VENDOR,
    Edit,
    Fields,
    Kept,
    Piece,
    Source,
    damaged,
    own_name,
    read_exactly,
)
from musimo.errors import TagsError

LENGTH = struct.Struct("<I")
PADDING, COMMENTS = 1, 4  # kinds of FLAC blocks
LAST = 0x80
LARGEST = 2**24 - 1  # bytes of a FLAC block
EMPTY = LENGTH.pack(len(VENDOR)) + VENDOR + LENGTH.pack(0)


def edit_comments(data: bytes, fields: Fields) -> tuple[Fields, bytes]:
    """What a comment block says in musimo's fields, and the block that says ``fields`` in them."""
    try:
        [length] = LENGTH.unpack_from(data)
        place = 4 + length
        head = data[:place]
        [n] = LENGTH.unpack_from(data, place)
        place += 4
        before: dict[str, str] = {}
        others: list[bytes] = []
        for _ in range(n):
            [length] = LENGTH.unpack_from(data, place)
            end = place + 4 + length
            if end > len(data):
                raise damaged("its comments do not fit together")
            name, _, text = data[place + 4 : end].decode("utf-8", "replace").partition("=")
            known = own_name(name)
            if known is None:
                others.append(data[place:end])
            else:
                before[known] = text
            place = end
    except struct.error as error:
        raise damaged("its comments do not fit together") from error
    for name, text in fields.items():
        comment = f"{name}={text}".encode()
        others.append(LENGTH.pack(len(comment)) + comment)
    return before, head + LENGTH.pack(len(others)) + b"".join(others) + data[place:]


def edit_block(block: bytes, fields: Fields) -> tuple[Fields, bytes]:
    """The same of a comment block of FLAC, with its head."""
    if block[:1] not in (bytes((COMMENTS,)), bytes((COMMENTS | LAST,))):
        raise damaged("its comments are not where they should be")
    before, comments = edit_comments(block[4:], fields)
    return before, _head(block[0], len(comments)) + comments


def edit_flac(file: Source, size: int, fields: Fields) -> Edit:
    """Of a FLAC file; an ID3 tag in front of it stays as it is."""
    start = ([0] + [end for _, end in id3_tag_spans(file)])[-1] + 4
    blocks, sound = _blocks(file, start)
    comments = [at for at, (kind, _, _) in enumerate(blocks) if kind == COMMENTS]
    if len(comments) > 1:
        raise TagsError("it has several comment blocks")
    old = EMPTY
    if comments:
        _, begin, end = blocks[comments[0]]
        old = read_exactly(file, begin, end - begin)
    before, new = edit_comments(old, fields)
    pieces: list[Piece] = []
    for at, (kind, begin, end) in enumerate(blocks):
        if at in comments:
            pieces += [_head(kind, len(new)), new]
        elif kind != PADDING:
            pieces += [_head(kind, end - begin), Kept(begin, end)]
    if not comments:
        pieces += [_head(COMMENTS, len(new)), new]
    taken = sum(len(piece) if isinstance(piece, bytes) else piece.end - piece.start for piece in pieces)
    room = sound - start - taken - 4
    if not 0 <= room <= LARGEST:
        room = ROOM
    return Edit(
        before, [Kept(0, start), *pieces, _head(PADDING | LAST, room), bytes(room), Kept(sound, size)]
    )


def _blocks(file: Source, place: int) -> tuple[list[tuple[int, int, int]], int]:
    """Kind, beginning and end of what each metadata block holds, and where the sound begins."""
    blocks: list[tuple[int, int, int]] = []
    last = False
    while not last:
        head = read_exactly(file, place, 4)
        last, kind = bool(head[0] & LAST), head[0] & ~LAST
        begin = place + 4
        place = begin + int.from_bytes(head[1:], "big")
        blocks.append((kind, begin, place))
    return blocks, place


def _head(kind: int, size: int) -> bytes:
    if size > LARGEST:
        raise TagsError("its comment block is as large as one can be")
    return bytes((kind,)) + size.to_bytes(3, "big")
