"""musimo's fields in ID3v2: ``TXXX`` frames, in a tag before the audio or in a chunk of WAV and AIFF.

mutagen is shown no frame at all, so that it keeps the bytes of each; musimo's are read one by one.
"""

from __future__ import annotations

import os
from collections.abc import Hashable
from io import BytesIO
from typing import IO, Any, Final

from mutagen.id3 import ID3, TXXX, Encoding, Frames, Frames_2_2

from musimo.audio.id3 import end_of_frames, id3_tag_spans, synchsafe
from musimo.audio.own_tag import ROOM, Fields, OwnTag, in_place, keep_padding, own_name, spliced
from musimo.audio.tag_rest import Fingerprint, around, blocks, chunks_rest, damaged
from musimo.audio.tags import MAX_FRAMES
from musimo.errors import TagsError

ID3V1_SIZE: Final = 128
NEW_VERSION: Final = 3  # of a tag that is made: every program reads it
UNSYNCHRONIZED, EXTENDED, FOOTER = 0x80, 0x40, 0x10  # flags of a tag
UNSYNCHRONIZED_FRAME: Final = 0x02  # in the last byte of a frame's header, version 2.4
NO_ID3V1: Final = bytes(256)  # behind a tag on its own, so that mutagen sees none


class _Unread(dict[str, Any]):
    """Names of frames that mutagen knows, of which it reads none: it keeps the bytes of unknown ones."""

    def __getitem__(self, name: str) -> Any:
        raise KeyError(name)


def _frames(tag: bytes) -> tuple[Any, list[bytes], str]:
    """Return a tag as mutagen's object, the bytes of its frames, and why it cannot be written, if so."""
    if not tag:
        return ID3(), [], ""
    version, flags, refusal = tag[3], tag[5], ""
    if version == 2 and flags & EXTENDED:
        raise TagsError("its ID3 tag is compressed")
    if end_of_frames(BytesIO(tag), MAX_FRAMES) is not None:
        raise TagsError(f"its ID3 tag has more than {MAX_FRAMES} frames")
    known = _Unread(Frames_2_2 if version == 2 else Frames)
    tags = ID3(BytesIO(tag), known_frames=known, translate=False, load_v1=False)
    body = tag[10:]
    if version < 4 and flags & UNSYNCHRONIZED:
        body = body.replace(b"\xff\x00", b"\xff")
    kept = b"".join(tags.unknown_frames)
    start = body.find(kept)
    whole = start == 0 or (start > 0 and tags.f_extended)
    if not whole or body[start + len(kept) :].strip(b"\0") or _is_cut(tags.unknown_frames, version):
        refusal = "its ID3 tag holds damaged or empty frames, which mutagen would drop"
    if flags & FOOTER and version == 4:
        refusal = "its ID3 tag has a footer, which mutagen does not write"
    frames: list[bytes] = tags.unknown_frames
    if version == 4 and flags & UNSYNCHRONIZED:  # mutagen leaves out the flag of the tag
        frames = [raw[:9] + bytes((raw[9] | UNSYNCHRONIZED_FRAME,)) + raw[10:] for raw in frames]
    return tags, frames, refusal


def _is_cut(frames: list[bytes], version: int) -> bool:
    """Return whether the last frame is shorter than it says."""
    last = frames[-1] if frames else b""
    size, length = (last[3:6], len(last) - 6) if version == 2 else (last[4:8], len(last) - 10)
    return bool(frames) and int.from_bytes(size, "big") != length and size != synchsafe(length)


def _own_frame(raw: bytes, version: int) -> tuple[str, str] | None:
    """Return name and text of a frame of musimo's; None for any other frame."""
    if raw[:3] != b"TXX":
        return None
    tag = b"ID3" + bytes((version, 0, 0)) + synchsafe(len(raw)) + raw
    for frame in ID3(BytesIO(tag), translate=False, load_v1=False).getall("TXXX"):
        name = own_name(frame.desc)
        if name is not None:
            return name, str(frame)
    return None


def read_id3(tag: bytes) -> tuple[Fields, Hashable, str]:
    """Return musimo's fields in a tag, all other frames, and why it cannot be written; empty if it can."""
    _, frames, refusal = _frames(tag)
    own = [_own_frame(raw, tag[3]) for raw in frames]
    fields = dict(field for field in own if field is not None)
    others = tuple(raw for raw, field in zip(frames, own, strict=True) if field is None)
    return fields, others, refusal


