"""Names that a disk does not tell apart: case, and Unicode's several spellings of a letter.

Folding only says which names may be one. Whether they are is for the disk to say: it leads both to the same
inode, and lists one of them.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from musimo.library.db.folding import fold


def respelled(root: bytes, unseen: Iterable[bytes], found: Iterable[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Known paths that were not listed, each with the listed path that is the same file.

    Parameters
    ----------
    root : absolute path of the folder that all paths are relative to
    unseen : known paths that the disk did not list
    found : paths that it listed
    """
    alike: dict[str, list[bytes]] = {}
    for path in unseen:
        alike.setdefault(fold_path(path), []).append(path)
    if not alike:
        return
    for path in found:
        for old in alike.get(fold_path(path), ()):
            if _is_same(os.path.join(root, old), os.path.join(root, path)):
                yield old, path


def fold_path(path: bytes) -> str:
    """``path`` as disks see it that tell few names apart; bytes that are not UTF-8 stay as they are."""
    return fold(path.decode("utf-8", "surrogateescape"))


def as_listed(root: bytes, path: bytes) -> bytes:
    """``path``, relative to ``root``, as the disk spells it; what it does not list stays as it is."""
    listed = b""
    for name in path.split(b"/"):
        listed = os.path.join(listed, _listed_name(os.path.join(root, listed), name))
    return listed


def is_other_name(root: bytes, path: bytes, new_root: bytes, new_path: bytes) -> bool:
    """Whether the file known as ``path`` of ``root`` is that at ``new_path``: no copy, the very file.

    Its old name leads through a link to the new one, which needs none; or the old one is another spelling
    that the disk takes for the same, and does not list. Two hard links are two files here: both are listed.
    """
    old, new = os.path.join(root, path), os.path.join(new_root, new_path)
    try:
        if not os.path.samefile(old, new):
            return False
    except (OSError, ValueError):
        return False
    real = os.path.join(os.path.realpath(new_root), new_path)
    return os.path.realpath(old) == real or as_listed(root, path) != path


def holds_anything(folder: bytes) -> bool:
    """Whether there is anything in ``folder``; an empty one may be where a drive is mounted."""
    try:
        with os.scandir(folder) as entries:
            return next(entries, None) is not None
    except OSError:
        return False


def _is_same(old: bytes, new: bytes) -> bool:
    """Whether both names lead to one file; a link is not what it points to."""
    try:
        return os.path.samestat(os.lstat(old), os.lstat(new))
    except (OSError, ValueError):
        return False


def _listed_name(folder: bytes, name: bytes) -> bytes:
    try:
        listed = os.listdir(folder)
    except OSError:
        return name
    if name in listed:
        return name
    full, folded = os.path.join(folder, name), fold_path(name)
    alike = (other for other in listed if fold_path(other) == folded)
    return next((other for other in alike if _is_same(full, os.path.join(folder, other))), name)
