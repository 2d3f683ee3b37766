"""The stages of a scan: walk, plan, extract, predict, store. Yields events and shows nothing.

Files are planned first, without opening any; then they are analyzed, and every batch is one transaction. The
last event is an :class:`Audit` whose numbers add up.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from musimo.errors import AudioError, UsageError
from musimo.library.db.files import FileFailure, ScanFolder
from musimo.library.db.journal import Journal
from musimo.library.scan.events import Audit, FolderRefused, Planned, RootMayHaveMoved, ScanEvent, SheetUnused
from musimo.library.scan.pipeline import Pipeline, WindowPredictor
from musimo.library.scan.plan import ScanPlan, make_plans, refusal
from musimo.library.scan.roots import claim, is_known, outermost
from musimo.records import Coverage


@dataclass(frozen=True, slots=True)
class ScanOptions:
    """How to scan.

    Parameters
    ----------
    jobs : worker processes; 0 extracts in this one
    batch_size : windows per inference batch; a kill loses a batch at most
    coverage : how much of each track is analyzed
    retry_failed : try files again that failed before
    accept_missing : mark tracks as missing, however many
    verify : also open files whose size and mtime are unchanged, and compare content and tags
    exclude : globs of files and folders to skip, beside recycle bins and snapshots
    """

    jobs: int = 0
    batch_size: int = 16
    coverage: Coverage = "windows"
    retry_failed: bool = False
    accept_missing: bool = False
    verify: bool = False
    exclude: tuple[str, ...] = ()


def scan(
    journal: Journal,
    folders: Sequence[bytes],
    load_predictor: Callable[[], WindowPredictor],
    options: ScanOptions,
    stop: Callable[[], bool] = lambda: False,
) -> Iterator[ScanEvent]:
    """Bring the library up to date with ``folders``.

    Parameters
    ----------
    journal : where to write
    folders : paths of folders; links in them are resolved
    load_predictor : called once there is a window to predict
    options : how
    stop : called between events; once it returns True, the current batch is stored and the rest is left

    Raises
    ------
    UsageError : a path is not a folder, and never was scanned
    """
    started = time.monotonic()
    scan_folders: list[ScanFolder] = []
    refusals: list[FolderRefused] = []
    for folder in outermost(map(os.path.realpath, folders)):
        if os.path.isdir(folder) or (options.accept_missing and is_known(journal, folder)):
            scan_folders.append(claim(journal, folder))
        elif is_known(journal, folder):
            refusals.append(FolderRefused(folder, "it is not there now: is the drive there?"))
        else:
            raise no_folder(folder)
    plans = make_plans(
        journal,
        scan_folders,
        retry_failed=options.retry_failed,
        verify=options.verify,
        exclude=options.exclude,
    )
    journal.mark_found([track_id for plan in plans for track_id in plan.found_again])
    to_open = [planned for plan in plans for planned in plan.to_open]
    yield Planned(
        len(to_open),
        journal.n_outdated_tempo_keys() if to_open else 0,
        sum(planned.old_content is not None for planned in to_open),
    )
    for plan in plans:
        folder = plan.scan_folder.root
        yield from (SheetUnused(os.path.join(folder, path), why) for path, why in plan.unused_sheets)
    pipeline = Pipeline(
        journal,
        load_predictor,
        jobs=options.jobs,
        batch_size=options.batch_size,
        coverage=options.coverage,
        moved_roots={
            root.root_id: root.new for plan in plans for root in plan.moved_roots if root.is_certain
        },
    )
    unreadable = [pair for plan in plans for pair in plan.unreadable]
    failed = [FileFailure(file, AudioError("read", reason)) for file, reason in unreadable]
    yield from pipeline.store_failed(failed)
    yield from pipeline.run(to_open, stop)
    missing = 0
    if not pipeline.interrupted:
        for plan in plans:
            missing += _mark_missing(journal, plan, refusals, accept=options.accept_missing)
    yield from refusals
    moved_roots = [root for plan in plans for root in plan.moved_roots]
    journal.delete_unused_roots(root.old for root in moved_roots)
    left = {} if pipeline.interrupted else journal.roots()
    yield from (RootMayHaveMoved(root.old, root.new) for root in moved_roots if root.old in left)
    arrivals = pipeline.arrivals
    known_failures = sum(plan.n_known_failures for plan in plans)
    yield Audit(
        new=arrivals["new"],
        changed=arrivals["changed"],
        moved=arrivals["moved"] + sum(plan.n_moved for plan in plans),
        unchanged=arrivals["unchanged"] + sum(plan.n_unchanged for plan in plans),
        failed=arrivals["failed"] + known_failures,
        ignored=sum(plan.n_ignored for plan in plans),
        missing=missing,
        known_failures=known_failures,
        failed_again=pipeline.n_failed_again,
        refused=len(refusals),
        left=len(to_open) + len(unreadable) - sum(arrivals.values()),
        interrupted=pipeline.interrupted,
        seconds=time.monotonic() - started,
    )


def no_folder(path: bytes) -> UsageError:
    """Return the error for a path that should be a folder."""
    name = os.fsdecode(path)
    if os.path.exists(path):
        return UsageError(
            f"{name} is a file", f"scan its folder, or analyze it alone: musimo analyze {name!r}"
        )
    return UsageError(f"there is no folder {name}")


def _mark_missing(journal: Journal, plan: ScanPlan, refusals: list[FolderRefused], *, accept: bool) -> int:
    """Mark missing tracks, unless so many are gone that the drive may be; return how many are missing."""
    gone = journal.still_gone(plan.gone)
    vanished = [
        file for file in gone if file.track_id is not None and not (file.was_missing or file.excluded)
    ]
    reason = None if accept else refusal(plan, len(vanished))
    if reason is not None:
        refusals.append(FolderRefused(plan.scan_folder.folder, reason))
        gone = [file for file in gone if file.excluded or file.was_missing]
    journal.mark_missing(gone)
    return sum(file.track_id is not None for file in gone)
