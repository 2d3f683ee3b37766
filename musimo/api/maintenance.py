"""``Library.maintenance``: pruning, relocating, reindexing, backups and checks."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from musimo.api.session import Session
from musimo.audio.paths import AnyPath, path_bytes
from musimo.errors import LibraryError, UsageError
from musimo.library.db.engine import back_up
from musimo.library.db.health import examine
from musimo.library.db.heard import with_heard
from musimo.library.db.lock import hold
from musimo.library.db.queries import Store
from musimo.library.prune import PrunePlan, plan_prune
from musimo.library.prune import prune as delete_tracks
from musimo.library.relocate import Relocated
from musimo.library.relocate import relocate as rename_folder
from musimo.records.check import Check
from musimo.records.indexing import Indexing
from musimo.search.index import INDEXES, base_file, index_file


class Maintenance:
    """What keeps a library in order. Files are never changed."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def prune_plan(self, *, accept_missing: bool = False) -> PrunePlan:
        """Return what :meth:`prune` would delete, and which folders it refuses to touch, with reasons."""
        store = self._store()
        plan = plan_prune(store, accept_missing=accept_missing)
        return replace(plan, tracks=tuple(with_heard(store, plan.tracks)))

    def prune(self, plan: PrunePlan) -> int:
        """Delete the tracks of a plan that are still missing, and return their number."""
        store = self._store()
        with hold(store.path):
            return delete_tracks(store, plan.tracks)

    def relocate(self, old: AnyPath, new: AnyPath, *, dry_run: bool = False) -> Relocated:
        """Rename a folder in the library; see :func:`musimo.library.relocate.relocate`."""
        store = self._store()
        before, after = (os.path.abspath(path_bytes(path)) for path in (old, new))  # noqa: PTH100 - bytes
        if not any(_overlap(before, root) for root in store.root_paths()):
            before = os.path.realpath(before)  # folders are known by their real names
        with hold(store.path):
            return rename_folder(store, before, os.path.realpath(after), dry_run=dry_run)

    def reindex(self, on_step: Callable[[Indexing], None] | None = None) -> list[Path]:
        """Rebuild the indexes from the library, and return their files.

        Parameters
        ----------
        on_step : called with the progress

        Raises
        ------
        LibraryError : they cannot be written; queries go on without them
        """
        library = self._session.settings.library
        for name in INDEXES:
            index = index_file(library, name)
            for file in (index, base_file(index)):
                with suppress(OSError):
                    file.unlink()
        self._session.close()
        for step in self._session.build_indexes():
            if on_step is not None:
                on_step(step)
        made = [path for name in INDEXES if (path := index_file(library, name)).exists()]
        if not made:
            raise LibraryError(
                f"cannot write an index beside {library}",
                "free some space there, or make its rights fit; answers go on without it",
            )
        return made

    def backup(self, target: AnyPath, *, force: bool = False) -> Path:
        """Copy the library to ``target``, whole or not at all, while others may write to it; return its path.

        Raises
        ------
        UsageError : ``target`` exists, and not ``force``; or it is the library
        LibraryError : there is no library, it is damaged, or the copy cannot be written
        """
        path, copy = self._session.settings.library, Path(os.fsdecode(path_bytes(target)))
        _check_target(path, copy, force=force)
        examine(path)
        back_up(path, copy)
        return copy

    def doctor(self) -> Iterator[Check]:
        """Yield checks of what musimo needs and of the library; see :mod:`musimo.api.doctor`."""
        from musimo.api.doctor import diagnose

        return diagnose(self._session.settings)

    def _store(self) -> Store:
        """Return the database under the model in use, even where another is active."""
        return Store.open(self._session.settings.library, self._session.weights.stem)


def _check_target(path: Path, copy: Path, *, force: bool) -> None:
    if not path.exists():
        raise LibraryError(f"there is no library at {path}", "make one: musimo scan FOLDER")
    if copy.exists() and copy.samefile(path):
        raise UsageError(f"{copy} is the library itself", "name another file for its copy")
    if copy.exists() and not copy.is_file():
        raise UsageError(f"{copy} is not a file", "name a file for the copy of the library")
    if copy.exists() and not force:
        raise UsageError(f"{copy} exists already", "name another file, or replace it: --force")


def _overlap(path: bytes, root: bytes) -> bool:
    """Return whether one of two folders is the other, or inside it."""
    return path == root or path.startswith(root + b"/") or root.startswith(path + b"/")
