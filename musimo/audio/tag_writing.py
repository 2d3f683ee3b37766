"""Putting musimo's fields into a file, and taking them out: the one place where musimo changes audio files.

The file itself is never written to. A copy is made beside it, with the fields in it; then it is checked that
the copy holds the same encoded sound, byte for byte, and that mutagen, which had no part in writing it, reads
the same tags and pictures from both. Only then is it flushed to the disk and renamed over the file. So a kill
or a loss of power at any moment leaves the old file or the new one, whole; at worst a file named
``.musimo-….tmp`` is left beside it.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mutagen
from mutagen.apev2 import APENoHeaderError, APEv2

from musimo.atomic import replacing
from musimo.audio.decode import open_audio
from musimo.audio.id3 import end_of_frames
from musimo.audio.own_tags.edit import edit
from musimo.audio.own_tags.pieces import Edit, Fields, own_name, put_together
from musimo.audio.tags import MAX_FRAMES
from musimo.errors import AudioError, TagsError
from musimo.records import AnyPath

OTHER_SOUND = "its sound is not the one the library knows: scan its folder first"


@dataclass(frozen=True, slots=True)
class Stamp:
    """What a scan knows an unchanged file by."""

    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Written:
    """A file that was written: what musimo's fields said before; what it was and is known by."""

    before: Fields
    old: Stamp
    new: Stamp


def fields_of(path: AnyPath, fields: Fields) -> tuple[Fields, Stamp]:
    """What musimo's fields say in a file, and what it is known by.

    Raises
    ------
    TagsError : ``fields`` could not be written into it
    """
    target = _target(path)
    with _Told():
        with target.open("rb") as file:
            facts = os.fstat(file.fileno())
            found = edit(file, facts.st_size, fields)
        if dict(found.before) != dict(fields):
            _check_place(target, facts)
    return found.before, _stamp(facts)


def check_sound(path: AnyPath, content: bytes) -> None:
    """Raise TagsError where a file does not hold the sound of that hash."""
    target = _target(path)
    with _Told():
        if _sound(target) != content:
            raise TagsError(OTHER_SOUND)


def write_fields(
    path: AnyPath, fields: Fields, content: bytes, *, keep_mtime: bool = False
) -> Written | None:
    """Make musimo's fields in a file say ``fields`` and no more; None where they do already.

    A link is followed, and stays one. Permissions stay; owner and extended attributes where the system lets
    them.

    Parameters
    ----------
    path : of the file
    fields : by name, see :data:`musimo.audio.own_tags.pieces.OWN`; empty to take them all out
    content : hash of the sound that it holds
    keep_mtime : leave its time of change as it was

    Raises
    ------
    TagsError : the file is as it was, and why
    """
    target = _target(path)
    with _Told(), target.open("rb") as file:
        facts = os.fstat(file.fileno())
        found = edit(file, facts.st_size, fields)
        if dict(found.before) == dict(fields):
            return None
        _check_place(target, facts)
        if end_of_frames(file, MAX_FRAMES) is not None:
            raise TagsError(f"its ID3 tag has more than {MAX_FRAMES} frames")
        known = _known_to_mutagen(target)
        if _sound(target) != content:
            raise TagsError(OTHER_SOUND)
        with replacing(target) as beside:
            with beside.open("wb") as copy:
                copy.writelines(put_together(file, found.pieces))
            _check_copy(beside, fields, content, known)
            _take_over(target, beside, facts, keep_mtime=keep_mtime)
            new = beside.stat()
            if _differs(target.stat(), facts):
                raise TagsError("another program changed it at the same time")
        return Written(found.before, _stamp(facts), _stamp(new))


class _Told:
    """Faults of the disk, of decoders and of memory, as a TagsError."""

    def __enter__(self) -> None: ...

    def __exit__(self, _type: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, AudioError):
            raise TagsError(error.reason) from error
        if isinstance(error, OSError):
            raise TagsError((error.strerror or str(error)).lower()) from error
        if isinstance(error, MemoryError):
            raise TagsError("its tags take more memory than there is") from error


def _target(path: AnyPath) -> Path:
    """The regular file that a path leads to."""
    with _Told():
        target = Path(os.path.realpath(os.fsdecode(path)))
        try:
            mode = target.stat().st_mode
        except FileNotFoundError as error:
            raise TagsError("it is not there") from error
        if not stat.S_ISREG(mode):
            raise TagsError("it is not a regular file")
    return target


