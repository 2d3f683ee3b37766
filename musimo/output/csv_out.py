"""Answers as CSV (RFC 4180, UTF-8, a header line), for spreadsheets and scripts.

A spreadsheet runs a cell that starts with ``= + - @`` as a formula, and tags come from anywhere. Such a text
cell gets a leading single quote. Leading quotes of the text count, so that the rule can be undone: where a
text cell starts with quotes and one of these characters, drop the first quote (:func:`unguarded`). Numbers
stay as they are. For Excel, a byte order mark comes first; without it, Excel does not read UTF-8.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from musimo.output.answers import (
    AnalyzeAnswer,
    ErrorsAnswer,
    FindResult,
    MoodPathResult,
    MoodResult,
    PathResult,
    SimilarResult,
    TrackList,
    TracksAnswer,
)
from musimo.output.json_out import rows
from musimo.output.naming import unicode_text
from musimo.records import KeyNotation, written_key
from musimo.records.scale import Scale

BYTE_ORDER_MARK: Final = "\ufeff"
TEMPO_KEY_COLUMNS: Final = ("tempo", "tempo_confidence", "key", "key_confidence")
TRACK_COLUMNS: Final = (
    "id",
    "path",
    "title",
    "artist",
    "album",
    "albumartist",
    "genre",
    "year",
    "duration",
    "format",
    "bitrate",
    "valence",
    "arousal",
    "path_bytes",
    "partial",
    *TEMPO_KEY_COLUMNS,
    "content",
    "heard",
    "release_year",
)
PART_COLUMNS: Final = ("start", "end")  # of a track of a cue sheet in its file
WINDOW_COLUMNS: Final = ("window_start", "window_end", "window_similarity")
EXPLAIN_COLUMNS: Final = tuple(
    f"explain_{name}"
    for name in (
        "seed",
        "alike",
        "unlike",
        "sound",
        "statistics",
        "fused",
        "embedding",
        "mood_distance",
        "valence_difference",
        "arousal_difference",
        "tempo_ratio",
        "key_relation",
        "key_steps",
        "genres",
        "heard",
    )
)
SEPARATOR: Final = "; "  # between several values in one cell
# What starts a formula in common spreadsheets, full-width forms and skipped white space included.
_FORMULA: Final = re.compile("'*[=+\\-@\t\r\n＝＋－＠]")


def csv_table(
    answer: TrackList | AnalyzeAnswer | ErrorsAnswer,
    scale: Scale,
    *,
    excel: bool = False,
    keys: KeyNotation | None = None,
) -> str:
    """Return the rows of an answer as CSV; unknown values, and ``path_bytes`` of UTF-8 paths, are empty.

    Parameters
    ----------
    excel : put a byte order mark before them
    keys : how keys are written; None for their names
    """
    flat = ({**_flat(row), **_key_in(keys, row)} for row in rows(answer, scale))
    return (BYTE_ORDER_MARK if excel else "") + csv_text(_columns(answer), flat)


def csv_text(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> str:
    """Return rows as CSV with a header; values that a row lacks are empty, text is guarded."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(row.get(column)) for column in columns])
    return text.getvalue()


def guarded(cell: str) -> str:
    """Return text that no spreadsheet reads as a formula."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def unguarded(cell: str) -> str:
    """Undo :func:`guarded`."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def _columns(answer: TrackList | AnalyzeAnswer | ErrorsAnswer) -> tuple[str, ...]:
    match answer:
        case SimilarResult(explained=False):
            return ("rank", "similarity", *TRACK_COLUMNS, *WINDOW_COLUMNS, *PART_COLUMNS)
        case SimilarResult():
            return ("rank", "similarity", *TRACK_COLUMNS, *WINDOW_COLUMNS, *EXPLAIN_COLUMNS, *PART_COLUMNS)
        case MoodResult(like=None) | MoodPathResult():
            return ("rank", "distance", *TRACK_COLUMNS, *PART_COLUMNS)
        case MoodResult():
            return ("rank", "distance", "similarity", *TRACK_COLUMNS, *PART_COLUMNS)
        case FindResult():
            return ("rank", "score", *TRACK_COLUMNS, *["explain"] * answer.explained, *PART_COLUMNS)
        case PathResult():
            return ("rank", "to_start", "to_end", *TRACK_COLUMNS, *PART_COLUMNS)
        case TracksAnswer():
            return (*TRACK_COLUMNS, *PART_COLUMNS)
        case AnalyzeAnswer():
            return (
                "path",
                "duration",
                "valence",
                "arousal",
                "path_bytes",
                *TEMPO_KEY_COLUMNS,
                "content",
                "heard",
            )
        case ErrorsAnswer():
            return ("path", "stage", "reason", "when", "path_bytes")


def _flat(row: Mapping[str, object]) -> Mapping[str, object]:
    """Return a row with its tags heard in one cell, window and explanation in columns of their own."""
    flat = dict(row)
    heard = row.get("heard")
    if isinstance(heard, list):
        flat["heard"] = SEPARATOR.join(one["tag"] for one in heard)
    why = row.get("explain")
    if isinstance(why, list):
        flat["explain"] = SEPARATOR.join(f"{one['word']} {one['value']}" for one in why)
    for group in ("window", "explain"):
        inner = row.get(group)
        if isinstance(inner, Mapping):
            flat |= {f"{group}_{name}": _joined(value) for name, value in inner.items()}
    return flat


def _key_in(notation: KeyNotation | None, row: Mapping[str, object]) -> Mapping[str, object]:
    """Return the column of the key, if it is to be in a notation."""
    key = row.get("key")
    return {"key": written_key(key, notation)} if notation is not None and isinstance(key, str) else {}


def _joined(value: object) -> object:
    return SEPARATOR.join(map(str, value)) if isinstance(value, list) else value


def _cell(value: object) -> object:
    return guarded(unicode_text(value)) if isinstance(value, str) else value
