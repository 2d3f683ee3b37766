"""Compare two titles: can they name one recording? Numbers of works and parts, movements and versions."""

from __future__ import annotations

import re
from typing import Final

from musimo.library.db.folding import fold

MOVEMENTS: Final = frozenset(
    {"adagio", "allegretto", "allegro", "andante", "andantino", "arioso", "finale", "fuga", "fugue", "grave"}
    | {"intermezzo", "larghetto", "largo", "lento", "menuetto", "minuet", "moderato", "overture", "preludio"}
    | {"prelude", "presto", "rondo", "scherzo", "toccata", "vivace"}
)
VERSION_WORDS: Final = frozenset(
    {"acappella", "acoustic", "demo", "dub", "edit", "extended", "instrumental", "karaoke", "live", "loop"}
    | {"rehearsal", "remix", "reprise", "unplugged", "vip"}
)
_WORDS: Final = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8}
_ROMAN: Final = re.compile(r"(?=[ivx])x{0,3}(ix|iv|v?i{0,3})")  # up to 39 parts
_TOKEN: Final = re.compile(r"\d+|[^\W\d_]+")
_COUNTED: Final = frozenset(
    {"part", "pt", "no", "nr", "op", "act", "scene", "chapter", "vol", "volume", "level", "stage", "movement"}
    | {"mvt", "disc"}
)
_YEARS: Final = range(1900, 2100)  # of a remaster or a recording: "(2011 Remaster)"


def contradiction(first: str | None, second: str | None) -> str | None:
    """Return why two titles cannot name one recording; None if they can, or if one is missing."""
    if not first or not second:
        return None
    one, other = _tokens(first), _tokens(second)
    if (a := _numbers(one)) != (b := _numbers(other)):
        return f"titles are numbered {_enumerate(a)} and {_enumerate(b)}"
    for kind in (MOVEMENTS, VERSION_WORDS):
        if different := sorted((kind & {*one}) ^ (kind & {*other})):
            return f"only one title says {', '.join(different)}"
    words = [{token for token in tokens if not token.isdigit()} for tokens in (one, other)]
    if all(words) and not words[0] & words[1]:
        return "titles have no word in common"
    return None


def _tokens(title: str) -> list[str]:
    return _TOKEN.findall(fold(title).replace("'", "").replace("’", ""))


def _numbers(tokens: list[str]) -> list[int]:
    """Return the numbers in a title, in order: digits, Roman numerals, and words after a counted noun."""
    numbers = []
    for before, token in zip(["", *tokens], tokens, strict=False):
        if token.isdigit():
            if int(token) not in _YEARS:
                numbers.append(int(token))
        elif token in _WORDS and before in _COUNTED:
            numbers.append(_WORDS[token])
        elif _ROMAN.fullmatch(token) and (before in _COUNTED or (token != "i" and len(token) > 1)):
            numbers.append(_roman(token))
    return numbers


def _roman(token: str) -> int:
    values = [{"i": 1, "v": 5, "x": 10}[letter] for letter in token]
    return sum(-a if a < b else a for a, b in zip(values, [*values[1:], 0], strict=True))


def _enumerate(numbers: list[int]) -> str:
    return ", ".join(map(str, numbers)) or "not at all"
