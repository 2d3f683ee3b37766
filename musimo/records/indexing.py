"""Progress of an index: an event of scans, of queries that have to wait, and of maintenance."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Indexing:
    """Progress of an index that is built or updated, in steps."""

    done: int
    total: int
