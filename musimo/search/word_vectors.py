"""Word vectors: the known name that an unknown word is nearest to.

The table holds a vector for each of some ten thousand common English words and for the names of the
vocabulary. Where it comes from is in ``musimo/vectors/README.md``. It is read when a word is not known
otherwise, and then kept: some milliseconds, once per process.

Vectors of this kind are near for words of one topic, opposites included (``happy``, ``sad``). A word is
therefore looked up only if the moods near it agree.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from math import dist
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from musimo.resources import word_vectors_path
from musimo.search.mood_suggestions import stems
from musimo.search.plane import Point

MIN_SIMILARITY: Final = (
    0.55  # measured: of 132 words with a near name 82 get it, 5 another; of 27 without, 1 gets one
)
AGREEMENT: Final = 0.1  # of similarity: moods so much less near than the nearest must agree with it
MAX_APART: Final = 0.5  # on the plane, of moods that agree


@dataclass(frozen=True, slots=True)
class WordVectors:
    """A table of word vectors.

    Parameters
    ----------
    words : ascending
    vectors : directions; lengths do not matter [shape=(n, d), int8]
    """

    words: tuple[str, ...]
    vectors: NDArray[np.int8]

    @classmethod
    def load(cls, path: Path) -> WordVectors:
        """Read a table that ``scripts/make_word_vectors.py`` wrote."""
        with np.load(path, allow_pickle=False) as table:
            return cls(tuple(table["words"].tobytes().decode().split("\n")), table["vectors"])

    def place(self, word: str) -> int | None:
        """Return the row of a word; None where the table has none."""
        at = bisect_left(self.words, word)
        return at if at < len(self.words) and self.words[at] == word else None

    def similarities(self, place: int, places: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the cosines of one word to others [shape=(n,)]."""
        vector, others = self.vectors[place].astype(np.float32), self.vectors[places].astype(np.float32)
        lengths = np.linalg.norm(others, axis=1) * np.linalg.norm(vector)
        return np.asarray(others @ vector / lengths, np.float32)


def nearest_name(word: str, names: Mapping[str, Point | None]) -> tuple[str, float] | None:
    """Return the name that a word is nearest to, and their cosine; None where none is near enough."""
    return nearest_in(_shipped(), word, names)


def nearest_in(table: WordVectors, word: str, names: Mapping[str, Point | None]) -> tuple[str, float] | None:
    """Return the name of a table that a word is nearest to, and their cosine; None where none is near enough.

    Parameters
    ----------
    word : in lower case; a form of a word that the table lacks is looked up by its stem
    names : that may be returned; moods with their points. Moods that are about as near must agree.
    """
    forms = sorted(stems(word), key=len, reverse=True)
    place = next((at for form in forms if (at := table.place(form)) is not None), None)
    if place is None:
        return None
    known = {at: name for name in names if (at := table.place(name)) is not None}
    similarities = table.similarities(place, np.array(list(known), np.int64))
    ranked = sorted(zip(similarities.tolist(), known.values(), strict=True), reverse=True)
    if not ranked or ranked[0][0] < MIN_SIMILARITY:
        return None
    best, name = ranked[0]
    if word.endswith("less") != name.endswith("less"):  # sleepless is not sleep
        return None
    point = names[name]
    near = [names[other] for similarity, other in ranked if similarity >= best - AGREEMENT]
    if point is not None and any(other and dist(point, other) > MAX_APART for other in near):
        return None
    return name, best


@cache
def _shipped() -> WordVectors:
    return WordVectors.load(word_vectors_path())
