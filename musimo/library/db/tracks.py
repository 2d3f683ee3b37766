"""One query for a track with all that is known of it, and the record made of its row."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Select, and_, select

from musimo.library.db import models, tempo_keys
from musimo.library.db.conditions import AROUSAL, PARTIAL, VALENCE
from musimo.library.db.schema import contents, emotions, roots, tracks
from musimo.library.db.schema import tempo_keys as tempo_key_table
from musimo.records import Tags, Track, Window

IN_ORDER = (roots.c.path, tracks.c.path, tracks.c.start_s)
"""Columns that tracks are listed by: their path, and the time within a file."""

TAG_FIELDS = tuple(Tags.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class Counts:
    """Numbers of tracks by state."""

    tracks: int
    analyzed: int
    missing: int
    failed: int
    partial: int = 0  # of the analyzed ones: not all of their audio could be decoded


def emotions_of(model: str) -> Any:
    """Return the condition that joins a track with its emotions by ``model``."""
    return and_(emotions.c.content_id == tracks.c.content_id, emotions.c.model_id == models.id_of(model))


def joined(model: str) -> Any:
    """Return tracks joined with roots, contents, emotions by ``model``, tempo and key."""
    return (
        tracks.join(roots, roots.c.id == tracks.c.root_id)
        .outerjoin(contents, contents.c.id == tracks.c.content_id)
        .outerjoin(emotions, emotions_of(model))
        .outerjoin(tempo_key_table, tempo_key_table.c.content_id == tracks.c.content_id)
    )


def track_query(model: str) -> Select[Any]:
    """Return the query whose rows :func:`track_of` reads."""
    return select(
        tracks,
        roots.c.path.label("root"),
        contents.c.duration_s.label("measured_s"),
        contents.c.hash.label("content_hash"),
        VALENCE.label("valence"),
        AROUSAL.label("arousal"),
        PARTIAL.label("decoded_fraction"),
        *tempo_keys.COLUMNS,
    ).select_from(joined(model))


def track_of(row: Row[Any]) -> Track:
    """Return the track that a row of :func:`track_query` describes."""
    return Track(
        id=row.id,
        path_bytes=os.path.join(row.root, row.path),
        tags=Tags(**{field: getattr(row, field) for field in TAG_FIELDS}),
        duration_s=row.measured_s if row.measured_s is not None else row.duration_s,
        content=row.content_id,
        valence=row.valence,
        arousal=row.arousal,
        partial=row.decoded_fraction,
        tempo_key=tempo_keys.read(row),
        content_hash=row.content_hash,
        part=None if row.end_s is None else Window(row.start_s, row.end_s),
    )
