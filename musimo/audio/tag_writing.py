"""Write musimo's fields into a file and remove them: the only place where musimo changes audio files.

The file itself is never written to. A copy is made beside it, into which mutagen writes the fields
(:mod:`musimo.audio.tag_fields`); then it is checked that the copy holds the same audio and the same of
everything else, byte for byte (:mod:`musimo.audio.tag_rest`), and that mutagen reads the same tags and
pictures from both. Only then is it flushed to the disk and renamed over the file. So a kill or a loss of
power at any moment leaves the old file or the new one, whole; at worst a file named ``.musimo-….tmp`` is
left beside it.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import mutagen
from mutagen.apev2 import APENoHeaderError, APEv2

from musimo.atomic import replacing
from musimo.audio.decode import open_audio
from musimo.audio.own_tag import Fields, OwnTag, own_name
from musimo.audio.paths import AnyPath
from musimo.audio.tag_fields import read_own_tag
from musimo.audio.tag_rest import Fingerprint
from musimo.errors import AudioError, TagsError

OTHER_AUDIO = "its audio is not the one that the library knows: scan its folder first"


@dataclass(frozen=True, slots=True)
class Stamp:
    """Size and time of change, by which a scan recognizes an unchanged file."""

    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """A file that was written: musimo's fields before, and its stamps before and after."""

    before: Fields
    old: Stamp
    new: Stamp


def read_fields(path: AnyPath, fields: Fields) -> tuple[Fields, Stamp]:
    """Return musimo's fields in a file, and its stamp.

    Raises
    ------
    TagsError : ``fields`` could not be written into it
    """
    target = _target(path)
    with _as_tags_error(), target.open("rb") as file:
        facts = os.fstat(file.fileno())
        tag = _own_tag(file, target)
        if dict(tag.fields) != dict(fields):
            _check_replaceable(target, facts)
            _check_writable(tag)
    return tag.fields, _stamp(facts)


def check_content(path: AnyPath, content: bytes) -> None:
    """Raise TagsError where the audio of a file has not that hash."""
    target = _target(path)
    with _as_tags_error():
        if _content(target) != content:
            raise TagsError(OTHER_AUDIO)


def write_fields(
    path: AnyPath, fields: Fields, content: bytes, *, keep_mtime: bool = False
) -> WrittenFile | None:
    """Write musimo's fields into a file, or return None where it says so already.

    A link is followed, and stays one. Permissions stay; owner and extended attributes where the system lets
    them.

    Parameters
    ----------
    path : of the file
    fields : by name, see :data:`musimo.audio.own_tag.OWN`; those that are not named are removed
    content : hash of its audio
    keep_mtime : leave its time of change as it was

    Raises
    ------
    TagsError : the file is as it was; the message says why
    """
    target = _target(path)
    with _as_tags_error(), target.open("rb") as file:
        facts = os.fstat(file.fileno())
        tag = _own_tag(file, target)
        if dict(tag.fields) == dict(fields):
            return None
        _check_replaceable(target, facts)
        _check_writable(tag)
        rest = tag.rest()
        kind, seen = _seen_by_mutagen(target)
        if _content(target) != content:
            raise TagsError(OTHER_AUDIO)
        with replacing(target) as beside:
            write_copy(tag, fields, beside)
            check_copy(beside, fields, rest)
            if _content(beside) != content:
                raise TagsError("a check failed: the copy does not hold the same audio")
            if _seen(kind, beside) != seen:
                raise TagsError("a check failed: other tags or pictures of the copy differ")
            _take_over(target, beside, facts, keep_mtime=keep_mtime)
            new = beside.stat()
            if _differs(target.stat(), facts):
                raise TagsError("another program changed it at the same time")
        return WrittenFile(tag.fields, _stamp(facts), _stamp(new))


def write_copy(tag: OwnTag, fields: Fields, copy: Path) -> None:
    """Write the file that ``tag`` was read from, with other fields of musimo's, as ``copy``."""
    with copy.open("w+b") as made, _by_mutagen("write its tags"):
        tag.write_copy(made, fields)


def check_copy(copy: Path, fields: Fields, rest: Fingerprint) -> None:
    """Raise TagsError unless a copy has these fields, and everything else is as ``rest`` says."""
    with copy.open("rb") as file, _by_mutagen("read the copy"):
        made = _own_tag(file, copy)
        if dict(made.fields) != dict(fields):
            raise TagsError("a check failed: the fields cannot be read from the copy")
        if made.rest() != rest:
            raise TagsError("a check failed: the copy differs in more than musimo's fields")


