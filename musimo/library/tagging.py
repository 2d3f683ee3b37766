"""Write what a library knows into its files, one after the other; see :mod:`musimo.audio.tag_writing`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from musimo.audio.tag_writing import Stamp, check_content, read_fields, write_fields
from musimo.errors import TagsError
from musimo.library.db.known_files import content_and_stat, replace_stat
from musimo.library.db.queries import Store
from musimo.records import Track

State = Literal["written", "to write", "unchanged", "left out"]


@dataclass(frozen=True, slots=True)
class TagUpdate:
    """The fields of musimo's that a track's file shall have, and no others; or why there are none."""

    track: Track
    fields: Mapping[str, str]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class TagResult:
    """What was done for an update.

    Parameters
    ----------
    state : ``written``; ``to write`` in a dry run; ``unchanged``, where the file says so already;
        ``left out``
    before : musimo's fields in the file before
    reason : why it was left out
    """

    update: TagUpdate
    state: State
    before: Mapping[str, str]
    reason: str = ""


def tag(
    store: Store,
    updates: Iterable[TagUpdate],
    *,
    write: bool,
    keep_mtime: bool = False,
    stop: Callable[[], bool] = lambda: False,
) -> Iterator[TagResult]:
    """Write fields into files, and yield a result for each update, in their order.

    A file that was as the library knows it is so again afterwards: the next scan has nothing to do for it.
    One that another program has changed since stays changed for the scan to see.

    Parameters
    ----------
    store : the library; the caller holds its lock if ``write``
    write : False: only yield what would be written
    keep_mtime : files keep their time of change
    stop : called between files; True ends the work
    """
    for wanted in updates:
        if stop():
            return
        if wanted.reason:
            yield TagResult(wanted, "left out", {}, wanted.reason)
            continue
        try:
            yield _write(store, wanted, keep_mtime=keep_mtime) if write else _preview(store, wanted)
        except TagsError as error:
            yield TagResult(wanted, "left out", {}, error.message)


def _preview(store: Store, wanted: TagUpdate) -> TagResult:
    before, stamp = read_fields(wanted.track.path_bytes, wanted.fields)
    if dict(before) == dict(wanted.fields):
        return TagResult(wanted, "unchanged", before)
    content, known = _known(store, wanted.track)
    if stamp != known:  # writing reads the audio of every file; a preview trusts size and time of change
        check_content(wanted.track.path_bytes, content)
    return TagResult(wanted, "to write", before)


def _write(store: Store, wanted: TagUpdate, *, keep_mtime: bool) -> TagResult:
    content, _ = _known(store, wanted.track)
    written = write_fields(wanted.track.path_bytes, wanted.fields, content, keep_mtime=keep_mtime)
    if written is None:
        return TagResult(wanted, "unchanged", wanted.fields)
    _set_stamp(store, wanted.track, written.old, written.new)
    return TagResult(wanted, "written", written.before)


def _known(store: Store, track: Track) -> tuple[bytes, Stamp]:
    """Return the hash of a track's audio, and the stamp of its file at the last scan."""
    known = content_and_stat(store, track.id)
    if known is None:
        raise TagsError("its audio is not in the library: scan its folder first")
    content, size, mtime_ns = known
    return content, Stamp(size, mtime_ns)


def _set_stamp(store: Store, track: Track, old: Stamp, new: Stamp) -> None:
    """Record the new stamp of a track's file, if its old one was recorded."""
    replace_stat(store, track.id, (old.size, old.mtime_ns), (new.size, new.mtime_ns))
