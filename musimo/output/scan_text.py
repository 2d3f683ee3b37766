"""The audit of a scan, as text and as JSON."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from typing import Final

from musimo.library.scan.events import Audit, RootMayHaveMoved
from musimo.output.json_out import document
from musimo.output.tables import clock
from musimo.output.text import safe
from musimo.records.fields import SECOND_DIGITS, number, path_fields

_OUTCOMES: Final = ("new", "changed", "moved", "unchanged", "failed", "ignored")
"""What a seen file can turn out to be; they add up to ``seen``."""


def audit_json(audit: Audit, moved: Sequence[RootMayHaveMoved] = ()) -> str:
    """The audit as one JSON document, with the roots that may have moved."""
    counts = {name: getattr(audit, name) for name in ("seen", *_OUTCOMES, "missing")}
    more = {"failed_before": audit.failed_before, "refused": audit.refused, "left": audit.left, "interrupted": audit.interrupted}
    relocate = [{**path_fields(one.old, "old"), **path_fields(one.new, "new")} for one in moved]
    return document({**counts, **more, "relocate": relocate, "seconds": number(audit.seconds, SECOND_DIGITS)})


def audit_lines(audit: Audit, moved: Sequence[RootMayHaveMoved] = ()) -> str:
    """The audit in a few lines, then the command for each root that may have moved; each ends in a line feed.

    The last line of the audit itself adds up.
    """
    lines = []
    if audit.missing:
        lines.append(f"{_count(audit.missing, 'track')} missing: known, but no longer there")
    if audit.failed:
        before = f", {audit.failed_before} of them before" if audit.failed_before else ""
        lines.append(f"{_count(audit.failed, 'file')} failed{before}: musimo errors tells why")
    if audit.interrupted:
        lines.append(f"interrupted, {_count(audit.left, 'file')} still to be heard: the same command goes on")
    outcomes = [f"{getattr(audit, name)} {name}" for name in _OUTCOMES if getattr(audit, name)]
    lines.append(f"{audit.seen} seen = {' + '.join(outcomes) or 'nothing'}, in {_lasted(audit.seconds)}")
    for one in moved:
        old, new = (shlex.quote(os.fsdecode(path)) for path in (one.old, one.new))
        lines.append(
            f"{safe(os.fsdecode(one.old))} is not there, and holds the same tracks; if it was moved:"
            f" musimo relocate {safe(old)} {safe(new)}"
        )
    return "".join(f"{line}\n" for line in lines)


def _count(n: int, what: str) -> str:
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


def _lasted(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 60 else clock(seconds)