def edit_id3(tag: bytes, fields: Fields) -> bytes:
    """Return the tag, in its version, with other fields of musimo's; empty where no frame is left."""
    version = tag[3] if tag else NEW_VERSION
    tags, frames, _ = _frames(tag)
    tags.unknown_frames = [raw for raw in frames if _own_frame(raw, version) is None]
    if not fields and not tags.unknown_frames:
        return b""
    for name, text in fields.items():
        encoding = Encoding.LATIN1 if text.isascii() else Encoding.UTF8
        tags.add(TXXX(encoding=encoding, desc=name, text=[text]))
    if version == 2:
        return _version_2_2(tags, len(tag))
    part = BytesIO(tag + NO_ID3V1)
    tags.save(part, v2_version=version, v23_sep=None, padding=keep_padding)
    return part.getvalue()[: -len(NO_ID3V1)]


def _version_2_2(tags: Any, size: int) -> bytes:
    """Return a tag of version 2.2, which mutagen does not write; only the heads of frames differ from 2.3."""
    part = BytesIO()
    tags.save(part, v2_version=3, v23_sep=None, padding=lambda info: 0)  # leaves out frames of 2.2
    made, place = part.getvalue(), 10
    frames: list[bytes] = list(tags.unknown_frames)
    while place < len(made):
        end = place + 10 + int.from_bytes(made[place + 4 : place + 8], "big")
        frames.append(b"TXX" + made[place + 5 : place + 8] + made[place + 10 : end])
        place = end
    body = b"".join(frames)
    room = size - 10 - len(body)
    body += bytes(room if room >= 0 else ROOM)
    return b"ID3\2\0\0" + synchsafe(len(body)) + body


def id3v1_start(file: IO[bytes], size: int) -> int:
    """Return where an ID3v1 tag begins, or ``size`` without one."""
    start = max(0, size - ID3V1_SIZE)
    file.seek(start)
    return start if file.read(3) == b"TAG" else size


def id3_in_front(file: IO[bytes], size: int) -> OwnTag:
    """Return the ID3v2 tag before the audio, or the one to be."""
    _, end = (id3_tag_spans(file) or [(0, 0)])[0]
    if end > size:
        raise damaged("its ID3 tag is longer than the file")
    tag = b"".join(blocks(file, 0, end))
    fields, others, refusal = read_id3(tag)
    if not tag and id3v1_start(file, size) < size:
        refusal = "it has an ID3v1 tag alone, which an ID3v2 tag would hide from other programs"

    def rest() -> Fingerprint:
        return [others, *around(file, size, (0, end))]

    return OwnTag(fields, refusal, rest, spliced(file, size, (0, end), lambda fields: edit_id3(tag, fields)))


def id3_in_chunk(file: IO[bytes], size: int, kind: Any, name: str) -> OwnTag:
    """Return the ID3v2 tag in a chunk, which is called ``name`` if it has to be made.

    Parameters
    ----------
    kind : mutagen's class for files of chunks
    """
    iff = kind(file)
    end = iff.root.data_offset + iff.root.data_size
    if end > size:
        raise damaged("it is shorter than its header says")
    found = [chunk for chunk in iff.root.subchunks() if chunk.id.upper() == "ID3"]
    if len(found) > 1:
        raise TagsError("it has several ID3 chunks")
    name = found[0].id if found else name
    tag = found[0].read() if found else b""
    if found and (tag[:3] != b"ID3" or len(tag) < 10):
        raise damaged("its ID3 chunk holds no ID3 tag")
    fields, others, refusal = read_id3(tag)

    def save(copy: IO[bytes], fields: Fields) -> None:
        made, iff = edit_id3(tag, fields), kind(copy)
        if end == size and size % 2:  # some programs leave out the last byte of padding
            copy.seek(0, os.SEEK_END)
            copy.write(b"\0")
            copy.seek(4)
            iff.root.data_size += 1
            iff.root.write_size()
            iff = kind(copy)
        if made:
            if name not in iff:
                iff.insert_chunk(name)
            chunk = iff[name]
            chunk.resize(len(made))
            chunk.write(made)
        else:
            iff.delete_chunk(name)

    return OwnTag(fields, refusal, lambda: [others, *chunks_rest(file, size, iff)], in_place(file, save))
