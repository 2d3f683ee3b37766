"""The owner's ratings as CSV: what one function writes, the other reads.

A line names its track by ``sound`` (the hash of it, which no move and no retag changes), ``path_bytes``,
``path`` or ``id``, whichever of them the library knows first. A cell that is empty says nothing.
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
from musimo.output.csv_out import guarded, unguarded
from musimo.output.naming import artist_and_title, unicode_text
from musimo.records.fields import path_fields
from musimo.records.scale import RANGES, Scale, to_unit

NAMES: Final = ("sound", "path_bytes", "path", "id")
SAID: Final = ("valence", "arousal", "liking")
COLUMNS: Final = ("path", *SAID, "artist", "title", "rated_at", "sound", "path_bytes")
_LIKING_WORDS: Final = {"like": 1, "liked": 1, "1": 1, "dislike": -1, "disliked": -1, "-1": -1, "0": None}
_DELIMITERS: Final = ",;\t"  # spreadsheets write the second where a comma is the decimal point
_EXCEL_FIRST: Final = re.compile(r"\s*sep=[,;\t]\s*?(\r\n?|\n)", re.IGNORECASE)  # a line only Excel reads


@dataclass(frozen=True, slots=True)
class RatedLine:
    """A line that could be read: how it names its track, and what it says of it."""

    number: int
    names: Mapping[str, str]
    opinion: Opinion


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that says nothing musimo understands; ``number`` counts the header as 1."""

    number: int
    reason: str


def ratings_csv(ratings: Sequence[Rating], scale: Scale) -> str:
    """Ratings as CSV, with a header; the columns of the track are empty where the library has none."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS, restval="")
    writer.writeheader()
    for rating in ratings:
        row: dict[str, object] = {
            **rating.opinion.as_dict(scale),
            "rated_at": rating.rated_at,
            "sound": rating.content_hash.hex(),
        }
        if rating.track is not None:
            row["artist"], row["title"] = artist_and_title(rating.track)
            row |= path_fields(rating.track.path_bytes)
        writer.writerow({name: _cell(value) for name, value in row.items()})
    return text.getvalue()


def read_ratings(data: bytes, scale: Scale) -> list[RatedLine | BadLine]:
    """The lines of a CSV file that say anything, in order.

    Raises
    ------
    UsageError : it is no CSV in UTF-8, or its header lacks what a rating needs
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
    delimiter = max(_DELIMITERS, key=lambda one: len({*NAMES, *SAID} & {*_header(text, one)}))
    columns = _header(text, delimiter)
    try:
        rows = [(number + n_skipped, row) for number, row in _rows(text, delimiter)][1:]
    except csv.Error as error:
        raise UsageError(f"the ratings are no CSV: {error}") from None
    if not {*NAMES} & {*columns} or not {*SAID} & {*columns}:
        raise UsageError(
            "the first line of the ratings must name their columns",
            f"one of {', '.join(NAMES)}, and at least one of {', '.join(SAID)}",
        )
    lines = (_line(number, columns, row, scale) for number, row in rows)
    return [line for line in lines if line is not None]


def _header(text: str, delimiter: str) -> list[str]:
    """The first row, lower case; none where it cannot be read."""
    try:
        return [column.strip().lower() for column in next(_rows(text, delimiter), (1, []))[1]]
    except csv.Error:
        return []


def _rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Rows that are not empty, with the number of the line each begins in."""
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
        said: dict[str, float | int | None] = {
            name: _number(name, cells.get(name, ""), scale) for name in ("valence", "arousal")
        }
        said["liking"] = _liking(cells.get("liking", ""))
    except ValueError as error:
        return BadLine(number, str(error))
    if all(value is None for value in said.values()):
        return None
    names = {name: unguarded(cells[name]) for name in NAMES if cells.get(name, "").strip()}
    if not names:
        return BadLine(number, "it does not say which track it rates")
    return RatedLine(number, names, Opinion(**said))  # type: ignore[arg-type]  # liking is whole


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
    """The path that ``path_bytes`` of a line holds; None where it holds none."""
    try:
        return base64.b64decode(line.names.get("path_bytes", ""), validate=True) or None
    except (binascii.Error, ValueError):
        return None


def _cell(value: object) -> object:
    return guarded(unicode_text(value)) if isinstance(value, str) else value
