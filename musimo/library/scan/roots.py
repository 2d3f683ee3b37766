"""Containment of folders: by path, and where paths differ by device and inode.

A file system that ignores case or Unicode's spellings, a link, and a bind mount give one folder several
paths. Its device and inode are the same under all of them.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator

from musimo.library.db.files import ScanFolder
from musimo.library.db.journal import Journal
from musimo.library.scan.spelling import as_listed
from musimo.library.scan.walk import Identity, identity


class Identities(dict[bytes, Identity | None]):
    """Identities of folders, each looked up once; None for a folder that is absent."""

    def __missing__(self, folder: bytes) -> Identity | None:
        """Look the folder up on the disk."""
        self[folder] = identity(folder)
        return self[folder]


def claim(journal: Journal, folder: bytes) -> ScanFolder:
    """Return ``folder`` as part of a known root, or of a new root that absorbs the roots below it.

    A folder is known under every path that leads to it; it keeps the one it was first scanned by.
    """
    known, identities = journal.roots(), Identities()
    found = locate(folder, known, identities)
    if found is not None:
        root, rest = found
        return ScanFolder(known[root], root, rest and as_listed(root, rest) + b"/")
    below = {
        root_id: inside[1] + b"/"
        for root, root_id in known.items()
        if (inside := locate(root, (folder,), identities)) is not None
    }
    return ScanFolder(journal.add_root(folder, below), folder, b"")


def is_known(journal: Journal, folder: bytes) -> bool:
    """Return whether ``folder`` is a root, is in one, or contains one."""
    known, identities = journal.roots(), Identities()
    return bool(locate(folder, known, identities)) or any(
        locate(root, (folder,), identities) for root in known
    )


def locate(
    path: bytes, folders: Collection[bytes], identities: Identities | None = None
) -> tuple[bytes, bytes] | None:
    """Return the innermost of ``folders`` that contains ``path`` or is it, and the path relative to it.

    Paths are compared before identities, so that a drive that is not mounted keeps its root. Without
    ``identities`` only paths are compared.
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
    """Return folders by path, each once, without those inside another."""
    every = sorted(set(folders))
    identities = Identities()
    named: dict[Identity | None, bytes] = {}
    for folder in every:
        named.setdefault(identities[folder], folder)
    named.pop(None, None)  # absent folders are compared by path
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
    """Return whether ``path`` is ``folder`` or below it, by path."""
    return path == folder or path.startswith(slashed(folder))


def slashed(path: bytes) -> bytes:
    """Return ``path`` with one slash at its end."""
    return path.rstrip(b"/") + b"/"


def _ancestors(path: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield ``path`` and every folder above it, each with the path relative to it."""
    rest = b""
    while True:
        yield path, rest
        parent, name = os.path.split(path)
        if parent == path:
            return
        path, rest = parent, os.path.join(name, rest) if rest else name
