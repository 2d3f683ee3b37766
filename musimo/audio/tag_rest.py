"""Fingerprints of everything in a file that is not tag, to prove that writing tags changed nothing else.

A fingerprint holds every chunk, block, box or page with its bytes, mostly as hashes. It does not depend on
where a part stands, nor on padding, so that it is equal before and after a tag has grown.
"""

from __future__ import annotations

import struct
from collections.abc import Hashable, Iterator
from hashlib import blake2b
from itertools import pairwise
from typing import IO, Any, Final

from mutagen.asf import ASF
from mutagen.flac import FLAC, Padding, StreamInfo
from mutagen.mp4._atom import Atoms

from musimo.audio.ogg import CAPTURE, FIRST, PAGE, SEGMENT
from musimo.errors import TagsError

Fingerprint = list[Hashable]

BLOCK: Final = 2**20  # bytes read at once
FLAC_PADDING, FLAC_COMMENTS = 1, 4  # types of blocks
PAGE_NUMBER: Final = 18  # in the head of a page of Ogg, with the checksum behind it
MP4_TAGS: Final = b"moov.udta.meta"
MP4_OFFSETS: Final = {b"stco": "I", b"co64": "Q"}
ASF_FILE_SIZE: Final = slice(16, 24)  # in the properties
ASF_PROPERTIES: Final = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
ASF_EXTENSION: Final = bytes.fromhex("b503bf5f2ea9cf118ee300c00c205365")  # holds objects
ASF_TAGS: Final = frozenset(
    bytes.fromhex(guid)
    for guid in (
        "3326b2758e66cf11a6d900aa0062ce6c",  # content description
        "40a4d0d207e3d21197f000a0c95ea850",  # extended content description
        "eacbf8c5af5b77488467aa8c44fa4cca",  # metadata
        "941c23449894d149a1411d134e457054",  # metadata library
        "74d40618dfca0945a4ba9aabcb96aae8",  # padding
    )
)


def damaged(how: str) -> TagsError:
    """Return the error for a file whose structure is not valid; nothing is guessed."""
    return TagsError(f"the file is damaged: {how}; it is left as it is")


def blocks(file: IO[bytes], start: int, end: int) -> Iterator[bytes]:
    """Yield the bytes from ``start`` to ``end``, block by block; TagsError where the file ends before."""
    file.seek(start)
    while start < end:
        block = file.read(min(BLOCK, end - start))
        if not block:
            raise damaged("it ends before the parts that it lists")
        yield block
        start += len(block)


def digest(file: IO[bytes], start: int, end: int) -> bytes:
    """Return a hash of the bytes from ``start`` to ``end``."""
    hashed = blake2b(digest_size=16)
    for block in blocks(file, start, end):
        hashed.update(block)
    return hashed.digest()


def around(file: IO[bytes], size: int, span: tuple[int, int]) -> Fingerprint:
    """Return hashes of what stands before and behind a tag."""
    return [digest(file, 0, span[0]), digest(file, span[1], size)]


class _RawFlac(FLAC):
    """FLAC of whose blocks mutagen reads the first and padding alone, so that the others are bytes."""

    METADATA_BLOCKS = [StreamInfo, Padding]  # noqa: RUF012 - as mutagen has it


RawFlac: Any = _RawFlac


def flac_blocks(file: IO[bytes]) -> list[tuple[int, bytes]]:
    """Return type and content of each metadata block."""
    file.seek(0)
    return [(block.code, block.write()) for block in RawFlac(file).metadata_blocks]


def flac_rest(file: IO[bytes], size: int, start: int) -> Fingerprint:
    """Return a fingerprint of a FLAC stream that begins at ``start``: audio, and all blocks but comments."""
    parts = flac_blocks(file)
    audio = start + len(b"fLaC") + sum(4 + len(data) for _, data in parts)
    others = [part for part in parts if part[0] not in (FLAC_COMMENTS, FLAC_PADDING)]
    return [*around(file, size, (start, audio)), *others]


class _OggStream:
    """What has been read of a logical stream of Ogg: its first packets, and a hash of its audio.

    Headers may be spread over pages in another way. Pages of audio have to keep all but number and checksum;
    numbers may be shifted by the same amount.
    """

    def __init__(self, serial: int) -> None:
        self.serial = serial
        self.headers: list[bytes] = [b""]
        self.end = 0  # of the last page, in the file
        self._page = -1
        self._audio = blake2b(digest_size=16)

    def add(self, head: bytes, number: int, lengths: bytes, body: bytes) -> None:
        """Read the next page of the stream."""
        if len(self.headers) > 3:
            self._audio.update(b"%b%d" % (head[:PAGE_NUMBER], number - self._page))
            self._audio.update(lengths)
            self._audio.update(body)
        else:
            place = 0
            for length in lengths:
                self.headers[-1] += body[place : place + length]
                place += length
                if length < SEGMENT:
                    self.headers.append(b"")
        self._page = number

    def fingerprint(self) -> Hashable:
        """Return all but the second packet, which holds the comments."""
        return self.serial, self.headers[0], *self.headers[2:], self._audio.digest()


