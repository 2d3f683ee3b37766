"""Care of a library from Python: what the commands ``prune``, ``relocate``, ``reindex`` and ``backup`` do.

from musimo import Library, care
library = Library.open()
care.backup(library, "library-copy.db")
care.relocate(library, "/media/old", "/media/new")
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

from musimo.api import Library
from musimo.doctor import Check, diagnose
from musimo.errors import LibraryError, UsageError
from musimo.library.db.engine import back_up
from musimo.library.db.health import examine
from musimo.library.db.lock import hold
from musimo.library.db.queries import Store
from musimo.library.prune import PrunePlan, plan_prune
from musimo.library.prune import prune as delete_tracks
from musimo.library.relocate import Relocated
from musimo.library.relocate import relocate as rename_folder
from musimo.library.scan.events import Indexing
from musimo.search.index import INDEXES, base_file, index_file


def prune_plan(library: Library, *, accept_missing: bool = False) -> PrunePlan:
    """What :func:`prune` would delete, and of which folders it deletes nothing, and why."""
    return plan_prune(_store(library), accept_missing=accept_missing)


def prune(library: Library, plan: PrunePlan) -> int:
    """Delete the tracks of a plan that are still missing; returns how many."""
    store = _store(library)
    with hold(store.path):
        return delete_tracks(store, plan.tracks)


def relocate(
    library: Library, old: str | Path | bytes, new: str | Path | bytes, *, dry_run: bool = False
) -> Relocated:
    """Tell the library that a folder moved; see :func:`musimo.library.relocate.relocate`."""
    store = _store(library)
    old, new = (os.path.abspath(_expanded(path)) for path in (old, new))  # noqa: PTH100 - bytes
    roots = store.root_paths()
    if not any(old == root or old.startswith(root + b"/") or root.startswith(old + b"/") for root in roots):
        old = os.path.realpath(old)  # folders are known by their real names
    with hold(store.path):
        return rename_folder(store, old, os.path.realpath(new), dry_run=dry_run)


def reindex(library: Library, on_step: Callable[[Indexing], None] | None = None) -> list[Path]:
    """Make the indexes anew, telling ``on_step`` how far it is; returns their files.

    Raises
    ------
    LibraryError : they cannot be written; answers go on without them
    """
    for name in INDEXES:
        index = index_file(library.settings.library, name)
        for file in (index, base_file(index)):
            with suppress(OSError):
                file.unlink()
    for step in Library(library.settings).build_indexes():
        if on_step is not None:
            on_step(step)
    made = [path for name in INDEXES if (path := index_file(library.settings.library, name)).exists()]
    if not made:
        raise LibraryError(
            f"cannot write an index beside {library.settings.library}",
            "free some space there, or make its rights fit; answers go on without it",
        )
    return made


def backup(library: Library, target: str | Path, *, force: bool = False) -> Path:
    """Copy the library to ``target``, whole or not at all, while others may write to it; returns its path.

    Raises
    ------
    UsageError : there is something at ``target``, and not ``force``; or it is the library
    LibraryError : there is no library, it is damaged, or the copy cannot be written
    """
    path, copy = library.settings.library, Path(os.fsdecode(_expanded(target)))
    if not path.exists():
        raise LibraryError(f"there is no library at {path}", "make one: musimo scan FOLDER")
    if copy.exists() and copy.samefile(path):
        raise UsageError(f"{copy} is the library itself", "name another file for its copy")
    if copy.exists() and not copy.is_file():
        raise UsageError(f"{copy} is no file", "name a file for the copy of the library")
    if copy.exists() and not force:
        raise UsageError(f"{copy} is there already", "name another file, or replace it: --force")
    examine(path)
    back_up(path, copy)
    return copy


def doctor(library: Library) -> Iterator[Check]:
    """Check after check of what musimo needs and of the library; see :func:`musimo.doctor.diagnose`."""
    return diagnose(library.settings)


def _store(library: Library) -> Store:
    return Store.open(library.settings.library, library.model)


def _expanded(path: str | Path | bytes) -> bytes:
    return os.path.expanduser(os.fsencode(path))  # noqa: PTH111 - pathlib takes no name that is not UTF-8
