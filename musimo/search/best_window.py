"""Best windows: which analyzed window of each result is most similar to a seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from musimo.library.db.queries import Store
from musimo.library.db.windows import WindowVectors, window_vectors
from musimo.records import FloatArray, Window
from musimo.records.fields import SCORE_DIGITS, Fields, number
from musimo.search.index import VectorIndex
from musimo.search.indexes import Indexes
from musimo.search.seeds import Seed
from musimo.search.space import MIXTURES, By, index_rows, split_rows

CONTENTS_PER_QUERY = 1000  # some 5 MB of vectors


@dataclass(frozen=True, slots=True)
class BestWindow:
    """The window of a track that is most similar to any of the seeds.

    Parameters
    ----------
    window : one of the analyzed windows; what lies between them is not known
    similarity : 0..1, to the nearest seed, corrected as that of the whole track is
    """

    window: Window
    similarity: float

    def as_dict(self) -> Fields:
        """Return the fields of the JSON contract."""
        return {**self.window.as_dict(), "similarity": number(self.similarity, SCORE_DIGITS)}


def best_windows(
    store: Store,
    indexes: Indexes,
    index: VectorIndex,
    contents: Sequence[int],
    seeds: Sequence[Seed],
    by: By,
) -> dict[int, BestWindow]:
    """Return, by content id, the best window of those contents whose windows have sound vectors.

    Parameters
    ----------
    index : of ``by``; it has all ``contents``
    """
    if not contents:
        return {}
    queries = indexes.query_vectors([seed.sound for seed in seeds], by)
    found: dict[int, BestWindow] = {}
    for start in range(0, len(contents), CONTENTS_PER_QUERY):
        heard = window_vectors(store, contents[start : start + CONTENTS_PER_QUERY], indexes.unmixed_width())
        if len(heard.windows):
            vectors = indexes.mixed(heard.vectors, MIXTURES[by])
            offsets = split_rows(index.vectors(heard.contents))[1]
            found |= nearest(heard, index_rows(vectors, offsets), queries)
    return found


def nearest(heard: WindowVectors, rows: FloatArray, queries: FloatArray) -> dict[int, BestWindow]:
    """Return, by content id, the window nearest to any query; of equal ones the first.

    Parameters
    ----------
    rows, queries : index rows of the windows [shape=(n, d)] and query vectors [shape=(m, d)], see
        :mod:`musimo.search.space`
    """
    similarity = (rows @ queries.T).max(axis=1)
    order = np.lexsort((-similarity, heard.contents))
    best: dict[int, int] = {}
    for at in order.tolist():
        best.setdefault(int(heard.contents[at]), at)
    return {
        content: BestWindow(heard.windows[at], float(np.clip(similarity[at], 0, 1)))
        for content, at in best.items()
    }
