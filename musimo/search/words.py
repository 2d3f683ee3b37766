"""Words for moods, and their places on the valence-arousal plane.

Most are places on a circle around the middle of the plane. Their angles, from pleasant (0°) by excited (90°),
are those that Russell found when people sorted such words (J. A. Russell, "A circumplex model of affect",
Journal of Personality and Social Psychology 39, 1980, rounded to a degree). Words of music that he did not
ask for stand where musimo's authors put them, between his. The four quadrants have the names that the field
gives them (happy, tense, sad, calm), and each is meant as a whole: its word is its middle.

A word means "for this library": its place is counted in percentiles of the library's own tracks unless
the plane itself is asked for. ``[moods]`` in the settings adds words or moves these.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from math import cos, radians, sin
from typing import Final

from musimo.errors import UsageError
from musimo.search.plane import Point

RADIUS: Final = 0.4  # of the circle: near the border of the plane, where few tracks are, but not on it

QUADRANTS: Final[dict[str, Point]] = {
    "happy": (0.75, 0.75),
    "tense": (0.25, 0.75),
    "sad": (0.25, 0.25),
    "calm": (0.75, 0.25),
}
"""Quadrant and its middle, counterclockwise from the upper right one."""

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
"""Degrees, as Russell measured them."""

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
"""Degrees, for words of music: our own judgement."""

MOODS: Final[dict[str, Point]] = {
    **QUADRANTS,
    **{
        word: (0.5 + RADIUS * cos(radians(degrees)), 0.5 + RADIUS * sin(radians(degrees)))
        for word, degrees in (RUSSELL | OURS).items()
    },
}
"""Every word musimo knows, and its place, 0..1."""


def point_of(text: str, own: Mapping[str, Point] | None = None) -> Point:
    """The place that words name: the mean of theirs.

    Parameters
    ----------
    text : one word or several, with blanks or commas between them
    own : words of the user's, which come before musimo's

    Raises
    ------
    UsageError : no word at all, or one that is not known; the hint lists those that are
    """
    known = {**MOODS, **{word.casefold(): place for word, place in (own or {}).items()}}
    words = text.replace(",", " ").casefold().split()
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
    """A place written as two numbers, ``0.2,0.8``, or in words; and whether it was in words."""
    parts = text.split(",")
    try:
        valence, arousal = (float(part) for part in parts)
    except ValueError:
        return point_of(text, own), True
    return (valence, arousal), False
