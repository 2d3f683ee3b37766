"""Sound map: the tracks of a library as points on a plane, with the nearest neighbors of each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musimo.errors import NotFoundError
from musimo.library.db.queries import Store
from musimo.records import FloatArray, Track
from musimo.records.fields import SCORE_DIGITS, SECOND_DIGITS, number
from musimo.records.scale import Scale
from musimo.search.index import VectorIndex
from musimo.search.projection import principal_plane
from musimo.search.selection import Selection, select_tracks
from musimo.search.space import Ids, query_vectors, split_rows

NEIGHBORS = 8  # as many as fit beside a picture
MOST_COMPARED = 20_000  # tracks: each is compared with each, in seconds up to here
BLOCK = 1 << 23  # similarities at once: 32 MB


@dataclass(frozen=True, slots=True)
class SoundMap:
    """Tracks as points; each has a sound vector and a mood.

    Parameters
    ----------
    tracks : n of them, by path; of exact copies the first
    points : (n, 2), their sound vectors on a plane, see :func:`musimo.search.projection.principal_plane`
    explained : 0..1, the share of the variance of the sound vectors that these points keep
    nearest : (n, k), for each track the positions of the most similar ones, best first; k = 0 for more than
        20,000 tracks
    left_out : tracks selected that are not analyzed
    """

    tracks: tuple[Track, ...]
    points: FloatArray
    explained: float
    nearest: NDArray[np.int64]
    left_out: int = 0

    def as_dict(self, scale: Scale = "0-1") -> dict[str, object]:
        """Return the fields of the JSON contract: tracks with their point by sound."""
        return {
            "shown": number(self.explained, SECOND_DIGITS),
            "results": [
                {**track.as_dict(scale), "x": number(x, SCORE_DIGITS), "y": number(y, SCORE_DIGITS)}
                for track, (x, y) in zip(self.tracks, self.points.tolist(), strict=True)
            ],
        }


def map_sounds(store: Store, index: VectorIndex, selection: Selection) -> SoundMap:
    """Return the map of the tracks of a selection.

    Parameters
    ----------
    index : of sound vectors

    Raises
    ------
    NotFoundError : none of them is present and analyzed
    """
    known = set(index.ids.tolist())
    by_content: dict[int, Track] = {}
    left_out = 0
    for track in select_tracks(store, selection):
        if track.content is None or track.content not in known:
            left_out += 1
        else:
            by_content.setdefault(track.content, track)
    if not by_content:
        selected = " among those selected" if selection.filters else ""
        raise NotFoundError(
            f"there is no analyzed track{selected}, so there is nothing to draw",
            "select others with --where" if selected else "analyze some music: musimo scan FOLDER",
        )
    ids: Ids = np.array(list(by_content), np.int64)
    rows = index.vectors(ids)
    vectors = split_rows(rows)[0]
    projection = principal_plane(vectors)
    k = NEIGHBORS if len(ids) <= MOST_COMPARED else 0
    nearest = nearest_rows(query_vectors(vectors), rows, k)
    return SoundMap(tuple(by_content.values()), projection.points, projection.explained, nearest, left_out)


def nearest_rows(queries: FloatArray, rows: FloatArray, k: int) -> NDArray[np.int64]:
    """Return, for each query, the positions of the ``k`` other rows of largest inner product, best first.

    Parameters
    ----------
    queries, rows : (n, d), of the same tracks

    Returns
    -------
    (n, k), with fewer columns where there are not ``k`` others
    """
    n = len(queries)
    k = max(min(k, n - 1), 0)
    found = np.empty((n, k), np.int64)
    if not k:
        return found
    step = max(BLOCK // n, 1)
    for start in range(0, n, step):
        here = np.arange(start, min(start + step, n))
        similarity = queries[here] @ rows.T
        similarity[np.arange(len(here)), here] = -np.inf  # a track is no neighbor of itself
        best = np.sort(np.argpartition(similarity, n - k, axis=1)[:, n - k :], axis=1)
        order = np.argsort(-np.take_along_axis(similarity, best, axis=1), axis=1, kind="stable")
        found[here] = np.take_along_axis(best, order, axis=1)
    return found
