"""The audit of a scan as text and as JSON."""

from __future__ import annotations

from typing import Final

from musimo.library.scan.events import Audit
from musimo.output.json_out import document
from musimo.output.tables import clock
from musimo.output.text import counted, joined
from musimo.records.fields import SECOND_DIGITS, number

_OUTCOMES: Final = ("new", "changed", "moved", "unchanged", "failed", "ignored")
"""The outcomes of a file; their counts add up to ``seen``."""


def audit_json(audit: Audit) -> str:
    """Return the audit as a JSON document."""
    counts = {name: getattr(audit, name) for name in ("seen", *_OUTCOMES, "missing")}
    more = {"refused": audit.refused, "left": audit.left, "interrupted": audit.interrupted}
    return document({**counts, **more, "seconds": number(audit.seconds, SECOND_DIGITS)})


def audit_lines(audit: Audit) -> str:
    """Return the audit in a few lines; the counts in the last one add up."""
    lines = []
    if audit.missing:
        lines.append(f"{counted(audit.missing, 'track')} missing: known, but no longer there")
    if audit.failed:
        before = f", {audit.known_failures} of them before" if audit.known_failures else ""
        lines.append(f"{counted(audit.failed, 'file')} failed{before}: see musimo errors")
    if audit.interrupted:
        lines.append(f"interrupted, {counted(audit.left, 'file')} left: the same command continues")
    outcomes = [f"{getattr(audit, name)} {name}" for name in _OUTCOMES if getattr(audit, name)]
    lines.append(f"{audit.seen} seen = {' + '.join(outcomes) or 'nothing'}, in {_lasted(audit.seconds)}")
    return joined(lines)


def _lasted(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 60 else clock(seconds)
