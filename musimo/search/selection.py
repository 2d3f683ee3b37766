"""Which tracks an answer may hold: a ranking of sounds → its first tracks that pass."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from musimo.library.store import Store
from musimo.records import Filter, Track
from musimo.search.diversify import album_key, artist_key, diversify
from musimo.search.space import Ids

LOOKUP = 64  # tracks fetched at once while a ranking is read; a list of ten rarely needs more


@dataclass(frozen=True, slots=True)
class Selection:
    """Which tracks an answer may hold, and how many.

    Parameters
    ----------
    limit : rows; None for all
    where : conditions in the language of :mod:`musimo.search.where`; all must hold
    max_per_artist, max_per_album : most rows of one; None for no cap
    """

    limit: int | None = 10
    where: Sequence[Filter] = ()
    max_per_artist: int | None = 2
    max_per_album: int | None = 1


EVERYTHING = Selection(None, (), None, None)


def allowed(store: Store, selection: Selection) -> Ids | None:
    """Ids of the sounds that an index may answer with; None for all."""
    return store.matching_contents(selection.where) if selection.where else None


def select_tracks(store: Store, selection: Selection) -> Iterator[Track]:
    """Every track that passes, by path."""
    found = store.all_tracks(selection.where)
    diverse = diversify(found, artist_key, album_key, selection.max_per_artist, selection.max_per_album)
    return islice(diverse, selection.limit)


def select_ranked(
    store: Store, ranked: Iterable[tuple[int, float]], selection: Selection
) -> Iterator[tuple[float, Track]]:
    """Of content ids and scores, best first: the scores and tracks that pass; exact copies count once."""
    diverse = diversify(
        _with_tracks(store, ranked, selection.where),
        lambda row: artist_key(row[1]),
        lambda row: album_key(row[1]),
        selection.max_per_artist,
        selection.max_per_album,
    )
    return islice(diverse, selection.limit)


def _with_tracks(
    store: Store, ranked: Iterable[tuple[int, float]], filters: Sequence[Filter]
) -> Iterator[tuple[float, Track]]:
    ranked = iter(ranked)
    while rows := list(islice(ranked, LOOKUP)):
        tracks = store.tracks_of([content for content, _ in rows], filters)
        for content, score in rows:
            if content in tracks:
                yield score, tracks[content]