def _own_tag(file: IO[bytes], path: Path) -> OwnTag:
    def codec() -> str:
        with open_audio(path) as sound:
            return sound.codec

    with _by_mutagen("read its tags"):
        return read_own_tag(file, os.fstat(file.fileno()).st_size, codec)


@contextmanager
def _by_mutagen(what: str) -> Iterator[None]:
    """Raise whatever mutagen raises as a TagsError; a fault of the disk, which it wraps, as what it is."""
    try:
        yield
    except (TagsError, OSError, MemoryError):
        raise
    except Exception as error:  # mutagen meets strange bytes with any exception there is
        if isinstance(error.__context__, OSError) and error.__context__.errno is not None:
            raise error.__context__ from error
        raise TagsError(f"mutagen cannot {what}") from error


@contextmanager
def _as_tags_error() -> Iterator[None]:
    """Raise faults of the disk, of decoders and of memory as a TagsError."""
    try:
        yield
    except AudioError as error:
        raise TagsError(error.reason) from error
    except OSError as error:
        raise TagsError((error.strerror or str(error)).lower()) from error
    except MemoryError as error:
        raise TagsError("its tags take more memory than there is") from error


def _target(path: AnyPath) -> Path:
    """Return the regular file that a path leads to."""
    with _as_tags_error():
        target = Path(os.path.realpath(os.fsdecode(path)))
        try:
            mode = target.stat().st_mode
        except FileNotFoundError as error:
            raise TagsError("it is not there") from error
        if not stat.S_ISREG(mode):
            raise TagsError("it is not a regular file")
    return target


def _check_replaceable(target: Path, facts: os.stat_result) -> None:
    """Raise TagsError for a file without the rights, or with other names that would keep the old file."""
    if not facts.st_mode & 0o222 or not os.access(target, os.W_OK):
        raise TagsError("it is read-only")
    if not os.access(target.parent, os.W_OK):
        raise TagsError("its folder is read-only")
    if facts.st_nlink > 1:
        raise TagsError(
            f"it has {facts.st_nlink} names (hard links), of which only this one would lead to the new file"
        )


def _check_writable(tag: OwnTag) -> None:
    if tag.refusal:
        raise TagsError(tag.refusal)


def _seen_by_mutagen(path: Path) -> tuple[Any, list[Any]]:
    """Return mutagen's class for a file, and the tags and pictures that it reads beside musimo's fields."""
    with _by_mutagen("read its tags, so that nothing could be checked"):
        found = mutagen.File(path)
        if found is None:
            raise TagsError("mutagen does not know its kind, so that nothing could be checked")
        return type(found), _seen(type(found), path)


def _seen(kind: Any, path: Path) -> list[Any]:
    """Return tags and pictures as plain values; an APE tag too, where mutagen does not look for one."""
    with _by_mutagen("read the copy"):
        found = kind(path)
        pictures = [_plain(picture) for picture in getattr(found, "pictures", ())]
        unknown = [bytes(frame) for frame in getattr(found.tags, "unknown_frames", ())]
        return [_plain_tags(found.tags), pictures, unknown, _plain_ape(path)]


def _plain_ape(path: Path) -> list[Any]:
    read: Any = APEv2
    try:
        return _plain_tags(read(path))
    except APENoHeaderError:
        return []


def _plain_tags(tags: Any) -> list[Any]:
    names = sorted(str(name) for name in tags.keys()) if tags is not None else []  # noqa: SIM118 - not all are dicts
    return [(name, _plain(tags[name])) for name in names if own_name(name.rpartition(":")[2]) is None]


def _plain(value: Any) -> Any:
    """Return what mutagen made of a value as numbers and texts, so that an equality hides nothing."""
    if value is None or isinstance(value, int | float | str):
        return value
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    plain = bytes(value) if isinstance(value, bytes) else None
    slots = [name for kind in type(value).__mro__ for name in getattr(kind, "__slots__", ())]
    inner = {name: getattr(value, name, None) for name in slots} | getattr(value, "__dict__", {})
    return [type(value).__name__, plain, {name: _plain(part) for name, part in inner.items()}]


def _content(path: Path) -> bytes:
    with open_audio(path) as sound:
        return sound.content


def _take_over(target: Path, beside: Path, facts: os.stat_result, *, keep_mtime: bool) -> None:
    """Give the copy owner, extended attributes and, if asked for, time; the caller sets its mode."""
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
