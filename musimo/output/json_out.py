"""Answers as JSON: one document, or one line per track.

Text is UTF-8. What a terminal would act on is written as a ``\\u`` escape, which reads back as the same
character; lone surrogates, which UTF-8 cannot hold, become U+FFFD. Numbers that are not finite are null.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from musimo.output.answers import Details
from musimo.output.naming import unicode_text
from musimo.output.text import UNSAFE
from musimo.records.scale import Scale

if TYPE_CHECKING:
    from musimo.output.answers import AnalyzeAnswer, Answer, ErrorsAnswer, TrackList

SCHEMA: Final = 1
"""Rises when a field changes its meaning or is removed, not when one is added."""


def document(content: Mapping[str, object]) -> str:
    """Return a JSON document with the schema at its top, ended by a line feed."""
    return _dump({"schema": SCHEMA, **content}, indent=2) + "\n"


def lines(rows: Iterable[Mapping[str, object]]) -> str:
    """Return JSON Lines: one object per line."""
    return "".join(_dump(row, indent=None) + "\n" for row in rows)


def content(answer: Answer, scale: Scale) -> dict[str, object]:
    """Return an answer as the content of its document."""
    fields = answer.as_dict(scale)
    return {"track": fields} if isinstance(answer, Details) else fields


def rows(answer: TrackList | AnalyzeAnswer | ErrorsAnswer, scale: Scale) -> Sequence[Mapping[str, object]]:
    """Return the rows of an answer, as objects."""
    return [row.as_dict(scale) for row in answer.rows]


def _dump(value: Mapping[str, object], indent: int | None) -> str:
    text = unicode_text(json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent))
    return re.sub(f"(?!\n){UNSAFE.pattern}", _escape, text)  # line feeds are the indentation's alone


def _escape(match: re.Match[str]) -> str:
    units = match[0].encode("utf-16-be").hex()
    return "".join(f"\\u{units[place : place + 4]}" for place in range(0, len(units), 4))
