"""Filters of ``--where`` as SQL conditions on :func:`musimo.library.db.tracks.joined`."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, func, not_, or_, select, tuple_

from musimo.errors import UsageError
from musimo.library.db.schema import contents, emotions, heard, ratings, roots, tempo_keys, tracks
from musimo.records import (
    AnyFilter,
    Filter,
    HeardFilter,
    KeyFilter,
    LikedFilter,
    MoodFilter,
    NumberField,
    PathFilter,
    RangeFilter,
    TextFilter,
)

VALENCE = func.coalesce(emotions.c.own_valence, emotions.c.valence)
AROUSAL = func.coalesce(emotions.c.own_arousal, emotions.c.arousal)
"""Emotion of a content: calibrated where there is a calibration, else as predicted by the network."""

PARTIAL = func.coalesce(tracks.c.partial * emotions.c.partial, tracks.c.partial, emotions.c.partial)
"""Decoded fraction of a file: the share of its audio that is present, times that of it which decodes."""

NUMBERS: dict[NumberField, ColumnElement[Any]] = {
    "id": tracks.c.id,
    "year": tracks.c.year,
    "release_year": tracks.c.release_year,
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


def check_tags(filters: Sequence[Filter], tags: Sequence[str], model: str) -> None:
    """Raise UsageError where filters ask for a tag that ``model``, which hears ``tags``, does not hear."""
    for asked in asked_tags(filters):
        if not tags:
            raise UsageError(
                f"--where heard:{asked}: {model} hears no tags",
                "analyze the music with a model that does: musimo scan FOLDER",
            )
        if asked and asked not in tags:
            close = difflib.get_close_matches(asked, tags, n=1)
            guess = f"did you mean {close[0]}? " if close else ""
            raise UsageError(
                f"--where heard:{asked}: {model} hears no tag {asked!r}", f"{guess}tags: {', '.join(tags)}"
            )


def asked_tags(filters: Sequence[Filter]) -> Iterator[str]:
    """Yield the tags that filters ask for; empty text for any tag."""
    for one in filters:
        if isinstance(one, HeardFilter):
            yield one.tag
        elif isinstance(one, AnyFilter):
            yield from asked_tags(one.filters)


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
        case AnyFilter():
            return or_(false(), *map(condition, query.filters))
        case LikedFilter():
            liked = select(ratings.c.content_id).where(ratings.c.liking == query.liking)
            return tracks.c.content_id.in_(liked)
        case HeardFilter():
            set_tags = select(heard.c.content_id, heard.c.model_id)
            if query.tag:
                set_tags = set_tags.where(heard.c.tag == query.tag)
            return tuple_(emotions.c.content_id, emotions.c.model_id).in_(set_tags)
        case MoodFilter():
            return tuple_(emotions.c.content_id, emotions.c.model_id).in_(_near(query))
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


def _near(query: MoodFilter) -> Select[Any]:
    """Return a query for contents and models near a point of the plane of percentiles.

    Percentiles are mid-ranks among the contents of present tracks, as in :mod:`musimo.search.plane`.
    """
    present = select(tracks.c.content_id).where(tracks.c.missing_since.is_(None))
    n = func.count().over(partition_by=emotions.c.model_id)

    def percentile(value: ColumnElement[Any]) -> ColumnElement[Any]:
        below = func.rank().over(partition_by=emotions.c.model_id, order_by=value) - 1.0
        not_above = func.cume_dist().over(partition_by=emotions.c.model_id, order_by=value)
        return (below / n + not_above) / 2.0

    ranks = (
        select(
            emotions.c.content_id,
            emotions.c.model_id,
            percentile(VALENCE).label("valence"),
            percentile(AROUSAL).label("arousal"),
        )
        .where(emotions.c.content_id.in_(present))
        .subquery()
    )
    right, up = ranks.c.valence - query.valence, ranks.c.arousal - query.arousal
    near = right * right + up * up <= query.radius**2
    return select(ranks.c.content_id, ranks.c.model_id).where(near)
