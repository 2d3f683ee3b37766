"""The scan: folders → files → sound → emotion → library. Yields what happens; draws and decides nothing.

Files are planned first, without opening one; then they are heard, and every batch is one transaction.
The last event is an :class:`Audit` that adds up.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from musimo.errors import AudioError, UsageError
from musimo.library.db.journal import FileFailure, Journal
from musimo.library.scan.events import Audit, FolderRefused, Planned, ScanEvent
from musimo.library.scan.pipeline import Pipeline, WindowPredictor
from musimo.library.scan.plan import ScanPlan, make_plans, refusal
from musimo.library.scan.roots import ScanFolder, outermost
from musimo.records import Coverage


@dataclass(frozen=True, slots=True)
class ScanOptions:
    """How to scan.

    Parameters
    ----------
    jobs : worker processes; 0 hears in this one
    batch_size : clips felt at once; a batch is also what a kill can lose
    coverage : how much of each track is heard
    retry_failed : try files again that failed before
    accept_missing : believe that files are gone, however many
    verify : open files too whose size and time of change are as remembered, and compare sound and tags
    """

    jobs: int = 0
    batch_size: int = 16
    coverage: Coverage = "windows"
    retry_failed: bool = False
    accept_missing: bool = False
    verify: bool = False


def scan(
    journal: Journal,
    folders: Sequence[bytes],
    load_predictor: Callable[[], WindowPredictor],
    options: ScanOptions,
    stop: Callable[[], bool] = lambda: False,
) -> Iterator[ScanEvent]:
    """Bring what is known of ``folders`` up to date.

    Parameters
    ----------
    journal : where to write
    folders : paths of folders; links in them are resolved
    load_predictor : called when the first clip is to be felt, and not before
    options : how
    stop : asked between events; once it says True the batch in hand is stored and the rest is left

    Raises
    ------
    UsageError : a path that is no folder, and never was scanned
    """
    started = time.monotonic()
    scan_folders: list[ScanFolder] = []
    refusals: list[FolderRefused] = []
    for folder in outermost(map(os.path.realpath, folders)):
        if os.path.isdir(folder) or (options.accept_missing and journal.knows(folder)):
            scan_folders.append(journal.claim(folder))
        elif journal.knows(folder):
            refusals.append(FolderRefused(folder, "it is not there now: is the drive there?"))
        else:
            raise no_folder(folder)
    plans = make_plans(journal, scan_folders, retry_failed=options.retry_failed, verify=options.verify)
    journal.mark_found([track_id for plan in plans for track_id in plan.found_again])
    to_hear = [planned for plan in plans for planned in plan.to_hear]
    yield Planned(len(to_hear), journal.n_without_tempo_key() if to_hear else 0)
    hearing = Pipeline(
        journal,
        load_predictor,
        jobs=options.jobs,
        batch_size=options.batch_size,
        coverage=options.coverage,
    )
    unreadable = [pair for plan in plans for pair in plan.unreadable]
    yield from hearing.store_failed([FileFailure(file, AudioError("read", why)) for file, why in unreadable])
    yield from hearing.run(to_hear, stop)
    missing = 0
    if not hearing.interrupted:
        for plan in plans:
            missing += _settle_missing(journal, plan, refusals, accept=options.accept_missing)
    yield from refusals
    arrivals = hearing.arrivals
    known_failures = sum(plan.n_known_failures for plan in plans)
    yield Audit(
        new=arrivals["new"],
        changed=arrivals["changed"],
        moved=arrivals["moved"],
        unchanged=arrivals["unchanged"] + sum(plan.n_unchanged for plan in plans),
        failed=arrivals["failed"] + known_failures,
        ignored=sum(plan.n_ignored for plan in plans),
        missing=missing,
        known_failures=known_failures,
        refused=len(refusals),
        left=len(to_hear) + len(unreadable) - sum(arrivals.values()),
        interrupted=hearing.interrupted,
        seconds=time.monotonic() - started,
    )


def _settle_missing(journal: Journal, plan: ScanPlan, refusals: list[FolderRefused], *, accept: bool) -> int:
    """Mark what is gone, unless so much is gone that the drive may be; say how many tracks are missing."""
    gone = journal.still_gone(plan.gone)
    vanished = [file for file in gone if file.track_id is not None and not file.was_missing]
    reason = None if accept else refusal(plan, len(vanished))
    if reason is not None:
        refusals.append(FolderRefused(plan.scan_folder.folder, reason))
        return sum(file.was_missing for file in gone)
    journal.mark_missing(gone)
    return sum(file.track_id is not None for file in gone)


def no_folder(path: bytes) -> UsageError:
    """What is wrong with a path that should be a folder."""
    name = os.fsdecode(path)
    if os.path.exists(path):
        return UsageError(f"{name} is a file", f"scan its folder, or hear it alone: musimo analyze {name!r}")
    return UsageError(f"there is no folder {name}")
