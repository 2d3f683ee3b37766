"""What a library knows, read: the questions that ``search`` and the commands ask of it.

Only this room speaks SQL: this module reads, ``journal`` writes, ``database`` opens.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Engine, Row, Select, and_, exists, func, not_, or_, select
from sqlalchemy.exc import DBAPIError

from musimo.library.db import schema, tempo_keys
from musimo.library.db.conditions import AROUSAL, VALENCE, condition
from musimo.library.db.engine import library_error, open_database
from musimo.library.db.folding import fold
from musimo.library.db.schema import (
    contents,
    emotions,
    failures,
    library_state,
    models,
    roots,
    tracks,
    windows,
)
from musimo.records import Descriptors, Failure, Filter, FloatArray, Tags, Track, Window, WindowEmotion

IDS_PER_QUERY = 10_000  # SQLite takes 32,766 variables in one statement
TAG_FIELDS = tuple(Tags.__dataclass_fields__)
Ids = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Counts:
    """How many tracks there are, and what became of them."""

    tracks: int
    analyzed: int
    missing: int
    failed: int
    partial: int = 0  # of the analysed ones: a part of their sound is lacking


class Store:
    """One library file, seen through the model in use.

    Parameters
    ----------
    engine : an opened database
    path : where it lies
    model : id of the model whose emotions and embeddings are asked for
    """

    def __init__(self, engine: Engine, path: Path, model: str) -> None:
        self.engine = engine
        self.path = path
        self.model = model
        self._here = and_(emotions.c.content_id == tracks.c.content_id, self._of_model(emotions))

    @classmethod
    def open(cls, path: Path, model: str, *, create: bool = False) -> Store:
        """Open the library at ``path``; see :func:`musimo.library.db.engine.open_database` for the errors."""
        return cls(open_database(path, create=create), path, model)

    def generation(self) -> int:
        """Number that is drawn anew whenever an answer may have changed; indexes carry it."""
        return int(self._rows(select(library_state.c.generation))[0][0])

    def answering_model(self) -> str | None:
        """Name of the model whose answers the library gives; None where none has heard anything yet."""
        return cast("str | None", self._rows(select(library_state.c.model))[0][0])

    def progress(self, before: str) -> tuple[int, int]:
        """Of the sounds that ``before`` has heard and that can be heard: how many this one has, and all."""
        failed = exists().where(failures.c.root_id == tracks.c.root_id, failures.c.path == tracks.c.path)
        audible = select(tracks.c.content_id).where(tracks.c.missing_since.is_(None), not_(failed))
        heard_here = select(emotions.c.content_id).where(self._of_model(emotions))
        heard = func.count().filter(emotions.c.content_id.in_(heard_here)).label("heard")
        query = select(heard, func.count().label("all")).where(
            self._of_model(emotions, before), emotions.c.content_id.in_(audible)
        )
        row = self._rows(query)[0]
        return row.heard, row.all

    def counts(self) -> Counts:
        """Numbers for ``status``."""
        known = select(
            func.count(tracks.c.id).label("tracks"),
            func.count(emotions.c.content_id).filter(tracks.c.missing_since.is_(None)).label("analyzed"),
            func.count(tracks.c.missing_since).label("missing"),
            func.count(emotions.c.partial).filter(tracks.c.missing_since.is_(None)).label("partial"),
        ).select_from(tracks.outerjoin(emotions, self._here))
        row = self._rows(known)[0]
        failed = self._rows(select(func.count(failures.c.id).label("failed")))[0].failed
        return Counts(row.tracks, row.analyzed, row.missing, failed, row.partial)

    def root_paths(self) -> list[bytes]:
        """Folders that were scanned."""
        return [row.path for row in self._rows(select(roots.c.path).order_by(roots.c.path))]

    def stamps(self) -> tuple[Ids, Ids]:
        """Content ids of every sound that is present and has a place, ascending, and stamps of their rows."""
        placed = emotions.c.stamp.is_not(None)  # null where an older musimo wrote
        query = self._present_emotions(emotions.c.content_id, emotions.c.stamp).where(placed)
        table = self._table(query, [("id", np.int64), ("stamp", np.int64)])
        return table["id"], table["stamp"]

    def sounds(self, ids: Ids | None = None) -> tuple[Ids, Descriptors]:
        """Content ids, ascending, and blocks of those of ``ids`` that have a place; None: of all present."""
        ids = self.stamps()[0] if ids is None else ids
        found: list[Row[Any]] = []
        for start in range(0, len(ids), IDS_PER_QUERY):
            query = select(emotions.c.content_id, *_BLOCKS).where(
                self._of_model(emotions),
                emotions.c.content_id.in_(ids[start : start + IDS_PER_QUERY].tolist()),
                emotions.c.fused.is_not(None),
            )
            found += self._rows(query.order_by(emotions.c.content_id))
        return np.array([row.content_id for row in found], np.int64), _blocks(found)

    def moods(self) -> tuple[Ids, FloatArray]:
        """Content ids, ascending, and (valence, arousal) [shape=(n, 2)] of every sound that is present."""
        query = self._present_emotions(emotions.c.content_id, VALENCE, AROUSAL)
        table = self._table(query, [("id", np.int64), ("valence", np.float32), ("arousal", np.float32)])
        return table["id"], np.stack([table["valence"], table["arousal"]], axis=1)

    def matching_contents(self, filters: Sequence[Filter]) -> Ids:
        """Ids of the sounds that at least one present track passing all ``filters`` has."""
        query = (
            select(tracks.c.content_id)
            .distinct()
            .select_from(self._joined())
            .where(tracks.c.missing_since.is_(None), tracks.c.content_id.is_not(None))
            .where(*map(condition, filters))
        )
        return np.array([row.content_id for row in self._rows(query)], np.int64)

    def tracks_of(self, content_ids: Sequence[int], filters: Sequence[Filter] = ()) -> dict[int, Track]:
        """For each sound one present track that passes ``filters``: the first by path among exact copies."""
        found: dict[int, Track] = {}
        for start in range(0, len(content_ids), IDS_PER_QUERY):
            query = (
                self._tracks()
                .where(tracks.c.content_id.in_(content_ids[start : start + IDS_PER_QUERY]))
                .where(tracks.c.missing_since.is_(None), *map(condition, filters))
                .order_by(roots.c.path.desc(), tracks.c.path.desc())
            )
            found.update((row.content_id, _track(row)) for row in self._rows(query))
        return found

    def all_tracks(self, filters: Sequence[Filter] = ()) -> Iterator[Track]:
        """Every present track that passes ``filters``, in order of path."""
        query = (
            self._tracks()
            .where(tracks.c.missing_since.is_(None), *map(condition, filters))
            .order_by(roots.c.path, tracks.c.path)
        )
        with self._connect() as connection:
            for row in connection.execution_options(yield_per=1000).execute(query):
                yield _track(row)

    def missing_tracks(self) -> list[Track]:
        """Every track whose file is gone, in order of path."""
        gone = self._tracks().where(tracks.c.missing_since.is_not(None))
        return [_track(row) for row in self._rows(gone.order_by(roots.c.path, tracks.c.path))]

    def present_paths(self, root: bytes) -> list[bytes]:
        """Absolute paths of the tracks of a root that are not missing."""
        here = select(tracks.c.path).join(roots, roots.c.id == tracks.c.root_id)
        rows = self._rows(here.where(roots.c.path == root, tracks.c.missing_since.is_(None)))
        return [os.path.join(root, row.path) for row in rows]

    def track_by_id(self, track_id: int) -> Track | None:
        """The track of that id, missing or not."""
        if not 0 < track_id < 2**63:  # what SQLite takes
            return None
        return self._first(self._tracks().where(tracks.c.id == track_id))

    def track_at(self, path: bytes) -> Track | None:
        """The track at that absolute path."""
        for root in self._rows(select(roots.c.id, roots.c.path)):
            prefix = root.path.rstrip(b"/") + b"/"
            if path.startswith(prefix):
                inside = and_(tracks.c.root_id == root.id, tracks.c.path == path[len(prefix) :])
                return self._first(self._tracks().where(inside))
        return None

    def paths_of_size(self, size: int) -> list[tuple[int, bytes]]:
        """Ids and absolute paths of the tracks whose file has that many bytes, missing or not."""
        query = select(tracks.c.id, roots.c.path.label("root"), tracks.c.path)
        rows = self._rows(query.join(roots, roots.c.id == tracks.c.root_id).where(tracks.c.size == size))
        return [(row.id, os.path.join(row.root, row.path)) for row in rows]

    def tracks_like(self, words: str, limit: int) -> list[Track]:
        """Tracks whose title or path holds ``words``, whatever the case; those with just that title first."""
        needle = fold(os.fsencode(words).decode("utf-8", "backslashreplace"))  # as SQL's fold reads a path
        path = func.fold(func.full_path(roots.c.path, tracks.c.path))
        title = func.fold(tracks.c.title)
        query = (
            self._tracks()
            .where(tracks.c.missing_since.is_(None))
            .where(or_(func.instr(title, needle) > 0, func.instr(path, needle) > 0))
            .order_by(func.coalesce(title == needle, False).desc(), roots.c.path, tracks.c.path)
            .limit(limit)
        )
        return [_track(row) for row in self._rows(query)]

    def content_id(self, content: bytes) -> int | None:
        """Id of the sound with that hash."""
        rows = self._rows(select(contents.c.id).where(contents.c.hash == content))
        return rows[0].id if rows else None

    def sound(self, content_id: int) -> Descriptors | None:
        """Blocks of one sound, in one row; None where the model in use has not heard it."""
        rows = self._rows(
            select(*_BLOCKS).where(
                emotions.c.content_id == content_id, emotions.c.fused.is_not(None), self._of_model(emotions)
            )
        )
        return _blocks(rows) if rows else None

    def heard_by(self, content_id: int | None = None) -> list[str]:
        """Names of the models that heard a sound, or any sound at all, in order of their coming."""
        heard = select(emotions.c.model_id)
        if content_id is not None:
            heard = heard.where(emotions.c.content_id == content_id)
        query = select(models.c.name).where(models.c.id.in_(heard))
        return [row.name for row in self._rows(query.order_by(models.c.id))]

    def spread(self, content_id: int) -> tuple[float, float] | None:
        """Standard deviations of valence and arousal over the windows of a sound."""
        query = select(emotions.c.valence_sd, emotions.c.arousal_sd).where(
            emotions.c.content_id == content_id, self._of_model(emotions)
        )
        rows = self._rows(query)
        return (rows[0].valence_sd, rows[0].arousal_sd) if rows else None

    def windows_of(self, content_id: int) -> list[WindowEmotion]:
        """What was heard of a sound, in order of time."""
        query = (
            select(windows)
            .where(windows.c.content_id == content_id, self._of_model(windows))
            .order_by(windows.c.start_s)
        )
        return [
            WindowEmotion(Window(row.start_s, row.end_s), row.valence, row.arousal)
            for row in self._rows(query)
        ]

    def failures(self) -> list[Failure]:
        """Files that could not be heard, in order of path."""
        query = (
            select(roots.c.path.label("root"), failures)
            .join(roots, roots.c.id == failures.c.root_id)
            .order_by(roots.c.path, failures.c.path)
        )
        return [
            Failure(os.path.join(row.root, row.path).rstrip(b"/"), row.stage, row.reason, row.failed_at)
            for row in self._rows(query)
        ]

    def rows(self, query: Any) -> Sequence[Row[Any]]:
        """What a query of another module of this room finds."""
        return self._rows(query)

    def _of_model(self, table: Any, model: str | None = None) -> Any:
        named = models.c.name == (model or self.model)
        return table.c.model_id == select(models.c.id).where(named).scalar_subquery()

    def _joined(self) -> Any:
        return (
            tracks.join(roots, roots.c.id == tracks.c.root_id)
            .outerjoin(contents, contents.c.id == tracks.c.content_id)
            .outerjoin(emotions, self._here)
            .outerjoin(schema.tempo_keys, schema.tempo_keys.c.content_id == tracks.c.content_id)
        )

    def _tracks(self) -> Select[Any]:
        return select(
            tracks,
            roots.c.path.label("root"),
            contents.c.duration_s.label("measured_s"),
            VALENCE.label("valence"),
            AROUSAL.label("arousal"),
            emotions.c.partial,
            *tempo_keys.COLUMNS,
        ).select_from(self._joined())

    def _present_emotions(self, *columns: Any) -> Select[Any]:
        present = select(tracks.c.content_id).where(tracks.c.missing_since.is_(None))
        return (
            select(*columns)
            .where(self._of_model(emotions), emotions.c.content_id.in_(present))
            .order_by(emotions.c.content_id)
        )

    def _first(self, query: Select[Any]) -> Track | None:
        rows = self._rows(query)
        return _track(rows[0]) if rows else None

    def _rows(self, query: Any) -> Sequence[Row[Any]]:
        with self._connect() as connection:
            return connection.execute(query).all()

    def _table(self, query: Select[Any], columns: list[tuple[str, type]]) -> NDArray[Any]:
        """Rows of numbers, however many, as a structured array; their objects never live all at once."""
        parts = [np.empty(0, columns)]
        with self._connect() as connection:
            cursor = connection.execute(query).cursor  # SQLite's own: half the time of SQLAlchemy's rows
            while rows := cursor.fetchmany(IDS_PER_QUERY):
                parts.append(np.array(rows, columns))
        return np.concatenate(parts)

    def connect(self) -> _Guarded:
        """A connection for questions of other modules of this room; its errors are LibraryErrors."""
        return self._connect()

    def _connect(self) -> _Guarded:
        return _Guarded(self.engine, self.path)


class _Guarded:
    """A connection whose database errors are told in the owner's words."""

    def __init__(self, engine: Engine, path: Path) -> None:
        self._engine = engine
        self._path = path

    def __enter__(self) -> Connection:
        try:
            self._connection = self._engine.connect()
        except DBAPIError as error:
            raise library_error(self._path, error) from error
        return self._connection

    def __exit__(self, _type: object, error: BaseException | None, _trace: object) -> None:
        self._connection.close()
        if isinstance(error, (DBAPIError, sqlite3.Error)):
            raise library_error(self._path, error) from error


_BLOCKS = [emotions.c[name] for name in Descriptors.__dataclass_fields__]


def _blocks(rows: Sequence[Row[Any]]) -> Descriptors:
    return Descriptors(*(_matrix([getattr(row, column.name) for row in rows]) for column in _BLOCKS))


def _matrix(blobs: Sequence[bytes]) -> FloatArray:
    """Rows of little-endian float32 [shape=(n, d)]."""
    numbers = np.frombuffer(b"".join(blobs), dtype="<f4").astype(np.float32, copy=False)
    return numbers.reshape(len(blobs), -1) if blobs else np.empty((0, 0), np.float32)


def _track(row: Row[Any]) -> Track:
    return Track(
        id=row.id,
        path_bytes=os.path.join(row.root, row.path),
        tags=Tags(**{field: getattr(row, field) for field in TAG_FIELDS}),
        duration_s=row.measured_s if row.measured_s is not None else row.duration_s,
        content=row.content_id,
        valence=row.valence,
        arousal=row.arousal,
        partial=row.partial,
        tempo_key=tempo_keys.read(row),
    )
