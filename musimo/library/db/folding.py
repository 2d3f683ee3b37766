"""How text is compared: case, and Unicode's several spellings of a letter, do not count."""

from __future__ import annotations

import unicodedata


def fold(text: str) -> str:
    """``text`` in the form that comparisons use (NFKC, without case)."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
