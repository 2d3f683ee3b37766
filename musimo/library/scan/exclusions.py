"""What a walk skips: recycle bins, snapshots and caches of systems and file servers, and globs of the user.

Names are compared without regard to case and to Unicode's spellings of one letter.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Sequence
from fnmatch import translate
from typing import Final

SYSTEM_FOLDERS: Final[dict[str, str]] = {
    "$recycle.bin": "Windows",
    "recycle.bin": "Windows, as some programs copy it",
    ".recycle.bin": "file servers",
    "system volume information": "Windows",
    ".trash": "macOS, Linux",
    ".trashes": "macOS",
    "network trash folder": "macOS, Netatalk",
    ".temporaryitems": "macOS",
    ".documentrevisions-v100": "macOS",
    ".appledouble": "Netatalk",
    "lost+found": "Linux",
    "@eadir": "Synology, thumbnails",
    "#recycle": "Synology",
    "#snapshot": "Synology",
    "@sharebin": "Synology",
    "@recycle": "QNAP",
    "@recently-snapshot": "QNAP",
    ".@__thumb": "QNAP, thumbnails",
    ".recycle": "Samba, TrueNAS, unRAID",
    ".snapshot": "NetApp",
    "~snapshot": "NetApp",
    ".snapshots": "Btrfs, Snapper",
    ".zfs": "ZFS",
    ".stversions": "Syncthing",
    ".sync": "Resilio Sync, with its Archive",
    ".dropbox.cache": "Dropbox",
    "files_trashbin": "Nextcloud",
    "files_versions": "Nextcloud",
}
"""Folders that are skipped wherever they are, by folded name, with who makes them."""
UPPER_CASE_FOLDERS: Final = frozenset({b"RECYCLER"})
"""Windows' recycle bin until 2003. In this case alone: "Recycler" is an album."""
SYSTEM_PREFIXES: Final = (".trash-", "@gmt-")
"""The freedesktop.org trash of a drive, .Trash-1000; a snapshot of Samba, @GMT-2026.01.31-12.00.00."""
SYSTEM_PATHS: Final = (".local/share/trash",)
"""The freedesktop.org trash of a home folder: its last name alone may be that of a band."""


class Exclusions:
    """The files and folders below one root that a scan skips.

    Parameters
    ----------
    globs : of the user. One without a slash is compared with the names of files and folders, one with a slash
        with as many names at the end of a path; one that begins with a slash or ``~`` is an absolute path
    root : absolute path that paths are relative to
    """

    def __init__(self, globs: Sequence[str] = (), root: bytes = b"/") -> None:
        names: list[str] = []
        self._ends: list[list[re.Pattern[str]]] = []
        self._paths: list[list[re.Pattern[str]]] = []
        for glob in globs:
            if glob.startswith(("/", "~")):
                full = os.path.realpath(os.path.expanduser(os.fsencode(glob)))
                inside = os.path.join(root, b"")
                if full.startswith(inside):
                    self._paths.append(_patterns(_fold(full[len(inside) :])))
                continue
            folded = _fold(os.fsencode(glob.strip("/")))
            if "/" in folded:
                self._ends.append(_patterns(folded))
            else:
                names.append(translate(folded))
        self._name = re.compile("|".join(names)) if names else None

    @property
    def skips_files(self) -> bool:
        """Whether single files may be skipped, and not only folders."""
        return bool(self._name or self._ends or self._paths)

    def skips_folder(self, path: bytes) -> bool:
        """Return whether the folder at ``path``, relative to the root, is skipped with all below it."""
        return is_system_folder(path) or self.skips(path)

    def skips(self, path: bytes) -> bool:
        """Return whether a glob matches ``path``, relative to the root."""
        if not self.skips_files:
            return False
        names = _fold(path).split("/")
        return (
            bool(self._name and self._name.fullmatch(names[-1]))
            or any(_match(end, names[-len(end) :]) for end in self._ends)
            or any(_match(whole, names) for whole in self._paths)
        )

    def covers(self, path: bytes) -> bool:
        """Return whether the file at ``path``, relative to the root, is skipped, or a folder above it."""
        names = path.split(b"/")
        folders = (b"/".join(names[:n]) for n in range(1, len(names)))
        return any(map(self.skips_folder, folders)) or self.skips(path)


def is_system_folder(path: bytes) -> bool:
    """Return whether the folder at ``path`` is a recycle bin, a snapshot or the like, by its name."""
    name = path[path.rfind(b"/") + 1 :]
    folded = name.decode("utf-8", "replace").lower()  # all of these names are ASCII
    return (
        folded in SYSTEM_FOLDERS
        or name in UPPER_CASE_FOLDERS
        or folded.startswith(SYSTEM_PREFIXES)
        or (folded == "trash" and path.decode("utf-8", "replace").lower().endswith(SYSTEM_PATHS))
    )


def _fold(path: bytes) -> str:
    return unicodedata.normalize("NFC", path.decode("utf-8", "surrogateescape")).casefold()


def _patterns(glob: str) -> list[re.Pattern[str]]:
    return [re.compile(translate(name)) for name in glob.split("/") if name not in ("", "**")]


def _match(patterns: Sequence[re.Pattern[str]], names: Sequence[str]) -> bool:
    return len(patterns) == len(names) and all(
        pattern.fullmatch(name) for pattern, name in zip(patterns, names, strict=True)
    )
