"""``Library.similar``: which tracks it is asked with, and its result."""

from __future__ import annotations

from collections.abc import Sequence

from musimo.api.seeds import AnySeed, liked_and_disliked, passage_seed, seed
from musimo.api.session import Session
from musimo.errors import NotFoundError, UsageError
from musimo.records import Window
from musimo.search.order import Order
from musimo.search.results import SimilarResult
from musimo.search.seeds import Seed, distinct, without
from musimo.search.selection import Selection
from musimo.search.similar import SimilarQuery
from musimo.search.similar import similar as similar_rows
from musimo.search.space import By

LIKE = "like some: musimo rate TRACK --like"


def similar(
    session: Session,
    tracks: Sequence[AnySeed],
    unlike: Sequence[AnySeed],
    *,
    by: By,
    liked: bool,
    order: Order,
    explain: bool,
    selection: Selection | None,
    min_similarity: float,
    from_s: float | None,
    to_s: float | None,
) -> SimilarResult:
    """Answer :meth:`musimo.Library.similar`."""
    if not tracks and not liked:
        raise UsageError("similar to what?", "name at least one track")
    seeds, passage = _seeds(session, tracks, from_s, to_s)
    against = [seed(session, track) for track in unlike]
    if liked:
        likes, dislikes = _taste(session, alone=not tracks)
        # Tracks that are named outweigh earlier ratings.
        seeds, against = [*seeds, *without(likes, against)], [*against, *without(dislikes, seeds)]
    seeds, against = distinct(seeds), distinct(against)
    if len(without(against, seeds)) < len(against):
        raise UsageError("a track is asked for and against", "leave it out of one side")
    selection = selection or Selection()
    query = SimilarQuery(seeds, against, by, selection, min_similarity, order, explain)
    rows, versions = similar_rows(session.store, session.indexes, session.sounds(by), query)
    tracks_asked = tuple(one.track for one in seeds)
    return SimilarResult(rows, tracks_asked, versions, passage, order, selection.duration_s, explain)


def _seeds(
    session: Session, tracks: Sequence[AnySeed], from_s: float | None, to_s: float | None
) -> tuple[list[Seed], Window | None]:
    if from_s is None and to_s is None:
        return [seed(session, track) for track in tracks], None
    if len(tracks) != 1:
        raise UsageError("a passage is a part of one track", "name one track")
    found, window = passage_seed(session, tracks[0], from_s, to_s)
    return [found], window


def _taste(session: Session, *, alone: bool) -> tuple[list[Seed], list[Seed]]:
    likes, dislikes = liked_and_disliked(session)
    if alone and not likes:
        raise NotFoundError("no track is liked yet", LIKE)
    if not likes and not dislikes:
        session.notice(f"no track is liked or disliked yet; {LIKE}")
    return likes, dislikes
