"""Compare folders with the library: files to open, files that are known, files that are gone. Opens no file.

====================================  ====================================================================
what a walk finds                     what follows
====================================  ====================================================================
size or mtime differ                  the file is opened: new content is analyzed, tags are read
size and mtime are unchanged          nothing; with ``verify`` it is opened, its content hash and tags are
                                      compared, and new content is analyzed
its hash is of an older version       the file is opened and its content taken over, without a new analysis
a new path, its content known         opened, not analyzed: a move if the one track with that content lost
                                      its file, else a copy
another spelling of a known path      the same file if the disk leads both paths to one inode and lists one
                                      of them; compared as usual, not opened for it
a link into a known folder            skipped; a track that was known by the link gets its real path
files of a root that was moved        a move, opened only if its mtime differs; see
                                      :mod:`musimo.library.scan.moved_roots`
a file or folder that is excluded     skipped; a track that was known there is marked missing
a cue sheet                           counts as ignored; if what it says of a file has changed, or it came
                                      or went, that file is opened, and new parts of its audio are analyzed
a failed file                         opened if size or mtime differ, if it could not be read, if what its
                                      sheet says has changed, or with ``retry_failed``
====================================  ====================================================================

Without ``verify`` a scan cannot detect changes that keep size and mtime, to the nanosecond where the disk
stores it: a copy that preserves times, a tagger that writes into padding and restores the time, bit rot.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from musimo.library.db.files import FoundFile, GoneFile, KnownFile, PlannedFile, Renaming, ScanFolder
from musimo.library.db.folding import fold_path
from musimo.library.db.journal import Journal
from musimo.library.scan.exclusions import Exclusions
from musimo.library.scan.moved_roots import Moved, absent_roots, find_moved
from musimo.library.scan.roots import Identities, locate, within
from musimo.library.scan.sheets import Sheets, find_sheets
from musimo.library.scan.spelling import respelled
from musimo.library.scan.walk import FoundSheet, IgnoredFile, OtherName, UnreadableEntry, walk

VANISHED_SHARE = 0.2  # more than a fifth gone at once is taken for a drive that is not mounted


@dataclass(slots=True)
class ScanPlan:
    """What a scan found in a folder, and what it has to do. Paths are relative to the root."""

    scan_folder: ScanFolder
    to_open: list[PlannedFile] = field(default_factory=list)
    unreadable: list[tuple[PlannedFile, str]] = field(default_factory=list)
    found_again: list[int] = field(default_factory=list)
    gone: list[GoneFile] = field(default_factory=list)
    n_present: int = 0  # tracks that were not marked missing before, and are not excluded now
    n_unchanged: int = 0
    n_moved: int = 0  # tracks of a moved root that are not opened
    moved_roots: list[Moved] = field(default_factory=list)
    n_known_failures: int = 0
    n_ignored: int = 0
    n_music: int = 0
    unused_sheets: list[tuple[bytes, str]] = field(default_factory=list)  # and why


@dataclass(slots=True)
class _Walked:
    """Files in a folder. Paths are relative to the root."""

    scan_folder: ScanFolder
    exclusions: Exclusions
    files: dict[bytes, FoundFile] = field(default_factory=dict)
    sheets: list[FoundFile] = field(default_factory=list)
    unreadable: list[UnreadableEntry] = field(default_factory=list)
    other_names: dict[bytes, bytes | None] = field(default_factory=dict)  # and the paths they are found by
    n_ignored: int = 0

    def unseen(self, paths: Collection[bytes]) -> list[bytes]:
        """Return those of ``paths`` that were not found, and are in no folder that cannot be listed."""
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
    """Pause garbage collection: records of files hold no cycles, and the search takes a tenth of a scan."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@_no_collection()
