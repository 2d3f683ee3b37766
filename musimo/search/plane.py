"""The valence-arousal plane of a library: where its sounds lie on it, absolutely or among each other.

Predictions huddle around the middle of the plane, so that a corner of it is far from every track. In
percentiles they fill it: a sound's valence is then the share of the library's sounds with less, and half of
those with the same (its mid-rank), and so is its arousal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import ceil

import numpy as np

from musimo.records import FloatArray
from musimo.search.space import Ids

Point = tuple[float, float]
Ranking = Iterator[tuple[int, float]]

NEAR_SHARE = 0.1  # of the sounds are "that mood": in percentiles, those within about .18 of it
LOPSIDED = 0.75  # more than this share of the sounds in one quadrant
FEWEST = 20  # sounds, below which their quadrants say nothing about a library


@dataclass(frozen=True, slots=True)
class Plane:
    """Sounds on the plane.

    Parameters
    ----------
    ids : (n,), ascending
    places : (n, 2) valence and arousal, 0..1: as heard, or in percentiles
    """

    ids: Ids
    places: FloatArray

    def relative(self) -> Plane:
        """The same sounds, in percentiles of themselves."""
        return Plane(self.ids, percentiles(self.places))

    def only(self, allowed: Ids | None) -> Plane:
        """Without the sounds that may not be answered; None allows all."""
        if allowed is None:
            return self
        ids = np.sort(allowed)
        if not len(self.ids) or not len(ids):
            return Plane(self.ids[:0], self.places[:0])
        at = np.minimum(np.searchsorted(ids, self.ids), len(ids) - 1)
        here = ids[at] == self.ids
        return Plane(self.ids[here], self.places[here])

    def without(self, ids: set[int]) -> Plane:
        """Without some sounds."""
        here = np.array([id_ not in ids for id_ in self.ids.tolist()], bool)
        return Plane(self.ids[here], self.places[here])

    def distances(self, point: Point) -> FloatArray:
        """Of all sounds to a point [shape=(n,)]."""
        apart = self.places - np.array(point, np.float32)
        return np.asarray(np.sqrt(np.einsum("nd,nd->n", apart, apart)), np.float32)

    def nearest(self, point: Point) -> Ranking:
        """Ids and distances, nearest first; of equal ones the lower ids."""
        distances = self.distances(point)
        return self._told(np.lexsort((self.ids, distances)), distances)

    def around(self, point: Point, spread: float, seed: int) -> Ranking:
        """Ids and distances of the sounds within ``spread`` of a point, in an order drawn by ``seed``."""
        distances = self.distances(point)
        within = np.flatnonzero(distances <= spread)
        return self._told(np.random.default_rng(seed).permutation(within), distances)

    def within(self, point: Point, spread: float) -> Plane:
        """The sounds within ``spread`` of a point."""
        here = self.distances(point) <= spread
        return Plane(self.ids[here], self.places[here])

    def _told(self, order: Ids, distances: FloatArray) -> Ranking:
        return zip(self.ids[order].tolist(), distances[order].tolist(), strict=True)


def percentiles(places: FloatArray) -> FloatArray:
    """Mid-ranks of each column, 0..1 [shape=(n, 2)]: the share of rows below, and half of the equal ones."""
    ranks = np.empty(places.shape, np.float32)
    for column in range(places.shape[1]):
        values = places[:, column]
        ordered = np.sort(values)
        below, not_above = (np.searchsorted(ordered, values, side) for side in ("left", "right"))
        ranks[:, column] = (below + not_above) / (2 * max(len(values), 1))
    return ranks


def in_tiers(
    ranking: Ranking, n: int, least: int, similarities: Callable[[list[int]], dict[int, float]]
) -> Iterator[tuple[int, float, float]]:
    """That mood, this sound: ids, distances and similarities; the most similar of the nearest tenth first.

    The nearest tenth in mood counts as that mood, and within it the sound alone decides; then comes the next
    tenth, in the same way, so that a list is filled in any library. One sum of both would let a twin in sound
    answer for any mood. Sounds whose similarity is not known are left out.

    Parameters
    ----------
    ranking : ids and distances, nearest first
    n : how many they are
    least : most rows that are wanted; a tier holds no fewer sounds
    similarities : of some ids, by id
    """
    size = max(ceil(NEAR_SHARE * n), least, 1)
    rows = list(ranking)
    for start in range(0, len(rows), size):
        tier = rows[start : start + size]
        alike = similarities([id_ for id_, _ in tier])
        known = [(id_, distance, alike[id_]) for id_, distance in tier if id_ in alike]
        yield from sorted(known, key=lambda row: (-row[2], row[0]))


def quadrant_counts(places: FloatArray) -> dict[str, int]:
    """How many of some places lie in each quadrant of the absolute plane; 0.5 counts as the upper half."""
    pleasant, excited = places[:, 0] >= 0.5, places[:, 1] >= 0.5
    return {
        "happy": int((pleasant & excited).sum()),
        "tense": int((~pleasant & excited).sum()),
        "sad": int((~pleasant & ~excited).sum()),
        "calm": int((pleasant & ~excited).sum()),
    }


def dominant_quadrant(counts: Mapping[str, int]) -> str | None:
    """The quadrant that holds more than three quarters of a library; None where none does."""
    total = sum(counts.values())
    fullest = max(counts, key=lambda quadrant: counts[quadrant])
    return fullest if total >= FEWEST and counts[fullest] > LOPSIDED * total else None


def percentile(ordered: FloatArray, value: float) -> float:
    """Return the mid-rank of a value, 0..1: the fraction of values below it, and half of the equal ones.

    Parameters
    ----------
    ordered : (n,), ascending, n above 0
    """
    below, not_above = (np.searchsorted(ordered, np.float32(value), side) for side in ("left", "right"))
    return float(below + not_above) / (2 * len(ordered))
