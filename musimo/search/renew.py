"""Indexes made, and brought up to date: what the library has, minus what an older index has seen of it.

What is ordinary for a track is counted from references of the library. While they stay the same, a change
costs what changed: the rows of the long segment stay where they are. Where a reference goes, comes or
changes, what is ordinary is counted anew for all, from the places that the index has, not from the library.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Generator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import numpy as np

from musimo.atomic import replacing
from musimo.library.scan.events import Indexing
from musimo.records import FloatArray
from musimo.search.codes import Encoder
from musimo.search.index import NO_IDS, Header, MappedIndex, Mask, Segment, base_file
from musimo.search.sections import Sections, Writer
from musimo.search.space import Ids, ordinary_to, references, rows

SHORT = 20_000  # rows: up to here all are written and compared, 31 MB; beyond, one segment is long
CHUNK = 4096  # rows at once: 16 MB as the library keeps them

Steps = Generator[Indexing, None, Any]


class Source(Protocol):
    """Where the places of an index come from."""

    def stamps(self) -> tuple[Ids, Ids]:
        """Ids of all that is to be indexed, ascending, and a number for each that is new when it changes."""

    def places(self, ids: Ids) -> tuple[Ids, FloatArray]:
        """Places [shape=(n, d)] of ``ids``, and which of them are still there, ascending."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an index is to hold.

    Parameters
    ----------
    ids, stamps : as the library has them
    known : which of them ``old`` has with the same stamp
    old : an index of the same make; None where there is none
    steady : whether what is ordinary for the known ones is still what ``old`` says
    """

    ids: Ids
    stamps: Ids
    known: Mask
    old: MappedIndex | None
    steady: bool

    def only(self, some: Mask | slice) -> Wanted:
        """A part of it."""
        return Wanted(self.ids[some], self.stamps[some], self.known[some], self.old, self.steady)


def open_index(path: Path, header: Header, source: Source) -> Generator[Indexing, None, MappedIndex]:
    """The index at ``path`` if it was made of what ``header`` says, else a new one of ``source``.

    It tells of its steps, and returns the index. A new one is kept for next time where that is possible: on a
    disk that is read-only or full it serves from memory.
    """
    old = None
    with suppress(OSError, ValueError):
        old = MappedIndex.load(path)
        if old.header == header:
            return old
        if (old.header.model, old.header.metric) != (header.model, header.metric):
            old = None
    wanted = _wanted(source, header, old)
    if old is not None and old.base is not None and wanted.steady:
        since, gone = _since(wanted, old.base)
        if len(since.ids) + len(gone) <= SHORT:
            return (yield from _add(path, header, source, since, gone))
    return (yield from _make(path, header, source, wanted))


def _wanted(source: Source, header: Header, old: MappedIndex | None) -> Wanted:
    ids, stamps = source.stamps()
    if old is None:
        return Wanted(ids, stamps, np.zeros(len(ids), bool), None, False)
    seen, with_stamps = old.seen()
    known = np.isin(ids, seen, assume_unique=True)
    known[known] = with_stamps[np.searchsorted(seen, ids[known])] == stamps[known]
    if header.metric == "euclidean":
        return Wanted(ids, stamps, known, old, steady=True)
    standing = np.sort(references(ids))
    same = np.array_equal(standing, np.sort(references(seen)))
    return Wanted(ids, stamps, known, old, same and bool(known[np.searchsorted(ids, standing)].all()))


def _since(wanted: Wanted, base: Segment) -> tuple[Wanted, Ids]:
    """What is wanted and not as ``base`` has it, and ids of ``base`` that do not count."""
    at = base.find(wanted.ids)
    kept = (at >= 0) & (base.stamps[at] == wanted.stamps)
    return wanted.only(~kept), base.ids[~np.isin(base.ids, wanted.ids[kept], assume_unique=True)]


def _add(
    path: Path, header: Header, source: Source, since: Wanted, gone: Ids
) -> Generator[Indexing, None, MappedIndex]:
    """Keep the long segment; write the short one anew."""
    old = since.old
    assert old is not None  # for mypy: there was a base
    base, stamp = old.base, Sections.map(base_file(path)).facts["stamp"]
    standing = np.sort(references(old.seen()[0])) if header.metric == "cosine" else NO_IDS
    writing = _Segment(source, header, since, (standing, old.places(standing)[0]))
    facts = _facts(header, stamp)
    sections = yield from _written(path, lambda file: writing.write(file, facts, gone=gone))
    return MappedIndex(header, Segment.of(sections), base, gone)


def _make(
    path: Path, header: Header, source: Source, wanted: Wanted
) -> Generator[Indexing, None, MappedIndex]:
    """Write everything; what ``old`` knows is taken from it, if it is whole."""
    if wanted.old is not None and wanted.old.base is not None:
        try:
            Sections.map(base_file(path)).check()
        except (OSError, ValueError):
            wanted = Wanted(wanted.ids, wanted.stamps, np.zeros(len(wanted.ids), bool), None, False)
    if len(wanted.ids) <= SHORT:
        writing = _Segment(source, header, wanted)
        sections = yield from _written(path, lambda file: writing.write(file, _facts(header, None)))
        with suppress(OSError):
            base_file(path).unlink()
        return MappedIndex(header, Segment.of(sections))
    stamp = secrets.token_hex(16)
    writing = _Segment(source, header, wanted, encoded=header.metric == "cosine")
    sections = yield from _written(base_file(path), lambda file: writing.write(file, {"stamp": stamp}))
    base = Segment.of(sections)
    nothing = _Segment(source, header, wanted.only(slice(0)), (NO_IDS, base.places[:0]))
    sections = yield from _written(path, lambda file: nothing.write(file, _facts(header, stamp)))
    return MappedIndex(header, Segment.of(sections), base)


def _facts(header: Header, base: str | None) -> dict[str, Any]:
    return {
        "model": header.model,
        "metric": header.metric,
        "generation": header.generation,
        "base": base,
    }


def _written(path: Path, write: Callable[[BinaryIO], Steps]) -> Generator[Indexing, None, Sections]:
    """What ``write`` makes of an empty file: put in the place of ``path``, or kept in memory."""
    try:
        with replacing(path.resolve()) as beside:
            with beside.open("r+b") as file:
                yield from write(file)
            sections = Sections.map(beside)
    except (OSError, RuntimeError):  # RuntimeError: a loop of links
        memory = BytesIO()
        yield from write(memory)
        return Sections.over(np.frombuffer(memory.getbuffer(), np.uint8), str(path))
    return sections


@dataclass(frozen=True, slots=True)
class _Segment:
    """A segment to be written, chunk by chunk: first all places, then what follows from them.

    Parameters
    ----------
    source : of places that are not known
    header : of the index
    wanted : what it holds
    standing : ids of the references, and their places; None where they are drawn from what it holds
    encoded : whether it gets codes
    """

    source: Source
    header: Header
    wanted: Wanted
    standing: tuple[Ids, FloatArray] | None = None
    encoded: bool = False

    def write(self, file: BinaryIO, facts: Mapping[str, Any], gone: Ids = NO_IDS) -> Steps:
        """Write it, telling of each chunk."""
        writer = Writer(file)
        n = len(self.wanted.ids)
        there = np.zeros(n, bool)
        for start in range(0, max(n, 1), CHUNK):
            chunk = slice(start, start + CHUNK)
            there[chunk], places = self._places(chunk)
            writer.append("places", places)
            yield Indexing(min(start + CHUNK, n), 2 * n)
        found = self.wanted.only(there)  # a sound may go while this is written
        writer.append("ids", found.ids)
        writer.append("stamps", found.stamps)
        writer.append("gone", gone)
        yield from self._follow(writer, found)
        writer.close(facts)

    def _places(self, chunk: slice) -> tuple[Mask, FloatArray]:
        """Which rows of a chunk are there, and their places."""
        ids, known, old = self.wanted.ids[chunk], self.wanted.known[chunk], self.wanted.old
        new, of_new = self.source.places(ids[~known])
        there = known | np.isin(ids, new, assume_unique=True)
        if old is None or not known.any():
            return there, of_new
        of_known = old.places(ids[known])[0]
        if not len(new):
            return there, of_known
        order = np.argsort(np.concatenate([ids[known], new]))
        return there, np.concatenate([of_known, of_new])[order]

    def _follow(self, writer: Writer, found: Wanted) -> Steps:
        """Write what is ordinary for each place, and codes."""
        standing, of_standing = self.standing or _drawn(writer, found.ids, self.header)
        encoder = None
        if self.encoded:
            taken_off = ordinary_to(standing, of_standing, standing, of_standing)
            encoder = Encoder(rows(of_standing, taken_off))
        n = len(found.ids)
        for start in range(0, max(n, 1), CHUNK):
            part = found.only(np.s_[start : start + CHUNK])
            places = writer.read("places", start, start + CHUNK)
            ordinary = np.empty(len(places), np.float32)
            kept = part.known & found.steady
            if found.old is not None:
                ordinary[kept] = found.old.places(part.ids[kept])[1]
            ordinary[~kept] = ordinary_to(part.ids[~kept], places[~kept], standing, of_standing)
            writer.append("ordinary", ordinary)
            if encoder is not None:
                encoder.add(rows(places, ordinary))
            yield Indexing(n + min(start + CHUNK, n), 2 * n)
        if encoder is not None:
            writer.append("codes", encoder.codes())


def _drawn(writer: Writer, ids: Ids, header: Header) -> tuple[Ids, FloatArray]:
    """The references of what was written, and their places."""
    standing = np.sort(references(ids)) if header.metric == "cosine" else NO_IDS
    places = [writer.read("places", at, at + 1) for at in np.searchsorted(ids, standing)]
    return standing, np.concatenate(places) if places else writer.read("places", 0, 0)
