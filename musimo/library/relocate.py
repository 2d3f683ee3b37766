"""Record that a folder moved: every track below it gets its new path and keeps all else.

No file is opened. First the new path of every row is computed and checked, then all is written in one
transaction.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from musimo.errors import LibraryError, UsageError
from musimo.library.db import paths
from musimo.library.db.paths import PathRow, TableName
from musimo.library.db.queries import Store
from musimo.library.db.transactions import renew_generation, transaction
from musimo.library.scan.roots import slashed, within

Place = tuple[bytes, float]
"""Path of a file, and the time in it at which a track begins."""

N_CONFLICTS = 5  # shown in an error; the first suffice to see what happened


@dataclass(frozen=True, slots=True)
class Relocated:
    """Result of a relocation.

    Parameters
    ----------
    old, new : absolute paths of the folder
    moved : tracks that have a new path
    merged : of them, those that the library also knew at the new path, with the same content; one row is left
    there : of them, those whose file is present at the new path
    """

    old: bytes
    new: bytes
    moved: int
    merged: int
    there: int


@dataclass(slots=True)
class _Changes:
    """Changes to the rows of one table; paths are absolute, and the new ones."""

    table: TableName
    moved: dict[Place, PathRow] = field(default_factory=dict)
    rebased: dict[Place, PathRow] = field(default_factory=dict)  # same path, but below another root
    merged: list[tuple[PathRow, PathRow]] = field(default_factory=list)  # row to delete, row to keep
    conflicts: list[bytes] = field(default_factory=list)

    @property
    def n_moved(self) -> int:
        return len(self.moved) + len(self.merged)


def relocate(store: Store, old: bytes, new: bytes, *, dry_run: bool = False) -> Relocated:
    """Replace the folder ``old`` by ``new`` in every path of the library.

    Parameters
    ----------
    store : the library
    old : absolute path of a root, of a folder within one, or of a folder that contains roots
    new : absolute path, with links resolved, of that folder now
    dry_run : change nothing

    Raises
    ------
    UsageError : ``new`` is not a folder, or the library knows nothing below ``old``
    LibraryError : no track is present at the new path, or the library knows one there with other content
    """
    if not os.path.isdir(new):
        raise UsageError(
            f"there is no folder {os.fsdecode(new)}",
            "move the files, or plug in their drive, before relocating",
        )
    with transaction(store) as connection:
        known = {root_id: path for path, root_id in paths.root_ids(connection).items()}
        if old == new or not any(within(root, old) or within(old, root) for root in known.values()):
            raise _unknown(old, new, known.values())
        targets = _new_roots(known.values(), old, new)
        tracks, failures = (
            _changes(table, paths.read_rows(connection, table), known, targets, old, new)
            for table in paths.TABLES
        )
        if not tracks.n_moved and not failures.n_moved:
            raise _unknown(old, new, known.values())
        _refuse_conflicts(tracks.conflicts, new)
        present = [row for (path, _), row in tracks.moved.items() if _is_present(path, row.size)]
        n_present = len(present) + sum(os.path.lexists(_full(known, kept)) for _, kept in tracks.merged)
        if tracks.n_moved and not n_present:
            raise LibraryError(
                f"none of the {tracks.n_moved} tracks of {os.fsdecode(old)} is in {os.fsdecode(new)}",
                "name the folder as it was, and that same folder as it is now",
            )
        if not dry_run:
            kept = _kept_roots(known, targets, old, new)
            paths.rename_roots(connection, {id_: path for path, id_ in kept.items() if known[id_] != path})
            ids = kept | {path: paths.add_root(connection, path) for path in sorted(targets - kept.keys())}
            for changes in (tracks, failures):
                paths.merge_rows(connection, changes.table, changes.merged)
                paths.move_rows(connection, changes.table, _moves(changes, ids))
            paths.unmark_missing(connection, [row.id for row in present if row.missing_since])
            renew_generation(connection)
            paths.delete_roots(connection, known.keys() - ids.values())
    return Relocated(old, new, tracks.n_moved, len(tracks.merged), n_present)


def _new_roots(known: Iterable[bytes], old: bytes, new: bytes) -> set[bytes]:
    """Return the roots after the relocation; part of a root that moves away becomes a root of its own."""
    known = list(known)
    split = any(within(old, root) and old != root for root in known)
    return _outermost([*(_target(root, old, new) for root in known), *([new] if split else [])])


def _changes(
    table: TableName,
    rows: Sequence[PathRow],
    known: Mapping[int, bytes],
    targets: set[bytes],
    old: bytes,
    new: bytes,
) -> _Changes:
    """Return which rows of a table move, and which of them the library also knows at their new path."""
    changes = _Changes(table)
    stay: dict[Place, PathRow] = {}
    movers: dict[Place, PathRow] = {}
    for row in rows:
        path = _full(known, row)
        (movers if within(path, old) else stay)[_target(path, old, new), row.start_s] = row
    for place, row in movers.items():
        other = stay.get(place)
        if other is None:
            changes.moved[place] = row
        elif table == "failures" or row.content_id in (None, other.content_id):
            changes.merged.append((row, other))
        else:
            changes.conflicts.append(place[0])
    changes.rebased = {place: row for place, row in stay.items() if known[row.root_id] not in targets}
    return changes


def _kept_roots(known: Mapping[int, bytes], targets: set[bytes], old: bytes, new: bytes) -> dict[bytes, int]:
    """Return ids of roots by new path. A root that moves keeps its id, so that its tracks need no writing."""
    ids = {path: root_id for root_id, path in known.items() if path in targets and not within(path, old)}
    for root_id, path in known.items():
        if within(path, old) and _target(path, old, new) in targets:
            ids.setdefault(_target(path, old, new), root_id)
    return ids


def _moves(changes: _Changes, ids: Mapping[bytes, int]) -> list[tuple[PathRow, int, bytes]]:
    """Return rows with their new roots and paths."""
    moves = []
    for (path, _), row in [*changes.moved.items(), *changes.rebased.items()]:
        root = next(root for root in ids if within(path, root))
        moves.append((row, ids[root], path[len(slashed(root)) :]))
    return moves


def _refuse_conflicts(conflicts: Sequence[bytes], new: bytes) -> None:
    if not conflicts:
        return
    listed = "\n".join(os.fsdecode(path).replace("\n", "\\n") for path in sorted(conflicts)[:N_CONFLICTS])
    more = "\n…" if len(conflicts) > N_CONFLICTS else ""
    raise LibraryError(
        f"the library knows {len(conflicts)} files at the new path with other content, so they differ:\n"
        f"{listed}{more}",
        f"if {os.fsdecode(new)} is right, keep its files: musimo scan, then musimo prune",
    )


def _unknown(old: bytes, new: bytes, known: Iterable[bytes]) -> UsageError:
    if old == new:
        return UsageError(f"{os.fsdecode(old)} is both the old and the new path", "musimo relocate OLD NEW")
    listed = ", ".join(os.fsdecode(root) for root in sorted(known)) or "none"
    return UsageError(f"the library knows nothing below {os.fsdecode(old)}", f"its folders are: {listed}")


def _is_present(path: bytes, size: int) -> bool:
    """Return whether a file of that size is at ``path``; the next scan compares more."""
    try:
        return os.stat(path).st_size == size
    except OSError:
        return False


def _full(known: Mapping[int, bytes], row: PathRow) -> bytes:
    """Return the absolute path of a row; that of a failed root is empty."""
    return os.path.join(known[row.root_id], row.path).rstrip(b"/") or b"/"


def _target(path: bytes, old: bytes, new: bytes) -> bytes:
    """Replace the folder ``old`` by ``new`` in ``path``."""
    if path == old or not within(path, old):
        return new if path == old else path
    return slashed(new) + path[len(slashed(old)) :]


def _outermost(folders: Iterable[bytes]) -> set[bytes]:
    """Return folders without those inside another of them."""
    every = set(folders)
    return {one for one in every if not any(one != other and within(one, other) for other in every)}
