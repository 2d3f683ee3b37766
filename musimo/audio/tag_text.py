"""Repair text of tags that was written in one encoding and read in another.

- Bytes that are not UTF-8 (RIFF INFO has no encoding) are decoded as Windows-1252, or as Windows-1251, KOI8-R
  or Shift-JIS where they look like it. They come as surrogates, see :pep:`383`.
- UTF-8 that was read as Latin-1 or Windows-1252 is restored by ftfy.
- Windows-1251 that was read as Latin-1, as in ID3 tags of Russian files, is restored: ``Êèíî``, ``Кино``.

In doubt text stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_ESCAPED: Final = re.compile("[\udc80-\udcff]")
_CONTROLS: Final = re.compile("[\x80-\x9f]")  # of C1: in no title, but in each text of several bytes a letter
_HIGH: Final = re.compile("[\xa8\xb8\xc0-\xff]")  # letters of Windows-1251, as Latin-1 has them
_LETTERS: Final = re.compile(r"[^\W\d_]")
_KANA: Final = re.compile("[\u3041-\u30fa]")
_HALF_WIDTH: Final = re.compile("[\uff61-\uff9f]")
LEAST_HIGH: Final = 3  # letters; fewer are accents
LEAST_SHARE: Final = 0.6  # of high ones among the letters of a text; accents are fewer
LEAST_RUN: Final = re.compile("[\xa8\xb8\xc0-\xff]{4}")  # accents do not follow each other


def repaired(texts: Mapping[str, str | None]) -> dict[str, str | None]:
    """Return the texts of one file, by field, with their letters restored."""
    if all(text is None or text.isascii() for text in texts.values()):
        return dict(texts)
    escaped = (_as_latin(text) for text in texts.values() if text and _ESCAPED.search(text))
    cyrillic = any(map(_looks_cyrillic, escaped))
    return {field: text and _repaired(text, cyrillic=cyrillic) for field, text in texts.items()}


def _repaired(text: str, *, cyrillic: bool) -> str:
    """Repair one text; ``cyrillic``: another text of the file is in a Cyrillic encoding."""
    if text.isascii():
        return text
    if _ESCAPED.search(text):
        latin = _as_latin(text)
        return _decoded(latin) or _cyrillic(latin, sure=cyrillic) or _western(latin)
    from ftfy import fix_encoding  # takes a moment, and most files need none

    if (fixed := fix_encoding(text)) != text:
        return fixed
    if max(text) <= "\xff":
        if _CONTROLS.search(text) and (decoded := _decoded(text)):
            return decoded
        if LEAST_RUN.search(text):
            return _cyrillic(text, sure=False) or text
    return text


def _as_latin(text: str) -> str:
    """Return escaped bytes, and the UTF-8 around them, as Latin-1, which has a character for each byte."""
    return text.encode("utf-8", "surrogateescape").decode("latin-1")


def _decoded(latin: str) -> str | None:
    """Return Japanese text; None if it is none."""
    try:
        decoded = latin.encode("latin-1").decode("cp932")
    except UnicodeError:
        return None
    return decoded if _KANA.search(decoded) and not _HALF_WIDTH.search(decoded) else None


def _cyrillic(latin: str, *, sure: bool) -> str | None:
    """Return Cyrillic text; None if it is none."""
    if not _looks_cyrillic(latin) and not (sure and _share(latin) >= LEAST_SHARE):
        return None
    upper, lower = (len(re.findall(part, latin)) for part in ("[\xc0-\xdf]", "[\xe0-\xff]"))
    names = ("cp1251", "koi8-r") if lower >= upper or latin.isupper() else ("koi8-r", "cp1251")
    for name in names:
        try:
            return latin.encode("latin-1").decode(name)
        except UnicodeError:
            continue
    return None


def _looks_cyrillic(latin: str) -> bool:
    return len(_HIGH.findall(latin)) >= LEAST_HIGH and _share(latin) >= LEAST_SHARE


def _share(latin: str) -> float:
    """Return the share of high letters among the letters."""
    return len(_HIGH.findall(latin)) / max(1, len(_LETTERS.findall(latin)))


def _western(latin: str) -> str:
    """Return Windows-1252 text; bytes without a meaning in it as Latin-1 has them."""
    return "".join(
        char.encode("latin-1").decode("cp1252", "ignore") or char if "\x80" <= char <= "\x9f" else char
        for char in latin
    )
