"""``Library.path``: the stops it leads through, and its result."""

from __future__ import annotations

from collections.abc import Sequence

from musimo.api.seeds import AnySeed, seed
from musimo.api.session import Session
from musimo.search.path import check_length
from musimo.search.path import path as path_rows
from musimo.search.results import PathResult
from musimo.search.selection import Selection
from musimo.search.space import By


def path(
    session: Session, stops: Sequence[AnySeed], *, n: int, by: By, selection: Selection | None
) -> PathResult:
    """Answer :meth:`musimo.Library.path`."""
    check_length(len(stops), n)
    seeds = [seed(session, stop) for stop in stops]
    index = session.sounds(by)
    places = session.query_vectors([one.sound for one in seeds], by)[:, :-1]
    rows = path_rows(session.store, index, seeds, places, n, selection or Selection())
    return PathResult(rows, tuple(one.track for one in seeds))
