"""Several paths of one file: spellings that a file system does not tell apart, links, moves.

Folding only shows which paths may be one. The disk decides: it leads both to the same inode, and lists one of
them.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence

from musimo.audio.paths import holds_files
from musimo.library.db.files import KnownPath, PlannedFile
from musimo.library.db.folding import fold_path


def respelled(root: bytes, unseen: Iterable[bytes], found: Iterable[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Yield known paths that were not listed, each with the listed path of the same file.

    Parameters
    ----------
    root : absolute path of the folder that all paths are relative to
    unseen : known paths that the disk did not list
    found : paths that it listed
    """
    folded: dict[str, list[bytes]] = {}
    for path in unseen:
        folded.setdefault(fold_path(path), []).append(path)
    if not folded:
        return
    for path in found:
        for old in folded.get(fold_path(path), ()):
            if _is_same(os.path.join(root, old), os.path.join(root, path)):
                yield old, path


def as_listed(root: bytes, path: bytes) -> bytes:
    """Return ``path``, relative to ``root``, as the disk spells it; names it does not list stay unchanged."""
    listed = b""
    for name in path.split(b"/"):
        listed = os.path.join(listed, _listed_name(os.path.join(root, listed), name))
    return listed


def moved_from(
    planned: PlannedFile, known: Sequence[KnownPath], moved_roots: Mapping[int, bytes] | None = None
) -> int | None:
    """Return the id of the track that moved to a new file; None where there is none, or more than one.

    A track of a moved root that had the same path there comes first, then one whose path leads to this very
    file, then tracks whose files are gone.

    Parameters
    ----------
    planned : the new file
    known : tracks that have its content
    moved_roots : absolute paths of the folders that roots moved to, by id
    """
    here, path = planned.scan_folder, planned.file.path
    for track in known:
        new_folder = (moved_roots or {}).get(track.root_id)
        if new_folder is not None and os.path.join(new_folder, track.path) == planned.full_path:
            return track.track_id
    renamed = [track.track_id for track in known if is_other_name(track.root, track.path, here.root, path)]
    gone = [
        track.track_id
        for track in known
        if (holds_files(track.root) or (track.root_id == here.root_id and os.path.isdir(track.root)))
        and not os.path.lexists(os.path.join(track.root, track.path))
    ]
    candidates = renamed or gone
    return candidates[0] if len(candidates) == 1 else None


def is_other_name(root: bytes, path: bytes, new_root: bytes, new_path: bytes) -> bool:
    """Return whether ``path`` of ``root`` is another path of the file at ``new_path``, not a copy of it.

    Either the old path leads through a link to the new one, which needs none, or it is another spelling that
    the disk accepts and does not list. Two hard links are two files here: both are listed.
    """
    old, new = os.path.join(root, path), os.path.join(new_root, new_path)
    try:
        if not os.path.samefile(old, new):
            return False
    except (OSError, ValueError):
        return False
    real = os.path.join(os.path.realpath(new_root), new_path)
    return os.path.realpath(old) == real or as_listed(root, path) != path


def _is_same(old: bytes, new: bytes) -> bool:
    """Return whether both paths lead to one file; a link is not its target."""
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
    spellings = (other for other in listed if fold_path(other) == folded)
    return next((other for other in spellings if _is_same(full, os.path.join(folder, other))), name)
