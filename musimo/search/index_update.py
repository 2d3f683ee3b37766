"""Incremental index build: only rows that are new or changed since the index was written.

Hubness offsets follow from the reference set of the library. While it stays the same, a change costs what
changed. Where a reference comes, goes or changes, all offsets are computed again, from the vectors that the
index has. Either way the index answers as one that was built from nothing.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np

from musimo.records import FloatArray
from musimo.records.indexing import Indexing
from musimo.search import segment_file
from musimo.search.faiss_index import FaissIndex
from musimo.search.index import NO_IDS, Header, base_file
from musimo.search.segment import COMPARED, Mask, Segment, allocate, compressed, flat_rows, refined, resize
from musimo.search.segment_file import Description
from musimo.search.space import Ids, index_rows, offsets_to, reference_set, split_rows

REWRITTEN = 20_000  # rows up to which all is written at every change: 31 MB; a larger index has a base
CHUNK = 4096  # rows at once: 16 MB as the library keeps them


class Source(Protocol):
    """Where the vectors of an index come from."""

    def stamps(self) -> tuple[Ids, Ids]:
        """Return ids of all that is to be indexed, ascending, and a number for each that changes with it."""

    def vectors(self, ids: Ids) -> tuple[Ids, FloatArray]:
        """Return those of ``ids`` that are still there, ascending, and their vectors [shape=(n, d)]."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What an index is to hold.

    Parameters
    ----------
    ids, stamps : as the library has them
    known : which of them ``old`` has with the same stamp
    old : an index of the same model and metric; None where there is none
    same_references : whether the hubness offsets of the known ones still hold
    """

    ids: Ids
    stamps: Ids
    known: Mask
    old: FaissIndex | None
    same_references: bool

    def only(self, some: Mask | slice) -> Plan:
        """Return a part of it."""
        return replace(self, ids=self.ids[some], stamps=self.stamps[some], known=self.known[some])


def open_index(path: Path, header: Header, source: Source) -> Generator[Indexing, None, FaissIndex]:
    """Yield progress and return the index at ``path``, updated if it was built from anything but ``header``.

    An updated index is written for next time where that is possible: on a disk that is read-only or full it
    answers from memory.
    """
    old = None
    with suppress(OSError, ValueError):
        old = FaissIndex.load(path)
        if old.header == header:
            return old
        if (old.header.model, old.header.metric) != (header.model, header.metric):
            old = None
    plan = _plan(source, header, old)
    if old is not None and old.base is not None and plan.same_references:
        since, removed = _since(plan, old.base)
        if len(since.ids) + len(removed) <= REWRITTEN:
            return (yield from _extend(path, header, source, since, removed))
    return (yield from _rebuild(path, header, source, plan))


def _plan(source: Source, header: Header, old: FaissIndex | None) -> Plan:
    ids, stamps = source.stamps()
    if old is None:
        return Plan(ids, stamps, np.zeros(len(ids), bool), None, same_references=False)
    old_ids, old_stamps = old.ids_and_stamps
    known = np.isin(ids, old_ids, assume_unique=True)
    known[known] = old_stamps[np.searchsorted(old_ids, ids[known])] == stamps[known]
    if header.metric == "euclidean":
        return Plan(ids, stamps, known, old, same_references=True)
    references = np.sort(reference_set(ids))
    same = np.array_equal(references, np.sort(reference_set(old_ids)))
    return Plan(ids, stamps, known, old, same and bool(known[np.searchsorted(ids, references)].all()))


def _since(plan: Plan, base: Segment) -> tuple[Plan, Ids]:
    """Return what ``base`` lacks or has otherwise, and the ids of ``base`` that do not count."""
    at = base.positions(plan.ids)
    kept = at >= 0
    kept[kept] = base.stamps[at[kept]] == plan.stamps[kept]
    return plan.only(~kept), base.ids[~np.isin(base.ids, plan.ids[kept], assume_unique=True)]


def _extend(
    path: Path, header: Header, source: Source, since: Plan, removed: Ids
) -> Generator[Indexing, None, FaissIndex]:
    """Keep the base; write what came since."""
    old = since.old
    assert old is not None  # for mypy: there was a base
    added = yield from _build(source, header, since)
    description = Description(header, _new_stamp(), old.base_stamp)
    return FaissIndex(header, _saved(path, added, description, removed), old.base, removed, old.base_stamp)


def _rebuild(path: Path, header: Header, source: Source, plan: Plan) -> Generator[Indexing, None, FaissIndex]:
    """Write everything; vectors that the old index has are taken from it, if it is whole."""
    if plan.old is not None:
        try:
            FaissIndex.load(path, whole=True)
        except (OSError, ValueError):
            plan = Plan(plan.ids, plan.stamps, np.zeros(len(plan.ids), bool), None, same_references=False)
    segment = yield from _build(source, header, plan)
    if len(segment) <= REWRITTEN:
        segment = _saved(path, segment, Description(header, _new_stamp()))
        with suppress(OSError):
            base_file(path).unlink()
        return FaissIndex(header, segment)
    of_base = Description(header, _new_stamp())
    base = _saved(base_file(path), segment, of_base)
    nothing = Segment(NO_IDS, NO_IDS, allocate(0, base.rows.shape[1], header.metric))
    added = _saved(path, nothing, Description(header, _new_stamp(), of_base.stamp))
    return FaissIndex(header, added, base, base_stamp=of_base.stamp)


def _saved(path: Path, segment: Segment, description: Description, removed: Ids = NO_IDS) -> Segment:
    """Write a segment and return it mapped; return it as it is where it cannot be written."""
    from musimo.atomic import replacing

    try:
        with replacing(path.resolve()) as beside:
            return segment_file.save(beside, segment, description, removed)[0]
    except (OSError, RuntimeError):  # RuntimeError: a loop of links
        return segment


def _build(source: Source, header: Header, plan: Plan) -> Generator[Indexing, None, Segment]:
    """Yield progress and return what ``plan`` asks for, in memory: first all vectors, then their offsets."""
    n = len(plan.ids)
    there = np.zeros(n, bool)  # a content may be deleted while this runs
    flat = None
    n_filled = 0
    for start in range(0, max(n, 1), CHUNK):
        chunk = slice(start, start + CHUNK)
        there[chunk], rows = _rows(source, header, plan.only(chunk))
        if flat is None:
            flat = allocate(n, rows.shape[1], header.metric)
        flat_rows(flat)[n_filled : n_filled + len(rows)] = rows
        n_filled += len(rows)
        yield Indexing(min(start + CHUNK, n), 2 * n)
    resize(flat, n_filled)
    found = plan.only(there)
    codes = None
    if header.metric == "cosine":
        references = _references(found, flat_rows(flat))
        if n_filled > COMPARED:
            codes = compressed(index_rows(references[1], offsets_to(*references, *references)))
    for start in range(0, max(n_filled, 1), CHUNK):
        rows = flat_rows(flat)[start : start + CHUNK]
        if header.metric == "cosine":
            _correct(rows, found.only(slice(start, start + CHUNK)), references)
        if codes is not None:
            codes.add(rows)
        yield Indexing(n + min(start + CHUNK, n), 2 * n)
    return Segment(found.ids, found.stamps, flat if codes is None else refined(codes, flat))


def _rows(source: Source, header: Header, chunk: Plan) -> tuple[Mask, FloatArray]:
    """Return which rows of a chunk are there, and those; offsets yet to be computed are 0."""
    new, vectors = source.vectors(chunk.ids[~chunk.known])
    there = chunk.known | np.isin(chunk.ids, new, assume_unique=True)
    rows = _without_offsets(vectors) if header.metric == "cosine" else vectors
    if chunk.old is None or not chunk.known.any():
        return there, rows
    known = chunk.old.vectors(chunk.ids[chunk.known])
    if header.metric == "cosine" and not chunk.same_references:
        known = _without_offsets(split_rows(known)[0])
    if not len(new):
        return there, known
    order = np.argsort(np.concatenate([chunk.ids[chunk.known], new]))
    return there, np.concatenate([known, rows])[order]


def _without_offsets(vectors: FloatArray) -> FloatArray:
    return index_rows(vectors, np.zeros(len(vectors), np.float32))


def _references(found: Plan, rows: FloatArray) -> tuple[Ids, FloatArray]:
    """Return the reference set and its sound vectors."""
    if found.same_references:
        assert found.old is not None  # for mypy
        ids = np.sort(reference_set(found.old.ids))
        return ids, split_rows(found.old.vectors(ids))[0]
    ids = np.sort(reference_set(found.ids))
    return ids, rows[np.searchsorted(found.ids, ids), :-1]


def _correct(rows: FloatArray, chunk: Plan, references: tuple[Ids, FloatArray]) -> None:
    """Put hubness offsets into rows that have none yet."""
    lacking = ~chunk.known if chunk.same_references else np.ones(len(chunk.ids), bool)
    vectors = rows[lacking, :-1]
    rows[lacking] = index_rows(vectors, offsets_to(chunk.ids[lacking], vectors, *references))


def _new_stamp() -> str:
    return os.urandom(16).hex()
