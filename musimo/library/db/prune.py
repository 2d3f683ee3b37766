"""Forgetting tracks whose files are gone. Nothing here is done in one step: plan, show, then delete.

Only the rows of tracks go. What was heard of their sound stays: a file that comes back after all is not heard
again.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select

from musimo.library.db.queries import Store
from musimo.library.db.schema import failures, roots, tracks
from musimo.library.db.transactions import renew_generation, transaction
from musimo.library.scan.plan import VANISHED_SHARE
from musimo.records import Track

IDS_PER_STATEMENT = 10_000  # SQLite takes 32,766 variables in one statement


@dataclass(frozen=True, slots=True)
class RefusedRoot:
    """A scanned folder whose missing tracks are not believed to be gone."""

    path: bytes
    reason: str


@dataclass(frozen=True, slots=True)
class PrunePlan:
    """What a prune would do.

    Parameters
    ----------
    tracks : missing tracks to be deleted, by path
    returned : missing tracks whose files are there again; the next scan takes back their mark
    refused : folders that keep their missing tracks
    """

    tracks: tuple[Track, ...]
    returned: int
    refused: tuple[RefusedRoot, ...]


def plan_prune(store: Store, *, accept_missing: bool = False) -> PrunePlan:
    """Which tracks may go: marked missing, and still not there.

    Parameters
    ----------
    store : the library
    accept_missing : believe that files are gone, however many
    """
    marked = store.missing_tracks()
    gone = [track for track in marked if not os.path.lexists(track.path_bytes)]
    chosen: list[Track] = []
    refused: list[RefusedRoot] = []
    for root in store.root_paths():
        of_root = [track for track in gone if track.path_bytes.startswith(root.rstrip(b"/") + b"/")]
        reason = None if accept_missing or not of_root else _refusal(store, root, len(of_root))
        if reason is None:
            chosen += of_root
        else:
            refused.append(RefusedRoot(root, reason))
    return PrunePlan(tuple(chosen), len(marked) - len(gone), tuple(refused))


def _refusal(store: Store, root: bytes, n_gone: int) -> str | None:
    """Why the tracks of a root must not be believed gone; None where they may be."""
    if not os.path.isdir(root):
        return "it is not there now: is the drive there?"
    present = store.present_paths(root)
    if not any(os.path.lexists(path) for path in present):
        return "it holds none of its tracks now: is the drive there?"
    n_known = n_gone + len(present)
    if n_gone > max(1, VANISHED_SHARE * n_known):
        return f"{n_gone} of its {n_known} tracks are missing: is the drive there?"
    return None


def prune(store: Store, chosen: Sequence[Track]) -> int:
    """Delete those of the ``chosen`` tracks that are still missing; returns how many.

    A folder that is gone with its last track is forgotten too.
    """
    ids = [track.id for track in chosen if not os.path.lexists(track.path_bytes)]
    deleted = 0
    with transaction(store) as connection:
        for start in range(0, len(ids), IDS_PER_STATEMENT):
            missing = (
                tracks.c.id.in_(ids[start : start + IDS_PER_STATEMENT]),
                tracks.c.missing_since.is_not(None),
            )
            deleted += connection.execute(delete(tracks).where(*missing)).rowcount
        if deleted:
            for root in connection.execute(select(roots.c.id, roots.c.path)).all():
                used = [
                    connection.execute(select(table.c.id).where(table.c.root_id == root.id).limit(1)).first()
                    for table in (tracks, failures)
                ]
                if not any(used) and not os.path.isdir(root.path):
                    connection.execute(delete(roots).where(roots.c.id == root.id))
            renew_generation(connection)
    return deleted
