"""Tempi, keys and years as people write them in a description."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from musimo.search.keys import MAJOR_KEYS, MINOR_KEYS
from musimo.search.terms import HeardTerm, KeyTerm, TempoTerm, Term, YearsTerm

LONGEST_VALUE: Final = 5  # words: "in the key of Am"
YEARS: Final = (1900, 2099)
CENTURY_STARTS: Final = 30  # "20s" is after 2000, "30s" before

_TEMPO: Final = re.compile(r"(\d{2,3})(?:(?:-|–|\.\.)(\d{2,3}))?bpm", re.ASCII)
_YEARS: Final = re.compile(r"((?:19|20)\d\d)(?:(?:-|–|\.\.)((?:19|20)\d\d))?", re.ASCII)
_DECADE: Final = re.compile(
    r"(?:the|die|les|los|années|annees|años|anos|anni)?['’]?((?:19|20)?\d0)['’]?(?:s|er|erjahre)?", re.ASCII
)
_MARKED_DECADE: Final = re.compile(r"['’]?s$|er(?:jahre)?$|^(?:the|die|les|los|ann|a[nñ]os)")
_NAMED_DECADES: Final = {
    **{"fifties": 1950, "sixties": 1960, "seventies": 1970, "eighties": 1980, "nineties": 1990},
    **{"fünfziger": 1950, "sechziger": 1960, "siebziger": 1970, "achtziger": 1980, "neunziger": 1990},
    **{"cincuenta": 1950, "sesenta": 1960, "setenta": 1970, "ochenta": 1980, "noventa": 1990},
}
_KEY: Final = re.compile(
    r"(in|en)?(?:the|der|dem)?(?:keyof|key|tonart)?"
    r"(do|re|ré|mi|fa|sol|la|si|[a-h](?:es|is|s(?=-?(?:dur|moll)))?)"
    r"(#|♯|sharp|dièse|sostenido|b|♭|flat|bémol|bemol)?-?"
    r"(m|min|minor|moll|mineur|menor|maj|major|dur|majeur|mayor)?",
)
_MINOR: Final = frozenset(("m", "min", "minor", "moll", "mineur", "menor"))
_CAMELOT: Final = re.compile(r"(?:in)?(1[0-2]|[1-9])([ab])", re.ASCII)
_MODES: Final = {
    **dict.fromkeys(("minor", "minorkey", "inminor", "moll", "inmoll", "mineur", "menor"), "minor"),
    **dict.fromkeys(("major", "majorkey", "inmajor", "dur", "indur", "majeur", "mayor"), "major"),
}
_TONICS: Final = {
    **{"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11, "h": 11},
    **{"do": 0, "re": 2, "ré": 2, "mi": 4, "fa": 5, "sol": 7, "la": 9, "si": 11},
}
_SHARPS: Final = frozenset(("#", "♯", "sharp", "dièse", "sostenido"))


def value_of(words: Sequence[str]) -> tuple[Term, ...]:
    """Return the terms that words mean as a tempo, key, year or decade; nothing if they mean none.

    >>> [term.label for term in value_of(["in", "A", "minor"])]
    ['key A minor']
    """
    text = "".join(words).casefold()
    return _tempo(text) or _years(text) or _key(text, alone=len(words) == 1)


def _tempo(text: str) -> tuple[Term, ...]:
    found = _TEMPO.fullmatch(text)
    if found is None:
        return ()
    ends = sorted((float(found[1]), float(found[2] or found[1])))
    return (TempoTerm(ends[0], ends[1]),)


def _years(text: str) -> tuple[Term, ...]:
    if found := _YEARS.fullmatch(text):
        first, last = sorted((int(found[1]), int(found[2] or found[1])))
        return (YearsTerm(first, last),)
    decade = next(
        (start for name, start in _NAMED_DECADES.items() if text.removesuffix("jahre") == name), None
    )
    if decade is None and (found := _DECADE.fullmatch(text)) and _MARKED_DECADE.search(text):
        number = int(found[1])
        decade = number if number > 99 else number + (2000 if number < CENTURY_STARTS else 1900)
    if decade is None or not YEARS[0] <= decade <= YEARS[1]:
        return ()
    return YearsTerm(decade, decade + 9), HeardTerm(f"{decade % 100:02}s")


def _key(text: str, *, alone: bool) -> tuple[Term, ...]:
    if mode := _MODES.get(text):
        return (KeyTerm(mode, MINOR_KEYS if mode == "minor" else MAJOR_KEYS),)
    if found := _CAMELOT.fullmatch(text):
        minor = found[2] == "a"
        tonic = ((9 if minor else 0) + 7 * (int(found[1]) - 8)) % 12
        return _key_term(tonic, minor=minor)
    found = _KEY.fullmatch(text)
    # A letter alone is an article, "am" and "do" are verbs: a mode, an accidental or "in" makes it a key.
    if found is None or not (found[1] or (found[4] and found[4] != "m") or (found[3] and found[4])):
        return ()
    if found[1] and not found[4] and (alone or found[2] not in "cdefgb"):
        return ()
    tonic = _tonic(found[2], german=found[4] in ("moll", "dur"))
    tonic += (found[3] in _SHARPS) - (found[3] is not None and found[3] not in _SHARPS)
    return _key_term(tonic % 12, minor=found[4] in _MINOR)


def _tonic(name: str, *, german: bool) -> int:
    """Return semitones above C; in German, H is B, and B is B flat."""
    if german and name == "b":
        return 10
    if name in _TONICS:
        return _TONICS[name]
    return _TONICS[name[0]] + (1 if name.endswith("is") else -1)


def _key_term(tonic: int, *, minor: bool) -> tuple[Term, ...]:
    key = (MINOR_KEYS if minor else MAJOR_KEYS)[tonic]
    return (KeyTerm(key, (key,)),)
