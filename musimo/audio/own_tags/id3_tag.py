"""musimo's fields in ID3v2: a TXXX frame each (TXX in version 2.2).

ID3v2.2, 2.3 and 2.4, "Header" and "User defined text information frame" of the informal standards at
id3.org. A tag keeps its version, and its other frames their bytes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from musimo.audio.id3 import HEADER, id3_tag_spans, synchsafe
from musimo.audio.own_tags.pieces import ROOM, Edit, Fields, Kept, Source, damaged, own_name, read_exactly
from musimo.errors import TagsError

NEW_VERSION = 3  # of a tag that is made: what every program reads
UNSYNCHRONISED, EXTENDED = 0x80, 0x40
SIZES = {2: 24, 3: 32, 4: 28}  # bits of a frame's size
LATIN_1, UTF_16, UTF_16_BE, UTF_8 = range(4)
CODECS = {LATIN_1: "latin-1", UTF_16: "utf-16", UTF_16_BE: "utf-16-be", UTF_8: "utf-8"}
FRAME_ID = re.compile(rb"[A-Z][A-Z0-9 ]{2,3}")  # some programs end those of 2.2 with a blank
LARGEST = 2**28 - 1  # of a tag


@dataclass(frozen=True, slots=True)
class _Frame:
    name: bytes
    raw: bytes  # with its header
    body: bytes


def edit_in_front(file: Source, size: int, fields: Fields) -> Edit:
    """Of a file whose ID3 tag stands before the sound."""
    tags = id3_tag_spans(file)
    end = tags[0][1] if tags else 0
    if end > size:
        raise damaged("its ID3 tag is longer than the file")
    before, tag = edit_tag(read_exactly(file, 0, end), fields)
    return Edit(before, [tag, Kept(end, size)])


def edit_tag(tag: bytes, fields: Fields) -> tuple[Fields, bytes]:
    """What a tag says in musimo's fields, and the tag that says ``fields`` in them; no tag is b"".

    A tag that has room for them in its padding stays as long as it is.
    """
    version = tag[3] if tag else NEW_VERSION
    if version not in SIZES:
        raise TagsError(f"musimo knows no ID3 tag of version 2.{version}")
    flags, body = (_body(tag, version)) if tag else (0, b"")
    frames = _frames(body, version)
    before: dict[str, str] = {}
    others: list[bytes] = []
    for frame in frames:
        named = _own(frame)
        if named is None:
            others.append(frame.raw)
        else:
            before[named[0]] = named[1]
    written = b"".join([*others, *(_made(name, text, version) for name, text in fields.items())])
    if not written:
        return before, b""
    padding = len(tag) - HEADER - len(written)
    if padding < 0 or not tag:
        padding = ROOM
    if len(written) + padding > LARGEST:
        raise TagsError("its ID3 tag is as large as one can be")
    header = b"ID3" + bytes((version, tag[4] if tag else 0, flags)) + synchsafe(len(written) + padding)
    return before, header + written + bytes(padding)


def _body(tag: bytes, version: int) -> tuple[int, bytes]:
    """The flags a new header gets, and frames and padding as they are to be read."""
    flags, size = tag[5], int.from_bytes(tag[6:10], "big")
    size = sum((size >> 8 * k & 0x7F) << 7 * k for k in range(4))
    body = tag[HEADER : HEADER + size]
    if version == 2 and flags & EXTENDED:
        raise TagsError("its ID3 tag is compressed")
    if version < 4 and flags & UNSYNCHRONISED:
        body = body.replace(b"\xff\x00", b"\xff")
    if flags & EXTENDED:  # a check sum that will not be true any more, and limits for who writes the tag
        length = int.from_bytes(body[:4], "big")
        body = body[length + 4 if version == 3 else max(length, 6) :]
    return (flags & UNSYNCHRONISED if version == 4 else 0), body


def _frames(body: bytes, version: int) -> list[_Frame]:
    """Every frame; some programs write sizes of version 2.4 as if it were 2.3."""
    frames = _walk(body, version, SIZES[version])
    if frames is None and version == 4:
        frames = _walk(body, version, 32)
    if frames is None:
        raise damaged("the frames of its ID3 tag do not fit together")
    return frames


def _walk(body: bytes, version: int, bits: int) -> list[_Frame] | None:
    """Frames, one behind the other, up to zeros or the end; None where they do not fit together."""
    n_name, n_head = (3, 6) if version == 2 else (4, 10)
    frames: list[_Frame] = []
    place = 0
    while place < len(body) and body[place]:
        name, size_bytes = body[place : place + n_name], body[place + n_name : place + 2 * n_name]
        if not FRAME_ID.fullmatch(name) or len(name) < n_name or place + n_head > len(body):
            return None
        if bits == SIZES[4] and max(size_bytes) > 0x7F:
            return None
        size = 0
        for byte in size_bytes:
            size = (size << (7 if bits == SIZES[4] else 8)) + byte
        end = place + n_head + size
        if end > len(body):
            return None
        frames.append(_Frame(name, body[place:end], body[place + n_head : end]))
        place = end
    return frames if not body[place:].strip(b"\0") else None


def _own(frame: _Frame) -> tuple[str, str] | None:
    """Name and text of a frame of musimo's; None of any other."""
    if frame.name not in (b"TXXX", b"TXX") or not frame.body or frame.body[0] not in CODECS:
        return None
    if frame.name == b"TXXX" and frame.raw[9]:  # compressed, encrypted: nothing musimo wrote
        return None
    codec, data = CODECS[frame.body[0]], frame.body[1:]
    try:
        if frame.body[0] in (LATIN_1, UTF_8):
            described, _, text = data.partition(b"\0")
        else:
            ends = [at for at in range(0, len(data) - 1, 2) if data[at : at + 2] == b"\0\0"]
            described, text = data[: ends[0]], data[ends[0] + 2 :]
        name = own_name(described.decode(codec))
        return None if name is None else (name, text.decode(codec).rstrip("\0"))
    except (UnicodeDecodeError, IndexError):
        return None


def _made(name: str, text: str, version: int) -> bytes:
    """A frame, whose bytes mean the same with unsynchronisation and without."""
    try:
        encoding, body = LATIN_1, f"{name}\0{text}".encode("ascii")
    except UnicodeEncodeError:
        encoding = UTF_8 if version == 4 else UTF_16
        body = (
            f"{name}\0{text}".encode()
            if version == 4
            else b"".join((b"\xff\xfe", name.encode("utf-16-le"), b"\0\0\xff\xfe", text.encode("utf-16-le")))
        )
    body = bytes((encoding,)) + body
    if version == 2:
        return b"TXX" + len(body).to_bytes(3, "big") + body
    size = synchsafe(len(body)) if version == 4 else len(body).to_bytes(4, "big")
    return b"TXXX" + size + b"\0\0" + body