def _check_place(target: Path, facts: os.stat_result) -> None:
    """Refuse what may not be replaced: by its rights, or for other names that would keep the old file."""
    if not facts.st_mode & 0o222 or not os.access(target, os.W_OK):
        raise TagsError("it is read-only")
    if not os.access(target.parent, os.W_OK):
        raise TagsError("its folder is read-only")
    if facts.st_nlink > 1:
        raise TagsError(
            f"it has {facts.st_nlink} names (hard links), of which only this one would lead to the new file"
        )


def _check_copy(copy: Path, fields: Fields, content: bytes, known: tuple[Any, list[Any]]) -> None:
    """Refuse a copy that is not the file it was made from with other fields of musimo's."""
    with copy.open("rb") as file:
        read: Edit = edit(file, os.fstat(file.fileno()).st_size, {})
    if dict(read.before) != dict(fields):
        raise TagsError("a check failed: the fields cannot be read from the copy")
    kind, facts = known
    if _sound(copy) != content:
        raise TagsError("a check failed: the copy does not hold the same sound")
    try:
        same = [*_facts(kind(copy)), *_ape_facts(copy)] == facts
    except Exception as error:  # mutagen meets strange bytes with any exception there is
        raise TagsError("a check failed: mutagen cannot read the copy") from error
    if not same:
        raise TagsError("a check failed: other tags or pictures of the copy differ")


def _known_to_mutagen(path: Path) -> tuple[Any, list[Any]]:
    """The kind of file by which mutagen knows this one, and what it reads beside musimo's fields."""
    try:
        found = mutagen.File(path)
        facts = None if found is None else [*_facts(found), *_ape_facts(path)]
    except Exception as error:
        raise TagsError("mutagen cannot read its tags, so that nothing could be checked") from error
    if facts is None:
        raise TagsError("mutagen does not know its kind, so that nothing could be checked")
    return type(found), facts


def _facts(found: Any) -> list[Any]:
    """Tags and pictures as plain values."""
    return [_told(found.tags), [_plain(picture) for picture in getattr(found, "pictures", ())]]


def _ape_facts(path: Path) -> list[Any]:
    """The items of an APE tag at the end, where mutagen does not look for one of itself."""
    read: Any = APEv2
    try:
        return _told(read(path))
    except APENoHeaderError:
        return []


def _told(tags: Any) -> list[Any]:
    names = sorted(str(name) for name in tags.keys()) if tags is not None else []  # noqa: SIM118 - not all are dicts
    return [(name, _plain(tags[name])) for name in names if own_name(name.rpartition(":")[2]) is None]


def _plain(value: Any) -> Any:
    """What mutagen made of a value, down to its numbers and texts, so that nothing hides in an equality."""
    if value is None or isinstance(value, int | float | str):
        return value
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    plain = bytes(value) if isinstance(value, bytes) else None
    slots = [name for kind in type(value).__mro__ for name in getattr(kind, "__slots__", ())]
    inner = {name: getattr(value, name, None) for name in slots} | getattr(value, "__dict__", {})
    return [type(value).__name__, plain, {name: _plain(part) for name, part in inner.items()}]


def _sound(path: Path) -> bytes:
    with open_audio(path) as sound:
        return sound.content


def _take_over(target: Path, beside: Path, facts: os.stat_result, *, keep_mtime: bool) -> None:
    """Give the copy owner, extended attributes and, if asked for, time; its mode is the caller's."""
    made = beside.stat()
    if (made.st_uid, made.st_gid) != (facts.st_uid, facts.st_gid) and hasattr(os, "chown"):
        with suppress(OSError):
            os.chown(beside, facts.st_uid, facts.st_gid)
    if hasattr(os, "listxattr"):
        with suppress(OSError):
            for name in os.listxattr(target):
                with suppress(OSError):
                    os.setxattr(beside, name, os.getxattr(target, name))
    if keep_mtime:
        os.utime(beside, ns=(facts.st_atime_ns, facts.st_mtime_ns))


def _stamp(facts: os.stat_result) -> Stamp:
    return Stamp(facts.st_size, facts.st_mtime_ns)


def _differs(now: os.stat_result, before: os.stat_result) -> bool:
    return (now.st_ino, now.st_size, now.st_mtime_ns) != (before.st_ino, before.st_size, before.st_mtime_ns)
