"""Folders → files. Every directory is walked once, however many links lead to it; nothing is opened."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass

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

LATEST_NS = 2**63 - 1  # the year 2262: what a 64-bit integer holds; file systems take later ones


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file with a music ending. ``path`` is relative to the folder that was walked."""

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


WalkEvent = FoundFile | IgnoredFile | UnreadableEntry


def walk(top: bytes) -> Iterator[WalkEvent]:
    """Every file below ``top``, in the order of the names; links to folders come after all real folders.

    A link that leads back to a folder already walked, or to a file inside ``top``, is passed over in
    silence: what it points to is found under its own name.

    Parameters
    ----------
    top : absolute path of a folder, without links in it
    """
    visited: set[tuple[int, int]] = set()
    links: list[bytes] = []
    yield from _walk_folder(top, b"", visited, links)
    while links:
        yield from _follow(top, links.pop(0), visited, links)


def _walk_folder(
    top: bytes, relative: bytes, visited: set[tuple[int, int]], links: list[bytes]
) -> Iterator[WalkEvent]:
    pending = [relative]
    while pending:
        folder = pending.pop()
        try:
            status = os.stat(os.path.join(top, folder))
            if (status.st_dev, status.st_ino) in visited:
                continue
            visited.add((status.st_dev, status.st_ino))
            with os.scandir(os.path.join(top, folder)) as scan:
                entries = sorted(scan, key=lambda entry: entry.name)
        except OSError as error:
            yield UnreadableEntry(folder, _reason(error), is_folder=True)
            continue
        if any(entry.name == MARKER for entry in entries):
            continue
        subfolders = []
        for entry in entries:
            path = os.path.join(folder, entry.name)
            if entry.is_symlink():
                links.append(path)
            elif entry.is_dir(follow_symlinks=False):
                if not _skipped(entry.name):
                    subfolders.append(path)
            else:
                yield _look_at(entry, path)
        pending.extend(reversed(subfolders))


def _look_at(entry: os.DirEntry[bytes], path: bytes) -> WalkEvent:
    if not is_music(entry.name):
        return IgnoredFile(path)
    try:
        status = entry.stat(follow_symlinks=False)
    except OSError as error:
        return UnreadableEntry(path, _reason(error), is_folder=False)
    if not stat.S_ISREG(status.st_mode):
        return IgnoredFile(path)
    return _found(path, status)


def _found(path: bytes, status: os.stat_result) -> FoundFile:
    return FoundFile(path, status.st_size, max(-LATEST_NS, min(status.st_mtime_ns, LATEST_NS)))


def _follow(
    top: bytes, link: bytes, visited: set[tuple[int, int]], links: list[bytes]
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
        if not _skipped(name):
            yield from _walk_folder(top, link, visited, links)
    elif not is_music(name) or not stat.S_ISREG(status.st_mode):
        yield IgnoredFile(link)
    elif not _inside(os.path.realpath(full), top):
        yield _found(link, status)


def _inside(path: bytes, folder: bytes) -> bool:
    return path.startswith(folder.rstrip(b"/") + b"/")


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
