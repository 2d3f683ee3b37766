"""The query ``path``: tracks that lead from one to another; see :mod:`musimo.search.sound_path`."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from musimo.errors import UsageError
from musimo.library.db.heard import with_heard
from musimo.library.db.queries import Store
from musimo.records import FloatArray, Track
from musimo.search.diversify import GroupKeys
from musimo.search.index import VectorIndex
from musimo.search.rows import PathTrack
from musimo.search.seeds import Seed
from musimo.search.selection import Selection, allowed
from musimo.search.sound_path import PathSpace, angles, choose_sound_path
from musimo.search.space import Ids, query_vectors, split_rows
from musimo.search.versions import capped_keys

MOST = 50  # tracks: more take long, for every two candidates of neighboring steps are compared


def path(
    store: Store, index: VectorIndex, seeds: Sequence[Seed], places: FloatArray, n: int, selection: Selection
) -> tuple[PathTrack, ...]:
    """Return the tracks of a path of ``n``, stops included; fewer where too few tracks lie between.

    Parameters
    ----------
    index : of sound vectors
    seeds : the stops
    places : their sound vectors, unit length [shape=(n_seeds, d)]
    selection : which tracks may lie between the stops; its limit does not count

    Raises
    ------
    UsageError : a stop twice in a row
    """
    _check_apart(seeds)
    legs = choose_sound_path(
        _terrain(store, index, selection),
        places,
        [seed.content for seed in seeds],
        [capped_keys(seed.track) for seed in seeds],
        n - len(seeds),
    )
    between = store.tracks_of([id_ for leg in legs for id_ in leg], selection.filters)
    rows: list[tuple[Track, FloatArray]] = [(seeds[0].track, places[0])]
    for leg, seed, place in zip(legs, seeds[1:], places[1:], strict=True):
        of_leg = split_rows(index.vectors(np.array(leg, np.int64)))[0]
        rows += [(between[id_], vector) for id_, vector in zip(leg, of_leg, strict=True)]
        rows.append((seed.track, place))
    to_ends = angles(np.stack([vector for _, vector in rows]), places[[0, -1]])
    listed = with_heard(store, [track for track, _ in rows])
    return tuple(
        PathTrack(rank, float(to_start), float(to_end), track)
        for rank, (track, (to_start, to_end)) in enumerate(zip(listed, to_ends, strict=True), 1)
    )


def _terrain(store: Store, index: VectorIndex, selection: Selection) -> PathSpace:
    usable = allowed(store, selection)

    def near(place: FloatArray, k: int) -> Ids:
        return index.search(query_vectors(place[None])[0], k, usable)[0]

    def groups(ids: Ids) -> dict[int, GroupKeys]:
        found = store.tracks_of(ids.tolist(), selection.filters)
        return {id_: capped_keys(found[id_]) for id_ in ids.tolist()}

    return PathSpace(near, lambda ids: split_rows(index.vectors(ids))[0], groups, selection.caps)


def check_length(n_stops: int, n: int) -> None:
    """Raise UsageError for fewer than two stops, or a path that is too short for them or too long."""
    if n_stops < 2:
        raise UsageError("a path leads from one track to another", "name two")
    if n > MOST:
        raise UsageError(f"a path has {MOST} tracks at most, not {n}", "ask for several, one after the other")
    if n < n_stops:
        raise UsageError(f"{n_stops} tracks are named, more than the {n} asked for", "raise -n")


def _check_apart(seeds: Sequence[Seed]) -> None:
    for a, b in pairwise(seeds):
        if a.content is not None and a.content == b.content:
            raise UsageError("a path cannot lead from a track to itself", "name two that sound different")
