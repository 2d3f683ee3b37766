"""Mood words and their points on the valence–arousal plane, in both directions.

Most words lie on a circle around the middle of the plane. Their angles, counted from pleasant (0°) towards
excited (90°), are those that Russell measured (J. A. Russell, "A circumplex model of affect", Journal of
Personality and Social Psychology 39, 1980, rounded to a degree). Words for music that his study does not
contain are placed between his by musimo's authors; most of them, and translations, are in
:mod:`musimo.search.mood_vocabulary`. The four quadrants have their usual names (happy, tense,
sad, calm); such a word stands for the middle of its quadrant.

Points of words are meant in percentiles of the library, unless the caller asks for the absolute plane.
``[moods]`` in the settings adds words or moves these.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import cos, dist, radians, sin
from typing import Final

from musimo.audio.paths import typed_text
from musimo.errors import UsageError
from musimo.search.mood_suggestions import suggest, word_keys
from musimo.search.mood_vocabulary import FORMS, WORDS
from musimo.search.plane import Point

MIDDLE: Final[Point] = (0.5, 0.5)
RADIUS: Final = 0.4  # of the circle: near the border of the plane, where few tracks are, but not on it

QUADRANTS: Final[dict[str, Point]] = {
    "happy": (0.75, 0.75),
    "tense": (0.25, 0.75),
    "sad": (0.25, 0.25),
    "calm": (0.75, 0.25),
}
"""Middle of each quadrant, counterclockwise from the upper right one."""

RUSSELL: Final[dict[str, int]] = {
    "delighted": 25,
    "excited": 49,
    "aroused": 74,
    "alarmed": 97,
    "angry": 99,
    "afraid": 116,
    "distressed": 138,
    "miserable": 189,
    "gloomy": 209,
    "depressed": 210,
    "bored": 242,
    "tired": 268,
    "sleepy": 272,
    "relaxed": 318,
    "content": 323,
    "serene": 329,
    "glad": 349,
    "pleased": 353,
}
"""Angles in degrees, as measured by Russell."""

OURS: Final[dict[str, int]] = {
    "cheerful": 10,
    "joyful": 25,
    "uplifting": 35,
    "triumphant": 50,
    "energetic": 65,
    "intense": 90,
    "aggressive": 105,
    "scary": 120,
    "dramatic": 125,
    "dark": 190,
    "melancholic": 220,
    "lonely": 225,
    "quiet": 275,
    "dreamy": 305,
    "peaceful": 320,
    "tender": 335,
}
"""Angles in degrees of words for music; chosen by musimo's authors."""


def _on_circle(degrees: int) -> Point:
    return 0.5 + RADIUS * cos(radians(degrees)), 0.5 + RADIUS * sin(radians(degrees))


TAG_WORDS: Final[dict[str, Point]] = {
    **QUADRANTS,
    **{word: _on_circle(degrees) for word, degrees in (RUSSELL | OURS).items()},
}
"""The words that describe tracks in tags: a fixed set, so that the tags of a library do not change."""

MOODS: Final[dict[str, Point]] = {
    **TAG_WORDS,
    **{word: _on_circle(degrees) for word, degrees in WORDS.items()},
}
"""Every word that musimo lists, and its point, 0..1. Other forms and translations are in ``FORMS``."""

_POINTS: Final[dict[str, Point]] = {
    **{key: MOODS[word] for form, word in FORMS.items() for key in word_keys(form)},
    **{word_keys(word)[0]: point for word, point in MOODS.items()},
}
"""The point for the key of every known word and form."""

LONGEST: Final = 1 + max(word.count(" ") for word in (*FORMS, *MOODS))  # words in a mood


def point_of(text: str, own: Mapping[str, Point] | None = None) -> Point:
    """Return the mean point of one or several words.

    Case, accents and hyphens make no difference: ``Chill-out`` is ``chill out``.

    Parameters
    ----------
    text : words, separated by blanks or commas
    own : words from the user's settings; they override musimo's

    Raises
    ------
    UsageError : there is no word, or an unknown one; the hint lists the known words
    """
    return _mean(_points(text, own))


