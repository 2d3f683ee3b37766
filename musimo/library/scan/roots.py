"""Which folder lies in which: by name, and where names differ by what the disk says the folder is.

A disk that does not tell case or Unicode's spellings apart, a link, and a bind mount give one folder several
names. Its device and inode are the same under all of them.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from musimo.library.scan.walk import FoundFile, Identity, identity


@dataclass(frozen=True, slots=True)
class ScanFolder:
    """A folder to scan, as a part of a root: tracks below it have paths that begin with ``prefix``."""

    root_id: int
    root: bytes
    prefix: bytes  # empty, or ends with a slash

    @property
    def folder(self) -> bytes:
        """Absolute path."""
        return os.path.join(self.root, self.prefix).rstrip(b"/") or b"/"


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """A file a scan deals with; its path is relative to the root.

    ``remembered`` is the hash of the sound that the library knows of it, where the file is opened only to see
    whether it still holds that sound.
    """

    scan_folder: ScanFolder
    file: FoundFile
    remembered: bytes | None = None

    @property
    def full_path(self) -> bytes:
        """Absolute path."""
        return os.path.join(self.scan_folder.root, self.file.path)


@dataclass(frozen=True, slots=True)
class Renaming:
    """A file that is known by one name, and found by another; paths are relative to their roots."""

    root_id: int
    path: bytes
    to_root_id: int
    to_path: bytes


class Identities(dict[bytes, Identity | None]):
    """What folders are; each is asked for once. None for one that is not there."""

    def __missing__(self, folder: bytes) -> Identity | None:
        """Ask the disk."""
        self[folder] = identity(folder)
        return self[folder]


def locate(
    path: bytes, folders: Collection[bytes], identities: Identities | None = None
) -> tuple[bytes, bytes] | None:
    """The innermost of ``folders`` that holds ``path`` or is it, and the path relative to that folder.

    Names are believed first, so that a drive that is not there keeps its place; without ``identities`` they
    alone count.
    """
    for ancestor, rest in _ancestors(path):
        if ancestor in folders:
            return ancestor, rest
    if identities is None:
        return None
    known = {identities[folder]: folder for folder in folders}
    for ancestor, rest in _ancestors(path):
        found = identities[ancestor]
        if found is not None and found in known:
            return known[found], rest
    return None


def outermost(folders: Iterable[bytes]) -> list[bytes]:
    """Folders, each once, without those inside another, in order of name."""
    every = sorted(set(folders))
    identities = Identities()
    named: dict[Identity | None, bytes] = {}
    for folder in every:
        named.setdefault(identities[folder], folder)
    named.pop(None, None)  # those that are not there are told apart by name
    names = set(every)

    def is_inside(folder: bytes) -> bool:
        (_, *above) = (ancestor for ancestor, _ in _ancestors(folder))
        return any(ancestor in names or identities[ancestor] in named for ancestor in above)

    return [
        folder
        for folder in every
        if named.get(identities[folder], folder) == folder and not is_inside(folder)
    ]


def within(path: bytes, folder: bytes) -> bool:
    """Whether ``path`` is ``folder`` or below it, by name."""
    return path == folder or path.startswith(slashed(folder))


def slashed(path: bytes) -> bytes:
    """``path`` with one slash at its end."""
    return path.rstrip(b"/") + b"/"


def _ancestors(path: bytes) -> Iterator[tuple[bytes, bytes]]:
    """``path`` and every folder above it, each with the path relative to it."""
    rest = b""
    while True:
        yield path, rest
        parent, name = os.path.split(path)
        if parent == path:
            return
        path, rest = parent, os.path.join(name, rest) if rest else name
