"""musimo's fields in MP4: freeform items of the list that iTunes made (moov/udta/meta/ilst).

ISO/IEC 14496-12, sections 4.2 (boxes) and 8.7.5 (chunk offsets). All other items stay as they are. The box
``moov`` is put together anew; where the sound lies behind it, the places it names are moved with the sound.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from musimo.audio.own_tags.pieces import (
    MOST_PARTS,
    Edit,
    Fields,
    Kept,
    Source,
    damaged,
    own_name,
    read_exactly,
)
from musimo.errors import TagsError

MEAN: Final = b"com.apple.iTunes"  # the only one that most programs show
TEXT: Final = struct.pack(">II", 1, 0)  # UTF-8, no locale
TO_LIST: Final = (b"udta", b"meta", b"ilst")
TO_OFFSETS: Final = (b"mdia", b"minf", b"stbl")
HANDLER: Final = struct.pack(">II4s4s9x", 0, 0, b"mdir", b"appl")
OFFSETS: Final = {b"stco": "I", b"co64": "Q"}


class _Box(NamedTuple):
    name: bytes
    start: int
    body: int
    end: int


def edit_mp4(file: Source, size: int, fields: Fields) -> Edit:
    """Of an MP4 file that is not in fragments."""
    boxes = list(_outer(file, size))
    names = [box.name for box in boxes]
    if b"moof" in names:
        raise TagsError("it is an MP4 file in fragments")
    if names.count(b"moov") != 1:
        raise damaged("it has no list of its sound, or several")
    moov = boxes[names.index(b"moov")]
    inner = read_exactly(file, moov.body, moov.end - moov.body)
    before, changed = _edit_inside(inner, TO_LIST, fields)
    shift = 8 + len(changed) - (moov.end - moov.start)
    made = _made(b"moov", _moved(changed, moov.end, shift))
    return Edit(before, [Kept(0, moov.start), made, Kept(moov.end, size)])


def _outer(file: Source, size: int) -> Iterator[_Box]:
    place = 0
    for _ in range(MOST_PARTS):
        if place >= size:
            return
        head = read_exactly(file, place, min(16, size - place))
        box = _boxed(head, place, size)
        yield box
        place = box.end
    raise TagsError(f"it has more than {MOST_PARTS} boxes")


def _inner(data: bytes) -> list[_Box]:
    boxes: list[_Box] = []
    place = 0
    while place < len(data):
        if not data[place : place + 8].strip(b"\0") and not data[place:].strip(
            b"\0"
        ):  # QuickTime ends a list with zeros
            boxes.append(_Box(b"", place, place, len(data)))
            break
        boxes.append(_boxed(data[place : place + 16], place, len(data)))
        place = boxes[-1].end
    return boxes


def _boxed(head: bytes, start: int, end: int) -> _Box:
    if len(head) < 8:
        raise damaged("its boxes do not fit together")
    size, body = int.from_bytes(head[:4], "big"), start + 8
    if size == 1 and len(head) == 16:
        size, body = int.from_bytes(head[8:], "big"), start + 16
    elif size == 0:  # up to the end
        size = end - start
    if size < body - start or start + size > end:
        raise damaged("its boxes do not fit together")
    return _Box(head[4:8], start, body, start + size)


def _made(name: bytes, body: bytes) -> bytes:
    if len(body) > 2**32 - 9:
        raise TagsError("its tags are as large as they can be")
    return struct.pack(">I4s", 8 + len(body), name) + body


def _edit_inside(data: bytes, way: Sequence[bytes], fields: Fields) -> tuple[Fields, bytes]:
    """The inside of a box from which ``way`` leads to the list, with the list edited, or made."""
    if not way:
        return _edit_list(data, fields)
    skipped = b""
    boxes = _inner(data)
    found = next((box for box in boxes if box.name == way[0] and _is_ours(data, box)), None)
    if found is None:
        before, made = _edit_inside(b"", way[1:], fields)
        if not fields:
            return before, data
        if way[0] == b"meta":
            skipped = bytes(4) + _made(b"hdlr", HANDLER)
        ending = next((box.start for box in boxes if not box.name), len(data))
        return before, data[:ending] + _made(way[0], skipped + made) + data[ending:]
    inside = data[found.body : found.end]
    if way[0] == b"meta" and inside[4:8] != b"hdlr":  # version and flags, which QuickTime leaves out
        skipped, inside = inside[:4], inside[4:]
    before, made = _edit_inside(inside, way[1:], fields)
    if way[0] == b"ilst" and not made and inside:  # an empty list says nothing
        return before, data[: found.start] + data[found.end :]
    return before, data[: found.start] + _made(way[0], skipped + made) + data[found.end :]


def _is_ours(data: bytes, box: _Box) -> bool:
    """Whether a box may hold the list: of boxes named meta, only those that iTunes' handler reads."""
    return box.name != b"meta" or b"mdir" in data[box.body : box.body + 40]


def _edit_list(data: bytes, fields: Fields) -> tuple[Fields, bytes]:
    before: dict[str, str] = {}
    others: list[bytes] = []
    for item in _inner(data):
        known = _own(data[item.body : item.end]) if item.name == b"----" else None
        if known is None:
            others.append(data[item.start : item.end])
        else:
            before[known[0]] = known[1]
    for name, text in fields.items():
        parts = {b"mean": bytes(4) + MEAN, b"name": bytes(4) + name.encode(), b"data": TEXT + text.encode()}
        others.append(_made(b"----", b"".join(_made(part, body) for part, body in parts.items())))
    return before, b"".join(others)


def _own(item: bytes) -> tuple[str, str] | None:
    """Name and text of a freeform item of musimo's; None of any other."""
    try:
        parts = {box.name: item[box.body : box.end] for box in _inner(item)}
        name = own_name(parts[b"name"][4:].decode())
        if parts[b"mean"][4:] != MEAN or name is None:
            return None
        return name, parts[b"data"][8:].decode()
    except (KeyError, UnicodeDecodeError, TagsError):
        return None


def _moved(moov: bytes, behind: int, shift: int) -> bytes:
    """The inside of ``moov`` with every place in the file at or after ``behind`` moved by ``shift``."""
    if not shift:
        return moov
    data = bytearray(moov)
    for track in (box for box in _inner(moov) if box.name == b"trak"):
        spans = [(track.body, track.end)]
        for name in TO_OFFSETS:
            spans = [
                (start + box.body, start + box.end)
                for start, end in spans
                for box in _inner(moov[start:end])
                if box.name == name
            ]
        for start, end in spans:
            for box in _inner(moov[start:end]):
                if box.name in OFFSETS:
                    _move(data, start + box.body, start + box.end, OFFSETS[box.name], behind, shift)
    return bytes(data)


def _move(data: bytearray, start: int, end: int, kind: str, behind: int, shift: int) -> None:
    try:
        [n] = struct.unpack_from(">I", data, start + 4)
        table = struct.Struct(f">{n}{kind}")
        if start + 8 + table.size > end:
            raise damaged("its list of places is cut off")
        places = table.unpack_from(data, start + 8)
        table.pack_into(data, start + 8, *(at + shift if at >= behind else at for at in places))
    except struct.error as error:
        raise TagsError("the places it names cannot be moved so far") from error
