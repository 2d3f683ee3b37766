"""Roots whose folder was moved or renamed, recognized in the folders of a scan.

A root has moved where its folder is gone, no drive may have taken it away, and at least four fifths of its
tracks are below one scanned folder, by the same paths and with the same sizes. Its tracks then get their new
paths. Where that much is not certain, :class:`Moved` only serves as a hint.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from musimo.library.db.files import FoundFile, KnownFile
from musimo.library.scan.roots import within

CERTAIN_SHARE = 0.8  # of the tracks; the rest may have been deleted or retagged since
LIKELY_SHARE = 0.5
DRIVE_FOLDERS = (b"/media", b"/run/media", b"/mnt", b"/Volumes", b"/net", b"/misc")
"""Folders in which systems mount drives."""


@dataclass(frozen=True, slots=True)
class Moved:
    """A root that is gone, and the folder that holds its tracks now.

    Parameters
    ----------
    root_id : of the old root
    old, new : absolute paths
    prefix : of ``new`` relative to its root; empty, or ends with a slash
    share : of the old root's tracks that are in ``new``, by path and size, 0..1
    """

    root_id: int
    old: bytes
    new: bytes
    prefix: bytes
    share: float

    @property
    def is_certain(self) -> bool:
        """Whether the old root moved, and is neither on a drive that is away nor a copy of ``new``."""
        return self.share >= CERTAIN_SHARE and not may_be_unplugged(self.old)


def absent_roots(roots: Mapping[bytes, int], scanned: Iterable[bytes]) -> dict[bytes, int]:
    """Return the roots whose folders are not there, by path, without those that are scanned."""
    scanned = list(scanned)
    return {
        path: root_id
        for path, root_id in roots.items()
        if not os.path.lexists(path) and not any(within(folder, path) for folder in scanned)
    }


def find_moved(
    old: tuple[bytes, int], known: Mapping[bytes, KnownFile], root: bytes, files: Mapping[bytes, FoundFile]
) -> Moved | None:
    """Return where the files of an absent root are among those of a scanned folder; None for nowhere.

    Parameters
    ----------
    old : path and id of the absent root
    known : its files, by path relative to it
    root, files : path of the scanned root, and the files found there, by path relative to it
    """
    tracks = {path: file for path, file in known.items() if file.track_id is not None}
    tracks = {path: file for path, file in tracks.items() if not file.missing} or tracks
    votes: Counter[bytes] = Counter()
    for path, found in files.items():
        for prefix, rest in _splits(path):
            file = tracks.get(rest)
            if file is not None and file.size == found.size:
                votes[prefix] += 1
    if not votes:
        return None
    [(prefix, n)] = votes.most_common(1)
    share = n / len(tracks)
    new = os.path.join(root, prefix).rstrip(b"/") or b"/"
    return Moved(old[1], old[0], new, prefix, share) if share >= LIKELY_SHARE else None


def may_be_unplugged(folder: bytes) -> bool:
    """Return whether an absent folder may be on a drive that is not mounted.

    It may if the nearest folder above it that exists is empty, as a mount point is; is the top of the file
    system, as for a volume of a container; or is where systems mount drives, and no drive is mounted there.
    """
    above = os.path.dirname(folder)
    while not os.path.isdir(above):
        above = os.path.dirname(above)
    try:
        if above == b"/" or not os.listdir(above):
            return True
        drives = [drives for drives in DRIVE_FOLDERS if within(above, drives)]
        return any(os.stat(above).st_dev == os.stat(one).st_dev for one in drives)
    except OSError:
        return True


def _splits(path: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield a path split at every slash: a prefix that ends with it or is empty, and the rest."""
    yield b"", path
    at = path.find(b"/")
    while at >= 0:
        yield path[: at + 1], path[at + 1 :]
        at = path.find(b"/", at + 1)
