"""Mood words and their points on the valence–arousal plane, in both directions.

Most words lie on a circle around the middle of the plane. Their angles, counted from pleasant (0°) towards
excited (90°), are those that Russell measured (J. A. Russell, "A circumplex model of affect", Journal of
Personality and Social Psychology 39, 1980, rounded to a degree). Words for music that his study does not
contain are placed between his by musimo's authors. The four quadrants have their usual names (happy, tense,
sad, calm); such a word stands for the middle of its quadrant.

Points of words are meant in percentiles of the library, unless the caller asks for the absolute plane.
``[moods]`` in the settings adds words or moves these.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from math import cos, dist, radians, sin
from typing import Final

from musimo.audio.files import typed_text
from musimo.errors import UsageError
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

MOODS: Final[dict[str, Point]] = {
    **QUADRANTS,
    **{
        word: (0.5 + RADIUS * cos(radians(degrees)), 0.5 + RADIUS * sin(radians(degrees)))
        for word, degrees in (RUSSELL | OURS).items()
    },
}
"""Every word that musimo knows, and its point, 0..1."""


def point_of(text: str, own: Mapping[str, Point] | None = None) -> Point:
    """Return the mean point of one or several words.

    Parameters
    ----------
    text : words, separated by blanks or commas
    own : words from the user's settings; they override musimo's

    Raises
    ------
    UsageError : there is no word, or an unknown one; the hint lists the known words
    """
    known = {**MOODS, **{word.casefold(): point for word, point in (own or {}).items()}}
    words = typed_text(text).replace(",", " ").casefold().split()
    for word in words:
        if word not in known:
            close = difflib.get_close_matches(word, known, n=1)
            guess = f"did you mean {close[0]}? " if close else ""
            raise UsageError(
                f"there is no mood {word!r}",
                f"{guess}moods are: {', '.join(sorted(known))}; [moods] in the settings adds more",
            )
    if not words:
        raise UsageError("no mood is named", f"moods are: {', '.join(sorted(known))}")
    valences, arousals = zip(*(known[word] for word in words), strict=True)
    return sum(valences) / len(words), sum(arousals) / len(words)


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
    """Return the quadrant of a point, and the nearest word if that is another one.

    For a point that is closer to the middle of the plane than to the circle of words, return the quadrant
    alone.

    Parameters
    ----------
    point : valence and arousal, 0..1, in percentiles or absolute as in :func:`point_of`
    own : words from the user's settings; they override musimo's
    """
    valence, arousal = point
    if arousal >= MIDDLE[1]:
        quadrant = "happy" if valence >= MIDDLE[0] else "tense"
    else:
        quadrant = "calm" if valence >= MIDDLE[0] else "sad"
    if dist(point, MIDDLE) < RADIUS / 2:
        return (quadrant,)
    points = {word.casefold(): own_point for word, own_point in (own or {}).items()}
    points |= {word: known for word, known in MOODS.items() if word not in points}
    nearest = min(points, key=lambda word: dist(point, points[word]))  # a tie goes to the user's word
    return (quadrant,) if nearest == quadrant else (quadrant, nearest)
