"""Tempo and key, one row per content."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, Row, Select, func, not_, select
from sqlalchemy.dialects.sqlite import insert

from musimo.library.db.schema import emotions, tempo_keys
from musimo.records import TempoKey

COLUMNS = [tempo_keys.c[name] for name in TempoKey.__dataclass_fields__]


def estimated_by(maker: str) -> Select[Any]:
    """Return a query for the ids of contents whose tempo and key were estimated by this method."""
    return select(tempo_keys.c.content_id).where(tempo_keys.c.maker == maker)


def n_outdated(connection: Connection, model_id: int, maker: str) -> int:
    """Count the contents that the model has analyzed, but whose tempo and key this method has not."""
    analyzed = select(func.count()).where(emotions.c.model_id == model_id)
    outdated = not_(emotions.c.content_id.in_(estimated_by(maker)))
    return connection.execute(analyzed.where(outdated)).scalar_one()


def write(connection: Connection, content_id: int, estimate: TempoKey, maker: str) -> None:
    """Store tempo and key of a content, replacing an earlier estimate."""
    facts = {"maker": maker, **asdict(estimate)}
    written = insert(tempo_keys).values({"content_id": content_id} | facts)
    connection.execute(written.on_conflict_do_update(index_elements=["content_id"], set_=facts))


def read(row: Row[Any]) -> TempoKey | None:
    """Return tempo and key from a row that holds ``COLUMNS``; None where they were not estimated."""
    if row.tempo_confidence is None:
        return None
    return TempoKey(row.tempo, row.tempo_confidence, row.key, row.key_confidence)
