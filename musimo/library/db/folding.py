"""Folding: the forms in which text is compared, regardless of case, accents and typography.

Names are matched by :func:`fold`, which finds typographic text by what a keyboard types: ``Don't`` and
``Don’t``, ``a-ha`` and ``a‐ha``, ``motorhead`` and ``Motörhead``, ``ilhan`` and ``İlhan``. Files are compared
by :func:`fold_path`, which keeps accents: ``e.mp3`` and ``é.mp3`` are different files on any disk.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Final

CACHED: Final = 4_096  # texts; names repeat from track to track

_SPACING_ACCENTS: Final = str.maketrans("´`", "''")
"""Signs typed as apostrophes, which NFKD splits into a blank and an accent."""

_MARKS: Final = re.compile(
    "[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u064b-\u0655\u0670]"
)
"""Accents of Latin, Greek and Cyrillic letters; points of Hebrew and Arabic ones, which are rarely typed."""

_IGNORED: Final = (
    "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufe0e\ufe0f\ufeff"  # soft hyphens, joiners, marks
)
_EQUIVALENT: Final = str.maketrans(
    {
        **dict.fromkeys("‘’‚‛′‵ʹʻʼʽˈ＇`ʾʿꞌ", "'"),
        **dict.fromkeys("“”„‟″‶«»〝〞", '"'),
        **dict.fromkeys("‐‑‒–—―−⁃﹘﹣－", "-"),
        **dict.fromkeys("〜∼", "~"),
        **dict.fromkeys(_IGNORED, None),
        "×": "x",
        "ı": "i",
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ð": "d",
        "ħ": "h",
        "ŧ": "t",
        "æ": "ae",
        "œ": "oe",
        "þ": "th",
    }
)
"""Signs that no keyboard types, and letters that Unicode does not decompose; after casefolding."""

_LEFT_OUT: Final = b"'\"-.,:;!?"
SEPARATOR: Final = "\0"


def fold(text: str) -> str:
    """Return ``text`` for matching: without case, accents, ligatures, width and kinds of dashes and quotes.

    Folding is idempotent, and a part of a text is still a part of it after folding, unless it starts inside a
    letter.
    """
    if text.isascii():  # nine names in ten: ten times as fast
        return text.lower().replace("`", "'")
    return _fold_unicode(text)


def fold_case(text: str) -> str:
    """Return ``text`` in NFKC, without case; accents and typography are kept."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def fold_path(path: bytes) -> str:
    """Fold a path as file systems do that ignore case or spelling; bytes that are not UTF-8 are kept."""
    return fold_case(path.decode("utf-8", "surrogateescape"))


def without_punctuation(folded: str) -> str:
    """Return folded text without signs that some leave out, as ``R.E.M.``; empty if there are only such."""
    bare = _bare(folded)
    return bare if any(map(str.isalnum, bare)) else ""


def _bare(folded: str) -> str:
    signless = folded.encode("utf-8", "surrogatepass").translate(
        None, _LEFT_OUT
    )  # ten times as fast as str's
    return signless.decode("utf-8", "surrogatepass")


@lru_cache(CACHED)
def _fold_unicode(text: str) -> str:
    text = unicodedata.normalize("NFKD", text.translate(_SPACING_ACCENTS))
    text = unicodedata.normalize("NFKD", text.casefold())  # İ is a letter and an accent only now
    text = _MARKS.sub("", text).translate(_EQUIVALENT)
    return unicodedata.normalize("NFC", text)


def as_text(value: str | bytes) -> str:
    """Return a text, or a path of any encoding as a text; typed text is compared so as well."""
    return value if isinstance(value, str) else value.decode("utf-8", "backslashreplace")


def for_sql(folding: Callable[[str], str]) -> Callable[[str | bytes | None], str | None]:
    """Return a function that folds values in SQL: a text, a path, or null."""
    return lambda value: None if value is None else folding(as_text(value))


def has_words(words: str, *values: str | bytes | None) -> bool:
    """Return whether each word, separated by blanks, is in one of the values, which are folded here."""
    bare = bare_text([" ".join(as_text(value) for value in values if value is not None)])
    return all(word in bare for word in words.split())


def bare_text(names: Sequence[str]) -> str:
    """Return texts, each folded and without punctuation, with ``SEPARATOR`` between them."""
    joined = SEPARATOR.join(names)
    if joined.isascii():
        return _bare(fold(joined))
    # Not cached: each comes once.
    return _bare(
        SEPARATOR.join(fold(one) if one.isascii() else _fold_unicode.__wrapped__(one) for one in names)
    )


SQL_FUNCTIONS: Final[dict[str, tuple[int, Callable[..., str | bool | None]]]] = {
    "fold": (1, for_sql(fold)),
    "fold_case": (1, for_sql(fold_case)),
    "has_words": (-1, has_words),
}
"""Functions for SQL, with their numbers of arguments."""
