"""Walks through the sounds of a library, from Python: what the command ``path`` does.

from musimo import Library, paths
library = Library.open()
for row in paths.path(library, "So What", "One", n=12):
    print(f"{row.to_start:.2f} {row.to_end:.2f}", row.track.path)
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from musimo.api import Library, Seed
from musimo.errors import UsageError
from musimo.records import FloatArray, PathTrack, Track
from musimo.search.diversify import GroupKeys, album_key, artist_key
from musimo.search.selection import Selection, allowed
from musimo.search.sound_path import PathSpace, angles, choose_sound_path
from musimo.search.space import By, Ids, questions
from musimo.search.versions import work_key


def path(
    library: Library,
    *stops: str | Path | Seed,
    n: int = 12,
    by: By = "both",
    selection: Selection | None = None,
) -> list[PathTrack]:
    """Tracks that lead from the first stop to the last; see :mod:`musimo.search.sound_path`.

    The stops are part of the answer, whatever the selection says, and their exact copies are not.

    Parameters
    ----------
    stops : two or more, each as of :meth:`musimo.api.Library.similar`
    n : tracks, stops included; fewer come where the library has no such way
    by : alike in ``mood``, in ``sound``, or in ``both``
    selection : which tracks may lie between the stops; its limit does not count

    Raises
    ------
    UsageError : fewer than two stops, a stop twice, or more stops than tracks
    NotFoundError, AudioError : as of :meth:`musimo.api.Library.similar`
    """
    seeds = [library.seed(stop) for stop in stops]
    _check(seeds, n)
    selection = selection or Selection()
    store, indexes = library.opened.store, library.opened.indexes
    index = library.asked(indexes.sounds(by))
    usable = allowed(store, selection)
    places = indexes.questions([seed.sound for seed in seeds], by)[:, :-1]

    def near(place: FloatArray, k: int) -> Ids:
        return index.search(questions(place[None])[0], k, usable)[0]

    def tracks_of(ids: Sequence[int]) -> dict[int, Track]:
        return store.tracks_of(ids, selection.where)

    def groups(ids: Ids) -> dict[int, GroupKeys]:
        found = tracks_of(ids.tolist())
        return {id_: _keys(found[id_]) for id_ in ids.tolist()}

    terrain = PathSpace(
        near,
        lambda ids: index.places(ids)[0],
        groups,
        (selection.max_per_artist, selection.max_per_album, 1 if selection.fold_versions else None),
    )
    legs = choose_sound_path(
        terrain,
        places,
        [seed.content for seed in seeds],
        [_keys(seed.track) for seed in seeds],
        n - len(seeds),
    )
    between = tracks_of([id_ for leg in legs for id_ in leg])
    rows: list[tuple[Track, FloatArray]] = [(seeds[0].track, places[0])]
    for leg, seed, place in zip(legs, seeds[1:], places[1:], strict=True):
        of_leg = index.places(np.array(leg, np.int64))[0]
        rows += [(between[id_], row) for id_, row in zip(leg, of_leg, strict=True)]
        rows.append((seed.track, place))
    to_ends = angles(np.stack([row for _, row in rows]), places[[0, -1]])
    return [
        PathTrack(rank, float(to_start), float(to_end), track)
        for rank, ((track, _), (to_start, to_end)) in enumerate(zip(rows, to_ends, strict=True), 1)
    ]


def _check(seeds: Sequence[Seed], n: int) -> None:
    if len(seeds) < 2:
        raise UsageError("a path leads from one track to another", "name two")
    if n < len(seeds):
        raise UsageError(f"{len(seeds)} tracks are named, more than the {n} asked for", "raise -n")
    for a, b in pairwise(seeds):
        if a.content is not None and a.content == b.content:
            raise UsageError("a path cannot lead from a track to itself", "name two that sound different")


def _keys(track: Track) -> GroupKeys:
    return artist_key(track), album_key(track), work_key(track)
