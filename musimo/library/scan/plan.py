"""Comparing folders with the library: what is to be heard, what is known, what is gone. Opens no file.

What is noticed, and how:

====================================  =================================================================
size or time of change differ         the file is opened: other sound is heard, other tags are read
both are as they were                 nothing; with ``verify`` it is opened, the hash of its encoded sound
                                      and its tags are compared, and other sound is heard
a new path, its sound known           opened, not heard: a move where the one track with that sound lost its
                                      file, or else a copy
another spelling of a known path      the same file where the disk leads both names to one inode and lists
                                      one of them; compared as usual, not opened for it
a link into a folder that is known    passed over; a track that was known by it gets its own path
a failure                             size or time differ, it could not be read, or ``retry_failed``: opened
====================================  =================================================================

Without ``verify`` a scan cannot see other sound, other tags or rotten bits behind the same size and time, to
the nanosecond where the disk keeps it: a copy that keeps times, a tagger that writes into padding and puts
the time back, a failing disk.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from musimo.library.db.journal import Journal
from musimo.library.db.known_files import GoneFile, KnownFile
from musimo.library.scan.roots import Identities, PlannedFile, Renaming, ScanFolder, locate, within
from musimo.library.scan.spelling import fold_path, respelled
from musimo.library.scan.walk import FoundFile, IgnoredFile, OtherName, UnreadableEntry, walk

VANISHED_SHARE = 0.2  # more than a fifth gone at once is a drive that is not there, not a tidied folder


@dataclass(slots=True)
class ScanPlan:
    """What a scan found and what it has to do. Paths are relative to the root."""

    scan_folder: ScanFolder
    to_hear: list[PlannedFile] = field(default_factory=list)
    unreadable: list[tuple[PlannedFile, str]] = field(default_factory=list)
    found_again: list[int] = field(default_factory=list)
    gone: list[GoneFile] = field(default_factory=list)
    n_present: int = 0  # tracks the library held for present before
    n_unchanged: int = 0
    n_known_failures: int = 0
    n_ignored: int = 0
    n_music: int = 0


@dataclass(slots=True)
class _Walked:
    """What lies in a scan_folder. Paths are relative to the root."""

    scan_folder: ScanFolder
    files: dict[bytes, FoundFile] = field(default_factory=dict)
    unreadable: list[UnreadableEntry] = field(default_factory=list)
    other_names: dict[bytes, bytes | None] = field(default_factory=dict)  # and the names they are found by
    n_ignored: int = 0

    def unseen(self, paths: Collection[bytes]) -> list[bytes]:
        """Those of ``paths`` that were not found, nor may lie in a folder that cannot be listed."""
        unreadable = {entry.path for entry in self.unreadable}
        unlisted = [entry.path for entry in self.unreadable if entry.is_folder]
        return [
            path
            for path in paths
            if path not in self.files
            and path not in unreadable
            and not any(not folder or within(path, folder) for folder in unlisted)
        ]


@contextmanager
def _no_collection() -> Iterator[None]:
    """Records of files hold no cycles: to look for some takes a tenth of a scan that finds nothing new."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@_no_collection()
def make_plans(
    journal: Journal, scan_folders: Sequence[ScanFolder], *, retry_failed: bool = False, verify: bool = False
) -> list[ScanPlan]:
    """Walk scan_folders and compare them with what is known of them.

    Files that are known by another name are renamed in the library first; nothing else is written.

    Parameters
    ----------
    journal : what is known
    scan_folders : none of them inside another
    retry_failed : plan to hear files again that failed before
    verify : plan to open files too that look unchanged
    """
    walked = [_look_at(scan_folder, journal.roots()) for scan_folder in scan_folders]
    known = [journal.known_files(scan_folder) for scan_folder in scan_folders]
    renamings = [
        renaming
        for looked, files in zip(walked, known, strict=True)
        for renaming in _renamings(journal, looked, files)
    ]
    if renamings:
        journal.rename(renamings)
        known = [journal.known_files(scan_folder) for scan_folder in scan_folders]
    return [
        _compare(looked, files, retry_failed=retry_failed, verify=verify)
        for looked, files in zip(walked, known, strict=True)
    ]


