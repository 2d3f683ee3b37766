"""What the library remembers of files and sounds, as a scan compares it with the disk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Connection, func, or_, select

from musimo.library.db.schema import contents, emotions, failures, tracks
from musimo.library.db.tempo_keys import told_by
from musimo.library.scan.roots import ScanFolder
from musimo.records import Coverage


class KnownFile(NamedTuple):
    """What the library remembers of a file; a named tuple, as ``walk.FoundFile`` is."""

    path: bytes  # relative to its root
    size: int
    mtime_ns: int
    track_id: int | None  # None: only a failure is known
    analyzed: bool  # under the model in use, with the coverage asked for, tempo and key among it
    missing: bool
    content: bytes | None = None  # hash of its sound
    failed: bool = False
    may_pass: bool = False  # it failed for a reason that lies outside the file: permission, a flaky drive


@dataclass(frozen=True, slots=True)
class GoneFile:
    """A path the library knows and the disk does not have; ``track_id`` is None where it only failed."""

    root_id: int
    path: bytes
    track_id: int | None
    was_missing: bool  # already, before this scan


def known_files(
    connection: Connection, scan_folder: ScanFolder, model_id: int, coverage: Coverage, maker: str
) -> dict[bytes, KnownFile]:
    """What is known below a scan_folder, by path relative to the root."""
    analyzed = select(emotions.c.content_id).where(*_heard_enough(model_id, coverage, maker))
    track_rows = (
        select(
            tracks.c.path,
            tracks.c.size,
            tracks.c.mtime_ns,
            tracks.c.id,
            tracks.c.content_id.in_(analyzed),
            tracks.c.missing_since.is_not(None),
            contents.c.hash,
        )
        .select_from(tracks.outerjoin(contents, contents.c.id == tracks.c.content_id))
        .where(tracks.c.root_id == scan_folder.root_id, *_below(tracks.c.path, scan_folder.prefix))
    )
    failure_rows = select(
        failures.c.path, failures.c.size, failures.c.mtime_ns, failures.c.stage == "read"
    ).where(failures.c.root_id == scan_folder.root_id, *_below(failures.c.path, scan_folder.prefix))
    cursor: Any = connection.execute(track_rows).cursor  # its plain rows take half of SQLAlchemy's time
    known = {row[0]: KnownFile(*row) for row in cursor}
    for path, size, mtime_ns, may_pass in connection.execute(failure_rows):
        track = known.get(path)
        track_id, missing = (track.track_id, track.missing) if track else (None, False)
        known[path] = KnownFile(path, size, mtime_ns, track_id, False, missing, None, True, may_pass)
    return known


def known_contents(connection: Connection, model_id: int, coverage: Coverage, maker: str) -> set[bytes]:
    """Hashes of the sounds that need not be heard again."""
    query = (
        select(contents.c.hash)
        .join(emotions, emotions.c.content_id == contents.c.id)
        .where(*_heard_enough(model_id, coverage, maker))
    )
    return set(connection.execute(query).scalars())


def _heard_enough(model_id: int, coverage: Coverage, maker: str) -> tuple[Any, Any, Any]:
    return (
        emotions.c.model_id == model_id,
        emotions.c.coverage.in_(("full", coverage)),
        emotions.c.content_id.in_(told_by(maker)),
    )


def _below(column: Any, prefix: bytes) -> list[Any]:
    inside = func.substr(column, 1, len(prefix)) == prefix
    return [or_(inside, column == prefix.rstrip(b"/"))] if prefix else []  # a folder's own failure too
