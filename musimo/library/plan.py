"""Comparing folders with the library: what is to be heard, what is known, what is gone. Opens no file."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace

from musimo.library.journal import GoneFile, Journal, KnownFile, PlannedFile, Territory
from musimo.library.walk import FoundFile, IgnoredFile, UnreadableEntry, walk

VANISHED_SHARE = 0.2  # more than a fifth gone at once is a drive that is not there, not a tidied folder


@dataclass(slots=True)
class Plan:
    """What a scan found and what it has to do. Paths are relative to the root."""

    territory: Territory
    to_hear: list[PlannedFile] = field(default_factory=list)
    unreadable: list[tuple[PlannedFile, str]] = field(default_factory=list)
    found_again: list[int] = field(default_factory=list)
    gone: list[GoneFile] = field(default_factory=list)
    n_present: int = 0  # tracks the library held for present before
    n_unchanged: int = 0
    n_known_failures: int = 0
    n_ignored: int = 0
    n_music: int = 0


def make_plan(journal: Journal, territory: Territory, *, retry_failed: bool) -> Plan:
    """Walk a territory and compare it with what is known of it."""
    plan = Plan(territory)
    known = journal.known_files(territory)
    plan.n_present = sum(file.track_id is not None and not file.missing for file in known.values())
    unlisted: list[bytes] = []
    seen: set[bytes] = set()
    for found in walk(territory.folder) if os.path.isdir(territory.folder) else ():
        if isinstance(found, IgnoredFile):
            plan.n_ignored += 1
            continue
        path = (territory.prefix + found.path).rstrip(b"/")  # the folder itself is found as an empty path
        seen.add(path)
        if isinstance(found, UnreadableEntry):
            planned = PlannedFile(territory, FoundFile(path, 0, 0))
            plan.unreadable.append((planned, found.reason))
            if found.is_folder:
                unlisted.append(path)
            continue
        plan.n_music += 1
        _compare(plan, replace(found, path=path), known.get(path), retry_failed)
    plan.gone = [
        GoneFile(territory.root_id, path, file.track_id, file.missing)
        for path, file in known.items()
        if path not in seen and not _within(path, unlisted)
    ]
    return plan


def _compare(plan: Plan, found: FoundFile, known: KnownFile | None, retry_failed: bool) -> None:
    same = known is not None and (known.size, known.mtime_ns) == (found.size, found.mtime_ns)
    if known is None or not same:
        plan.to_hear.append(PlannedFile(plan.territory, found))
    elif known.failed:
        if retry_failed or known.may_pass:
            plan.to_hear.append(PlannedFile(plan.territory, found))
        else:
            plan.n_known_failures += 1
    elif not known.analyzed:
        plan.to_hear.append(PlannedFile(plan.territory, found))
    else:
        plan.n_unchanged += 1
        if known.missing and known.track_id is not None:
            plan.found_again.append(known.track_id)


def _within(path: bytes, folders: list[bytes]) -> bool:
    return any(path == folder or path.startswith(folder + b"/" if folder else b"") for folder in folders)


def refusal(plan: Plan, n_vanished: int) -> str | None:
    """Why what is gone must not be believed gone; None where it may be."""
    if plan.n_present and not plan.n_music:
        return "it holds no music now, but did before: is the drive there?"
    if n_vanished > max(1, VANISHED_SHARE * plan.n_present):
        return f"{n_vanished} of its {plan.n_present} tracks vanished at once: is the drive there?"
    return None
