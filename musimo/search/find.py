"""Which track is meant: a path on disk, an id, or words that only one track has in its title or path."""

from __future__ import annotations

import os
from pathlib import Path

from musimo.errors import NotFoundError, UsageError
from musimo.library.folding import fold
from musimo.library.store import Store
from musimo.records import Track

LISTED = 10  # candidates an ambiguous name is answered with


def find_track(store: Store, named: str | Path) -> Track | None:
    """The track meant; None for a file that exists but is not in the library.

    Raises
    ------
    UsageError : several tracks are meant; the hint lists them
    NotFoundError : none is
    """
    if os.path.isfile(named):  # noqa: PTH113 - a name with a NUL or too long is no file, not an error
        return store.track_at(os.path.realpath(os.fsencode(named)))
    words = str(named)
    known = store.track_at(os.path.abspath(os.fsencode(named)))  # noqa: PTH100 - its drive may be away
    if known is None and words.isdecimal():
        known = store.track_by_id(int(words))
    if known is not None:
        return known
    found = store.tracks_like(words, LISTED + 1)
    if len(found) > 1:
        exact = [track for track in found if fold(track.tags.title or "") == fold(words)]
        found = exact if len(exact) == 1 else found
    if len(found) == 1:
        return found[0]
    if not found:
        raise NotFoundError(
            f"no track of the library has {words!r} in its title or path, and no such file exists",
            "musimo export lists every track",
        )
    lines = [f"{track.id}: {os.fsdecode(track.path)}" for track in found[:LISTED]]
    more = ["…"] if len(found) > LISTED else []
    raise UsageError(f"{words!r} names several tracks; say which, by id or path", "\n".join(lines + more))
