"""Queries for a search of duplicates: contents shared by tracks, durations, equal names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, select

from musimo.library.db.engine import slices
from musimo.library.db.heard import with_heard
from musimo.library.db.queries import Ids, Store
from musimo.library.db.schema import contents, tracks
from musimo.library.db.tracks import IN_ORDER, track_of, track_query
from musimo.records import Filter, Track

ANALYZED = tracks.c.content_id.is_not(None)


def durations(store: Store) -> tuple[Ids, NDArray[np.float64]]:
    """Return ids of all contents, ascending, and their durations in seconds."""
    query = select(contents.c.id, contents.c.duration_s).order_by(contents.c.id)
    found = store.table(query, [("id", np.int64), ("duration_s", np.float64)])
    return found["id"], found["duration_s"]


def shared_contents(store: Store) -> list[int]:
    """Return ids of the contents that several present tracks have, ascending."""
    query = select(tracks.c.content_id).where(store.offered(), ANALYZED).group_by(tracks.c.content_id)
    rows = store.rows(query.having(func.count() > 1).order_by(tracks.c.content_id))
    return [row.content_id for row in rows]


def tracks_with(store: Store, ids: Sequence[int], filters: Sequence[Filter] = ()) -> dict[int, list[Track]]:
    """Return, for each of these contents, every present track that passes ``filters``, by path."""
    found: dict[int, list[Track]] = {}
    for part in slices(len(ids)):
        query = (
            track_query(store.model)
            .where(tracks.c.content_id.in_(ids[part]))
            .where(store.offered(), ANALYZED, *store.passing(filters))
            .order_by(*IN_ORDER)
        )
        for row in store.rows(query):
            found.setdefault(row.content_id, []).append(track_of(row))
    return {content: with_heard(store, tracks) for content, tracks in found.items()}


def namesakes(
    store: Store, name_key: Callable[[str | None, str | None], Hashable | None]
) -> Iterator[list[int]]:
    """Yield ids, ascending, of different contents of tracks with the same artist and title.

    Parameters
    ----------
    name_key : returns what an artist and a title are compared by; None where nothing is like them
    """
    query = select(tracks.c.artist, tracks.c.title, tracks.c.content_id).where(
        store.offered(), ANALYZED, tracks.c.artist.is_not(None), tracks.c.title.is_not(None)
    )
    contents_of: defaultdict[Hashable, set[int]] = defaultdict(set)
    with store.connect() as connection:
        for row in connection.execution_options(yield_per=1000).execute(query):
            if (key := name_key(row[0], row[1])) is not None:
                contents_of[key].add(row[2])
    yield from sorted(sorted(ids) for ids in contents_of.values() if len(ids) > 1)
