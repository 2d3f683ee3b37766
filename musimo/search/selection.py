"""Which tracks a result may hold: from a ranking of content ids to the tracks that are listed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from musimo.library.db.heard import with_heard
from musimo.library.db.queries import Store
from musimo.records import Filter, Track
from musimo.search.artists import group_keys
from musimo.search.diversify import diversify
from musimo.search.space import Ids
from musimo.search.versions import ListedWorks

BATCH = 500  # tracks whose tags heard are read at once
LOOKUP = 64  # tracks fetched per query while a ranking is read; a list of ten rarely needs more


Where = str | Filter | Sequence[str | Filter]
"""Conditions: expressions in the language of ``--where``, such as ``year:..1979``, or parsed ones."""


def filters_of(where: Where) -> tuple[Filter, ...]:
    """Parse conditions; valence and arousal in expressions are 0..1.

    Raises
    ------
    UsageError : an expression that cannot be understood
    """
    conditions = [where] if isinstance(where, str | Filter) else where
    return tuple(_parsed(one) if isinstance(one, str) else one for one in conditions)


def _parsed(expression: str) -> Filter:
    from musimo.search.where import parse  # imported here, for most lists have no conditions

    return parse(expression, "0-1")


@dataclass(frozen=True, slots=True)
class Selection:
    """Which tracks a result may hold, and how many.

    Parameters
    ----------
    limit : rows; None for all
    where : conditions, all of which must hold: ``"genre:jazz"``, or ``["genre:jazz", "year:..1979"]``
    max_per_artist, max_per_album : most rows of one; None for no cap
    fold_versions : of the versions of a work, list only the best ranked; see :mod:`musimo.search.versions`
    duration_s : length of all rows of a ranking together, in place of ``limit``; None for any length

    Raises
    ------
    UsageError : a condition that cannot be understood
    """

    limit: int | None = 10
    where: Where = ()
    max_per_artist: int | None = 2
    max_per_album: int | None = 1
    fold_versions: bool = True
    duration_s: float | None = None
    filters: tuple[Filter, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "filters", filters_of(self.where))

    @property
    def group_caps(self) -> tuple[int | None, int | None, int | None]:
        """Most rows for each of :func:`musimo.search.artists.group_keys`; None for no cap."""
        return self.max_per_artist, self.max_per_album, self.max_per_album

    @property
    def caps(self) -> tuple[int | None, ...]:
        """The same, and of one work: see :func:`musimo.search.versions.capped_keys`."""
        return *self.group_caps, 1 if self.fold_versions else None


EVERYTHING = Selection(None, (), None, None, fold_versions=False)


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a list: its score, its track, and the versions of the track that were left out."""

    score: float
    track: Track
    versions: tuple[Track, ...]


@dataclass(frozen=True, slots=True)
class Listed:
    """A list, and for each track it was asked with, the versions that were left out."""

    rows: tuple[Row, ...]
    of_asked: tuple[tuple[Track, ...], ...]


def allowed(store: Store, selection: Selection) -> Ids | None:
    """Return the content ids an index may return; None for all."""
    return store.matching_contents(selection.filters) if selection.filters else None


def select_tracks(store: Store, selection: Selection) -> Iterator[Track]:
    """Yield every track that passes, by path: all its versions, of any length."""
    found = store.all_tracks(selection.filters)
    chosen = islice(diversify(found, group_keys, selection.group_caps), selection.limit)
    while batch := list(islice(chosen, BATCH)):
        yield from with_heard(store, batch)


def select_ranked(
    store: Store,
    ranked: Iterable[tuple[int, float]],
    selection: Selection,
    asked: Sequence[Track] = (),
) -> Listed:
    """Choose the rows of a list from content ids and scores, best first; exact copies count once.

    No more of the ranking is read than the list needs, so only versions met up to there are reported.

    Parameters
    ----------
    asked : the tracks asked with, whose versions are left out
    """
    works = ListedWorks(asked if selection.fold_versions else ())
    diverse = diversify(
        _with_tracks(store, ranked, selection.filters),
        lambda row: group_keys(row[1]),
        selection.group_caps,
        lambda row: selection.fold_versions and works.leave_out(row[1]),
    )
    listed = _shown(diverse, works)
    if selection.duration_s is None:
        chosen = list(islice(listed, selection.limit))
    else:
        from musimo.search.mix import mix

        chosen = mix(listed, lambda row: row[1].duration_s, selection.duration_s)
    tracks = with_heard(store, [track for _, track in chosen])
    rows = tuple(
        Row(score, track, works.versions(track)) for (score, _), track in zip(chosen, tracks, strict=True)
    )
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
