"""What a scan tells as it goes, and the audit it ends with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Arrival = Literal["new", "changed", "moved", "unchanged"]


@dataclass(frozen=True, slots=True)
class Planned:
    """The folders are walked; so many files are to be heard.

    Of the whole library, ``again`` sounds were heard before tempo and key were told as they are now.
    """

    to_hear: int
    again: int = 0


@dataclass(frozen=True, slots=True)
class FileStored:
    """A file is in the library now."""

    path: bytes
    arrival: Arrival


@dataclass(frozen=True, slots=True)
class SoundChanged:
    """A file that was opened to be compared holds other sound; its size and time of change tell nothing."""

    path: bytes


@dataclass(frozen=True, slots=True)
class FileFailed:
    """A file could not be heard, for a reason that is stored."""

    path: bytes
    stage: str
    reason: str


@dataclass(frozen=True, slots=True)
class FolderRefused:
    """What is gone from a folder is not believed to be gone; nothing of it was marked missing."""

    path: bytes
    reason: str


@dataclass(frozen=True, slots=True)
class Indexing:
    """An index is made, or brought up to date; so many of so many steps are done."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Audit:
    """What became of every file that was seen.

    Parameters
    ----------
    missing : tracks the library knows in these folders, but no file is there; they are no part of ``seen``
    known_failures : those of ``failed`` that were not tried again
    refused : folders whose missing files were not believed to be gone
    left : files still to be heard after an interruption; no part of ``seen``
    """

    new: int = 0
    changed: int = 0
    moved: int = 0
    unchanged: int = 0
    failed: int = 0
    ignored: int = 0
    missing: int = 0
    known_failures: int = 0
    refused: int = 0
    left: int = 0
    interrupted: bool = False
    seconds: float = 0.0

    @property
    def seen(self) -> int:
        """Every file this scan gave an account of."""
        return self.new + self.changed + self.moved + self.unchanged + self.failed + self.ignored


ScanEvent = Planned | FileStored | SoundChanged | FileFailed | FolderRefused | Indexing | Audit