def make_plans(
    journal: Journal,
    scan_folders: Sequence[ScanFolder],
    *,
    retry_failed: bool = False,
    verify: bool = False,
    exclude: Sequence[str] = (),
) -> list[ScanPlan]:
    """Walk folders and compare them with the library.

    Files that are known by another path are renamed in the library first; nothing else is written.

    Parameters
    ----------
    journal : the library
    scan_folders : none of them inside another
    retry_failed : plan to open files again that failed before
    verify : plan to also open files whose size and mtime are unchanged
    exclude : globs of files and folders to skip, see :class:`musimo.library.scan.exclusions.Exclusions`
    """
    walks = [
        _walk_folder(scan_folder, journal.roots(), Exclusions(exclude, scan_folder.root))
        for scan_folder in scan_folders
    ]
    known = [journal.known_files(scan_folder) for scan_folder in scan_folders]
    renamings = [
        renaming
        for walked, files in zip(walks, known, strict=True)
        for renaming in _renamings(journal, walked, files)
    ]
    if renamings:
        journal.rename(renamings)
        known = [journal.known_files(scan_folder) for scan_folder in scan_folders]
    moved = [
        _moved_roots(journal, walked, files, scan_folders) for walked, files in zip(walks, known, strict=True)
    ]
    arrived = [
        _follow_moves(journal, walked, files, roots)
        for walked, files, roots in zip(walks, known, moved, strict=True)
    ]
    if any(arrived):
        known = [journal.known_files(scan_folder) for scan_folder in scan_folders]
    plans = [
        _compare(
            walked, files, _find_sheets(journal, walked, files), retry_failed=retry_failed, verify=verify
        )
        for walked, files in zip(walks, known, strict=True)
    ]
    for plan, roots, paths in zip(plans, moved, arrived, strict=True):
        plan.moved_roots = roots
        opened = {planned.file.path for planned in plan.to_open}
        plan.n_moved = len(paths - opened)
        plan.n_unchanged -= plan.n_moved
    return plans


def _find_sheets(journal: Journal, walked: _Walked, known: dict[bytes, KnownFile]) -> Sheets:
    """Read the cue sheets of a folder, as far as that is needed, and store what they say."""
    here = walked.scan_folder
    sheets = find_sheets(here.root, walked.sheets, journal.known_sheets(here), walked.files, known)
    journal.write_sheets(here.root_id, sheets.gone, sheets.read)
    return sheets


def _moved_roots(
    journal: Journal, walked: _Walked, known: dict[bytes, KnownFile], scan_folders: Sequence[ScanFolder]
) -> list[Moved]:
    """Return the absent roots whose files may be among the new files of a folder."""
    absent = absent_roots(journal.roots(), (one.folder for one in scan_folders))
    if not absent or all(path in known for path in walked.files):
        return []
    root = walked.scan_folder.root
    found = (
        find_moved(old, journal.known_files(ScanFolder(old[1], old[0], b"")), root, walked.files)
        for old in absent.items()
    )
    return [moved for moved in found if moved is not None]


def _follow_moves(
    journal: Journal, walked: _Walked, known: dict[bytes, KnownFile], moved: Sequence[Moved]
) -> set[bytes]:
    """Give files of moved roots that are otherwise unchanged their new paths; return those of tracks."""
    renamings, arrived = [], set()
    for root in moved:
        if not root.is_certain:
            continue
        for path, file in journal.known_files(ScanFolder(root.root_id, root.old, b"")).items():
            to_path = root.prefix + path
            found = walked.files.get(to_path)
            if found is None or (found.size, found.mtime_ns) != (file.size, file.mtime_ns):
                continue
            renamings.append(Renaming(root.root_id, path, walked.scan_folder.root_id, to_path))
            if file.track_id is not None and not file.failed and to_path not in known:
                arrived.add(to_path)
    if renamings:
        journal.rename(renamings)
    return arrived


def _walk_folder(scan_folder: ScanFolder, roots: Collection[bytes], exclusions: Exclusions) -> _Walked:
    walked, top = _Walked(scan_folder, exclusions), scan_folder.folder
    for found in walk(top, roots, exclusions, scan_folder.prefix) if os.path.isdir(top) else ():
        path = (scan_folder.prefix + found.path).rstrip(b"/")  # an unreadable folder itself has an empty path
        if isinstance(found, FoundFile):
            walked.files[path] = found._replace(path=path) if scan_folder.prefix else found
        elif isinstance(found, FoundSheet):
            walked.sheets.append(FoundFile(path, found.size, found.mtime_ns))
            walked.n_ignored += 1
        elif isinstance(found, UnreadableEntry):
            walked.unreadable.append(replace(found, path=path))
        elif isinstance(found, OtherName):
            found_as = found.found_as
            walked.other_names[path] = found_as if found_as is None else scan_folder.prefix + found_as
        else:
            assert isinstance(found, IgnoredFile)
            walked.n_ignored += 1
    return walked


def _renamings(journal: Journal, walked: _Walked, known: dict[bytes, KnownFile]) -> Iterator[Renaming]:
    """Yield known files that are found under another path, in this scan or a later one."""
    here = walked.scan_folder
    unseen = walked.unseen(known)
    if walked.other_names and unseen:
        yield from _behind_links(journal.roots(), walked, unseen)
    if here.prefix and any(path not in known for path in walked.files):  # its own spelling may have changed
        spelled = fold_path(here.prefix)
        outside = journal.known_files(replace(here, prefix=b""))
        unseen += [
            path
            for path in outside
            if not path.startswith(here.prefix) and fold_path(path).startswith(spelled)
        ]
    for old, new in respelled(here.root, unseen, walked.files):
        yield Renaming(here.root_id, old, here.root_id, new)


