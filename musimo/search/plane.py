"""The valence–arousal plane: the tracks of a library on it, absolutely or in percentiles.

Predictions are concentrated around the middle of the plane, so no track is near a corner. Percentiles spread
them evenly: the percentile of a valence is the share of the library with a lower valence, plus half the share
with the same (its mid-rank); likewise for arousal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from math import ceil
from typing import Final

import numpy as np

from musimo.records import FloatArray
from musimo.search.space import Ids

Point = tuple[float, float]
Ranking = Iterator[tuple[int, float]]

NEAR_SHARE: Final = 0.1  # of the tracks have "that mood": in percentiles, those within about .18 of it
DOMINANT_SHARE: Final = 0.75  # of the tracks, above which their quadrant is worth a note
MIN_TRACKS: Final = 20  # below this, counts of quadrants say little about a library


@dataclass(frozen=True, slots=True)
class Plane:
    """Contents on the plane.

    Parameters
    ----------
    ids : (n,) content ids, ascending
    points : (n, 2) valence and arousal, 0..1: predictions or percentiles
    """

    ids: Ids
    points: FloatArray

    def relative(self) -> Plane:
        """Return the same contents with percentiles as points."""
        return Plane(self.ids, percentiles(self.points))

    def only(self, allowed: Ids | None) -> Plane:
        """Return the contents whose ids are allowed; None allows all."""
        if allowed is None:
            return self
        ids = np.sort(allowed)
        if not len(self.ids) or not len(ids):
            return Plane(self.ids[:0], self.points[:0])
        at = np.minimum(np.searchsorted(ids, self.ids), len(ids) - 1)
        kept = ids[at] == self.ids
        return Plane(self.ids[kept], self.points[kept])

    def without(self, ids: set[int]) -> Plane:
        """Return all contents but the given ones."""
        kept = np.array([id_ not in ids for id_ in self.ids.tolist()], bool)
        return Plane(self.ids[kept], self.points[kept])

    def distances(self, point: Point) -> FloatArray:
        """Return the Euclidean distance of every content to a point [shape=(n,)]."""
        differences = self.points - np.array(point, np.float32)
        return np.asarray(np.sqrt(np.einsum("nd,nd->n", differences, differences)), np.float32)

    def nearest(self, point: Point) -> Ranking:
        """Return ids and distances, nearest first; ties by ascending id."""
        distances = self.distances(point)
        return self._ranking(np.lexsort((self.ids, distances)), distances)

    def shuffled_within(self, point: Point, spread: float, seed: int) -> Ranking:
        """Return ids and distances of the contents within ``spread`` of a point, in random order."""
        distances = self.distances(point)
        within = np.flatnonzero(distances <= spread)
        return self._ranking(np.random.default_rng(seed).permutation(within), distances)

    def within(self, point: Point, spread: float) -> Plane:
        """Return the contents within ``spread`` of a point."""
        kept = self.distances(point) <= spread
        return Plane(self.ids[kept], self.points[kept])

    def _ranking(self, order: Ids, distances: FloatArray) -> Ranking:
        return zip(self.ids[order].tolist(), distances[order].tolist(), strict=True)


def percentiles(points: FloatArray) -> FloatArray:
    """Return the mid-ranks of each column, 0..1 [shape=(n, 2)]."""
    ranks = np.empty(points.shape, np.float32)
    for column in range(points.shape[1]):
        values = points[:, column]
        ordered = np.sort(values)
        below, not_above = (np.searchsorted(ordered, values, side) for side in ("left", "right"))
        ranks[:, column] = (below + not_above) / (2 * max(len(values), 1))
    return ranks


def in_tiers(
    ranking: Ranking, n: int, least: int, similarities: Callable[[list[int]], dict[int, float]]
) -> Iterator[tuple[int, float, float]]:
    """Yield ids, distances and similarities of tracks that match a mood and sound like a track.

    The nearest tenth in mood counts as matching and is ranked by similarity alone; the next tenth follows in
    the same way, so that a list can be filled in any library. A sum of distance and similarity would let a
    track of almost the same sound match any mood. Contents without a similarity are left out.

    Parameters
    ----------
    ranking : ids and distances, nearest first
    n : length of the ranking
    least : number of rows wanted; a tier is never smaller
    similarities : similarity by id, for given ids
    """
    size = max(ceil(NEAR_SHARE * n), least, 1)
    rows = list(ranking)
    for start in range(0, len(rows), size):
        tier = rows[start : start + size]
        found = similarities([id_ for id_, _ in tier])
        known = [(id_, distance, found[id_]) for id_, distance in tier if id_ in found]
        yield from sorted(known, key=lambda row: (-row[2], row[0]))


def quadrant_counts(points: FloatArray) -> dict[str, int]:
    """Count the points [shape=(n, 2)] per quadrant of the absolute plane; 0.5 belongs to the upper half."""
    pleasant, excited = points[:, 0] >= 0.5, points[:, 1] >= 0.5
    return {
        "happy": int((pleasant & excited).sum()),
        "tense": int((~pleasant & excited).sum()),
        "sad": int((~pleasant & ~excited).sum()),
        "calm": int((pleasant & ~excited).sum()),
    }


def dominant_quadrant(counts: Mapping[str, int]) -> str | None:
    """Return the quadrant that contains more than three quarters of the library; None if there is none."""
    total = sum(counts.values())
    fullest = max(counts, key=lambda quadrant: counts[quadrant])
    return fullest if total >= MIN_TRACKS and counts[fullest] > DOMINANT_SHARE * total else None


def percentile(ordered: FloatArray, value: float) -> float:
    """Return the mid-rank of a value, 0..1: the fraction of values below it, and half of the equal ones.

    Parameters
    ----------
    ordered : (n,), ascending, n above 0
    """
    below, not_above = (np.searchsorted(ordered, np.float32(value), side) for side in ("left", "right"))
    return float(below + not_above) / (2 * len(ordered))
