"""Filters of ``--where`` as SQL conditions on :func:`musimo.library.db.tracks.joined`."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, and_, func, not_, or_

from musimo.library.db.schema import contents, emotions, roots, tempo_keys, tracks
from musimo.records import Filter, KeyFilter, NumberField, PathFilter, RangeFilter, TextFilter

VALENCE = func.coalesce(emotions.c.own_valence, emotions.c.valence)
AROUSAL = func.coalesce(emotions.c.own_arousal, emotions.c.arousal)
"""Emotion of a content: calibrated where there is a calibration, else as predicted by the network."""

NUMBERS: dict[NumberField, ColumnElement[Any]] = {
    "id": tracks.c.id,
    "year": tracks.c.year,
    "track": tracks.c.track,
    "disc": tracks.c.disc,
    "bpm": tracks.c.bpm,
    "tempo": tempo_keys.c.tempo,
    "bitrate": tracks.c.bitrate,
    "samplerate": tracks.c.sample_rate,
    "channels": tracks.c.channels,
    "duration": func.coalesce(contents.c.duration_s, tracks.c.duration_s),
    "valence": VALENCE,
    "arousal": AROUSAL,
}


def condition(query: Filter) -> ColumnElement[bool]:
    """Return the condition of a filter; an unknown value passes no filter, but every negated one."""
    known = func.coalesce(_holds(query), False)
    return not_(known) if query.negated else known


def _holds(query: Filter) -> ColumnElement[bool]:
    match query:
        case PathFilter():
            path = func.full_path(roots.c.path, tracks.c.path)
            contained = func.instr(path, query.needle) > 0
            return (
                contained if query.resolved is None else or_(contained, func.instr(path, query.resolved) == 1)
            )
        case TextFilter():
            column = tracks.c.codec if query.field == "format" else tracks.c[query.field]
            return func.instr(func.fold(column), query.needle) > 0
        case KeyFilter():
            return tempo_keys.c.key.in_(query.keys)
        case RangeFilter():
            number = NUMBERS[query.field]
            bounds: list[ColumnElement[bool]] = [number.is_not(None)]
            if query.low is not None:
                bounds.append(number >= query.low)
            if query.high is not None:
                bounds.append(number <= query.high)
            return and_(*bounds)