def cancel(text: str, own: Mapping[str, Point] | None = None) -> bool:
    """Return whether words are opposites: each is far from the middle of the plane, but their mean is not.

    Raises
    ------
    UsageError : as in :func:`point_of`
    """
    points = _points(text, own)
    far = all(dist(point, MIDDLE) > RADIUS / 2 for point in points)
    return len(points) > 1 and far and dist(_mean(points), MIDDLE) < RADIUS / 4


def parse_point(text: str, own: Mapping[str, Point] | None = None) -> tuple[Point, bool]:
    """Read a point written as two numbers, ``0.2,0.8``, or in words; also return whether it is in words.

    Raises
    ------
    UsageError : as in :func:`point_of`
    """
    parts = text.split(",")
    try:
        valence, arousal = (float(part) for part in parts)
    except ValueError:
        return point_of(text, own), True
    return (valence, arousal), False


def words_for(point: Point, own: Mapping[str, Point] | None = None) -> tuple[str, ...]:
    """Return the quadrant of a point, and the nearest of the words for tags if that is another one.

    For a point that is closer to the middle of the plane than to the circle of words, return the quadrant
    alone.

    Parameters
    ----------
    point : valence and arousal, 0..1, in percentiles or absolute as in :func:`point_of`
    own : words from the user's settings; they override musimo's
    """
    quadrant = quadrant_of(point)
    if dist(point, MIDDLE) < RADIUS / 2:
        return (quadrant,)
    points = {word.casefold(): own_point for word, own_point in (own or {}).items()}
    points |= {word: known for word, known in TAG_WORDS.items() if word not in points}
    nearest = min(points, key=lambda word: dist(point, points[word]))  # a tie goes to the user's word
    return (quadrant,) if nearest == quadrant else (quadrant, nearest)


def quadrant_of(point: Point) -> str:
    """Return the name of the quadrant that contains a point."""
    valence, arousal = point
    if arousal >= MIDDLE[1]:
        return "happy" if valence >= MIDDLE[0] else "tense"
    return "calm" if valence >= MIDDLE[0] else "sad"


def _mean(points: list[Point]) -> Point:
    valences, arousals = zip(*points, strict=True)
    return sum(valences) / len(points), sum(arousals) / len(points)


def _points(text: str, own: Mapping[str, Point] | None) -> list[Point]:
    """Return the point of each mood in a text; the longest run of words that is a mood is one."""
    mine = {key: point for word, point in (own or {}).items() for key in word_keys(word)}
    longest = max([LONGEST, *(1 + word.count(" ") for word in own or ())])
    words = typed_text(text).replace(",", " ").split()
    points: list[Point] = []
    while words:
        for n in range(min(longest, len(words)), 0, -1):
            key = word_keys("".join(words[:n]))[0]
            if (point := mine.get(key, _POINTS.get(key))) is not None:
                points.append(point)
                words = words[n:]
                break
        else:
            raise UsageError(f"there is no mood {words[0].casefold()!r}", _hint(words[0], own))
    if not points:
        raise UsageError("no mood is named", _hint("", own))
    return points


def _hint(word: str, own: Mapping[str, Point] | None) -> str:
    """Return what can be written in place of an unknown word: the one that is meant, if any, and all."""
    quadrants = {name: quadrant_of(point) for name, point in {**MOODS, **(own or {})}.items()}
    forms = {form: quadrants[name] for form, name in FORMS.items()}
    meant = suggest(word, quadrants) or suggest(word, forms)
    guess = f"did you mean {meant}? " if meant else ""
    groups = (
        f"{quadrant} ({', '.join(sorted(name for name in quadrants if quadrants[name] == quadrant != name))})"
        for quadrant in QUADRANTS
    )
    return (
        f"{guess}moods are {', '.join(groups)}, and German, French and Spanish words; "
        "[moods] in the settings adds more"
    )
