"""Which tracks an answer may hold: a ranking of sounds → the tracks that are listed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from musimo.library.db.queries import Store
from musimo.records import Filter, Track
from musimo.search.diversify import album_key, artist_key, diversify
from musimo.search.mix import mix
from musimo.search.space import Ids
from musimo.search.versions import ListedWorks

LOOKUP = 64  # tracks fetched at once while a ranking is read; a list of ten rarely needs more


@dataclass(frozen=True, slots=True)
class Selection:
    """Which tracks an answer may hold, and how many.

    Parameters
    ----------
    limit : rows; None for all
    where : conditions in the language of :mod:`musimo.search.where`; all must hold
    max_per_artist, max_per_album : most rows of one; None for no cap
    fold_versions : of the versions of a piece, list the best ranked alone; see :mod:`musimo.search.versions`
    duration_s : how long the rows of a ranking last together, in place of ``limit``; None for any length
    """

    limit: int | None = 10
    where: Sequence[Filter] = ()
    max_per_artist: int | None = 2
    max_per_album: int | None = 1
    fold_versions: bool = True
    duration_s: float | None = None


EVERYTHING = Selection(None, (), None, None, fold_versions=False)


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a list: its score, its track, and the versions of it that were passed over on the way."""

    score: float
    track: Track
    versions: tuple[Track, ...]


@dataclass(frozen=True, slots=True)
class Listed:
    """A list, and for each track that it was asked for with, the versions that were passed over."""

    rows: tuple[Row, ...]
    of_asked: tuple[tuple[Track, ...], ...]


def allowed(store: Store, selection: Selection) -> Ids | None:
    """Ids of the sounds that an index may answer with; None for all."""
    return store.matching_contents(selection.where) if selection.where else None


def select_tracks(store: Store, selection: Selection) -> Iterator[Track]:
    """Every track that passes, by path: all versions of it, whatever they last."""
    found = store.all_tracks(selection.where)
    diverse = diversify(found, artist_key, album_key, selection.max_per_artist, selection.max_per_album)
    return islice(diverse, selection.limit)


def select_ranked(
    store: Store,
    ranked: Iterable[tuple[int, float]],
    selection: Selection,
    asked: Sequence[Track] = (),
) -> Listed:
    """Of content ids and scores, best first, those that are listed; exact copies count once.

    Of the ranking no more is read than the list needs, and only versions met on the way are told.

    Parameters
    ----------
    asked : tracks that the list is asked for with, whose versions are no news
    """
    works = ListedWorks(asked if selection.fold_versions else ())
    diverse = diversify(
        _with_tracks(store, ranked, selection.where),
        lambda row: artist_key(row[1]),
        lambda row: album_key(row[1]),
        selection.max_per_artist,
        selection.max_per_album,
        lambda row: selection.fold_versions and works.leave_out(row[1]),
    )
    listed = _shown(diverse, works)
    if selection.duration_s is None:
        chosen = list(islice(listed, selection.limit))
    else:
        chosen = mix(listed, lambda row: row[1].duration_s, selection.duration_s)
    rows = tuple(Row(score, track, works.versions(track)) for score, track in chosen)
    return Listed(rows, tuple(works.versions(track) for track in asked))


def _shown(rows: Iterable[tuple[float, Track]], works: ListedWorks) -> Iterator[tuple[float, Track]]:
    for row in rows:
        works.add(row[1])
        yield row


def _with_tracks(
    store: Store, ranked: Iterable[tuple[int, float]], filters: Sequence[Filter]
) -> Iterator[tuple[float, Track]]:
    ranked = iter(ranked)
    while rows := list(islice(ranked, LOOKUP)):
        tracks = store.tracks_of([content for content, _ in rows], filters)
        for content, score in rows:
            if content in tracks:
                yield score, tracks[content]
