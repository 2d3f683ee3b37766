"""Find a track by a path on disk, an id, its name, or words that only one track has.

Words are looked for together in titles and paths, and then one by one in artists, titles, albums and paths.
Of several tracks the one whose title or whole name (``Artist – Title``) is exactly these words is meant.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from musimo.audio.paths import typed_text
from musimo.errors import NotFoundError, SheetTracksError, UsageError
from musimo.library.db.folding import fold, fold_case, fold_path
from musimo.library.db.names import Named
from musimo.library.db.queries import Store
from musimo.records import Track

ID_DIGITS = 19  # of the largest id
NUMBERED = re.compile(rb"(.+)#(\d{1,4})", re.DOTALL)
LISTED = 10  # candidates shown for an ambiguous name


def find_track(
    store: Store, named: str | Path, notice: Callable[[str], None] = lambda _: None
) -> Track | None:
    """Return the track that is named; None for a file that exists but is not in the library.

    Parameters
    ----------
    notice : called with a sentence a user should read: an id that is also a track's title

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
        _note_namesakes(store, words, known, notice)
        return known
    tracks = Named(store, words)
    found = (
        tracks.containing(LISTED + 1, accents=True)
        or tracks.containing(LISTED + 1, accents=False)
        or tracks.with_words(LISTED + 1)
    )
    if not found and str(named) != words:  # names of files may be in the encoding of the terminal
        found = Named(store, str(named)).containing(LISTED + 1, accents=False)
    if len(found) > 1:
        found = next((exact for exact in _exact(found, words) if len(exact) == 1), found)
    if len(found) == 1:
        return found[0]
    if not found:
        raise NotFoundError(
            f"no track of the library has {words!r} in its artist, title or path, and no such file exists",
            "musimo export lists every track",
        )
    raise UsageError(f"{words!r} names several tracks; say which, by id or path", _listed(found))


def track_of_file(store: Store, path: bytes) -> Track | None:
    """Return the track whose file is at ``path``, or was when it was scanned.

    Of a file that a cue sheet divides into tracks, ``path#3`` names the third.

    Raises
    ------
    SheetTracksError : such a file is named without a number, or it has no track of that number
    """
    known = _tracks_of_file(store, path)
    if len(known) > 1 or (known and known[0].part is not None):
        raise SheetTracksError(
            f"{_on_one_line(path)} has {len(known)} tracks by its cue sheet; say which, by #number or id",
            _listed(known),
        )
    numbered = NUMBERED.fullmatch(path)
    if known or numbered is None or os.path.isfile(path):  # noqa: PTH113 - False where a name is too long
        return next(iter(known), None)
    tracks = [one for one in _tracks_of_file(store, numbered[1]) if one.part is not None]
    found = [one for one in tracks if one.tags.track == int(numbered[2])]
    if tracks and len(found) != 1:
        raise SheetTracksError(
            f"the cue sheet of {_on_one_line(numbered[1])} has {'several tracks' if found else 'no track'}"
            f" {int(numbered[2])}",
            _listed(found or tracks),
        )
    return next(iter(found), None)


def _tracks_of_file(store: Store, path: bytes) -> list[Track]:
    # As named first: a link in a scanned folder may be known by its own name, and its drive may be away.
    named, resolved = os.path.abspath(path), _resolved(path)  # noqa: PTH100
    known = store.tracks_at(named) or (store.tracks_at(resolved) if resolved != named else [])
    if not known and os.path.isfile(path):  # noqa: PTH113 - False where a name is too long
        return _under_another_name(store, path)
    return known


def _listed(found: Sequence[Track]) -> str:
    """Return the first of some tracks in lines, each with its id."""
    lines = [f"{track.id}: {_on_one_line(track.path_bytes)}{_in_file(track)}" for track in found[:LISTED]]
    return "\n".join([*lines, *(["…"] if len(found) > LISTED else [])])


def _in_file(track: Track) -> str:
    """Return which track of its file's sheet a track is; empty for a whole file."""
    if track.part is None:
        return ""
    from musimo.search.times import format_time

    number = "" if track.tags.track is None else f"#{track.tags.track}"
    title = f" {track.tags.title}" if track.tags.title else f" from {format_time(track.part.start_s)}"
    return number + title.replace("\n", " ")


def track_of_id(store: Store, words: str) -> Track | None:
    """Return the track of an id written in digits."""
    return store.track_by_id(int(words)) if words.isdecimal() and len(words) <= ID_DIGITS else None


def _exact(found: Sequence[Track], words: str) -> Iterator[list[Track]]:
    """Yield the tracks that have exactly the name that was typed, by fewer and fewer of its details."""
    yield [one for one in found if fold_case(one.tags.title or "") == fold_case(words)]
    yield [one for one in found if _name(one) == fold(words)]
    yield [one for one in found if fold(one.tags.title or "") == fold(words)]
    if len(found) <= LISTED:  # all there are; without a title, a track is shown by its file
        yield [one for one in found if not one.tags.title and fold(_stem(one.path_bytes)) == fold(words)]


def _name(track: Track) -> str:
    """Return the folded name by which a track is printed."""
    artist = track.tags.artist or track.tags.albumartist
    title = track.tags.title or _stem(track.path_bytes)
    return fold(f"{artist} - {title}" if artist else title)


def _note_namesakes(store: Store, words: str, known: Track, notice: Callable[[str], None]) -> None:
    """Note which track an id means where another one is called by that number."""
    others = [one for one in Named(store, words).containing(LISTED + 1, accents=False) if one.id != known.id]
    called = [one for one in others if fold(one.tags.title or _stem(one.path_bytes)) == words]
    if called:
        ids = ", ".join(str(one.id) for one in called)
        notice(
            f"{words} is the id of {_on_one_line(known.path_bytes)}; for the track that is called {words},"
            f" name its id: {ids}"
        )


def _under_another_name(store: Store, path: bytes) -> list[Track]:
    """Return the tracks whose file is at ``path``, where the file system treats spellings as one name."""
    from musimo.library.scan.walk import identity

    name = fold_path(os.path.basename(path))  # noqa: PTH119 - bytes
    for _, known in store.paths_of_size(os.path.getsize(path)):  # noqa: PTH202 - bytes
        alike = fold_path(os.path.basename(known)) == name  # noqa: PTH119 - bytes
        if alike and identity(known) == identity(path) is not None:
            return store.tracks_at(known)
    return []


def _resolved(path: bytes) -> bytes:
    try:
        return os.path.realpath(path)
    except ValueError:  # a NUL: words, and no path
        return path


def _stem(path: bytes) -> str:
    return Path(os.fsdecode(path)).stem


def _on_one_line(path: bytes) -> str:
    return os.fsdecode(path).replace("\n", "\\n")
