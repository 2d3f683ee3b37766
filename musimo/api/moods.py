"""``Library.mood`` and ``Library.mood_path``: moods in words or numbers, and their results."""

from __future__ import annotations

import random
from dataclasses import replace

from musimo.api.seeds import AnySeed, seed
from musimo.api.session import Session
from musimo.errors import UsageError
from musimo.search.mood import MoodQuery, near, near_and_like, similarities_to
from musimo.search.mood import mood_path as path_rows
from musimo.search.mood_words import cancel, parse_point, point_of
from musimo.search.order import Order, reorder
from musimo.search.plane import Point
from musimo.search.results import MoodPathResult, MoodResult
from musimo.search.selection import Selection

SEEDS = 10**6  # to draw a seed from: short enough to be typed again

AnyMood = str | Point
"""A mood: words, ``"calm"``; or valence and arousal, 0..1: ``(0.7, 0.3)`` or ``"0.7,0.3"``."""


def mood(
    session: Session,
    valence: str | float,
    arousal: float | None,
    *,
    relative: bool | None,
    spread: float | None,
    seed_number: int | None,
    like: AnySeed | None,
    order: Order,
    selection: Selection | None,
) -> MoodResult:
    """Answer :meth:`musimo.Library.mood`."""
    words = valence if isinstance(valence, str) else None
    point = _point(session, valence, arousal)
    among = words is not None if relative is None else relative
    _check_mix(spread, seed_number, like)
    if spread is not None and seed_number is None and like is None:
        seed_number = random.SystemRandom().randrange(SEEDS)
    selection = selection or Selection()
    query = MoodQuery(point, selection, among, spread, seed_number or 0)
    result = MoodResult(
        (),
        *point,
        relative=among,
        words=words,
        spread=spread,
        seed=seed_number,
        order=order,
        duration_s=selection.duration_s,
    )
    if like is None:
        rows = near(session.store, session.moods(), query)
    else:
        found = seed(session, like)
        [vector] = session.query_vectors([found.sound], "both")
        similarities = similarities_to(session.sounds("both"), vector)
        rows, versions = near_and_like(session.store, session.moods(), query, found, similarities)
        result = replace(result, like=found.track, versions=versions)
    return replace(result, rows=tuple(reorder(rows, order)))


def mood_path(
    session: Session,
    start: AnyMood,
    end: AnyMood,
    duration_s: float,
    *,
    relative: bool | None,
    selection: Selection | None,
) -> MoodPathResult:
    """Answer :meth:`musimo.Library.mood_path`."""
    (first, first_named), (last, last_named) = (_place(session, mood) for mood in (start, end))
    among = first_named or last_named if relative is None else relative
    selection = selection or Selection(None)
    rows = path_rows(session.store, session.moods(), first, last, duration_s, selection, relative=among)
    return MoodPathResult(rows, first, last, duration_s, among)


def _point(session: Session, valence: str | float, arousal: float | None) -> Point:
    if isinstance(valence, str):
        if arousal is not None:
            raise UsageError("a mood is given in words or in numbers, not both")
        _note_opposites(session, valence)
        return point_of(valence, session.settings.moods)
    if arousal is None:
        raise UsageError("which mood?", "name one, like calm, or give valence and arousal")
    return _checked((valence, arousal))


def _place(session: Session, mood: AnyMood) -> tuple[Point, bool]:
    """Return the point of a mood, and whether it was given in words."""
    point, named = parse_point(mood, session.settings.moods) if isinstance(mood, str) else (mood, False)
    if named and isinstance(mood, str):
        _note_opposites(session, mood)
    return point if named else _checked(point), named


def _note_opposites(session: Session, words: str) -> None:
    if cancel(words, session.settings.moods):
        session.notice(
            f"{words}: these moods cancel each other, what is left is neutral; name one of them, "
            "or go from one to the other with mood-path"
        )


def _checked(point: Point) -> Point:
    for name, value in zip(("valence", "arousal"), point, strict=True):
        if not 0 <= value <= 1:
            raise UsageError(f"{name} {value:g} is outside 0..1")
    return point


def _check_mix(spread: float | None, seed_number: int | None, like: AnySeed | None) -> None:
    if seed_number is not None and (spread is None or like is not None):
        raise UsageError("a seed goes with a spread, and not with a track to be like", "only a mix is random")
    if spread is not None and not spread > 0:
        raise UsageError(f"a spread of {spread:g} holds no track", "write a distance above 0, such as 0.1")
