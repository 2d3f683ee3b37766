"""The query ``similar``: tracks whose sound vectors are near the seeds'."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from musimo.library.db.queries import Store
from musimo.records import Descriptors, Track
from musimo.search.best_window import best_windows
from musimo.search.index import VectorIndex
from musimo.search.indexes import Indexes
from musimo.search.order import Order, reorder
from musimo.search.query import nearest_sounds
from musimo.search.rows import SimilarTrack
from musimo.search.seeds import Seed
from musimo.search.selection import Selection, allowed, select_ranked

if TYPE_CHECKING:
    from musimo.search.explain import Explanation
    from musimo.search.space import By


@dataclass(frozen=True, slots=True)
class SimilarQuery:
    """What ``similar`` is asked.

    Parameters
    ----------
    seeds : tracks to be like; several are combined by the agreement of their rankings
    unlike : tracks to be less like
    by : which mixture of the descriptors is compared
    selection : which tracks may be listed, and how many
    min_similarity : 0..1; less similar tracks are left out
    order : of the rows that are chosen
    explain : attach to each row what it shares with the seed nearest to it
    """

    seeds: Sequence[Seed]
    unlike: Sequence[Seed]
    by: By
    selection: Selection
    min_similarity: float
    order: Order
    explain: bool


def similar(
    store: Store, indexes: Indexes, index: VectorIndex, query: SimilarQuery
) -> tuple[tuple[SimilarTrack, ...], tuple[tuple[Track, ...], ...]]:
    """Return similar tracks, without the seeds and their exact copies, and each seed's versions left out.

    Parameters
    ----------
    index : of ``query.by``
    """
    every = [*query.seeds, *query.unlike]
    listed = select_ranked(
        store, _ranked(store, indexes, index, query), query.selection, [seed.track for seed in every]
    )
    rows = [SimilarTrack(rank, row.score, row.track, row.versions) for rank, row in enumerate(listed.rows, 1)]
    ordered = reorder(rows, query.order)
    contents = [row.track.content for row in ordered if row.track.content is not None]
    windows = best_windows(store, indexes, index, contents, query.seeds, query.by)
    whys = _explained(store, indexes, ordered, query) if query.explain else [None] * len(ordered)
    complete = (
        replace(row, window=windows.get(row.track.content or 0), explanation=why)
        for row, why in zip(ordered, whys, strict=True)
    )
    return tuple(complete), listed.of_asked[: len(query.seeds)]


def _ranked(
    store: Store, indexes: Indexes, index: VectorIndex, query: SimilarQuery
) -> Iterator[tuple[int, float]]:
    """Yield content ids and similarities, best first."""
    asked = {seed.content for seed in (*query.seeds, *query.unlike)}
    wanted, unwanted = (
        indexes.query_vectors([seed.sound for seed in side], query.by) for side in (query.seeds, query.unlike)
    )
    for content, similarity in nearest_sounds(index, wanted, unwanted, allowed(store, query.selection)):
        if content not in asked and similarity >= query.min_similarity:
            yield content, similarity


def _explained(
    store: Store, indexes: Indexes, rows: Sequence[SimilarTrack], query: SimilarQuery
) -> list[Explanation | None]:
    """Explain each row; None for one that another process removed meanwhile."""
    from musimo.search.explain import explain

    contents = np.array([row.track.content for row in rows], np.int64)
    ids, found = store.descriptors(contents)
    here = [place for place, content in enumerate(contents.tolist()) if content in set(ids.tolist())]
    at = np.searchsorted(ids, contents[here])
    blocks = Descriptors.__dataclass_fields__
    of_rows = Descriptors(*(getattr(found, block)[at] for block in blocks))
    of_seeds = Descriptors(
        *(np.concatenate([getattr(seed.sound, block) for seed in query.seeds]) for block in blocks)
    )
    tracks = [rows[place].track for place in here]
    seeds = [seed.track for seed in query.seeds]
    known = dict(
        zip(here, explain(seeds, of_seeds, tracks, of_rows, indexes.sound_vectors, query.by), strict=True)
    )
    return [known.get(place) for place in range(len(rows))]
