"""Which tracks share a sound, and how long sounds last: what a search for duplicates asks of a library."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, select

from musimo.library.db.conditions import condition
from musimo.library.db.queries import IDS_PER_QUERY, Ids, Store
from musimo.library.db.queries import _track as track_of
from musimo.library.db.schema import contents, roots, tracks
from musimo.records import Filter, Track

PRESENT = tracks.c.missing_since.is_(None), tracks.c.content_id.is_not(None)


class Copies(Store):
    """A library, asked for what it has more than once."""

    @classmethod
    def of(cls, store: Store) -> Copies:
        """The same library, seen through the same model."""
        return cls(store.engine, store.path, store.model)

    def durations(self) -> tuple[Ids, NDArray[np.float64]]:
        """Ids of all sounds, ascending, and how long they last in seconds."""
        query = select(contents.c.id, contents.c.duration_s).order_by(contents.c.id)
        found = self._table(query, [("id", np.int64), ("duration_s", np.float64)])
        return found["id"], found["duration_s"]

    def shared(self) -> list[int]:
        """Ids of the sounds that several present tracks have, ascending."""
        query = select(tracks.c.content_id).where(*PRESENT).group_by(tracks.c.content_id)
        rows = self._rows(query.having(func.count() > 1).order_by(tracks.c.content_id))
        return [row.content_id for row in rows]

    def tracks_with(self, ids: Sequence[int], filters: Sequence[Filter] = ()) -> dict[int, list[Track]]:
        """For each of these sounds every present track that passes ``filters``, by path."""
        found: dict[int, list[Track]] = {}
        for start in range(0, len(ids), IDS_PER_QUERY):
            query = (
                self._tracks()
                .where(tracks.c.content_id.in_(ids[start : start + IDS_PER_QUERY]))
                .where(*PRESENT, *map(condition, filters))
                .order_by(roots.c.path, tracks.c.path)
            )
            for row in self._rows(query):
                found.setdefault(row.content_id, []).append(track_of(row))
        return found

    def namesakes(self) -> Iterator[list[int]]:
        """Ids, ascending, of different sounds of tracks with the same artist and title, whatever the case."""
        artist, title = func.fold(tracks.c.artist), func.fold(tracks.c.title)
        query = select(artist, title, tracks.c.content_id).where(
            *PRESENT, tracks.c.artist.is_not(None), tracks.c.title.is_not(None)
        )
        with self._connect() as connection:
            rows = connection.execution_options(yield_per=1000).execute(query.order_by(artist, title))
            for _, alike in groupby(rows, key=lambda row: (row[0], row[1])):
                ids = sorted({row[2] for row in alike})
                if len(ids) > 1:
                    yield ids
