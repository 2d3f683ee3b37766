"""What the library knows of files and contents, as a scan compares it with the disk."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, case, func, or_, select, update

from musimo.library.db.files import KnownFile, OlderContent, ScanFolder
from musimo.library.db.queries import Store
from musimo.library.db.schema import HASH_VERSION, contents, emotions, failures, tracks
from musimo.library.db.tempo_keys import estimated_by
from musimo.library.db.transactions import transaction
from musimo.records import Coverage


def known_files(
    connection: Connection, scan_folder: ScanFolder, model_id: int, coverage: Coverage, maker: str
) -> dict[bytes, KnownFile]:
    """Return the known files below a folder, by path relative to the root."""
    analyzed = select(emotions.c.content_id).where(*_up_to_date(model_id, coverage, maker))
    track_rows = (
        select(
            tracks.c.path,
            tracks.c.size,
            tracks.c.mtime_ns,
            tracks.c.id,
            tracks.c.content_id.in_(analyzed),
            tracks.c.missing_since.is_not(None),
            contents.c.hash,
            tracks.c.hash_version < HASH_VERSION,
            tracks.c.sheet,
        )
        .select_from(tracks.outerjoin(contents, contents.c.id == tracks.c.content_id))
        .where(tracks.c.root_id == scan_folder.root_id, *_below(tracks.c.path, scan_folder.prefix))
    )
    failure_rows = select(
        failures.c.path, failures.c.size, failures.c.mtime_ns, failures.c.stage == "read"
    ).where(failures.c.root_id == scan_folder.root_id, *_below(failures.c.path, scan_folder.prefix))
    cursor: Any = connection.execute(track_rows).cursor  # its plain rows take half of SQLAlchemy's time
    rows = cursor.fetchall()
    known = {row[0]: KnownFile(*row) for row in rows}
    if len(known) < len(rows):
        known |= _of_sheets(KnownFile(*row) for row in rows)
    for path, size, mtime_ns, may_pass in connection.execute(failure_rows):
        track = known.get(path)
        track_id, missing = (track.track_id, track.missing) if track else (None, False)
        known[path] = KnownFile(
            path,
            size,
            mtime_ns,
            track_id,
            analyzed=False,
            missing=missing,
            sheet=track and track.sheet,
            failed=True,
            may_pass=may_pass,
            more_ids=track.more_ids if track else (),
        )
    return known


def _of_sheets(rows: Iterable[KnownFile]) -> dict[bytes, KnownFile]:
    """Return the files that have several tracks, by path; each is analyzed if all of its tracks are."""
    tracks_of: defaultdict[bytes, list[KnownFile]] = defaultdict(list)
    for row in rows:
        tracks_of[row.path].append(row)
    return {
        path: of_file[0]._replace(
            analyzed=all(one.analyzed for one in of_file),
            missing=any(one.missing for one in of_file),
            outdated=any(one.outdated for one in of_file),
            sheet=of_file[0].sheet if len({one.sheet for one in of_file}) == 1 else b"",
            more_ids=tuple(one.track_id for one in of_file[1:] if one.track_id is not None),
        )
        for path, of_file in tracks_of.items()
        if len(of_file) > 1
    }


def known_contents(connection: Connection, model_id: int, coverage: Coverage, maker: str) -> set[bytes]:
    """Return hashes of the contents that need no analysis."""
    query = (
        select(contents.c.hash)
        .join(emotions, emotions.c.content_id == contents.c.id)
        .where(*_up_to_date(model_id, coverage, maker))
    )
    return set(connection.execute(query).scalars())


def older_contents(
    connection: Connection, model_id: int, coverage: Coverage, maker: str
) -> dict[bytes, OlderContent]:
    """Return the contents that need no analysis, by their hash of an older version."""
    codecs = select(tracks.c.codec).where(tracks.c.content_id == contents.c.id).correlate(contents)
    differ = codecs.with_only_columns(func.count(tracks.c.codec.distinct()) > 1)
    first = case((differ.scalar_subquery(), codecs.order_by(tracks.c.id).limit(1).scalar_subquery()))
    hash_ = func.nullif(contents.c.hash, contents.c.old_hash)
    query = (
        select(contents.c.old_hash, contents.c.duration_s, hash_, first)
        .join(emotions, emotions.c.content_id == contents.c.id)
        .where(contents.c.old_hash.is_not(None), *_up_to_date(model_id, coverage, maker))
    )
    return {row[0]: OlderContent(*row[1:]) for row in connection.execute(query)}


def content_and_stat(store: Store, track_id: int | None) -> tuple[bytes, int, int] | None:
    """Return content hash, size and mtime_ns of a track as the library knows them; None without content."""
    query = (
        select(contents.c.hash, tracks.c.size, tracks.c.mtime_ns)
        .join(contents, contents.c.id == tracks.c.content_id)
        .where(tracks.c.id == track_id)
    )
    rows = store.rows(query)
    return (rows[0].hash, rows[0].size, rows[0].mtime_ns) if rows else None


def replace_stat(store: Store, track_id: int | None, old: tuple[int, int], new: tuple[int, int]) -> None:
    """Set size and mtime_ns of a track to ``new``, if they are ``old``; else leave them to the next scan."""
    unchanged = (tracks.c.id == track_id, tracks.c.size == old[0], tracks.c.mtime_ns == old[1])
    with transaction(store) as connection:
        connection.execute(update(tracks).where(*unchanged).values(size=new[0], mtime_ns=new[1]))


def _up_to_date(model_id: int, coverage: Coverage, maker: str) -> tuple[Any, Any, Any]:
    return (
        emotions.c.model_id == model_id,
        emotions.c.coverage.in_(("full", coverage)),
        emotions.c.content_id.in_(estimated_by(maker)),
    )


def _below(column: Any, prefix: bytes) -> list[Any]:
    inside = func.substr(column, 1, len(prefix)) == prefix
    return [or_(inside, column == prefix.rstrip(b"/"))] if prefix else []  # a folder's own failure too
