"""Ratings as CSV: written and read.

A line names its track by ``sound`` (the hash of its audio, which stays when a file is moved or retagged),
``path_bytes``, ``path`` or ``id``, whichever of them the library finds first. An empty cell means no value.
"""

from __future__ import annotations

import base64
import binascii
import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from musimo.errors import UsageError
from musimo.library.db.ratings import Opinion, Rating
from musimo.output.csv_out import csv_text, unguarded
from musimo.output.naming import artist_and_title
from musimo.records.fields import path_fields
from musimo.records.scale import RANGES, Scale, to_unit

NAMES: Final = ("sound", "path_bytes", "path", "id")
VALUES: Final = ("valence", "arousal", "liking")
COLUMNS: Final = ("path", *VALUES, "artist", "title", "rated_at", "sound", "path_bytes")
_LIKING_WORDS: Final = {"like": 1, "liked": 1, "1": 1, "dislike": -1, "disliked": -1, "-1": -1, "0": None}
_DELIMITERS: Final = ",;\t"  # spreadsheets write the second where a comma is the decimal point
_EXCEL_FIRST: Final = re.compile(r"\s*sep=[,;\t]\s*?(\r\n?|\n)", re.IGNORECASE)  # a line only Excel reads


@dataclass(frozen=True, slots=True)
class RatedLine:
    """A valid line: the names of its track, and the rating."""

    number: int
    names: Mapping[str, str]
    opinion: Opinion


@dataclass(frozen=True, slots=True)
class BadLine:
    """An invalid line; the header has ``number`` 1."""

    number: int
    reason: str


def ratings_csv(ratings: Sequence[Rating], scale: Scale) -> str:
    """Return ratings as CSV, with a header; columns of tracks that are not in the library are empty."""
    return csv_text(COLUMNS, (_row(rating, scale) for rating in ratings))


def read_ratings(data: bytes, scale: Scale) -> list[RatedLine | BadLine]:
    """Return the lines of a CSV file that contain a rating, in order.

    Raises
    ------
    UsageError : not CSV in UTF-8, or a header without the columns of a rating
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(
            f"the ratings are not in UTF-8, from byte {error.start} on",
            "save them as CSV in UTF-8: spreadsheets offer it beside plain CSV",
        ) from None
    first = _EXCEL_FIRST.match(text)
    n_skipped, text = (1, text[first.end() :]) if first else (0, text)
    delimiter = max(_DELIMITERS, key=lambda one: len({*NAMES, *VALUES} & {*_header(text, one)}))
    columns = _header(text, delimiter)
    try:
        rows = [(number + n_skipped, row) for number, row in _rows(text, delimiter)][1:]
    except csv.Error as error:
        raise UsageError(f"the ratings are not valid CSV: {error}") from None
    if not {*NAMES} & {*columns} or not {*VALUES} & {*columns}:
        raise UsageError(
            "the first line of the ratings must name their columns",
            f"one of {', '.join(NAMES)}, and at least one of {', '.join(VALUES)}",
        )
    lines = (_line(number, columns, row, scale) for number, row in rows)
    return [line for line in lines if line is not None]


def _header(text: str, delimiter: str) -> list[str]:
    """Return the first row in lower case; empty if it cannot be read."""
    try:
        return [column.strip().lower() for column in next(_rows(text, delimiter), (1, []))[1]]
    except csv.Error:
        return []


def _rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield rows that are not empty, with the number of the line each starts in."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = 1
    for row in reader:
        if any(cell.strip() for cell in row):
            yield number, row
        number = reader.line_num + 1


def _line(
    number: int, columns: Sequence[str], row: Sequence[str], scale: Scale
) -> RatedLine | BadLine | None:
    if any(cell.strip() for cell in row[len(columns) :]):
        return BadLine(number, f"it has {len(row)} cells, and the header {len(columns)}")
    cells = dict(zip(columns, row, strict=False))
    try:
        values: dict[str, float | int | None] = {
            name: _number(name, cells.get(name, ""), scale) for name in ("valence", "arousal")
        }
        values["liking"] = _liking(cells.get("liking", ""))
    except ValueError as error:
        return BadLine(number, str(error))
    if all(value is None for value in values.values()):
        return None
    names = {name: unguarded(cells[name]) for name in NAMES if cells.get(name, "").strip()}
    if not names:
        return BadLine(number, "it names no track")
    return RatedLine(number, names, Opinion(**values))  # type: ignore[arg-type]  # liking is whole


def _number(name: str, cell: str, scale: Scale) -> float | None:
    cell = cell.strip().replace(",", ".")
    if not cell:
        return None
    low, high = RANGES[scale]
    try:
        value = float(cell)
    except ValueError:
        raise ValueError(f"{name} {cell!r} is no number") from None
    if not low <= value <= high:
        raise ValueError(f"{name} {cell} is outside the scale {low:g}..{high:g}")
    return to_unit(value, scale)


def _liking(cell: str) -> int | None:
    word = unguarded(cell).strip().lower()
    if word and word not in _LIKING_WORDS:
        raise ValueError(f"liking {cell!r} is neither like nor dislike")
    return _LIKING_WORDS.get(word)


def named_path(line: RatedLine) -> bytes | None:
    """Return the path in ``path_bytes`` of a line; None if there is none."""
    try:
        return base64.b64decode(line.names.get("path_bytes", ""), validate=True) or None
    except (binascii.Error, ValueError):
        return None


def _row(rating: Rating, scale: Scale) -> dict[str, object]:
    row: dict[str, object] = {
        **rating.opinion.as_dict(scale),
        "rated_at": rating.rated_at,
        "sound": rating.content_hash.hex(),
    }
    if rating.track is not None:
        row["artist"], row["title"] = artist_and_title(rating.track)
        row |= path_fields(rating.track.path_bytes)
    return row
