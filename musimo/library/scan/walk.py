"""Folders → files. Every directory is walked once, however many links lead to it; nothing is opened."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from musimo.audio.formats import is_music

SKIPPED_FOLDERS = frozenset(
    {
        b"@eaDir",  # Synology's thumbnails
        b"#recycle",
        b"$RECYCLE.BIN",
        b"System Volume Information",
        b"lost+found",
        b".Trash",
        b".Trashes",
    }
)
SKIPPED_PREFIX = b".Trash-"  # the freedesktop.org trash of a mounted drive, .Trash-1000
MARKER = b".notmusic"
"""A folder that holds a file of this name is left alone, with all below it."""

Identity = tuple[int, int]
"""Device and inode."""

Visited = dict[Identity | None, bytes | None]
"""Folders that are not walked again, with the name they were walked by; None: another walk's."""

LATEST_NS = 2**63 - 1  # the year 2262: what a 64-bit integer holds; file systems take later ones


class FoundFile(NamedTuple):
    """A file with a music ending. ``path`` is relative to the folder that was walked.

    A named tuple, for a large library makes a hundred thousand of them in a scan that finds nothing new.
    """

    path: bytes
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class IgnoredFile:
    """Something that is not music: another ending, a pipe, a device."""

    path: bytes


@dataclass(frozen=True, slots=True)
class UnreadableEntry:
    """A folder that cannot be listed, or a music file that cannot even be looked at."""

    path: bytes
    reason: str
    is_folder: bool


@dataclass(frozen=True, slots=True)
class OtherName:
    """A file or folder that is found under another name; nothing below this one is told.

    ``found_as`` is the other name, where it is below the folder that is walked, and known.
    """

    path: bytes
    found_as: bytes | None = None


WalkEvent = FoundFile | IgnoredFile | UnreadableEntry | OtherName


def walk(top: bytes, others: Collection[bytes] = ()) -> Iterator[WalkEvent]:
    """Every file below ``top``, in the order of the names; links to folders come after all real folders.

    A link into ``top`` or one of the ``others``, or to a folder already walked, is passed over: what it
    points to is found under its own name.

    Parameters
    ----------
    top : absolute path of a folder
    others : absolute paths of folders whose files are found when they are walked themselves
    """
    links: list[bytes] = []
    visited: Visited = {found: None for other in others if (found := identity(other))}
    visited.pop(identity(top), None)
    elsewhere = [os.path.realpath(folder) for folder in (top, *others)]
    yield from _walk_folder(top, b"", visited, links)
    while links:
        yield from _follow(top, links.pop(0), visited, links, elsewhere)


def _walk_folder(top: bytes, relative: bytes, visited: Visited, links: list[bytes]) -> Iterator[WalkEvent]:
    pending = [relative]
    while pending:
        folder = pending.pop()
        try:
            status = os.stat(os.path.join(top, folder))
            found = _identity(status)
            if found in visited:
                yield OtherName(folder, visited[found])
                continue
            if found is not None:
                visited[found] = folder
            with os.scandir(os.path.join(top, folder)) as scan:
                entries = sorted(scan, key=lambda entry: entry.name)
        except OSError as error:
            yield UnreadableEntry(folder, _reason(error), is_folder=True)
            continue
        if any(entry.name == MARKER for entry in entries):
            continue
        subfolders = []
        inside = os.path.join(folder, b"")
        for entry in entries:
            path = inside + entry.name
            if entry.is_symlink():
                links.append(path)
            elif entry.is_dir(follow_symlinks=False):
                if not _skipped(entry.name):
                    subfolders.append(path)
            elif is_music(entry.name):
                yield _look_at(entry, path)
            else:
                yield IgnoredFile(path)
        pending.extend(reversed(subfolders))


def _look_at(entry: os.DirEntry[bytes], path: bytes) -> WalkEvent:
    try:
        status = entry.stat(follow_symlinks=False)
    except OSError as error:
        return UnreadableEntry(path, _reason(error), is_folder=False)
    return _found(path, status) if stat.S_ISREG(status.st_mode) else IgnoredFile(path)


def _found(path: bytes, status: os.stat_result) -> FoundFile:
    return FoundFile(path, status.st_size, max(-LATEST_NS, min(status.st_mtime_ns, LATEST_NS)))


def _follow(
    top: bytes, link: bytes, visited: Visited, links: list[bytes], elsewhere: Collection[bytes]
) -> Iterator[WalkEvent]:
    full = os.path.join(top, link)
    name = os.path.basename(link)
    try:
        status = os.stat(full)
    except OSError as error:
        if is_music(name):
            yield UnreadableEntry(link, _reason(error), is_folder=False)
        else:
            yield IgnoredFile(link)
        return
    if stat.S_ISDIR(status.st_mode):
        if _skipped(name):
            return
        if _leads_into(full, elsewhere):
            yield OtherName(link)
        else:
            yield from _walk_folder(top, link, visited, links)
    elif not is_music(name) or not stat.S_ISREG(status.st_mode):
        yield IgnoredFile(link)
    elif _leads_into(full, elsewhere):
        yield OtherName(link)
    else:
        yield _found(link, status)


def _leads_into(link: bytes, folders: Collection[bytes]) -> bool:
    real = os.path.realpath(link)
    return any(real == folder or real.startswith(folder.rstrip(b"/") + b"/") for folder in folders)


def identity(path: bytes) -> Identity | None:
    """What ``path`` is, links followed; None where it is not there, or its disk gives no inodes."""
    try:
        return _identity(os.stat(path))
    except (OSError, ValueError):
        return None


def _identity(status: os.stat_result) -> Identity | None:
    return (status.st_dev, status.st_ino) if status.st_ino else None


def _skipped(name: bytes) -> bool:
    return name in SKIPPED_FOLDERS or name.startswith(SKIPPED_PREFIX)


def _reason(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "the link points to nothing"
    if isinstance(error, PermissionError):
        return "no permission to read it"
    if error.errno == errno.ELOOP:
        return "the link leads back to itself"
    return error.strerror or "it cannot be read"
