"""Untrusted text on a terminal: escaped, and measured in columns.

Tags and file names come from anywhere. A control character in them can move the cursor, change the title of
the window or hide what follows; a bidirectional control can reverse a name. They are escaped, never sent.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Final, Literal

ELLIPSIS: Final = "…"

# C0, C1, DEL; soft hyphen; controls of direction; zero-width space and word joiner; line and paragraph
# separators; deprecated and interlinear format controls; byte order mark; musical, shorthand and hieroglyph
# format controls; tags; lone surrogates. Not U+200C and U+200D: Persian, Hindi and joined emoji need them.
_UNSAFE: Final = (
    "\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e007f"
)
UNSAFE: Final = re.compile(f"[{_UNSAFE}]")
"""One character that must not reach a terminal as it is."""

_UNSAFE_IN_LINES: Final = re.compile(f"(?!\n)[{_UNSAFE}]")
MAX_MARKS: Final = 30
"""Maximum of marks on one letter, that of Unicode's Stream-Safe Text Format (UAX 15)."""

_NOT_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_SHORT: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def safe(text: str) -> str:
    r"""Return text on one line, with control characters escaped as ``\x1b``, ``\u202e``, ``\n``.

    A byte of a file name that is not UTF-8 (a lone surrogate, from ``os.fsdecode``) is escaped as that byte.
    Marks beyond ``MAX_MARKS`` in a row, which would cover the lines around, become an ellipsis.
    """
    return UNSAFE.sub(_escaped, text if text.isascii() else _thinned(text))


def safe_lines(text: str) -> str:
    """Return text escaped as by :func:`safe`, but with its line feeds."""
    return _UNSAFE_IN_LINES.sub(_escaped, text)


def path_text(path: bytes) -> str:
    """Return a path on one line, escaped."""
    return safe(os.fsdecode(path))


def counted(n: int, noun: str) -> str:
    """Return a count with its noun, in the singular or the plural."""
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"


def joined(lines: Iterable[str]) -> str:
    """Return lines as text; every line ends with a line feed."""
    return "".join(f"{line}\n" for line in lines)


def xml_text(text: str) -> str:
    """Return text that XML 1.0 can hold (section 2.2); all other characters become U+FFFD."""
    return _NOT_XML.sub("\ufffd", text)


def _thinned(text: str) -> str:
    """Return text without the marks that are too many for one letter."""
    kept: list[str] = []
    run = 0
    for character in text:
        run = run + 1 if unicodedata.category(character) in ("Mn", "Me") else 0
        if run <= MAX_MARKS:
            kept.append(character)
        elif run == MAX_MARKS + 1:
            kept.append(ELLIPSIS)
    return "".join(kept)


def _escaped(match: re.Match[str]) -> str:
    code = ord(match[0])
    if match[0] in _SHORT:
        return _SHORT[match[0]]
    if 0xDC80 <= code <= 0xDCFF:  # os.fsdecode's stand-in for the byte code - 0xDC00
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def for_terminal(data: bytes) -> bytes:
    """Return the lines of any text format, with what a terminal would act on escaped."""
    return safe_lines(data.decode(errors="surrogateescape").replace("\r\n", "\n")).encode()


def width(text: str) -> int:
    """Return the columns of safe text: 2 for a wide East Asian character or emoji, 0 for a combining mark."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def cut(text: str, columns: int, keep: Literal["start", "end"] = "start") -> str:
    """Return text in at most ``columns`` (1 or more), with an ellipsis in place of its end, or start."""
    if width(text) <= columns:
        return text
    room = columns - 1
    kept = 0
    taken = 0
    for character in text if keep == "start" else reversed(text):
        taken += _columns(character)
        if taken > room:
            break
        kept += 1
    if keep == "start":
        return text[:kept] + ELLIPSIS
    tail = text[len(text) - kept :]
    while tail and _columns(tail[0]) == 0:  # a mark whose letter is gone would land on the ellipsis
        tail = tail[1:]
    return ELLIPSIS + tail


def pad(text: str, columns: int, *, right: bool = False) -> str:
    """Return text padded with spaces to ``columns``, on the left if it is aligned right."""
    spaces = " " * (columns - width(text))
    return spaces + text if right else text + spaces


@lru_cache(maxsize=4096)
def _columns(character: str) -> int:
    if character in "\u200c\u200d" or unicodedata.category(character) in ("Mn", "Me"):
        return 0
    if "\u1160" <= character <= "\u11ff":  # vowels and finals of Hangul, drawn into the syllable before
        return 0
    return 2 if unicodedata.east_asian_width(character) in ("W", "F") else 1