def _behind_links(roots: dict[bytes, int], walked: _Walked, unseen: Sequence[bytes]) -> Iterator[Renaming]:
    """Yield files known through a folder or link that was skipped, with the paths they are found by."""
    here, identities = walked.scan_folder, Identities()
    for path in unseen:
        skipped = locate(path, walked.other_names)
        if skipped is None:
            continue
        name, rest = skipped
        found_as = walked.other_names[name]
        if found_as is not None:
            yield Renaming(here.root_id, path, here.root_id, os.path.join(found_as, rest))
            continue
        real = os.path.realpath(os.path.join(here.root, path))
        held = locate(real, roots, identities) if os.path.isfile(real) else None
        if held is not None and held != (here.root, path):
            yield Renaming(here.root_id, path, roots[held[0]], held[1])


def _compare(
    walked: _Walked, known: dict[bytes, KnownFile], sheets: Sheets, *, retry_failed: bool, verify: bool
) -> ScanPlan:
    plan = ScanPlan(walked.scan_folder, n_music=len(walked.files), n_ignored=walked.n_ignored)
    plan.unused_sheets = sheets.unused
    for entry in walked.unreadable:
        before = known.get(entry.path)
        known_failure = before is not None and before.failed
        planned = PlannedFile(walked.scan_folder, FoundFile(entry.path, 0, 0), known_failure=known_failure)
        plan.unreadable.append((planned, entry.reason))
    for path, found in walked.files.items():
        known_file = known.get(path)
        _compare_file(plan, found, known_file, sheets, retry_failed=retry_failed, verify=verify)
    plan.to_open = [
        replace(planned, sheet=sheets.tracks(planned.file.path), sheet_digest=digest)
        if (digest := sheets.digest(planned.file.path)) is not None
        else planned
        for planned in plan.to_open
    ]
    plan.gone = [
        GoneFile(
            walked.scan_folder.root_id,
            path,
            known[path].track_id,
            known[path].missing,
            walked.exclusions.covers(path),
        )
        for path in walked.unseen(known)
    ]
    excluded = {file.path for file in plan.gone if file.excluded}
    plan.n_present = sum(
        file.track_id is not None and not file.missing and path not in excluded
        for path, file in known.items()
    )
    return plan


def _compare_file(
    plan: ScanPlan,
    found: FoundFile,
    known: KnownFile | None,
    sheets: Sheets,
    *,
    retry_failed: bool,
    verify: bool,
) -> None:
    same = known is not None and (known.size, known.mtime_ns) == (found.size, found.mtime_ns)
    if known is None or not same or _has_other_sheet(known, sheets):
        plan.to_open.append(PlannedFile(plan.scan_folder, found))
    elif known.failed:
        if retry_failed or known.may_pass:
            plan.to_open.append(PlannedFile(plan.scan_folder, found, known_failure=True))
        else:
            plan.n_known_failures += 1
    elif not known.analyzed:
        plan.to_open.append(PlannedFile(plan.scan_folder, found, old_content=_old_content(known)))
    else:
        if verify or known.outdated:
            known_content = known.content if verify else None
            plan.to_open.append(
                PlannedFile(plan.scan_folder, found, known_content, old_content=_old_content(known))
            )
        else:
            plan.n_unchanged += 1
        if known.missing and known.track_id is not None:
            plan.found_again += (known.track_id, *known.more_ids)


def _has_other_sheet(known: KnownFile, sheets: Sheets) -> bool:
    """Return whether a file has another sheet than when it was scanned; a failure keeps no sheet."""
    return known.path in sheets.changed if known.failed else known.sheet != sheets.digest(known.path)


def _old_content(known: KnownFile) -> bytes | None:
    return known.content if known.outdated else None


def refusal(plan: ScanPlan, n_vanished: int) -> str | None:
    """Return why missing files may be on a drive that is not mounted; None where they are taken for gone."""
    if plan.n_present and not plan.n_music:
        return "it holds no music now, but did before: is the drive there?"
    if n_vanished > max(1, VANISHED_SHARE * plan.n_present):
        return f"{n_vanished} of its {plan.n_present} tracks vanished at once: is the drive there?"
    return None
