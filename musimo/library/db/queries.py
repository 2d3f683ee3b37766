"""The store: a library read through one model. It answers what ``search`` and the commands ask.

``journal`` and its neighbors write; ``engine`` opens.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Connection, Engine, Row, Select, and_, exists, func, not_, or_, select

from musimo.audio.paths import holds_files
from musimo.library.db.conditions import AROUSAL, PARTIAL, VALENCE, asked_tags, check_tags, condition
from musimo.library.db.engine import VARIABLES, connected, open_database, slices
from musimo.library.db.models import id_of
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
from musimo.library.db.tracks import IN_ORDER, Counts, emotions_of, joined, track_of, track_query
from musimo.records import Descriptors, Failure, Filter, FloatArray, Track, Window, WindowEmotion

Ids = NDArray[np.int64]

_DESCRIPTORS = [emotions.c[name] for name in Descriptors.__dataclass_fields__]


class Store:
    """One library file, read through one model.

    Parameters
    ----------
    engine : an opened database
    path : of the library file
    model : name of the model whose emotions and embeddings are returned
    """

    def __init__(self, engine: Engine, path: Path, model: str) -> None:
        self.engine = engine
        self.path = path
        self.model = model

    @classmethod
    def open(cls, path: Path, model: str, *, create: bool = False) -> Store:
        """Open the library at ``path``; see :func:`musimo.library.db.engine.open_database` for the errors."""
        return cls(open_database(path, create=create), path, model)

    def generation(self) -> int:
        """Return the number that is drawn again whenever answers may have changed; indexes carry it."""
        return int(self.rows(select(library_state.c.generation))[0][0])

    def active_model(self) -> str | None:
        """Return the name of the active model; None before the first analysis."""
        return cast("str | None", self.rows(select(library_state.c.model))[0][0])

    def progress(self, before: str) -> tuple[int, int]:
        """Return how many contents of the model ``before`` this one has analyzed, and how many there are.

        Only contents of present, decodable tracks count.
        """
        failed = exists().where(failures.c.root_id == tracks.c.root_id, failures.c.path == tracks.c.path)
        decodable = select(tracks.c.content_id).where(tracks.c.missing_since.is_(None), not_(failed))
        analyzed_here = select(emotions.c.content_id).where(self._of_model())
        analyzed = func.count().filter(emotions.c.content_id.in_(analyzed_here)).label("analyzed")
        query = select(analyzed, func.count().label("all")).where(
            emotions.c.model_id == id_of(before), emotions.c.content_id.in_(decodable)
        )
        row = self.rows(query)[0]
        return row.analyzed, row.all

    def counts(self) -> Counts:
        """Return the numbers of tracks by state."""
        known = select(
            func.count(tracks.c.id).label("tracks"),
            func.count(emotions.c.content_id).filter(tracks.c.missing_since.is_(None)).label("analyzed"),
            func.count(tracks.c.missing_since).label("missing"),
            func.count(PARTIAL).filter(tracks.c.missing_since.is_(None)).label("partial"),
        ).select_from(tracks.outerjoin(emotions, emotions_of(self.model)))
        row = self.rows(known)[0]
        failed = self.rows(select(func.count(failures.c.id).label("failed")))[0].failed
        return Counts(row.tracks, row.analyzed, row.missing, failed, row.partial)

    def root_paths(self) -> list[bytes]:
        """Return the folders that were scanned, by path."""
        return [row.path for row in self.rows(select(roots.c.path).order_by(roots.c.path))]

    def stamps(self) -> tuple[Ids, Ids]:
        """Return contents of present tracks that have a sound vector, ascending, and stamps of their rows."""
        has_vector = emotions.c.stamp.is_not(None)  # null where an older musimo wrote
        query = self._present_emotions(emotions.c.content_id, emotions.c.stamp).where(has_vector)
        table = self.table(query, [("id", np.int64), ("stamp", np.int64)])
        return table["id"], table["stamp"]

    def descriptors(self, ids: Ids | None = None) -> tuple[Ids, Descriptors]:
        """Return descriptors of contents that have a sound vector, with their ids, ascending.

        Parameters
        ----------
        ids : contents; None for those of all present tracks
        """
        ids = self.stamps()[0] if ids is None else ids
        found: list[Row[Any]] = []
        for part in slices(len(ids)):
            query = select(emotions.c.content_id, *_DESCRIPTORS).where(
                self._of_model(),
                emotions.c.content_id.in_(ids[part].tolist()),
                emotions.c.fused.is_not(None),
            )
            found += self.rows(query.order_by(emotions.c.content_id))
        return np.array([row.content_id for row in found], np.int64), _descriptors_of(found)

    def descriptors_of(self, content_id: int) -> Descriptors | None:
        """Return descriptors of one content, in one row; None where the model has not analyzed it."""
        rows = self.rows(
            select(*_DESCRIPTORS).where(
                emotions.c.content_id == content_id, emotions.c.fused.is_not(None), self._of_model()
            )
        )
        return _descriptors_of(rows) if rows else None

    def emotions(self) -> tuple[Ids, FloatArray]:
        """Return content ids of present tracks, ascending, and (valence, arousal) [shape=(n, 2)]."""
        query = self._present_emotions(emotions.c.content_id, VALENCE, AROUSAL)
        table = self.table(query, [("id", np.int64), ("valence", np.float32), ("arousal", np.float32)])
        return table["id"], np.stack([table["valence"], table["arousal"]], axis=1)

    def matching_contents(self, filters: Sequence[Filter]) -> Ids:
        """Return ids of contents that at least one present track passing all ``filters`` has."""
        query = (
            select(tracks.c.content_id)
            .distinct()
            .select_from(joined(self.model))
            .where(tracks.c.missing_since.is_(None), tracks.c.content_id.is_not(None))
            .where(*self.passing(filters))
        )
        return np.array([row.content_id for row in self.rows(query)], np.int64)

    def tracks_of(self, content_ids: Sequence[int], filters: Sequence[Filter] = ()) -> dict[int, Track]:
        """Return, for each content, the first present track by path that passes ``filters``.

        Tracks of roots whose folders are absent come last.
        """
        found: dict[int, Track] = {}
        is_absent = tracks.c.root_id.in_(self._absent_roots())
        for part in slices(len(content_ids)):
            query = (
                track_query(self.model)
                .where(tracks.c.content_id.in_(content_ids[part]))
                .where(tracks.c.missing_since.is_(None), *self.passing(filters))
                .order_by(is_absent.desc(), *(column.desc() for column in IN_ORDER))
            )
            found.update((row.content_id, track_of(row)) for row in self.rows(query))
        return found

    def all_tracks(self, filters: Sequence[Filter] = ()) -> Iterator[Track]:
        """Yield every present track that passes ``filters``, by path; see :meth:`offered`."""
        query = track_query(self.model).where(self.offered(), *self.passing(filters)).order_by(*IN_ORDER)
        with self.connect() as connection:
            for row in connection.execution_options(yield_per=1000).execute(query):
                yield track_of(row)

    def missing_tracks(self) -> list[Track]:
        """Return every track marked missing, by path."""
        missing = track_query(self.model).where(tracks.c.missing_since.is_not(None))
        return [track_of(row) for row in self.rows(missing.order_by(*IN_ORDER))]

    def present_paths(self, root: bytes) -> list[bytes]:
        """Return absolute paths of the tracks of a root that are not marked missing."""
        here = select(tracks.c.path).join(roots, roots.c.id == tracks.c.root_id)
        rows = self.rows(here.where(roots.c.path == root, tracks.c.missing_since.is_(None)))
        return [os.path.join(root, row.path) for row in rows]

    def track_by_id(self, track_id: int) -> Track | None:
        """Return the track with that id, missing or not."""
        if not 0 < track_id < 2**63:  # what SQLite takes
            return None
        return self._first(track_query(self.model).where(tracks.c.id == track_id))

    def track_at(self, path: bytes) -> Track | None:
        """Return the track at that absolute path, missing or not; the first one of a sheet."""
        return next(iter(self.tracks_at(path)), None)

    def tracks_at(self, path: bytes) -> list[Track]:
        """Return the track at that absolute path, missing or not; the tracks of its sheet, if it has one."""
        for root in self.rows(select(roots.c.id, roots.c.path)):
            prefix = root.path.rstrip(b"/") + b"/"
            if path.startswith(prefix):
                inside = and_(tracks.c.root_id == root.id, tracks.c.path == path[len(prefix) :])
                query = track_query(self.model).where(inside).order_by(tracks.c.start_s)
                return [track_of(row) for row in self.rows(query)]
        return []

    def paths_of_size(self, size: int) -> list[tuple[int, bytes]]:
        """Return ids and absolute paths of the tracks whose file has ``size`` bytes, missing or not."""
        query = select(tracks.c.id, roots.c.path.label("root"), tracks.c.path)
        rows = self.rows(query.join(roots, roots.c.id == tracks.c.root_id).where(tracks.c.size == size))
        return [(row.id, os.path.join(row.root, row.path)) for row in rows]

    def content_id(self, content: bytes) -> int | None:
        """Return the id of the content with that hash, or that had it by an older version of the hash."""
        with_hash = or_(contents.c.hash == content, contents.c.old_hash == content)
        current_first = (contents.c.hash == content).desc(), contents.c.id
        rows = self.rows(select(contents.c.id).where(with_hash).order_by(*current_first).limit(1))
        return rows[0].id if rows else None

    def analyzed_by(self, content_id: int | None = None) -> list[str]:
        """Return names of the models that analyzed a content, or any content, oldest first."""
        analyzed = select(emotions.c.model_id)
        if content_id is not None:
            analyzed = analyzed.where(emotions.c.content_id == content_id)
        query = select(models.c.name).where(models.c.id.in_(analyzed))
        return [row.name for row in self.rows(query.order_by(models.c.id))]

    def emotion_sd(self, content_id: int) -> tuple[float, float] | None:
        """Return standard deviations of valence and arousal over the windows of a content."""
        query = select(emotions.c.valence_sd, emotions.c.arousal_sd).where(
            emotions.c.content_id == content_id, self._of_model()
        )
        rows = self.rows(query)
        return (rows[0].valence_sd, rows[0].arousal_sd) if rows else None

    def windows_of(self, content_id: int) -> list[WindowEmotion]:
        """Return the analyzed windows of a content, by time."""
        query = (
            select(windows)
            .where(windows.c.content_id == content_id, windows.c.model_id == id_of(self.model))
            .order_by(windows.c.start_s)
        )
        return [
            WindowEmotion(Window(row.start_s, row.end_s), row.valence, row.arousal)
            for row in self.rows(query)
        ]

    def failures(self) -> list[Failure]:
        """Return the files that could not be analyzed, by path."""
        query = (
            select(roots.c.path.label("root"), failures)
            .join(roots, roots.c.id == failures.c.root_id)
            .order_by(roots.c.path, failures.c.path)
        )
        return [
            Failure(os.path.join(row.root, row.path).rstrip(b"/"), row.stage, row.reason, row.failed_at)
            for row in self.rows(query)
        ]

    def heard_tags(self) -> tuple[str, ...]:
        """Return the names of the tags that the model hears."""
        rows = self.rows(select(models.c.tags).where(models.c.name == self.model, models.c.tags.is_not(None)))
        return tuple(json.loads(rows[0].tags)) if rows else ()

    @cached_property
    def tags_of_analyses(self) -> tuple[str, ...]:
        """The same, once the model has analyzed something: they never change then."""
        return self.heard_tags()

    def passing(self, filters: Sequence[Filter]) -> list[ColumnElement[bool]]:
        """Return the conditions on tracks that pass ``filters``; for modules of this room."""
        if [*asked_tags(filters)] and self.model in self.analyzed_by():
            check_tags(filters, self.heard_tags(), self.model)
        return [condition(one) for one in filters]

    def offered(self) -> ColumnElement[bool]:
        """Return the condition on tracks that results may list; for modules of this room.

        Missing tracks are not, nor tracks of an absent root whose content is also elsewhere.
        """
        present = tracks.c.missing_since.is_(None)
        absent = self._absent_roots()
        if not absent:
            return present
        away = tracks.c.root_id.in_(absent)
        copies = tracks.alias()
        elsewhere = exists().where(
            copies.c.content_id == tracks.c.content_id,
            copies.c.missing_since.is_(None),
            copies.c.root_id.not_in(absent),
        )
        return and_(present, not_(and_(away, elsewhere)))

    def connect(self) -> AbstractContextManager[Connection]:
        """Open a connection to read; for modules of this room. Its errors are LibraryErrors."""
        return connected(self.engine, self.path)

    def rows(self, query: Any) -> Sequence[Row[Any]]:
        """Return all rows of a query; for modules of this room."""
        with self.connect() as connection:
            return connection.execute(query).all()

    def table(self, query: Select[Any], columns: list[tuple[str, type]]) -> NDArray[Any]:
        """Return rows of numbers as a structured array; for modules of this room.

        Rows are converted in parts, so that their Python objects never exist all at once.
        """
        parts = [np.empty(0, columns)]
        with self.connect() as connection:
            cursor = connection.execute(query).cursor  # SQLite's own: half the time of SQLAlchemy's rows
            while rows := cursor.fetchmany(VARIABLES):
                parts.append(np.array(rows, columns))
        return np.concatenate(parts)

    def _absent_roots(self) -> list[int]:
        """Return ids of the roots whose folders are absent or empty; looks at the root folders alone."""
        return [row.id for row in self.rows(select(roots.c.id, roots.c.path)) if not holds_files(row.path)]

    def _of_model(self) -> Any:
        return emotions.c.model_id == id_of(self.model)

    def _present_emotions(self, *columns: Any) -> Select[Any]:
        present = select(tracks.c.content_id).where(tracks.c.missing_since.is_(None))
        return (
            select(*columns)
            .where(self._of_model(), emotions.c.content_id.in_(present))
            .order_by(emotions.c.content_id)
        )

    def _first(self, query: Select[Any]) -> Track | None:
        rows = self.rows(query)
        return track_of(rows[0]) if rows else None


def _descriptors_of(rows: Sequence[Row[Any]]) -> Descriptors:
    return Descriptors(*(_matrix([getattr(row, column.name) for row in rows]) for column in _DESCRIPTORS))


def _matrix(blobs: Sequence[bytes]) -> FloatArray:
    """Decode rows of little-endian float32 [shape=(n, d)]."""
    numbers = np.frombuffer(b"".join(blobs), dtype="<f4").astype(np.float32, copy=False)
    return numbers.reshape(len(blobs), -1) if blobs else np.empty((0, 0), np.float32)
