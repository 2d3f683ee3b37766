"""Events of a scan, and the audit at its end."""

from __future__ import annotations

from dataclasses import dataclass

from musimo.library.db.files import Arrival
from musimo.records.fields import SECOND_DIGITS, Fields, number
from musimo.records.indexing import Indexing


@dataclass(frozen=True, slots=True)
class Planned:
    """The folders are walked.

    Parameters
    ----------
    n_files : files to be opened
    n_outdated : contents of the whole library that were analyzed before tempo and key were estimated as now
    n_rehashed : those of the files that are only read, once, for a newer version of the content hash
    """

    n_files: int
    n_outdated: int = 0
    n_rehashed: int = 0


@dataclass(frozen=True, slots=True)
class FileStored:
    """A file is in the library now."""

    path: bytes
    arrival: Arrival


@dataclass(frozen=True, slots=True)
class ContentChanged:
    """A file that was opened to be verified has other content, though its size and mtime are as before."""

    path: bytes


@dataclass(frozen=True, slots=True)
class TrackLeftOut:
    """A track of a cue sheet has no mood, for the reason given; the other tracks of its file are stored.

    ``number`` is that of the sheet, None where it gives none.
    """

    path: bytes
    number: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class SheetUnused:
    """A cue sheet that was read now divides no file into tracks, for the reason given."""

    path: bytes
    reason: str


@dataclass(frozen=True, slots=True)
class FileFailed:
    """A file could not be analyzed; the reason is stored."""

    path: bytes
    stage: str
    reason: str


@dataclass(frozen=True, slots=True)
class FolderRefused:
    """So many tracks of a folder are gone that its drive may be; none was marked missing."""

    path: bytes
    reason: str


@dataclass(frozen=True, slots=True)
class RootMayHaveMoved:
    """A root is absent and still has tracks, of which a scanned folder holds most, by path and size."""

    old: bytes
    new: bytes


@dataclass(frozen=True, slots=True)
class Audit:
    """What became of every file that was seen.

    A file that a cue sheet divides into tracks is one file here; the sheet itself is ignored.

    Parameters
    ----------
    missing : files of tracks in these folders that are gone; not part of ``seen``
    known_failures : those of ``failed`` that were not tried again
    failed_again : those of ``failed`` that were tried again, though they have not changed since they failed
    refused : folders whose missing tracks were not marked
    left : files not yet opened when the scan was interrupted; not part of ``seen``
    """

    new: int = 0
    changed: int = 0
    moved: int = 0
    unchanged: int = 0
    failed: int = 0
    ignored: int = 0
    missing: int = 0
    known_failures: int = 0
    failed_again: int = 0
    refused: int = 0
    left: int = 0
    interrupted: bool = False
    seconds: float = 0.0

    @property
    def failed_before(self) -> int:
        """Number of the failed files that failed before, and have not changed since."""
        return self.known_failures + self.failed_again

    @property
    def has_failed(self) -> bool:
        """Whether something failed that had not failed before, or missing tracks were not marked."""
        return self.failed > self.failed_before or self.refused > 0

    @property
    def seen(self) -> int:
        """Number of files that this scan accounts for."""
        return self.new + self.changed + self.moved + self.unchanged + self.failed + self.ignored

    def as_dict(self) -> Fields:
        """Return the fields of the JSON contract."""
        outcomes = ("seen", "new", "changed", "moved", "unchanged", "failed", "ignored", "missing")
        more = ("failed_before", "refused", "left", "interrupted")
        return {
            **{name: getattr(self, name) for name in (*outcomes, *more)},
            "seconds": number(self.seconds, SECOND_DIGITS),
        }


ScanEvent = (
    Planned
    | FileStored
    | ContentChanged
    | TrackLeftOut
    | SheetUnused
    | FileFailed
    | FolderRefused
    | RootMayHaveMoved
    | Indexing
    | Audit
)
