"""Words for a place: what ``mood calm`` asks for, the other way round."""

from __future__ import annotations

from collections.abc import Mapping
from math import dist

from musimo.search.plane import Point
from musimo.search.mood_words import MOODS, RADIUS

MIDDLE: Point = (0.5, 0.5)


def words_for(point: Point, own: Mapping[str, Point] | None = None) -> tuple[str, ...]:
    """The quadrant that a place lies in, and the word nearest to it, unless that is the quadrant again.

    A place that is nearer to the middle of the plane than to the circle of words has its quadrant alone.

    Parameters
    ----------
    point : valence and arousal, 0..1; as in :func:`musimo.search.mood_words.point_of`, percentiles or not
    own : words of the user's, which come before musimo's
    """
    valence, arousal = point
    if arousal >= MIDDLE[1]:
        quadrant = "happy" if valence >= MIDDLE[0] else "tense"
    else:
        quadrant = "calm" if valence >= MIDDLE[0] else "sad"
    if dist(point, MIDDLE) < RADIUS / 2:
        return (quadrant,)
    theirs = {word.casefold(): place for word, place in (own or {}).items()}
    places = theirs | {word: place for word, place in MOODS.items() if word not in theirs}
    nearest = min(places, key=lambda word: dist(point, places[word]))  # the user's first, of equal ones
    return (quadrant,) if nearest == quadrant else (quadrant, nearest)
