"""Groups of duplicates as text, JSON, CSV and paths."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from musimo.output.csv_out import PART_COLUMNS, TRACK_COLUMNS, csv_text
from musimo.output.formats import GroupFormat
from musimo.output.json_out import document
from musimo.output.naming import number_in_file
from musimo.output.tables import duration
from musimo.output.text import counted, joined, pad, path_text, safe, width
from musimo.records.fields import SCORE_DIGITS, number
from musimo.search.duplicates import DUPLICATE_KINDS, DuplicateGroup, describe_quality

HEADINGS: Final = {
    "sound": "the same audio: files that differ at most in their tags",
    "recording": "the same recording, encoded in several ways",
    "probable": "probably the same recording: listen before you decide",
}


def render_groups(groups: Sequence[DuplicateGroup], format: GroupFormat, *, print0: bool = False) -> bytes:
    """Return groups of duplicates in a format."""
    match format:
        case "table":
            return group_lines(groups).encode()
        case "json":
            return groups_json(groups).encode()
        case "csv":
            return groups_csv(groups).encode()
        case "paths":
            return groups_paths(groups, print0=print0)


def group_lines(groups: Sequence[DuplicateGroup]) -> str:
    """Return all groups by kind, the best file of each first."""
    if not groups:
        return "no duplicates\n"
    lines: list[str] = []
    for kind in DUPLICATE_KINDS:
        of_kind = [group for group in groups if group.kind == kind]
        if not of_kind:
            continue
        lines += [f"{HEADINGS[kind]} ({counted(len(of_kind), 'group')})", ""]
        for place, group in enumerate(of_kind, 1):
            lines += [*_lines(place, group), ""]
    more = sum(len(group.tracks) - 1 for group in groups if group.kind != "probable")
    lines.append(
        f"{counted(len(groups), 'group')}; {counted(more, 'file')} more than the best of a sure group"
    )
    return joined(lines)


def groups_json(groups: Sequence[DuplicateGroup]) -> str:
    """Return all groups as a JSON document."""
    return document({"groups": [group.as_dict() for group in groups]})


def groups_csv(groups: Sequence[DuplicateGroup]) -> str:
    """Return a CSV line per track, with the number of its group."""
    rows = [
        {
            **track.as_dict(),
            "group": place,
            "kind": group.kind,
            "similarity": number(group.similarity, SCORE_DIGITS),
            "rank": rank,
            "quality": describe_quality(track),
        }
        for place, group in enumerate(groups, 1)
        for rank, track in enumerate(group.tracks, 1)
    ]
    return csv_text(("group", "kind", "similarity", "rank", "quality", *TRACK_COLUMNS, *PART_COLUMNS), rows)


def groups_paths(groups: Sequence[DuplicateGroup], *, print0: bool = False) -> bytes:
    """Return paths, the best of a group first; an empty line, or an empty name, ends a group.

    Who reads them may delete files, so tracks within larger files are left out, and groups of one file.
    """
    end = b"\0" if print0 else b"\n"
    whole = ([track.path_bytes for track in group.tracks if track.part is None] for group in groups)
    return b"".join(b"".join(path + end for path in paths) + end for paths in whole if len(paths) > 1)


def _lines(place: int, group: DuplicateGroup) -> list[str]:
    alike = "" if group.kind == "sound" else f"similarity {group.similarity:.3f}"
    first = f"{place}. {'; '.join(filter(None, (alike, safe(group.note))))}".rstrip()
    qualities = [safe(describe_quality(track)) for track in group.tracks]
    room = max(map(width, qualities))
    lines = [first]
    for track, quality in zip(group.tracks, qualities, strict=True):
        lasts = pad(duration(track.duration_s), 5, right=True)
        lines.append(
            f"   {pad(quality, room)}  {lasts}  {path_text(track.path_bytes)}{number_in_file(track)}"
        )
    return lines
