"""What care of a library came to, as text and as JSON."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from musimo.library.prune import PrunePlan
from musimo.library.relocate import Relocated
from musimo.output.json_out import document
from musimo.output.naming import full_name
from musimo.output.text import pad, safe
from musimo.records import Check
from musimo.records.fields import Fields, path_fields

MARKS = {"ok": "ok", "note": "note", "bad": "BAD"}
MARK_WIDTH = max(map(len, MARKS.values()))
NAME_WIDTH = 9  # of the longest name of a check


def prune_lines(plan: PrunePlan) -> str:
    """What a prune is about to delete, and what it leaves alone and why."""
    lines: list[str] = []
    for track in plan.tracks:
        lines += [f"  {_path(track.path_bytes)}", f"      {safe(full_name(track))}"]
    if plan.tracks:
        lines.insert(0, f"{_count(len(plan.tracks), 'missing track')}:")
    for root in plan.refused:
        lines += [
            f"nothing of {_path(root.path)} is to be deleted: {safe(root.reason)}",
            "    if its files are really gone: musimo prune --accept-missing",
        ]
    if plan.returned:
        lines.append(f"{_count(plan.returned, 'missing track')} came back: musimo scan takes the mark away")
    if not lines:
        lines.append("no track is missing")
    return _text(lines)


def pruned_json(plan: PrunePlan, deleted: int, *, dry_run: bool) -> str:
    """A prune as one JSON document."""
    return document(
        {
            "deleted": deleted,
            "dry_run": dry_run,
            "tracks": [track.as_dict("0-1") for track in plan.tracks],
            "returned": plan.returned,
            "refused": [{**path_fields(root.path), "reason": root.reason} for root in plan.refused],
        }
    )


def relocated_lines(done: Relocated, *, dry_run: bool) -> str:
    """A relocation in a few lines."""
    would = "would move" if dry_run else "moved"
    lines = [f"{_count(done.moved, 'track')} {would} to {_path(done.new)}; nothing is heard again"]
    if done.merged:
        lines.append(f"{done.merged} of them were known there already, with the same sound")
    if done.there < done.moved:
        away = done.moved - done.there
        lines.append(f"{away} of them are not there, or have another size: the next scan looks into it")
    return _text(lines)


def relocated_json(done: Relocated, *, dry_run: bool) -> str:
    """A relocation as one JSON document."""
    return document(
        {
            **path_fields(done.old, "old"),
            **path_fields(done.new, "new"),
            "moved": done.moved,
            "merged": done.merged,
            "there": done.there,
            "dry_run": dry_run,
        }
    )


def backup_json(library: Path, copy: Path, size: int) -> str:
    """A backup as one JSON document."""
    names = {"library": library, "backup": copy}
    fields = {key: value for name, path in names.items() for key, value in _of(name, path).items()}
    return document({**fields, "bytes": size})


def reindexed_json(library: Path, indexed: int, files: Sequence[Path]) -> str:
    """Rebuilt indexes as one JSON document."""
    return document(
        {
            **_of("library", library),
            "indexed": indexed,
            "indexes": [path_fields(os.fsencode(file))["path"] for file in files],
        }
    )


def check_lines(check: Check) -> str:
    """One check of the doctor, with what to do about it."""
    lines = [f"{pad(check.name, NAME_WIDTH)}  {pad(MARKS[check.state], MARK_WIDTH)}  {safe(check.found)}"]
    if check.remedy and check.state != "ok":
        lines.append(f"{' ' * (NAME_WIDTH + MARK_WIDTH + 4)}{safe(check.remedy)}")
    return _text(lines)


def checks_json(checks: Sequence[Check]) -> str:
    """All checks of the doctor as one JSON document."""
    return document(
        {
            "ok": all(check.state != "bad" for check in checks),
            "checks": [one.as_dict() for one in checks],
        }
    )


def _of(name: str, path: Path) -> Fields:
    return path_fields(os.fsencode(path), name)


def _count(n: int, what: str) -> str:
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


def _path(path: bytes) -> str:
    return safe(os.fsdecode(path))


def _text(lines: Sequence[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
