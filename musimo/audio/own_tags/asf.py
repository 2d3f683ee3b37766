"""musimo's fields in ASF (wma): descriptors of the extended content description.

Advanced Systems Format specification, sections 2.1, 3.1, 3.2 and 3.11. Other descriptors and objects keep
their bytes.
"""

from __future__ import annotations

import struct
from typing import Final

from musimo.audio.own_tags.pieces import Edit, Fields, Kept, Source, damaged, own_name, read_exactly
from musimo.errors import TagsError

HEADER: Final = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
PROPERTIES: Final = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
DESCRIPTIONS: Final = bytes.fromhex("40a4d0d207e3d21197f000a0c95ea850")
OBJECT: Final = struct.Struct("<16sQ")
TOP: Final = struct.Struct("<16sQI2s")  # of the header: its objects are counted
FILE_SIZE: Final = OBJECT.size + 16  # where the properties tell it, behind an id of the file
TEXT: Final = 0
LARGEST: Final = 65_535  # bytes of a value, and descriptors


def edit_asf(file: Source, size: int, fields: Fields) -> Edit:
    """Of an ASF file."""
    _, length, n, reserved = TOP.unpack(read_exactly(file, 0, TOP.size))
    if not TOP.size <= length <= size:
        raise damaged("its header is longer than the file")
    objects = _objects(read_exactly(file, 0, length)[TOP.size :])
    if len(objects) != n:
        raise damaged("its header does not count right")
    described = [object_ for object_ in objects if object_[:16] == DESCRIPTIONS]
    if len(described) > 1:
        raise TagsError("it has several descriptions")
    before, changed = _edit(described[0][OBJECT.size :] if described else bytes(2), fields)
    made: list[bytes] = []
    for object_ in objects:
        made += changed if object_[:16] == DESCRIPTIONS else [object_]
    if not described:
        made += changed
    header_size = TOP.size + sum(map(len, made))
    made = [_sized(object_, size - length + header_size) for object_ in made]
    top = TOP.pack(HEADER, header_size, len(made), reserved)
    return Edit(before, [top, *made, Kept(length, size)])


def _objects(data: bytes) -> list[bytes]:
    objects: list[bytes] = []
    place = 0
    while place < len(data):
        size = OBJECT.unpack_from(data, place)[1] if len(data) - place >= OBJECT.size else 0
        if not OBJECT.size <= size <= len(data) - place:
            raise damaged("the objects of its header do not fit together")
        objects.append(data[place : place + size])
        place += size
    return objects


def _edit(data: bytes, fields: Fields) -> tuple[Fields, list[bytes]]:
    """What descriptors say in musimo's fields, and the object that says ``fields``; none if it is empty."""
    before: dict[str, str] = {}
    others: list[bytes] = []
    try:
        [n] = struct.unpack_from("<H", data)
        place = 2
        for _ in range(n):
            [n_name] = struct.unpack_from("<H", data, place)
            kind, n_value = struct.unpack_from("<HH", data, place + 2 + n_name)
            value = place + 6 + n_name
            if value + n_value > len(data):
                raise damaged("its descriptions do not fit together")
            name = own_name(_text(data[place + 2 : place + 2 + n_name]))
            if name is None or kind != TEXT:
                others.append(data[place : value + n_value])
            else:
                before[name] = _text(data[value : value + n_value])
            place = value + n_value
    except struct.error as error:
        raise damaged("its descriptions do not fit together") from error
    made = [*others, *(_descriptor(name, text) for name, text in fields.items())]
    if len(made) > LARGEST:
        raise TagsError("it has as many descriptions as there can be")
    body = struct.pack("<H", len(made)) + b"".join(made) + data[place:]
    return before, [OBJECT.pack(DESCRIPTIONS, OBJECT.size + len(body)) + body] if len(body) > 2 else []


def _descriptor(name: str, text: str) -> bytes:
    encoded, value = (f"{part}\0".encode("utf-16-le") for part in (name, text))
    return struct.pack("<H", len(encoded)) + encoded + struct.pack("<HH", TEXT, len(value)) + value


def _text(data: bytes) -> str:
    return data.decode("utf-16-le", "replace").rstrip("\0")


def _sized(object_: bytes, file_size: int) -> bytes:
    """The object, with the size of the whole file where it tells it."""
    if object_[:16] != PROPERTIES or len(object_) < FILE_SIZE + 8:
        return object_
    return object_[:FILE_SIZE] + struct.pack("<Q", file_size) + object_[FILE_SIZE + 8 :]
