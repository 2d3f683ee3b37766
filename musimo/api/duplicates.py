"""``Library.duplicates``: tracks that are the same recording. A report: nothing is changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from musimo.api.session import Session
from musimo.library.db import copies
from musimo.library.db.queries import Store
from musimo.library.scan.walk import identity
from musimo.records import Filter, FloatArray, Track
from musimo.search.duplicates import (
    DuplicateGroup,
    SimilarPair,
    name_key,
    namesake_pairs,
    recording_groups,
    similar_pairs,
    sound_groups,
)
from musimo.search.index import VectorIndex
from musimo.search.selection import Where, filters_of
from musimo.search.space import Ids, split_rows

ONE_FILE = "some are names of one file (links): to delete one frees no space"


def duplicates(
    session: Session, where: Where, on_progress: Callable[[int, int], None] | None
) -> list[DuplicateGroup]:
    """Answer :meth:`musimo.Library.duplicates`."""
    filters = filters_of(where)
    store = session.store
    index = session.sounds("both")
    ids, durations = _compared(store, index, filters)
    shared = copies.tracks_with(store, copies.shared_contents(store), filters)

    def places(some: Ids) -> FloatArray:
        return split_rows(index.vectors(some))[0]

    pairs: list[SimilarPair] = []
    for event in similar_pairs(ids, durations, places):
        if isinstance(event, SimilarPair):
            pairs.append(event)
        elif on_progress is not None:
            on_progress(event.done, event.total)
    known = {(pair.first, pair.second) for pair in pairs}
    pairs += namesake_pairs(copies.namesakes(store, name_key), places, ids, durations, known)
    tracks = copies.tracks_with(
        store, sorted({id_ for pair in pairs for id_ in (pair.first, pair.second)}), filters
    )
    return [*sound_groups(shared.values(), _link_note), *recording_groups(pairs, tracks)]


def _compared(store: Store, index: VectorIndex, filters: Sequence[Filter]) -> tuple[Ids, NDArray[np.float64]]:
    """Return the ids of the contents to be compared, ascending, and their durations in seconds."""
    ids = index.ids
    if filters:
        ids = ids[np.isin(ids, store.matching_contents(filters))]
    known, durations = copies.durations(store)
    return ids, durations[np.searchsorted(known, ids)]


def _link_note(tracks: Iterable[Track]) -> str:
    """Return a note where some of the tracks are one file, as far as their disk is there."""
    files = [(file, track.part) for track in tracks if (file := identity(track.path_bytes)) is not None]
    return ONE_FILE if len({*files}) < len(files) else ""
