"""Files as plain values: what a scan finds, what the library knows, and what is written about them.

Nothing here touches a disk or a database. Paths are bytes, relative to a root unless said otherwise.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from musimo.errors import AudioError
from musimo.records import CueSheet, Emotion, FileOpened, FloatArray, TempoKey, Window

Arrival = Literal["new", "changed", "moved", "unchanged"]


class FoundFile(NamedTuple):
    """A file with a music extension, as a walk finds it.

    A named tuple, for a large library makes a hundred thousand of them in a scan that finds nothing new.
    """

    path: bytes  # relative to the folder that is walked
    size: int
    mtime_ns: int


class KnownFile(NamedTuple):
    """A file as the library knows it; a named tuple for the same reason as :class:`FoundFile`."""

    path: bytes
    size: int
    mtime_ns: int
    track_id: int | None  # None: only a failure is known
    analyzed: bool  # by the model in use, with the coverage asked for, tempo and key included
    missing: bool
    content: bytes | None = None  # hash of its audio
    outdated: bool = False  # content is a hash of an older version
    sheet: bytes | None = None  # digest of the cue sheet beside it that divides it into tracks
    failed: bool = False
    may_pass: bool = False  # it failed for a reason outside the file: permissions, an unreliable drive
    more_ids: tuple[int, ...] = ()  # of the other tracks of its sheet; the rest is of all of them


class SheetTarget(NamedTuple):
    """A file that a cue sheet beside it divides into tracks.

    ``digest`` is that of what the sheet says of the file. A sheet without such a file has an empty path.
    """

    path: bytes
    digest: bytes


class KnownSheet(NamedTuple):
    """A cue sheet as it was last read."""

    size: int
    mtime_ns: int
    targets: tuple[SheetTarget, ...]


@dataclass(frozen=True, slots=True)
class OlderContent:
    """A content that needs no analysis, as it is known by a hash of an older version.

    Older hashes covered the bytes alone, so that files may share one that are decoded in different ways.

    Parameters
    ----------
    duration_s : of the audio that was analyzed
    content : hash of the current version; None until a file is read
    codec : of the first of its tracks, which was analyzed, where its tracks differ in that; else None
    """

    duration_s: float
    content: bytes | None = None
    codec: str | None = None


class KnownPath(NamedTuple):
    """Where a track is, as the library knows it."""

    track_id: int
    root_id: int
    root: bytes
    path: bytes


@dataclass(frozen=True, slots=True)
class ScanFolder:
    """A folder to scan, as a part of a root: paths of tracks below it begin with ``prefix``."""

    root_id: int
    root: bytes
    prefix: bytes  # empty, or ends with a slash

    @property
    def folder(self) -> bytes:
        """Absolute path."""
        return os.path.join(self.root, self.prefix).rstrip(b"/") or b"/"


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """A file that a scan processes.

    ``known_content`` is the content hash the library has for it, where the file is opened only to verify that
    hash; else None. ``known_failure``: it failed before, and has not changed since. ``old_content`` is that
    hash where it is of an older version and the file is as it was. ``sheet`` has the tracks of the cue sheet
    beside it, and ``sheet_digest`` stands for them; without one, a sheet inside the file counts.
    """

    scan_folder: ScanFolder
    file: FoundFile
    known_content: bytes | None = None
    known_failure: bool = False
    old_content: bytes | None = None
    sheet: CueSheet = ()
    sheet_digest: bytes | None = None

    @property
    def full_path(self) -> bytes:
        """Absolute path."""
        return os.path.join(self.scan_folder.root, self.file.path)


@dataclass(frozen=True, slots=True)
class Renaming:
    """A file that is known by one path and found by another."""

    root_id: int
    path: bytes
    to_root_id: int
    to_path: bytes


@dataclass(frozen=True, slots=True)
class GoneFile:
    """A path that the library knows and a scan did not find; without ``track_id`` only a failure is known."""

    root_id: int
    path: bytes
    track_id: int | None
    was_missing: bool  # before this scan
    excluded: bool = False  # the scan was told to skip it, so that its drive is not in doubt


@dataclass(frozen=True, slots=True)
class FileAnalysis:
    """An analyzed file, or a track of its sheet, ready to be written.

    Parameters
    ----------
    emotion, statistics, tempo_key : None where the content was analyzed before
    partial : decoded fraction of the audio that is present, 0..1; None where all of it was decoded
    window_vectors : by window, see :meth:`musimo.emotion.space.SoundSpace.block_vectors`
    """

    planned: PlannedFile
    opened: FileOpened
    emotion: Emotion | None
    statistics: FloatArray | None
    partial: float | None = None
    tempo_key: TempoKey | None = None
    window_vectors: Mapping[Window, FloatArray] = field(default_factory=dict)

    @property
    def verified(self) -> bool:
        """Whether the file was opened to verify its content hash, and has that hash."""
        known = self.planned.known_content
        opened = self.opened
        return known is not None and known in (opened.content, opened.old_content, opened.whole)


@dataclass(frozen=True, slots=True)
class FileFailure:
    """A file that could not be analyzed."""

    planned: PlannedFile
    error: AudioError
