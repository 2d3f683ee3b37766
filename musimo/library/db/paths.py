"""Paths in the library: roots, and the rows of tracks and failures by path."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from sqlalchemy import Connection, Row, Table, bindparam, delete, select, text, update

from musimo.library.db.engine import slices
from musimo.library.db.files import Renaming
from musimo.library.db.schema import failures, roots, sheets, tracks
from musimo.library.db.transactions import now

TableName = Literal["tracks", "failures"]
TABLES: dict[TableName, Table] = {"tracks": tracks, "failures": failures}


class PathRow(NamedTuple):
    """A row of ``tracks`` or ``failures``; of a failure only its path is read."""

    id: int
    root_id: int
    path: bytes  # relative to the root; empty for a failed folder that is the root
    size: int = 0
    content_id: int | None = None
    added_at: str = ""
    missing_since: str | None = None
    start_s: float = 0.0  # of a track of a cue sheet, in its file


def root_ids(connection: Connection) -> dict[bytes, int]:
    """Return ids of the roots, by path."""
    return {row.path: row.id for row in connection.execute(select(roots.c.path, roots.c.id))}


def add_root(connection: Connection, path: bytes) -> int:
    """Add a root; return its id."""
    return int(connection.execute(roots.insert().values(path=path, added_at=now())).lastrowid)


def rename_roots(connection: Connection, paths: Mapping[int, bytes]) -> None:
    """Set new paths of roots, by id."""
    of_root = update(roots).where(roots.c.id == bindparam("of")).values(path=bindparam("to"))
    if paths:  # temporary paths first, for a new path may be the old one of another root
        connection.execute(of_root, [{"of": root_id, "to": _temporary(root_id)} for root_id in paths])
        connection.execute(of_root, [{"of": root_id, "to": path} for root_id, path in paths.items()])


def delete_roots(connection: Connection, ids: Iterable[int]) -> None:
    """Delete roots that have no rows."""
    for root_id in ids:
        connection.execute(delete(sheets).where(sheets.c.root_id == root_id))  # they are read again
        connection.execute(delete(roots).where(roots.c.id == root_id))


def delete_unused_roots(connection: Connection, paths: Iterable[bytes]) -> None:
    """Delete those of the roots at ``paths`` that have neither tracks nor failures."""
    ids = root_ids(connection)
    for root_id in (ids[path] for path in paths if path in ids):
        rows = (select(table.c.id).where(table.c.root_id == root_id).limit(1) for table in TABLES.values())
        if not any(connection.execute(query).first() for query in rows):
            delete_roots(connection, [root_id])


def absorb_root(connection: Connection, old_id: int, new_id: int, prefix: bytes) -> None:
    """Move all rows of a root into another one, below ``prefix``, and delete it."""
    for name in TABLES:
        statement = (
            f"UPDATE {name} SET root_id = :new, path = CAST(:prefix || path AS BLOB) WHERE root_id = :old"
        )
        connection.execute(text(statement), {"new": new_id, "prefix": prefix, "old": old_id})
    delete_roots(connection, [old_id])


def read_rows(connection: Connection, table: TableName) -> list[PathRow]:
    """Return every row of a table."""
    names = PathRow._fields if table == "tracks" else PathRow._fields[:3]
    columns = (TABLES[table].c[name] for name in names)
    return [PathRow(*row) for row in connection.execute(select(*columns))]


def merge_rows(connection: Connection, table: TableName, pairs: Iterable[tuple[PathRow, PathRow]]) -> None:
    """Delete the first row of each pair; the second keeps the earlier date of the two."""
    rows = TABLES[table]
    for merged, kept in pairs:
        connection.execute(delete(rows).where(rows.c.id == merged.id))
        if table == "tracks":
            first = min(merged.added_at, kept.added_at)
            connection.execute(update(rows).where(rows.c.id == kept.id).values(added_at=first))


def move_rows(connection: Connection, table: TableName, moves: Sequence[tuple[PathRow, int, bytes]]) -> None:
    """Give rows a new root, by id, and a path relative to it."""
    rows = TABLES[table]
    changed = [move for move in moves if move[1:] != move[0][1:3]]
    if not changed:
        return
    used = {row[1:3] for row, *_ in changed}
    of_row = update(rows).where(rows.c.id == bindparam("of"))
    if any(move[1:] in used for move in changed):  # paths still in use: temporary ones first
        temporary = [{"of": row.id, "to": _temporary(row.id)} for row, *_ in changed]
        connection.execute(of_row.values(path=bindparam("to")), temporary)
    connection.execute(
        of_row.values(root_id=bindparam("root"), path=bindparam("to")),
        [{"of": row.id, "root": root_id, "to": path} for row, root_id, path in changed],
    )


def rename_row(connection: Connection, table: TableName, renaming: Renaming) -> bool:
    """Rename the rows at a path, if there are any; return whether they were merged into those at the new one.

    A file has several rows where a cue sheet divides it into tracks.
    """
    rows = TABLES[table]

    def rows_at(root_id: int, path: bytes) -> Sequence[Row[Any]]:
        return connection.execute(select(rows).where(rows.c.root_id == root_id, rows.c.path == path)).all()

    here = rows_at(renaming.root_id, renaming.path)
    if not here:
        return False
    of_file = rows.c.id.in_([row.id for row in here])
    others = rows_at(renaming.to_root_id, renaming.to_path)
    if not others:
        renamed = {"root_id": renaming.to_root_id, "path": renaming.to_path}
        connection.execute(update(rows).where(of_file).values(renamed))
        return False
    connection.execute(delete(rows).where(of_file))
    if rows is tracks:
        first = min(row.added_at for row in (*here, *others))
        kept = rows.c.id.in_([row.id for row in others])
        connection.execute(update(rows).where(kept).values(added_at=first))
    return True


def delete_missing_tracks(connection: Connection, ids: Sequence[int]) -> int:
    """Delete those of the tracks that are marked missing; return how many."""
    return sum(
        connection.execute(
            delete(tracks).where(tracks.c.id.in_(ids[part]), tracks.c.missing_since.is_not(None))
        ).rowcount
        for part in slices(len(ids))
    )


def unmark_missing(connection: Connection, ids: Sequence[int]) -> None:
    """Remove the mark of tracks whose files are present again."""
    for part in slices(len(ids)):
        connection.execute(update(tracks).where(tracks.c.id.in_(ids[part])).values(missing_since=None))


def _temporary(row_id: int) -> bytes:
    """Return a path that no file can have, unique for each row."""
    return b"\0%d" % row_id