def _look_at(scan_folder: ScanFolder, roots: Collection[bytes]) -> _Walked:
    looked = _Walked(scan_folder)
    for found in walk(scan_folder.folder, roots) if os.path.isdir(scan_folder.folder) else ():
        path = (scan_folder.prefix + found.path).rstrip(b"/")  # the folder itself is found as an empty path
        if isinstance(found, FoundFile):
            looked.files[path] = found._replace(path=path) if scan_folder.prefix else found
        elif isinstance(found, UnreadableEntry):
            looked.unreadable.append(replace(found, path=path))
        elif isinstance(found, OtherName):
            found_as = found.found_as
            looked.other_names[path] = found_as if found_as is None else scan_folder.prefix + found_as
        else:
            assert isinstance(found, IgnoredFile)
            looked.n_ignored += 1
    return looked


def _renamings(journal: Journal, looked: _Walked, known: dict[bytes, KnownFile]) -> Iterator[Renaming]:
    """Known files that were found, or will be, under another name than that they are known by."""
    here = looked.scan_folder
    unseen = looked.unseen(known)
    if looked.other_names and unseen:
        yield from _behind_links(journal.roots(), looked, unseen)
    if here.prefix and any(path not in known for path in looked.files):  # its own name may be spelled anew
        spelled = fold_path(here.prefix)
        outside = journal.known_files(replace(here, prefix=b""))
        unseen += [
            path
            for path in outside
            if not path.startswith(here.prefix) and fold_path(path).startswith(spelled)
        ]
    for old, new in respelled(here.root, unseen, looked.files):
        yield Renaming(here.root_id, old, here.root_id, new)


def _behind_links(roots: dict[bytes, int], looked: _Walked, unseen: Sequence[bytes]) -> Iterator[Renaming]:
    """Files known through a folder or link that was passed over, with the names they are found by."""
    here, identities = looked.scan_folder, Identities()
    for path in unseen:
        passed = locate(path, looked.other_names)
        if passed is None:
            continue
        name, rest = passed
        found_as = looked.other_names[name]
        if found_as is not None:
            yield Renaming(here.root_id, path, here.root_id, os.path.join(found_as, rest))
            continue
        real = os.path.realpath(os.path.join(here.root, path))
        held = locate(real, roots, identities) if os.path.isfile(real) else None
        if held is not None and held != (here.root, path):
            yield Renaming(here.root_id, path, roots[held[0]], held[1])


def _compare(looked: _Walked, known: dict[bytes, KnownFile], *, retry_failed: bool, verify: bool) -> ScanPlan:
    plan = ScanPlan(looked.scan_folder, n_music=len(looked.files), n_ignored=looked.n_ignored)
    plan.n_present = sum(file.track_id is not None and not file.missing for file in known.values())
    for entry in looked.unreadable:
        planned = PlannedFile(looked.scan_folder, FoundFile(entry.path, 0, 0))
        plan.unreadable.append((planned, entry.reason))
    for path, found in looked.files.items():
        _compare_file(plan, found, known.get(path), retry_failed=retry_failed, verify=verify)
    plan.gone = [
        GoneFile(looked.scan_folder.root_id, path, known[path].track_id, known[path].missing)
        for path in looked.unseen(known)
    ]
    return plan


def _compare_file(
    plan: ScanPlan, found: FoundFile, known: KnownFile | None, *, retry_failed: bool, verify: bool
) -> None:
    same = known is not None and (known.size, known.mtime_ns) == (found.size, found.mtime_ns)
    if known is None or not same:
        plan.to_hear.append(PlannedFile(plan.scan_folder, found))
    elif known.failed:
        if retry_failed or known.may_pass:
            plan.to_hear.append(PlannedFile(plan.scan_folder, found))
        else:
            plan.n_known_failures += 1
    elif not known.analyzed:
        plan.to_hear.append(PlannedFile(plan.scan_folder, found))
    else:
        if verify:
            plan.to_hear.append(PlannedFile(plan.scan_folder, found, remembered=known.content))
        else:
            plan.n_unchanged += 1
        if known.missing and known.track_id is not None:
            plan.found_again.append(known.track_id)


def refusal(plan: ScanPlan, n_vanished: int) -> str | None:
    """Why what is gone must not be believed gone; None where it may be."""
    if plan.n_present and not plan.n_music:
        return "it holds no music now, but did before: is the drive there?"
    if n_vanished > max(1, VANISHED_SHARE * plan.n_present):
        return f"{n_vanished} of its {plan.n_present} tracks vanished at once: is the drive there?"
    return None
