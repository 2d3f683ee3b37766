"""Folding: the form in which text is compared, regardless of case and of Unicode's several spellings."""

from __future__ import annotations

import unicodedata


def fold(text: str) -> str:
    """Return ``text`` in NFKC, without case."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def fold_path(path: bytes) -> str:
    """Fold a path as file systems do that ignore case or spelling; bytes that are not UTF-8 are kept."""
    return fold(path.decode("utf-8", "surrogateescape"))


def fold_value(value: str | bytes | None) -> str | None:
    """Fold a value in SQL: a text, a path, or null."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "backslashreplace")  # not "replace", which maps all such bytes to one
    return None if value is None else fold(value)
