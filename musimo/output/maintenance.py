"""Results of maintenance (prune, relocate, reindex, backup, doctor) as text and as JSON."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from musimo.library.prune import PrunePlan
from musimo.library.relocate import Relocated
from musimo.output.json_out import document
from musimo.output.naming import full_name
from musimo.output.text import counted, joined, pad, path_text, safe
from musimo.records.check import Check
from musimo.records.fields import Fields, path_fields

MARKS = {"ok": "ok", "note": "note", "bad": "BAD"}
MARK_WIDTH = max(map(len, MARKS.values()))
NAME_WIDTH = 9  # of the longest name of a check


def prune_lines(plan: PrunePlan) -> str:
    """Return what a prune is about to delete, and the roots it leaves alone, with the reason."""
    lines: list[str] = []
    for track in plan.tracks:
        lines += [f"  {path_text(track.path_bytes)}", f"      {safe(full_name(track))}"]
    if plan.tracks:
        lines.insert(0, f"{counted(len(plan.tracks), 'missing track')}:")
    for root in plan.refused:
        lines += [
            f"nothing of {path_text(root.path)} is to be deleted: {safe(root.reason)}",
            "    if its files are really gone: musimo prune --accept-missing",
        ]
    if plan.returned:
        lines.append(f"{counted(plan.returned, 'missing track')} came back: musimo scan records it")
    if not lines:
        lines.append("no track is missing")
    return joined(lines)


def pruned_json(plan: PrunePlan, deleted: int, *, dry_run: bool) -> str:
    """Return a prune as a JSON document."""
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
    """Return a relocation in a few lines."""
    would = "would move" if dry_run else "moved"
    lines = [f"{counted(done.moved, 'track')} {would} to {path_text(done.new)}; nothing is analyzed again"]
    if done.merged:
        lines.append(f"{done.merged} of them were known there already, with the same audio")
    if done.there < done.moved:
        away = done.moved - done.there
        lines.append(f"{away} of them are missing or have another size: the next scan checks them")
    return joined(lines)


def relocated_json(done: Relocated, *, dry_run: bool) -> str:
    """Return a relocation as a JSON document."""
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
    """Return a backup as a JSON document."""
    names = {"library": library, "backup": copy}
    fields = {key: value for name, path in names.items() for key, value in _of(name, path).items()}
    return document({**fields, "bytes": size})


def reindexed_json(library: Path, indexed: int, files: Sequence[Path]) -> str:
    """Return rebuilt indexes as a JSON document."""
    return document(
        {
            **_of("library", library),
            "indexed": indexed,
            "indexes": [path_fields(os.fsencode(file))["path"] for file in files],
        }
    )


def check_lines(check: Check) -> str:
    """Return one check of doctor, with its remedy."""
    lines = [f"{pad(check.name, NAME_WIDTH)}  {pad(MARKS[check.state], MARK_WIDTH)}  {safe(check.found)}"]
    if check.remedy and check.state != "ok":
        lines.append(f"{' ' * (NAME_WIDTH + MARK_WIDTH + 4)}{safe(check.remedy)}")
    return joined(lines)


def checks_json(checks: Sequence[Check]) -> str:
    """Return all checks of doctor as a JSON document."""
    return document(
        {
            "ok": all(check.state != "bad" for check in checks),
            "checks": [one.as_dict() for one in checks],
        }
    )


def _of(name: str, path: Path) -> Fields:
    return path_fields(os.fsencode(path), name)
