"""Telling the library that a folder moved: every track below it gets its new path, and keeps all else.

Nothing is opened and nothing is heard. The order of things: where every row would go, whether that can be
meant, then one transaction.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, Table, bindparam, delete, insert, select, update

from musimo.errors import LibraryError, UsageError
from musimo.library.db.queries import Store
from musimo.library.db.schema import failures, roots, tracks
from musimo.library.db.transactions import now, renew_generation, transaction

IDS_PER_STATEMENT = 10_000  # SQLite takes 32,766 variables in one statement
LISTED = 5  # conflicts an error shows; the first are enough to see what happened


@dataclass(frozen=True, slots=True)
class Relocated:
    """What became of the tracks of a folder that moved.

    Parameters
    ----------
    old, new : absolute paths of the folder
    moved : tracks that have a new path now
    merged : of them, those the library knew at the new place too, with the same sound: one row is left of two
    there : of them, those whose file is at the new place
    """

    old: bytes
    new: bytes
    moved: int
    merged: int
    there: int


@dataclass(slots=True)
class _Rows:
    """What is to be done to the rows of one table; paths are absolute, and the new ones."""

    table: Table
    moved: dict[bytes, Row[Any]] = field(default_factory=dict)
    rebased: dict[bytes, Row[Any]] = field(default_factory=dict)  # at their path, but under another root
    doubles: list[tuple[Row[Any], Row[Any]]] = field(default_factory=list)  # that goes, that stays
    conflicts: list[bytes] = field(default_factory=list)

    @property
    def n_moved(self) -> int:
        return len(self.moved) + len(self.doubles)


def relocate(store: Store, old: bytes, new: bytes, *, dry_run: bool = False) -> Relocated:
    """Replace the folder ``old`` by ``new`` in every path of the library.

    Parameters
    ----------
    store : the library
    old : absolute path of a scanned folder, of one within it, or of one that holds scanned folders
    new : absolute path, without links in it, of where that folder is now
    dry_run : only say what would be done

    Raises
    ------
    UsageError : ``new`` is no folder, or nothing is known below ``old``
    LibraryError : no track is at the new place, or one is known there with another sound
    """
    if not os.path.isdir(new):
        raise UsageError(
            f"there is no folder {os.fsdecode(new)}",
            "move the files, or plug in their drive, before relocating",
        )
    with transaction(store) as connection:
        known: dict[int, bytes] = {
            row.id: row.path for row in connection.execute(select(roots.c.id, roots.c.path))
        }
        if old == new or not any(_within(root, old) or _within(old, root) for root in known.values()):
            raise _unknown(old, new, known.values())
        split = any(_within(old, root) and old != root for root in known.values())
        targets = _outermost(
            [*(_target(root, old, new) for root in known.values()), *([new] if split else [])]
        )
        parts = [_sorted_out(connection, table, known, targets, old, new) for table in (tracks, failures)]
        songs = parts[0]
        if not songs.n_moved and not parts[1].n_moved:
            raise _unknown(old, new, known.values())
        _refuse_conflicts(songs.conflicts, new)
        present = {path: row for path, row in songs.moved.items() if _is_there(path, row)}
        n_there = len(present) + sum(os.path.lexists(_full(known, stays)) for _, stays in songs.doubles)
        if songs.n_moved and not n_there:
            raise LibraryError(
                f"none of the {songs.n_moved} tracks of {os.fsdecode(old)} is in {os.fsdecode(new)}",
                "name the folder as it was, and that same folder as it is now",
            )
        if not dry_run:
            ids = _write_roots(connection, known, targets, old, new)
            _write(connection, ids, parts, [row.id for row in present.values() if row.missing_since])
            _forget_roots(connection, known.keys() - ids.values())
    return Relocated(old, new, songs.n_moved, len(songs.doubles), n_there)


def _sorted_out(
    connection: Connection, table: Table, known: dict[int, bytes], targets: set[bytes], old: bytes, new: bytes
) -> _Rows:
    """Which rows of a table move, and which of them the library knows at their new place already."""
    rows = _Rows(table)
    stay: dict[bytes, Row[Any]] = {}
    movers: dict[bytes, Row[Any]] = {}
    names = (
        "id",
        "root_id",
        "path",
        *(("size", "content_id", "added_at", "missing_since") if table is tracks else ()),
    )
    for row in connection.execute(select(*(table.c[name] for name in names))).all():
        path = _full(known, row)
        (movers if _within(path, old) else stay)[_target(path, old, new)] = row
    for path, row in movers.items():
        other = stay.get(path)
        if other is None:
            rows.moved[path] = row
        elif table is failures or row.content_id in (None, other.content_id):
            rows.doubles.append((row, other))
        else:
            rows.conflicts.append(path)
    rows.rebased = {path: row for path, row in stay.items() if known[row.root_id] not in targets}
    return rows


def _write_roots(
    connection: Connection, known: dict[int, bytes], targets: set[bytes], old: bytes, new: bytes
) -> dict[bytes, int]:
    """Ids of the roots at ``targets``. A root that moved keeps its id, so that its tracks need no writing."""
    ids = {path: root_id for root_id, path in known.items() if path in targets and not _within(path, old)}
    for root_id, path in known.items():
        if _within(path, old) and _target(path, old, new) in targets:
            ids.setdefault(_target(path, old, new), root_id)
    renamed = [(root_id, path) for path, root_id in ids.items() if known[root_id] != path]
    of_root = update(roots).where(roots.c.id == bindparam("of")).values(path=bindparam("to"))
    if renamed:  # first to names no folder has, for a new path may be another's old one
        connection.execute(of_root, [{"of": root_id, "to": _no_name(root_id)} for root_id, _ in renamed])
        connection.execute(of_root, [{"of": root_id, "to": path} for root_id, path in renamed])
    for path in sorted(targets - ids.keys()):
        added = connection.execute(insert(roots).values(path=path, added_at=now()))
        ids[path] = int(added.lastrowid)
    return ids


def _write(
    connection: Connection, ids: dict[bytes, int], parts: Sequence[_Rows], returned: Sequence[int]
) -> None:
    for rows in parts:
        _merge(connection, rows)
        _move(connection, rows, ids)
    for start in range(0, len(returned), IDS_PER_STATEMENT):
        found = tracks.c.id.in_(returned[start : start + IDS_PER_STATEMENT])
        connection.execute(update(tracks).where(found).values(missing_since=None))
    renew_generation(connection)


def _forget_roots(connection: Connection, unused: Iterable[int]) -> None:
    for root_id in unused:
        connection.execute(delete(roots).where(roots.c.id == root_id))


def _merge(connection: Connection, rows: _Rows) -> None:
    """Of two rows for one file keep that at the new place, which saw it last, with the older date."""
    for goes, stays in rows.doubles:
        connection.execute(delete(rows.table).where(rows.table.c.id == goes.id))
        if rows.table is tracks:
            first = min(goes.added_at, stays.added_at)
            connection.execute(update(tracks).where(tracks.c.id == stays.id).values(added_at=first))


def _move(connection: Connection, rows: _Rows, ids: dict[bytes, int]) -> None:
    """Give rows their new root and path, where that is not what they have."""
    changed = []
    left: set[tuple[int, bytes]] = set()
    for path, row in [*rows.moved.items(), *rows.rebased.items()]:
        root = next(root for root in ids if _within(path, root))
        to = path[len(_slashed(root)) :]
        if (ids[root], to) != (row.root_id, row.path):
            changed.append({"of": row.id, "root": ids[root], "to": to})
            left.add((row.root_id, row.path))
    if not changed:
        return
    of_row = update(rows.table).where(rows.table.c.id == bindparam("of"))
    if any((row["root"], row["to"]) in left for row in changed):  # then first to names no file has
        unnamed = [{"of": row["of"], "to": _no_name(row["of"])} for row in changed]
        connection.execute(of_row.values(path=bindparam("to")), unnamed)
    connection.execute(of_row.values(root_id=bindparam("root"), path=bindparam("to")), changed)


def _no_name(row_id: int) -> bytes:
    """A path that nothing can have, of its own for each row."""
    return b"\0%d" % row_id


def _refuse_conflicts(conflicts: Sequence[bytes], new: bytes) -> None:
    if not conflicts:
        return
    listed = "\n".join(os.fsdecode(path).replace("\n", "\\n") for path in sorted(conflicts)[:LISTED])
    more = "\n…" if len(conflicts) > LISTED else ""
    raise LibraryError(
        f"{len(conflicts)} files are known at the new place with another sound, so they are others:\n"
        f"{listed}{more}",
        f"if {os.fsdecode(new)} is right, let its files stand: musimo scan, then musimo prune",
    )


def _unknown(old: bytes, new: bytes, known: Iterable[bytes]) -> UsageError:
    if old == new:
        return UsageError(f"{os.fsdecode(old)} is both the old and the new place", "musimo relocate OLD NEW")
    listed = ", ".join(os.fsdecode(root) for root in sorted(known)) or "none"
    return UsageError(f"the library knows nothing below {os.fsdecode(old)}", f"its folders are: {listed}")


def _is_there(path: bytes, row: Row[Any]) -> bool:
    """Whether a file of a track's size is at ``path``; the next scan looks closer."""
    try:
        return bool(os.stat(path).st_size == row.size)
    except OSError:
        return False


def _full(known: dict[int, bytes], row: Row[Any]) -> bytes:
    """Absolute path; a failed folder's own row has an empty one."""
    return os.path.join(known[row.root_id], row.path).rstrip(b"/") or b"/"


def _target(path: bytes, old: bytes, new: bytes) -> bytes:
    """``path`` with ``new`` in the place of ``old``."""
    if path == old or not _within(path, old):
        return new if path == old else path
    return _slashed(new) + path[len(_slashed(old)) :]


def _outermost(folders: Iterable[bytes]) -> set[bytes]:
    """Folders without those inside another of them."""
    every = set(folders)
    return {one for one in every if not any(one != other and _within(one, other) for other in every)}


def _within(path: bytes, folder: bytes) -> bool:
    return path == folder or path.startswith(_slashed(folder))


def _slashed(path: bytes) -> bytes:
    return path.rstrip(b"/") + b"/"
