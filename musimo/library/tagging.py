"""Putting what a library knows into its files, one after the other; see :mod:`musimo.audio.tag_writing`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import select, update

from musimo.audio.tag_writing import Stamp, check_sound, fields_of, write_fields
from musimo.errors import TagsError
from musimo.library.db.queries import Store
from musimo.library.db.schema import contents, tracks
from musimo.library.db.transactions import transaction
from musimo.records import Track

State = Literal["written", "to write", "unchanged", "left out"]


@dataclass(frozen=True, slots=True)
class Wish:
    """What a track's file is to say in musimo's fields, and no more; or why there is nothing to say."""

    track: Track
    fields: Mapping[str, str]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Tagged:
    """What became of a wish.

    Parameters
    ----------
    state : ``written``; ``to write``, where nothing was to be written yet; ``unchanged``, where the file
        says so already; ``left out``
    before : what the file said in musimo's fields
    reason : why it was left out
    """

    wish: Wish
    state: State
    before: Mapping[str, str]
    reason: str = ""


def tag(
    store: Store,
    wishes: Iterable[Wish],
    *,
    write: bool,
    keep_mtime: bool = False,
    stop: Callable[[], bool] = lambda: False,
) -> Iterator[Tagged]:
    """Fulfil wishes, one file after the other.

    A file that was as the library remembers it is so again afterwards: the next scan has nothing to do for
    it. One that was tagged anew since, by another program, stays changed for the scan to see.

    Parameters
    ----------
    store : the library; whoever writes holds its lock
    write : False: only say what would be written
    keep_mtime : files keep their time of change
    stop : asked between files
    """
    for wish in wishes:
        if stop():
            return
        if wish.reason:
            yield Tagged(wish, "left out", {}, wish.reason)
            continue
        try:
            yield _write(store, wish, keep_mtime=keep_mtime) if write else _look(store, wish)
        except TagsError as error:
            yield Tagged(wish, "left out", {}, error.message)


def _look(store: Store, wish: Wish) -> Tagged:
    before, stamp = fields_of(wish.track.path_bytes, wish.fields)
    if dict(before) == dict(wish.fields):
        return Tagged(wish, "unchanged", before)
    content, known = _known(store, wish.track)
    if stamp != known:  # who writes opens every file; who looks believes size and time
        check_sound(wish.track.path_bytes, content)
    return Tagged(wish, "to write", before)


def _write(store: Store, wish: Wish, *, keep_mtime: bool) -> Tagged:
    content, _ = _known(store, wish.track)
    written = write_fields(wish.track.path_bytes, wish.fields, content, keep_mtime=keep_mtime)
    if written is None:
        return Tagged(wish, "unchanged", wish.fields)
    _remember(store, wish.track, written.old, written.new)
    return Tagged(wish, "written", written.before)


def _known(store: Store, track: Track) -> tuple[bytes, Stamp]:
    """Hash of the sound of a track, and what its file is known by."""
    query = (
        select(contents.c.hash, tracks.c.size, tracks.c.mtime_ns)
        .join(contents, contents.c.id == tracks.c.content_id)
        .where(tracks.c.id == track.id)
    )
    with store.connect() as connection:
        row = connection.execute(query).first()
    if row is None:
        raise TagsError("its sound is not in the library: scan its folder first")
    return row.hash, Stamp(row.size, row.mtime_ns)


def _remember(store: Store, track: Track, old: Stamp, new: Stamp) -> None:
    """Let a track be known by what its file is now, if it was what its file had been."""
    as_it_was = (tracks.c.id == track.id, tracks.c.size == old.size, tracks.c.mtime_ns == old.mtime_ns)
    now = {"size": new.size, "mtime_ns": new.mtime_ns}
    with transaction(store) as connection:
        connection.execute(update(tracks).where(*as_it_was).values(now))
