"""Lists of what sounds alike, put in order and explained, from Python: what the command ``similar`` does.

from musimo import Library, lists
library = Library.open()
found = lists.similar(library, "So What", order="flow", explained=True)
for row, why, best in zip(found.rows, found.explanations, found.windows, strict=True):
    print(row.track.path, why.sound, why.mood_distance, best and best.window.start_s)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from musimo.api import Library, Seed
from musimo.records import Descriptors, SimilarTrack, Track
from musimo.search.best_window import BestWindow, best_windows
from musimo.search.explain import Explanation, explain
from musimo.search.order import Order, reorder
from musimo.search.seeds import Alike
from musimo.search.selection import Selection
from musimo.search.space import By


@dataclass(frozen=True, slots=True)
class SimilarList:
    """A list, and what belongs to it.

    Parameters
    ----------
    seeds : the tracks it was asked for with
    rows : what sounds like them
    versions : for each seed, the versions of its piece that would have stood in the list as well
    windows : one a row, which of the windows that were heard of it is most like a seed; None where it was
        heard before places of windows were kept
    explanations : one a row, if asked for; else None
    """

    seeds: tuple[Track, ...]
    rows: tuple[SimilarTrack, ...]
    versions: tuple[tuple[Track, ...], ...]
    windows: tuple[BestWindow | None, ...] = ()
    explanations: tuple[Explanation, ...] | None = None


def similar(
    library: Library,
    *tracks: str | Path | Seed,
    by: By = "both",
    unlike: Sequence[str | Path | Seed] = (),
    selection: Selection | None = None,
    min_similarity: float = 0.0,
    order: Order = "similarity",
    explained: bool = False,
) -> SimilarList:
    """Tracks that sound like ``tracks``: as of :meth:`musimo.api.Library.similar`, but for what follows.

    Parameters
    ----------
    order : of the rows that were chosen; see :mod:`musimo.search.order`
    explained : say of each row what it has in common with the seed that it is nearest to

    Raises
    ------
    UsageError : too many rows for a flow; else as of :meth:`musimo.api.Library.similar`
    """
    found = library.alike(tracks, unlike, by, selection, min_similarity)
    rows = tuple(reorder(found.rows, order))
    explanations = tuple(_explained(library, found.seeds, rows, by)) if explained else None
    return SimilarList(
        tuple(seed.track for seed in found.seeds),
        rows,
        found.versions,
        tuple(_windows(library, found, rows, by)),
        explanations,
    )


def _windows(library: Library, found: Alike, rows: Sequence[SimilarTrack], by: By) -> list[BestWindow | None]:
    contents = [row.track.content for row in rows if row.track.content is not None]
    opened = library.opened
    best = best_windows(opened.store, opened.indexes, found.index, contents, found.seeds, by)
    return [None if row.track.content is None else best.get(row.track.content) for row in rows]


def _explained(
    library: Library, seeds: Sequence[Seed], rows: Sequence[SimilarTrack], by: By
) -> list[Explanation]:
    if not rows:
        return []
    contents = np.array([row.track.content for row in rows], np.int64)
    ids, sounds = library.opened.store.sounds(contents)
    at = np.searchsorted(ids, contents)  # each sound is there, for an index of them gave the rows
    blocks = Descriptors.__dataclass_fields__
    of_rows = Descriptors(*(getattr(sounds, block)[at] for block in blocks))
    of_seeds = Descriptors(*(np.concatenate([getattr(s.sound, block) for s in seeds]) for block in blocks))
    asked, found = [seed.track for seed in seeds], [row.track for row in rows]
    return explain(asked, of_seeds, found, of_rows, library.opened.indexes.places, by)
