"""A library as a picture: its tracks, where their sounds lie on a plane, and which sound most alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musimo.errors import NotFoundError
from musimo.library.db.queries import Store
from musimo.records import FloatArray, Track
from musimo.search.index import MappedIndex
from musimo.search.projection import principal_plane
from musimo.search.selection import Selection, select_tracks
from musimo.search.space import Ids, questions, rows

NEIGHBOURS = 8  # what a glance takes in beside a picture
MOST_COMPARED = 20_000  # tracks: each is compared with each, in seconds up to here
BLOCK = 1 << 23  # similarities at once: 32 MB


@dataclass(frozen=True, slots=True)
class SoundMap:
    """Tracks as a picture shows them; each has a sound and a mood.

    Parameters
    ----------
    tracks : n of them, by path; of exact copies the first
    places : (n, 2), where their sounds lie, see :func:`musimo.search.projection.principal_plane`
    shown : 0..1, the share of all differences in sound that these places keep
    nearest : (n, k), for each track the positions of those that sound most like it, best first; k = 0 where
        there are more than 20,000 tracks
    left_out : tracks that were asked for and are not analysed
    """

    tracks: tuple[Track, ...]
    places: FloatArray
    shown: float
    nearest: NDArray[np.int64]
    left_out: int = 0


def map_sounds(store: Store, index: MappedIndex, selection: Selection) -> SoundMap:
    """The map of the tracks of a selection.

    Parameters
    ----------
    index : of sounds, by cosine

    Raises
    ------
    NotFoundError : none of them is there and analysed
    """
    known = set(index.seen()[0].tolist())
    of_sound: dict[int, Track] = {}
    left_out = 0
    for track in select_tracks(store, selection):
        if track.content is None or track.content not in known:
            left_out += 1
        else:
            of_sound.setdefault(track.content, track)
    if not of_sound:
        asked = " that is asked for" if selection.filters else ""
        raise NotFoundError(
            f"there is no analysed track{asked}, so there is nothing to draw",
            "ask for others with --where" if asked else "hear some music: musimo scan FOLDER",
        )
    ids: Ids = np.array(list(of_sound), np.int64)
    places, ordinary = index.places(ids)
    projection = principal_plane(places)
    k = NEIGHBOURS if len(ids) <= MOST_COMPARED else 0
    nearest = nearest_rows(questions(places), rows(places, ordinary), k)
    return SoundMap(tuple(of_sound.values()), projection.places, projection.shown, nearest, left_out)


def nearest_rows(asking: FloatArray, answering: FloatArray, k: int) -> NDArray[np.int64]:
    """For each row the ``k`` others with the largest inner product, best first [shape=(n, k)].

    Parameters
    ----------
    asking, answering : (n, d), of the same tracks; where there are not ``k`` others there are fewer columns
    """
    n = len(asking)
    k = max(min(k, n - 1), 0)
    found = np.empty((n, k), np.int64)
    if not k:
        return found
    step = max(BLOCK // n, 1)
    for start in range(0, n, step):
        here = np.arange(start, min(start + step, n))
        alike = asking[here] @ answering.T
        alike[np.arange(len(here)), here] = -np.inf  # itself
        best = np.sort(np.argpartition(alike, n - k, axis=1)[:, n - k :], axis=1)
        order = np.argsort(-np.take_along_axis(alike, best, axis=1), axis=1, kind="stable")
        found[here] = np.take_along_axis(best, order, axis=1)
    return found
