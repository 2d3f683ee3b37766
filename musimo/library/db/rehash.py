"""Take contents over from an older version of their hash, with their analyses and ratings.

A scan reads a file once to compute its new hash. Its content is then the one that the library knew by the
old hash: the row gets the new hash, so that nothing that refers to it changes. Where files that shared an old
hash have different new ones, the row stays with one of them; the others keep the rating and are analyzed.
Where they meet in one new hash, rows are merged. An analysis is taken over only if it covered as long an
audio as the file has: old hashes did not tell a file from one with another sample rate.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, Select, delete, exists, func, or_, select, update
from sqlalchemy.dialects.sqlite import insert

from musimo.library.db.files import PlannedFile
from musimo.library.db.schema import (
    HASH_VERSION,
    contents,
    emotions,
    heard,
    ratings,
    tag_scores,
    tempo_keys,
    tracks,
    windows,
)
from musimo.library.db.transactions import stamp
from musimo.records import FileOpened

SLACK_S, SLACK_SHARE = 0.5, 0.02  # durations of one audio, by a scan then and now
BY_CONTENT = (emotions, windows, heard, tag_scores, tempo_keys, ratings)


def has_older_hashes(connection: Connection) -> bool:
    """Return whether the library knows any track or content by an older hash only."""
    stale = or_(
        exists().where(tracks.c.hash_version < HASH_VERSION),
        exists().where(contents.c.hash == contents.c.old_hash),
    )
    return bool(connection.execute(select(stale)).scalar())


def same_duration(one_s: float, other_s: float) -> bool:
    """Return whether two durations may be those of one audio."""
    return abs(one_s - other_s) <= SLACK_S + SLACK_SHARE * max(one_s, other_s)


def content_of(
    connection: Connection, planned: PlannedFile, opened: FileOpened, *, analyzed: bool
) -> tuple[int, int | None]:
    """Return the id of a file's content, and that of the content it was taken over from, if there is one.

    The latter is to be passed to :func:`delete_unused` once the track refers to the former.

    Parameters
    ----------
    analyzed : the file is analyzed now, so that the analysis of an older content may be another file's
    """
    found = connection.execute(select(contents.c.id).where(contents.c.hash == opened.content)).scalar()
    older = _older(connection, planned, opened)
    if older is None or older.id == found:
        return found if found is not None else _insert(connection, opened), None
    fits = same_duration(older.duration_s, opened.duration_s) and older.hash == older.old_hash
    if found is None and fits and not (analyzed and _is_shared(connection, older.id)):
        connection.execute(update(contents).where(contents.c.id == older.id).values(hash=opened.content))
        return older.id, None
    if found is None:
        found = _insert(connection, opened)
    if fits and not analyzed:
        _copy(connection, emotions, older.id, found, restamp=True)
        _copy(connection, windows, older.id, found)
        _copy(
            connection, heard, older.id, found, lacking=tag_scores
        )  # before them: no row may be all there is
        _copy(connection, tag_scores, older.id, found)
        _copy(connection, tempo_keys, older.id, found)
    _merge_ratings(connection, older.id, found)
    return found, older.id


def _is_shared(connection: Connection, content_id: int) -> bool:
    """Return whether several tracks have a content."""
    rows = select(tracks.c.id).where(tracks.c.content_id == content_id).limit(2)
    return len(connection.execute(rows).all()) > 1


def delete_unused(connection: Connection, content_id: int) -> None:
    """Delete a content that no track refers to, with all that belongs to it."""
    if connection.execute(select(tracks.c.id).where(tracks.c.content_id == content_id).limit(1)).first():
        return
    for table in BY_CONTENT:
        connection.execute(delete(table).where(table.c.content_id == content_id))
    connection.execute(delete(contents).where(contents.c.id == content_id))


def _older(connection: Connection, planned: PlannedFile, opened: FileOpened) -> Row[Any] | None:
    """Return the content that the library knows a file by, by an older hash; tracks of sheets had none."""
    if opened.end_s is not None:
        return None
    at_path = select(tracks.c.content_id).where(
        tracks.c.root_id == planned.scan_folder.root_id,
        tracks.c.path == planned.file.path,
        tracks.c.hash_version < HASH_VERSION,
    )
    current = connection.execute(at_path).scalar()
    if planned.old_content is not None and opened.old_content in (None, planned.old_content):
        return connection.execute(select(contents).where(contents.c.id == current)).first()
    if opened.old_content is None:
        return None
    same: Select[Any] = select(contents).where(contents.c.old_hash == opened.old_content)
    first = (contents.c.id == current).desc(), (contents.c.hash == contents.c.old_hash).desc(), contents.c.id
    return connection.execute(same.order_by(*first).limit(1)).first()


def _insert(connection: Connection, opened: FileOpened) -> int:
    row = {"hash": opened.content, "duration_s": opened.duration_s}
    return int(connection.execute(insert(contents).values(row)).lastrowid)


def _copy(
    connection: Connection,
    table: Any,
    source: int,
    target: int,
    *,
    restamp: bool = False,
    lacking: Any = None,
) -> None:
    """Copy the rows of a content to another one that has none of that kind (by that model).

    ``lacking`` is the table whose rows say so, where it is another one.
    """
    has_model = "model_id" in table.c
    of = (table if lacking is None else lacking).c
    known = select(of.model_id if has_model else of.content_id).where(of.content_id == target)
    missing = table.c.model_id.not_in(known) if has_model else ~known.exists()
    rows = connection.execute(select(table).where(table.c.content_id == source, missing)).mappings().all()
    copies = [{**row, "content_id": target} | ({"stamp": _stamp(row)} if restamp else {}) for row in rows]
    if copies:
        connection.execute(insert(table), copies)


def _stamp(row: Any) -> int | None:
    return None if row["stamp"] is None else stamp()


def _merge_ratings(connection: Connection, source: int, target: int) -> None:
    """Give a content the rating of another one, unless its own is newer."""
    row = connection.execute(select(ratings).where(ratings.c.content_id == source)).mappings().first()
    if row is None:
        return
    written = insert(ratings).values({**row, "content_id": target})
    newer = func.coalesce(ratings.c.rated_at, "") < row["rated_at"]
    changed = {name: row[name] for name in row if name != "content_id"}
    connection.execute(
        written.on_conflict_do_update(index_elements=["content_id"], set_=changed, where=newer)
    )
