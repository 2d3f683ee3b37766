"""The audit of a scan as text and as JSON."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from typing import Final

from musimo.library.scan.events import Audit, RootMayHaveMoved
from musimo.output.json_out import document
from musimo.output.tables import clock
from musimo.output.text import counted, joined, path_text, safe
from musimo.records.fields import path_fields

_OUTCOMES: Final = ("new", "changed", "moved", "unchanged", "failed", "ignored")
"""The outcomes of a file; their counts add up to ``seen``."""


def audit_json(audit: Audit, moved: Sequence[RootMayHaveMoved] = ()) -> str:
    """Return the audit as a JSON document, with the roots that may have moved."""
    relocate = [{**path_fields(one.old, "old"), **path_fields(one.new, "new")} for one in moved]
    return document({**audit.as_dict(), "relocate": relocate})


def audit_lines(audit: Audit, moved: Sequence[RootMayHaveMoved] = ()) -> str:
    """Return the audit in a few lines; the counts in its last one add up.

    A line for each root that may have moved follows, with the command that mends it.
    """
    lines = []
    if audit.missing:
        lines.append(f"{counted(audit.missing, 'track')} missing: known, but no longer there")
    if audit.failed:
        before = f", {audit.failed_before} of them before" if audit.failed_before else ""
        lines.append(f"{counted(audit.failed, 'file')} failed{before}: see musimo errors")
    if audit.interrupted:
        lines.append(f"interrupted, {counted(audit.left, 'file')} left: the same command continues")
    outcomes = [f"{getattr(audit, name)} {name}" for name in _OUTCOMES if getattr(audit, name)]
    lines.append(f"{audit.seen} seen = {' + '.join(outcomes) or 'nothing'}, in {_lasted(audit.seconds)}")
    for one in moved:
        old, new = (shlex.quote(os.fsdecode(path)) for path in (one.old, one.new))
        lines.append(
            f"{path_text(one.old)} is not there, and held the same tracks; if it was moved:"
            f" musimo relocate {safe(old)} {safe(new)}"
        )
    return joined(lines)


def _lasted(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 60 else clock(seconds)
