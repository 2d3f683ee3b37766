"""Delete tracks whose files are gone, in two steps: plan, which can be shown, then delete.

Only rows of tracks are deleted. Analyses of their contents stay, so that a file that returns is not analyzed
again.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

from musimo.library.db.paths import delete_missing_tracks, delete_unused_roots
from musimo.library.db.queries import Store
from musimo.library.db.transactions import renew_generation, transaction
from musimo.library.scan.plan import VANISHED_SHARE
from musimo.records import Track


@dataclass(frozen=True, slots=True)
class RefusedRoot:
    """A root whose missing tracks may be on a disk that is not mounted."""

    path: bytes
    reason: str


@dataclass(frozen=True, slots=True)
class PrunePlan:
    """What a prune would do.

    Parameters
    ----------
    tracks : missing tracks to be deleted, by path
    returned : number of missing tracks whose files are present again; the next scan unmarks them
    refused : roots whose missing tracks are kept
    """

    tracks: tuple[Track, ...]
    returned: int
    refused: tuple[RefusedRoot, ...]


def plan_prune(store: Store, *, accept_missing: bool = False) -> PrunePlan:
    """Plan to delete the tracks that are marked missing and still absent.

    Parameters
    ----------
    store : the library
    accept_missing : delete however many tracks are missing
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


def prune(store: Store, chosen: Sequence[Track]) -> int:
    """Delete those of the ``chosen`` tracks that are still missing; return how many.

    A root that no longer exists is deleted with its last track.
    """
    ids = [track.id for track in chosen if track.id is not None and not os.path.lexists(track.path_bytes)]
    absent = [root for root in store.root_paths() if not os.path.isdir(root)]
    with transaction(store) as connection:
        n_deleted = delete_missing_tracks(connection, ids)
        if n_deleted:
            delete_unused_roots(connection, absent)
            renew_generation(connection)
    return n_deleted


def _refusal(store: Store, root: bytes, n_gone: int) -> str | None:
    """Return why the tracks of a root may not be deleted; None where they may be."""
    if not os.path.isdir(root):
        return "it is not there now: is the drive there?"
    present = store.present_paths(root)
    if not any(os.path.lexists(path) for path in present):
        return "it holds none of its tracks now: is the drive there?"
    n_known = n_gone + len(present)
    if n_gone > max(1, VANISHED_SHARE * n_known):
        return f"{n_gone} of its {n_known} tracks are missing: is the drive there?"
    return None
