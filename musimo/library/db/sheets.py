"""What cue sheets said when they were last read; a cache, see :data:`musimo.library.db.schema.sheets`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects.sqlite import insert

from musimo.library.db.files import KnownSheet, ScanFolder, SheetTarget
from musimo.library.db.schema import sheets


def known_sheets(connection: Connection, scan_folder: ScanFolder) -> dict[bytes, KnownSheet]:
    """Return the known sheets below a folder, by path relative to the root."""
    rows = connection.execute(select(sheets).where(sheets.c.root_id == scan_folder.root_id)).all()
    known: dict[bytes, KnownSheet] = {}
    for row in rows:
        if row.path.startswith(scan_folder.prefix):
            before = known[row.path].targets if row.path in known else ()
            target = SheetTarget(row.track_path, row.digest)
            known[row.path] = KnownSheet(row.size, row.mtime_ns, (*before, target))
    return known


def write_sheets(
    connection: Connection, root_id: int, gone: Iterable[bytes], read: Mapping[bytes, KnownSheet]
) -> None:
    """Store the sheets that were read, by path, and forget those that are gone."""
    for path in (*gone, *read):
        connection.execute(delete(sheets).where(sheets.c.root_id == root_id, sheets.c.path == path))
    rows = [
        {
            "root_id": root_id,
            "path": path,
            "track_path": target.path,
            "size": sheet.size,
            "mtime_ns": sheet.mtime_ns,
            "digest": target.digest,
        }
        for path, sheet in read.items()
        for target in sheet.targets
    ]
    if rows:
        connection.execute(insert(sheets), rows)