def _ogg_streams(file: IO[bytes]) -> Iterator[_OggStream]:
    """Yield the stream of each page, when it has been read, up to the end or what is no page."""
    streams: dict[int, _OggStream] = {}
    place = file.seek(0)
    while len(head := file.read(PAGE.size)) == PAGE.size and head.startswith(CAPTURE):
        _, _, flags, _, serial, number, _, n_segments = PAGE.unpack(head)
        lengths = file.read(n_segments)
        body = file.read(sum(lengths))
        if len(lengths) + len(body) < n_segments + sum(lengths):
            break
        if flags & FIRST or serial not in streams:
            streams[serial] = _OggStream(serial)
        stream = streams[serial]
        stream.add(head, number, lengths, body)
        place += len(head) + len(lengths) + len(body)
        stream.end = place
        yield stream


def ogg_comments(file: IO[bytes], beginning: bytes) -> bytes:
    """Return the second packet of the first stream that begins so."""
    for stream in _ogg_streams(file):
        if len(stream.headers) > 2 and stream.headers[0].startswith(beginning):
            return stream.headers[1]
    raise damaged("its comments do not end")


def ogg_rest(file: IO[bytes], size: int) -> Fingerprint:
    """Return a fingerprint of all streams without their comments, and of what stands behind them."""
    streams = dict.fromkeys(_ogg_streams(file))
    end = max(stream.end for stream in streams)
    return [digest(file, end, size), *(stream.fingerprint() for stream in streams)]


def chunks_rest(file: IO[bytes], size: int, iff: Any) -> Fingerprint:
    """Return a fingerprint of a WAV or AIFF file: all chunks but the ID3 one, and what stands behind them."""
    parts = iff.root.subchunks()
    end = iff.root.data_offset + iff.root.data_size
    if not parts or parts[-1].data_offset + parts[-1].data_size not in (end, end - 1):
        raise damaged("its chunks do not fit together")
    others = [
        (part.id, digest(file, part.data_offset, part.data_offset + part.data_size))
        for part in parts
        if part.id.upper() != "ID3"
    ]
    return [iff.root.name, digest(file, end, size), *others]


def is_fragmented(file: IO[bytes]) -> bool:
    """Return whether an MP4 file is in fragments, of whose offsets mutagen updates only some."""
    file.seek(0)
    return any(atom.name == b"moof" for atom in Atoms(file).atoms)


def mp4_rest(file: IO[bytes]) -> Fingerprint:
    """Return a fingerprint of an MP4 file: all boxes but iTunes' list and the padding beside it."""
    file.seek(0)
    return [leaf for atom in Atoms(file).atoms for leaf in _leaves(file, atom, b"")]


def _leaves(file: IO[bytes], atom: Any, above: bytes) -> Iterator[Hashable]:
    path = above + atom.name
    if atom.children is None:
        start, end = atom.offset + atom.length - atom.datalength, atom.offset + atom.length
        if atom.name in MP4_OFFSETS:
            yield path, _distances(b"".join(blocks(file, start, end)), MP4_OFFSETS[atom.name])
        else:
            yield path, digest(file, start, end)
    for child in atom.children or ():
        if path != MP4_TAGS or not _is_list(file, child):
            yield from _leaves(file, child, path + b".")


def _is_list(file: IO[bytes], atom: Any) -> bool:
    """Return whether a box is iTunes' list, the padding beside it or its type, which mutagen may make."""
    if atom.name == b"hdlr":
        return b"mdir" in b"".join(blocks(file, atom.offset, atom.offset + atom.length))
    return atom.name in (b"ilst", b"free")


def _distances(data: bytes, kind: str) -> Hashable:
    """Return the distances between chunks of audio, which all move together."""
    [n] = struct.unpack_from(">I", data, 4)
    return tuple(after - before for before, after in pairwise(struct.unpack_from(f">{n}{kind}", data, 8)))


def asf_rest(file: IO[bytes], size: int) -> Fingerprint:
    """Return a fingerprint of an ASF file: audio, and all objects of the header but tags and padding."""
    file.seek(0)
    header = ASF(file)._header
    file.seek(16)
    audio = int.from_bytes(file.read(8), "little")
    return [digest(file, audio, size), *_objects(header.objects)]


def _objects(objects: Any) -> Iterator[Hashable]:
    for part in objects:
        if part.GUID == ASF_EXTENSION:
            yield from _objects(part.objects)
        elif part.GUID == ASF_PROPERTIES:
            yield part.data[: ASF_FILE_SIZE.start], part.data[ASF_FILE_SIZE.stop :]
        elif part.GUID not in ASF_TAGS:
            yield part.GUID, part.data
