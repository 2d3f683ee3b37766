"""Tempo and key as the library keeps them, one row a sound: how they are written and read."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, Row, Select, func, not_, select
from sqlalchemy.dialects.sqlite import insert

from musimo.library.db.schema import emotions, tempo_keys
from musimo.records import TempoKey

COLUMNS = [tempo_keys.c[name] for name in TempoKey.__dataclass_fields__]


def told_by(maker: str) -> Select[Any]:
    """Ids of the sounds whose tempo and key were told by this maker."""
    return select(tempo_keys.c.content_id).where(tempo_keys.c.maker == maker)


def n_lacking(connection: Connection, model_id: int, maker: str) -> int:
    """How many sounds the model has heard whose tempo and key this maker has not told."""
    heard = select(func.count()).where(emotions.c.model_id == model_id)
    return connection.execute(heard.where(not_(emotions.c.content_id.in_(told_by(maker))))).scalar_one()


def write(connection: Connection, content_id: int, told: TempoKey, maker: str) -> None:
    """Store what was told of a sound in the place of what was told before."""
    facts = {"maker": maker, **asdict(told)}
    written = insert(tempo_keys).values({"content_id": content_id} | facts)
    connection.execute(written.on_conflict_do_update(index_elements=["content_id"], set_=facts))


def read(row: Row[Any]) -> TempoKey | None:
    """What a row that holds ``COLUMNS`` tells; None where nobody listened for it."""
    if row.tempo_confidence is None:
        return None
    return TempoKey(row.tempo, row.tempo_confidence, row.key, row.key_confidence)
