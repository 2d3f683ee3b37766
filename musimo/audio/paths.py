"""Paths of any type, and words of a command line that may be paths."""

from __future__ import annotations

import locale
import os
from pathlib import Path

AnyPath = bytes | str | Path


def path_bytes(path: AnyPath) -> bytes:
    """Return a path as the file system has it, with a leading ``~`` or ``~user`` expanded.

    A ``~user`` that the system does not know is left as written.
    """
    return os.path.expanduser(os.fsencode(path))  # noqa: PTH111 - pathlib raises for an unknown user


def holds_files(folder: bytes) -> bool:
    """Return whether a folder has any entry; an empty one may be the mount point of an absent drive."""
    try:
        with os.scandir(folder) as entries:
            return next(entries, None) is not None
    except OSError:
        return False


def typed_text(words: str) -> str:
    """Return words of a command line that the terminal encodes otherwise than as UTF-8, as they are meant."""
    try:
        words.encode()
    except UnicodeEncodeError:  # bytes that are not UTF-8: of a file name, or of another encoding
        try:
            return os.fsencode(words).decode(locale.getencoding())
        except (UnicodeError, LookupError):
            return words
    return words
