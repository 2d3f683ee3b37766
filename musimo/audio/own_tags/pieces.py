"""A file to be, as pieces: stretches of the one there is, and new bytes between them.

What is no field of musimo's own is always a stretch, so that it comes through byte for byte, whether anybody
understands it or not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from musimo.errors import TagsError

Fields = Mapping[str, str]
"""musimo's fields of one file, by name, upper case."""

OWN = ("MUSIMO_VALENCE", "MUSIMO_AROUSAL", "MUSIMO_MOOD", "MUSIMO_BPM")
"""Every field musimo writes, by the one name it has in all formats. No other is ever changed."""

VENDOR = b"musimo"  # the program a new comment block is signed by
ROOM = 1_024  # bytes of padding a tag gets that has to grow: the next one who writes need not move the sound
MAX_TAG = 2**28  # bytes of tags held in memory; the covers of a box set take a tenth of it
MOST_PARTS = 10_000  # chunks or boxes of a file; honest ones have a hundred
BLOCK = 2**20  # bytes copied at once


class Source(Protocol):
    """What is asked of an open file."""

    def read(self, size: int = -1, /) -> bytes: ...  # noqa: D102
    def seek(self, pos: int, whence: int = 0, /) -> int: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class Kept:
    """The bytes from ``start`` to ``end`` of the file there is."""

    start: int
    end: int


Piece = bytes | Kept


@dataclass(frozen=True, slots=True)
class Edit:
    """What a file says in musimo's fields, and what it has to become to say something else."""

    before: Fields
    pieces: Iterable[Piece]


def own_name(name: str) -> str | None:
    """The field of musimo's that goes by this name, whatever its case; None for anybody else's."""
    upper = name.upper()
    return upper if upper in OWN else None


def read_exactly(file: Source, start: int, size: int) -> bytes:
    """So many bytes; TagsError where the file ends before."""
    if size > MAX_TAG:
        raise TagsError(f"its tags would take {size} bytes")
    file.seek(start)
    data = file.read(size)
    if len(data) < size:
        raise damaged("the file ends in the middle of its tags")
    return data


def damaged(how: str) -> TagsError:
    """What to raise of a file that is not put together as it should be; nothing is guessed."""
    return TagsError(f"it is left alone, for it is damaged: {how}")


def put_together(file: Source, pieces: Iterable[Piece]) -> Iterator[bytes]:
    """The bytes of a file to be, block by block."""
    for piece in pieces:
        if isinstance(piece, bytes):
            yield piece
            continue
        place = piece.start
        while place < piece.end:
            file.seek(place)
            block = file.read(min(BLOCK, piece.end - place))
            if not block:
                raise damaged("it became shorter while it was read")
            yield block
            place += len(block)
