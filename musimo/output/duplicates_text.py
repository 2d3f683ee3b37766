"""Groups of duplicates as a table, JSON, CSV and paths."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Sequence
from typing import Final

from musimo.output.csv_out import TRACK_COLUMNS, guarded
from musimo.output.json_out import document
from musimo.output.naming import unicode_text
from musimo.output.tables import clock
from musimo.output.text import pad, safe, width
from musimo.records.fields import SCORE_DIGITS, number
from musimo.search.duplicates import DUPLICATE_KINDS, DuplicateGroup, describe_quality

HEADINGS: Final = {
    "sound": "the same sound: files that differ in their tags at most",
    "recording": "the same recording, encoded in several ways",
    "probable": "probably the same recording: listen before you decide",
}


def group_lines(groups: Sequence[DuplicateGroup]) -> str:
    """All groups under a heading for each kind; in each the best file first."""
    if not groups:
        return "no duplicates\n"
    lines: list[str] = []
    for kind in DUPLICATE_KINDS:
        of_kind = [group for group in groups if group.kind == kind]
        if not of_kind:
            continue
        lines += [f"{HEADINGS[kind]} ({_count(len(of_kind), 'group')})", ""]
        for place, group in enumerate(of_kind, 1):
            lines += [*_lines(place, group), ""]
    more = sum(len(group.tracks) - 1 for group in groups if group.kind != "probable")
    lines.append(f"{_count(len(groups), 'group')}; {_count(more, 'file')} more than the best of a sure group")
    return "".join(f"{line}\n" for line in lines)


def groups_json(groups: Sequence[DuplicateGroup]) -> str:
    """All groups as one JSON document."""
    return document({"groups": [group.as_dict() for group in groups]})


def groups_csv(groups: Sequence[DuplicateGroup]) -> str:
    """One line a track, with the number of its group."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    columns = ("group", "kind", "similarity", "rank", "quality", *TRACK_COLUMNS)
    writer.writerow(columns)
    for place, group in enumerate(groups, 1):
        similarity = number(group.similarity, SCORE_DIGITS)
        for rank, track in enumerate(group.tracks, 1):
            facts = {"group": place, "kind": group.kind, "similarity": similarity, "rank": rank}
            values = {**track.as_dict(), **facts, "quality": describe_quality(track)}
            cells = (values.get(column) for column in columns)
            writer.writerow([guarded(unicode_text(one)) if isinstance(one, str) else one for one in cells])
    return text.getvalue()


def groups_paths(groups: Sequence[DuplicateGroup], *, print0: bool = False) -> bytes:
    """Paths, the best of a group first; an empty line, or an empty name, ends a group."""
    end = b"\0" if print0 else b"\n"
    return b"".join(b"".join(track.path_bytes + end for track in group.tracks) + end for group in groups)


def _lines(place: int, group: DuplicateGroup) -> list[str]:
    alike = "" if group.kind == "sound" else f"similarity {group.similarity:.3f}"
    first = f"{place}. {'; '.join(filter(None, (alike, safe(group.note))))}".rstrip()
    qualities = [safe(describe_quality(track)) for track in group.tracks]
    room = max(map(width, qualities))
    lines = [first]
    for track, quality in zip(group.tracks, qualities, strict=True):
        lasts = pad(clock(track.duration_s), 5, right=True)
        lines.append(f"   {pad(quality, room)}  {lasts}  {safe(os.fsdecode(track.path_bytes))}")
    return lines


def _count(n: int, what: str) -> str:
    return f"{n} {what}" if n == 1 else f"{n} {what}s"
