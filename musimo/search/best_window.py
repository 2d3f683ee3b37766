"""Which of the windows that were heard of a track is most like what was asked with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from musimo.library.db.queries import Store
from musimo.library.db.windows import PlacedWindows, placed_windows
from musimo.records import FloatArray, Window
from musimo.records.fields import SCORE_DIGITS, Fields, number
from musimo.search.index import VectorIndex
from musimo.search.indexes import Indexes
from musimo.search.seeds import Seed
from musimo.search.space import MIXTURES, By, Ids, rows

SOUNDS_AT_ONCE = 1000  # some 5 MB of places


@dataclass(frozen=True, slots=True)
class BestWindow:
    """The window of a track that is nearest to any of the seeds.

    Parameters
    ----------
    window : one of those that were heard; what lies between them is not known
    similarity : 0..1, counted as that of the track is, to the seed that the window is nearest to
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
    """By content id, the best window of those sounds whose windows have places.

    Parameters
    ----------
    index : of ``by``; it has all ``contents``
    """
    if not contents:
        return {}
    questions = indexes.questions([seed.sound for seed in seeds], by)
    found: dict[int, BestWindow] = {}
    for start in range(0, len(contents), SOUNDS_AT_ONCE):
        heard = placed_windows(store, contents[start : start + SOUNDS_AT_ONCE], indexes.unmixed_width())
        if len(heard.windows):
            places = indexes.mixed(heard.places, MIXTURES[by])
            found |= nearest(heard, rows(places, ordinary_of(index, heard.contents)), questions)
    return found


def nearest(heard: PlacedWindows, windows: FloatArray, questions: FloatArray) -> dict[int, BestWindow]:
    """Of each sound the window that is nearest to any question; of equal ones the first.

    Parameters
    ----------
    windows, questions : (n, d), (m, d), see :mod:`musimo.search.space`
    """
    similarity = (windows @ questions.T).max(axis=1)
    order = np.lexsort((-similarity, heard.contents))
    best: dict[int, int] = {}
    for at in order.tolist():
        best.setdefault(int(heard.contents[at]), at)
    return {
        content: BestWindow(heard.windows[at], float(np.clip(similarity[at], 0, 1)))
        for content, at in best.items()
    }


def ordinary_of(index: VectorIndex, contents: Ids) -> FloatArray:
    """What an index takes off the cosines of sounds [shape=(n,)], from the last column of its rows."""
    last = index.vectors(contents)[:, -1]  # -c / (1 - c)
    return np.asarray(last / (last - 1), np.float32)
