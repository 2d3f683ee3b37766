"""Paths in playlists, rewritten for the player that reads them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

from musimo.errors import UsageError

_DRIVE: Final = re.compile(rb"[A-Za-z]:[/\\]")


@dataclass(frozen=True, slots=True)
class PathStyle:
    """How absolute paths are rewritten, in this order.

    Folders are separated by slashes, which players on Windows accept too; by backslashes if NEW or the prefix
    has only those, as in ``Z:\\Music``.

    Parameters
    ----------
    path_map : pairs (OLD, NEW); a path that equals OLD or is inside it moves to NEW; the longest OLD wins
    relative_to : absolute folder that paths are relative to; None for absolute paths
    prefix : text before every path
    """

    path_map: tuple[tuple[bytes, bytes], ...] = ()
    relative_to: bytes | None = None
    prefix: bytes = b""


def written(path: bytes, style: PathStyle) -> bytes:
    """Return an absolute path as a playlist contains it."""
    return style.prefix + _separated(_rewritten(path, style), style.prefix)


def location(path: bytes, style: PathStyle) -> str:
    """Return an absolute path as a URI or a relative reference; a prefix that is a URL is not quoted."""
    body = _rewritten(path, style)
    if b"://" in style.prefix:
        return os.fsdecode(style.prefix) + quote(body)
    whole = written(path, style)
    if whole.startswith(b"\\\\"):  # \\server\share
        return "file:" + quote(whole.replace(b"\\", b"/"))
    if _DRIVE.match(whole):
        return "file:///" + quote(whole.replace(b"\\", b"/"), safe="/:")
    return f"file://{quote(whole)}" if whole.startswith(b"/") else quote(whole)


def parse_path_map(text: str) -> tuple[bytes, bytes]:
    """Parse ``OLD=NEW``.

    Raises
    ------
    UsageError : no ``=``, or nothing before it
    """
    old, equals, new = text.partition("=")
    if not old or not equals:
        raise UsageError(
            f"--path-map {text!r} is not OLD=NEW", "for instance --path-map /home/me/Music=/mnt/music"
        )
    return os.fsencode(old), os.fsencode(new)


def resolved_path_map(pairs: Iterable[tuple[bytes, bytes]]) -> tuple[tuple[bytes, bytes], ...]:
    """Return the pairs, and those whose OLD is or leads through a link, or begins with ``~``, also resolved.

    A library has the paths of files with the links in a scanned folder's path resolved.
    """
    written = list(pairs)
    resolved = ((os.path.realpath(os.path.expanduser(old)), new) for old, new in written)  # noqa: PTH111
    return tuple(dict([*((old, new) for old, new in resolved if old != b"/"), *written]).items())


def unused_mappings(pairs: Iterable[tuple[bytes, bytes]], paths: Iterable[bytes]) -> list[bytes]:
    """Return the OLD of those pairs that no path begins with, resolved or not."""
    paths = list(paths)
    return [
        old
        for old, new in pairs
        if not any(_begins(path, one) for one, _ in resolved_path_map([(old, new)]) for path in paths)
    ]


def relative_folder(wish: str, playlist: str | None) -> bytes:
    """Return the folder of ``--relative-to``: ``playlist`` stands for the folder of the playlist.

    Raises
    ------
    UsageError : ``playlist``, but the output is not a file
    """
    if wish != "playlist":
        return os.fsencode(Path(wish).resolve())
    if playlist is None:
        raise UsageError("--relative-to playlist needs a playlist file", "name it with -o FILE")
    return os.fsencode(Path(playlist).resolve().parent)


def _rewritten(path: bytes, style: PathStyle) -> bytes:
    path = _slashed(path)
    for old, new in sorted(style.path_map, key=lambda pair: -len(pair[0])):
        root = _slashed(old).rstrip(b"/")
        if _begins(path, old):
            path = (new.rstrip(b"/\\") if path != root else new) + _separated(path[len(root) :], new)
            break
    if style.relative_to is not None and path.startswith(b"/"):
        path = _slashed(os.path.relpath(path, style.relative_to))
        if b":" in path.split(b"/", 1)[0]:  # or players take it for a URL or a drive (RFC 3986, 4.2)
            path = b"./" + path
    return path


def _begins(path: bytes, folder: bytes) -> bool:
    path, root = _slashed(path), _slashed(folder).rstrip(b"/")
    return path == root or path.startswith(root + b"/")


def _separated(path: bytes, example: bytes) -> bytes:
    """Return a path with backslashes if ``example`` has only those."""
    return path.replace(b"/", b"\\") if b"\\" in example and b"/" not in example else path


def _slashed(path: bytes) -> bytes:
    return path.replace(os.sep.encode(), b"/")
