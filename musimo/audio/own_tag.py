"""What all formats share: musimo's fields, and the tag of a file that holds them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from shutil import copyfileobj
from typing import IO, Any, Final

from musimo.audio.tag_rest import Fingerprint, blocks

Fields = Mapping[str, str]
"""musimo's fields of one file, by name, upper case."""

OWN: Final = (
    "MUSIMO_VALENCE",
    "MUSIMO_AROUSAL",
    "MUSIMO_MOOD",
    "MUSIMO_BPM",
    "MUSIMO_KEY",
    "MUSIMO_HEARD",
)
"""Every field musimo writes, by the one name it has in all formats. No other is ever changed."""

ROOM: Final = 1_024  # bytes of padding for a tag that has to grow: later changes need not move the audio


@dataclass(frozen=True, slots=True)
class OwnTag:
    """The tag of an open file that holds musimo's fields.

    Parameters
    ----------
    fields : what they say
    refusal : why other fields cannot be written; empty where they can
    rest : fingerprint of everything else in the file
    write_copy : write the whole file with other fields into an empty one
    """

    fields: Fields
    refusal: str
    rest: Callable[[], Fingerprint]
    write_copy: Callable[[IO[bytes], Fields], None]


def own_name(name: str) -> str | None:
    """Return the name of musimo's field, whatever the case; None for any other name."""
    upper = name.upper()
    return upper if upper in OWN else None


def keep_padding(info: Any) -> int:
    """Return the bytes of padding behind a tag: what is left of it, or ``ROOM`` where it did not suffice."""
    return int(info.padding) if info.padding >= 0 else ROOM


def own_texts(items: Iterable[tuple[str, Any]]) -> Fields:
    """Return musimo's fields among pairs of name and text; of several with a name, the last."""
    return {own: str(value) for name, value in items if (own := own_name(name)) is not None}


def in_place(
    file: IO[bytes], save: Callable[[IO[bytes], Fields], None]
) -> Callable[[IO[bytes], Fields], None]:
    """Return the writer of a copy that mutagen changes."""

    def write_copy(copy: IO[bytes], fields: Fields) -> None:
        file.seek(0)
        copyfileobj(file, copy)
        copy.seek(0)
        save(copy, fields)

    return write_copy


def spliced(
    file: IO[bytes], size: int, span: tuple[int, int], edit: Callable[[Fields], bytes]
) -> Callable[[IO[bytes], Fields], None]:
    """Return the writer of a copy that has another tag in a span, which mutagen made on its own."""

    def write_copy(copy: IO[bytes], fields: Fields) -> None:
        copy.writelines(blocks(file, 0, span[0]))
        copy.write(edit(fields))
        copy.writelines(blocks(file, span[1], size))

    return write_copy
