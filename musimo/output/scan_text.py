"""The audit of a scan, as text and as JSON."""

from __future__ import annotations

from typing import Final

from musimo.library.scan.events import Audit
from musimo.output.json_out import document
from musimo.output.tables import clock
from musimo.records.fields import SECOND_DIGITS, number

_OUTCOMES: Final = ("new", "changed", "moved", "unchanged", "failed", "ignored")
"""What a seen file can turn out to be; they add up to ``seen``."""


def audit_json(audit: Audit) -> str:
    """The audit as one JSON document."""
    counts = {name: getattr(audit, name) for name in ("seen", *_OUTCOMES, "missing")}
    more = {"refused": audit.refused, "left": audit.left, "interrupted": audit.interrupted}
    return document({**counts, **more, "seconds": number(audit.seconds, SECOND_DIGITS)})


def audit_lines(audit: Audit) -> str:
    """The audit in a few lines, the last of which adds up; every line ends in a line feed."""
    lines = []
    if audit.missing:
        lines.append(f"{_count(audit.missing, 'track')} missing: known, but no longer there")
    if audit.failed:
        before = f", {audit.known_failures} of them before" if audit.known_failures else ""
        lines.append(f"{_count(audit.failed, 'file')} failed{before}: musimo errors tells why")
    if audit.interrupted:
        lines.append(f"interrupted, {_count(audit.left, 'file')} still to be heard: the same command goes on")
    outcomes = [f"{getattr(audit, name)} {name}" for name in _OUTCOMES if getattr(audit, name)]
    lines.append(f"{audit.seen} seen = {' + '.join(outcomes) or 'nothing'}, in {_lasted(audit.seconds)}")
    return "".join(f"{line}\n" for line in lines)


def _count(n: int, what: str) -> str:
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


def _lasted(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 60 else clock(seconds)
