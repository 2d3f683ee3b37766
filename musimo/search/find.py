"""Find a track by a path on disk, an id, or words that only one track has in its title or path."""

from __future__ import annotations

import os
from pathlib import Path

from musimo.audio.files import typed_text
from musimo.errors import NotFoundError, UsageError
from musimo.library.db.folding import fold, fold_path
from musimo.library.db.queries import Store
from musimo.library.scan.walk import identity
from musimo.records import Track

ID_DIGITS = 19  # of the largest id
LISTED = 10  # candidates shown for an ambiguous name


def find_track(store: Store, named: str | Path) -> Track | None:
    """Return the track that is named; None for a file that exists but is not in the library.

    Raises
    ------
    UsageError : the name matches several tracks, which the hint lists; or it is empty
    NotFoundError : it matches none
    """
    path = os.path.expanduser(os.fsencode(named))  # noqa: PTH111 - pathlib takes no name that is not UTF-8
    known = track_of_file(store, path)
    if known is not None or os.path.isfile(path):  # noqa: PTH113 - False where a name is too long
        return known
    words = typed_text(str(named))
    if not words.strip():  # such as an unset variable of a shell; every title holds it
        raise UsageError("which track? its name is empty", "name a path, an id, or words of a title")
    if (known := track_of_id(store, words)) is not None:
        return known
    # Names of files may be in the encoding of the terminal, as it is typed.
    found = store.tracks_like(words, LISTED + 1) or store.tracks_like(str(named), LISTED + 1)
    if len(found) > 1:
        exact = [track for track in found if fold(track.tags.title or "") == fold(words)]
        if not exact and len(found) <= LISTED:  # all there are; without a title, a track is shown by its file
            exact = [
                one for one in found if not one.tags.title and fold(_stem(one.path_bytes)) == fold(words)
            ]
        found = exact if len(exact) == 1 else found
    if len(found) == 1:
        return found[0]
    if not found:
        raise NotFoundError(
            f"no track of the library has {words!r} in its title or path, and no such file exists",
            "musimo export lists every track",
        )
    lines = [f"{track.id}: {_on_one_line(track.path_bytes)}" for track in found[:LISTED]]
    more = ["…"] if len(found) > LISTED else []
    raise UsageError(f"{words!r} names several tracks; say which, by id or path", "\n".join(lines + more))


def track_of_file(store: Store, path: bytes) -> Track | None:
    """Return the track whose file is at ``path``, or was when it was scanned."""
    # As named first: a link in a scanned folder may be known by its own name, and its drive may be away.
    known = store.track_at(os.path.abspath(path)) or store.track_at(_resolved(path))  # noqa: PTH100
    if known is None and os.path.isfile(path):  # noqa: PTH113 - False where a name is too long
        return _under_another_name(store, path)
    return known


def track_of_id(store: Store, words: str) -> Track | None:
    """Return the track of an id written in digits."""
    return store.track_by_id(int(words)) if words.isdecimal() and len(words) <= ID_DIGITS else None


def _under_another_name(store: Store, path: bytes) -> Track | None:
    """Return the track whose file is at ``path``, where the file system treats spellings as one name."""
    name = fold_path(os.path.basename(path))  # noqa: PTH119 - bytes
    for track_id, known in store.paths_of_size(os.path.getsize(path)):  # noqa: PTH202 - bytes
        alike = fold_path(os.path.basename(known)) == name  # noqa: PTH119 - bytes
        if alike and identity(known) == identity(path) is not None:
            return store.track_by_id(track_id)
    return None


def _resolved(path: bytes) -> bytes:
    try:
        return os.path.realpath(path)
    except ValueError:  # a NUL: words, and no path
        return path


def _stem(path: bytes) -> str:
    return Path(os.fsdecode(path)).stem


def _on_one_line(path: bytes) -> str:
    return os.fsdecode(path).replace("\n", "\\n")
