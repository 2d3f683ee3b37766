"""musimo's fields in APEv2 tags, at the end of Monkey's Audio, WavPack, Musepack, TAK and others.

Hydrogenaudio knowledge base, "APEv2 specification". Other items keep their bytes; what stands behind the tag,
an ID3v1 tag, stays there.
"""

from __future__ import annotations

import struct
from typing import Final

from musimo.audio.own_tags.pieces import MAX_TAG, Edit, Fields, Kept, Source, damaged, own_name, read_exactly

FOOTER: Final = struct.Struct("<8sIIII8x")  # name, version, size without the header, items, flags
ITEM: Final = struct.Struct("<II")  # size of the value, flags
NAME: Final = b"APETAGEX"
VERSION: Final = 2_000
HAS_HEADER, IS_HEADER = 1 << 31, 1 << 29
KIND: Final = 0b110  # bits of an item's flags; 0: text
ID3V1: Final = 128  # bytes, which begin with TAG


def id3v1_start(file: Source, size: int) -> int:
    """Where an ID3v1 tag begins; the end of the file where there is none."""
    if size < ID3V1:
        return size
    return size - ID3V1 if read_exactly(file, size - ID3V1, 3) == b"TAG" else size


def ends_in_ape(file: Source, size: int) -> bool:
    """Whether there is an APE tag at the end of the file."""
    end = id3v1_start(file, size)
    return end >= FOOTER.size and read_exactly(file, end - FOOTER.size, 8) == NAME


def edit_at_end(file: Source, size: int, fields: Fields) -> Edit:
    """Of a file with its APE tag at the end, or without one."""
    end = id3v1_start(file, size)
    start, version, items = end, VERSION, b""
    if ends_in_ape(file, size):
        _, version, length, _, flags = FOOTER.unpack(read_exactly(file, end - FOOTER.size, FOOTER.size))
        first = end - length
        start = first - FOOTER.size if flags & HAS_HEADER else first
        if not 0 <= start <= end - FOOTER.size or length > MAX_TAG or version not in (1_000, VERSION):
            raise damaged("its APE tag does not fit together")
        if start < first and read_exactly(file, start, 8) != NAME:
            raise damaged("its APE tag does not begin where it says")
        items = read_exactly(file, first, length - FOOTER.size)
    before, kept = _split(items)
    made = [*kept, *(_item(name, text) for name, text in fields.items())]
    return Edit(before, [Kept(0, start), _tag(made, version), Kept(end, size)])


def _split(items: bytes) -> tuple[Fields, list[bytes]]:
    """What the items say in musimo's fields, and all others as they are."""
    before: dict[str, str] = {}
    others: list[bytes] = []
    place = 0
    while place < len(items):
        if len(items) - place < ITEM.size:
            raise damaged("the items of its APE tag do not fit together")
        length, flags = ITEM.unpack_from(items, place)
        nul = items.find(b"\0", place + ITEM.size)
        end = nul + 1 + length
        if nul < 0 or end > len(items):
            raise damaged("the items of its APE tag do not fit together")
        name = own_name(items[place + ITEM.size : nul].decode("latin-1"))
        if name is None or flags & KIND:
            others.append(items[place:end])
        else:
            before[name] = items[nul + 1 : end].decode("utf-8", "replace")
        place = end
    return before, others


def _item(name: str, text: str) -> bytes:
    value = text.encode()
    return ITEM.pack(len(value), 0) + name.encode() + b"\0" + value


def _tag(items: list[bytes], version: int) -> bytes:
    if not items:
        return b""
    data = b"".join(items)
    size, n = len(data) + FOOTER.size, len(items)
    if version != VERSION:  # version 1 knows no header and no flags
        return data + FOOTER.pack(NAME, version, size, n, 0)
    header = FOOTER.pack(NAME, version, size, n, HAS_HEADER | IS_HEADER)
    return header + data + FOOTER.pack(NAME, version, size, n, HAS_HEADER)
