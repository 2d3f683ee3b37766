"""Find files in folders. Every folder is walked once, however many links lead to it; no file is opened."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from musimo.audio.formats import is_music, is_sheet
from musimo.library.db.files import FoundFile
from musimo.library.scan.exclusions import Exclusions

MARKER = b".notmusic"
"""A folder that contains a file of this name is skipped, with all below it."""

Identity = tuple[int, int]
"""Device and inode."""

Visited = dict[Identity | None, bytes | None]
"""Folders that are not walked again, with the path they were walked by; None: part of another walk."""

LATEST_NS = 2**63 - 1  # the year 2262: the limit of a 64-bit integer, but not of file systems


@dataclass(frozen=True, slots=True)
class IgnoredFile:
    """Something that is not music, another extension, a pipe, a device; or a file that a glob excludes."""

    path: bytes


class FoundSheet(NamedTuple):
    """A cue sheet."""

    path: bytes
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class UnreadableEntry:
    """A folder that cannot be listed, or a music file whose size cannot be read."""

    path: bytes
    reason: str
    is_folder: bool


@dataclass(frozen=True, slots=True)
class OtherName:
    """A file or folder that is found under another path; nothing below this one is reported.

    ``found_as`` is the other path, where it is known and below the folder that is walked.
    """

    path: bytes
    found_as: bytes | None = None


WalkEvent = FoundFile | FoundSheet | IgnoredFile | UnreadableEntry | OtherName


def walk(
    top: bytes, others: Collection[bytes] = (), exclusions: Exclusions | None = None, prefix: bytes = b""
) -> Iterator[WalkEvent]:
    """Yield every file below ``top``, by name; links to folders come after all real folders.

    A link into ``top`` or one of the ``others``, or to a folder already walked, is skipped: its target is
    found under its own path.

    Parameters
    ----------
    top : absolute path of a folder
    others : absolute paths of folders that have walks of their own
    exclusions : folders to skip, and files to ignore; None for the folders of systems alone
    prefix : path of ``top`` relative to the root of ``exclusions``; empty, or ends with a slash
    """
    exclusions = exclusions or Exclusions()
    rules = _Rules(exclusions, prefix, exclusions.skips_files)
    links: list[bytes] = []
    visited: Visited = {found: None for other in others if (found := identity(other))}
    visited.pop(identity(top), None)
    elsewhere = [os.path.realpath(folder) for folder in (top, *others)]
    yield from _walk_folder(top, b"", visited, links, rules)
    while links:
        yield from _follow(top, links.pop(0), visited, links, elsewhere, rules)


@dataclass(frozen=True, slots=True)
class _Rules:
    """Exclusions, as a walk asks them: for paths relative to its top."""

    exclusions: Exclusions
    prefix: bytes
    for_files: bool

    def skip_folder(self, path: bytes) -> bool:
        return self.exclusions.skips_folder(self.prefix + path)

    def skip_file(self, path: bytes) -> bool:
        return self.for_files and self.exclusions.skips(self.prefix + path)


def _walk_folder(
    top: bytes, relative: bytes, visited: Visited, links: list[bytes], rules: _Rules
) -> Iterator[WalkEvent]:
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
                if not rules.skip_folder(path):
                    subfolders.append(path)
            elif is_music(entry.name) and not (rules.for_files and rules.skip_file(path)):
                yield _stat_entry(entry, path)
            elif is_sheet(entry.name) and not (rules.for_files and rules.skip_file(path)):
                event = _stat_entry(entry, path)
                yield FoundSheet(*event) if isinstance(event, FoundFile) else IgnoredFile(path)
            else:
                yield IgnoredFile(path)
        pending.extend(reversed(subfolders))


def _stat_entry(entry: os.DirEntry[bytes], path: bytes) -> WalkEvent:
    try:
        status = entry.stat(follow_symlinks=False)
    except OSError as error:
        return UnreadableEntry(path, _reason(error), is_folder=False)
    return _found(path, status) if stat.S_ISREG(status.st_mode) else IgnoredFile(path)


def _found(path: bytes, status: os.stat_result) -> FoundFile:
    return FoundFile(path, status.st_size, max(-LATEST_NS, min(status.st_mtime_ns, LATEST_NS)))


def _follow(
    top: bytes,
    link: bytes,
    visited: Visited,
    links: list[bytes],
    elsewhere: Collection[bytes],
    rules: _Rules,
) -> Iterator[WalkEvent]:
    full = os.path.join(top, link)
    name = os.path.basename(link)
    try:
        status = os.stat(full)
    except OSError as error:
        if is_music(name) and not rules.skip_file(link):
            yield UnreadableEntry(link, _reason(error), is_folder=False)
        else:
            yield IgnoredFile(link)
        return
    if stat.S_ISDIR(status.st_mode):
        if rules.skip_folder(link):
            return
        if _leads_into(full, elsewhere):
            yield OtherName(link)
        else:
            yield from _walk_folder(top, link, visited, links, rules)
    elif is_sheet(name) and stat.S_ISREG(status.st_mode) and not rules.skip_file(link):
        yield FoundSheet(*_found(link, status))
    elif not is_music(name) or not stat.S_ISREG(status.st_mode) or rules.skip_file(link):
        yield IgnoredFile(link)
    elif _leads_into(full, elsewhere):
        yield OtherName(link)
    else:
        yield _found(link, status)


def _leads_into(link: bytes, folders: Collection[bytes]) -> bool:
    real = os.path.realpath(link)
    return any(real == folder or real.startswith(folder.rstrip(b"/") + b"/") for folder in folders)


def identity(path: bytes) -> Identity | None:
    """Return device and inode of ``path``, links followed; None where it is absent or has no inode."""
    try:
        return _identity(os.stat(path))
    except (OSError, ValueError):
        return None


def _identity(status: os.stat_result) -> Identity | None:
    return (status.st_dev, status.st_ino) if status.st_ino else None


def _reason(error: OSError) -> str:
    if isinstance(error, FileNotFoundError):
        return "the link points to nothing"
    if isinstance(error, PermissionError):
        return "no permission to read it"
    if error.errno == errno.ELOOP:
        return "the link leads back to itself"
    return error.strerror or "it cannot be read"
