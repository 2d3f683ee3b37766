"""Models: their ids, their registration, and which of them is active."""

from __future__ import annotations

import json
from collections.abc import Sequence

from sqlalchemy import Connection, ScalarSelect, exists, select, update
from sqlalchemy.dialects.sqlite import insert

from musimo.errors import MusimoError
from musimo.library.db.schema import emotions, library_state, models


def id_of(name: str) -> ScalarSelect[int]:
    """Return a subquery for the id of the model called ``name``; null where it is not registered."""
    return select(models.c.id).where(models.c.name == name).scalar_subquery()


def register(connection: Connection, name: str, features: str) -> int:
    """Register a model with the id of its features, if it is new; return its id."""
    written = insert(models).values(name=name, features=features).on_conflict_do_nothing()
    connection.execute(written)
    return int(connection.execute(select(models.c.id).where(models.c.name == name)).scalar_one())


def check_features(connection: Connection, model_id: int, features: str) -> None:
    """Raise MusimoError if the model is registered with other features."""
    row = connection.execute(select(models).where(models.c.id == model_id)).one()
    if row.features != features:
        raise MusimoError(
            f"the analyses were made by {row.name} with features {features}, but this library holds analyses"
            f" of that model with features {row.features}",
            "one of the two was made by a modified version of musimo; scan instead of importing",
        )


def check_tags(connection: Connection, model_id: int, tags: Sequence[str]) -> None:
    """Name the tags that a model hears; MusimoError if the library knows that it hears others."""
    row = connection.execute(select(models).where(models.c.id == model_id)).one()
    analyzed = exists().where(emotions.c.model_id == model_id)
    if row.tags is None and tags and not connection.execute(select(analyzed)).scalar():
        connection.execute(update(models).where(models.c.id == model_id).values(tags=json.dumps(tags)))
    elif json.loads(row.tags or "[]") != list(tags):
        raise MusimoError(
            f"the analyses name other tags than the library has for {row.name}",
            "one of the two was made by a modified version of musimo; scan instead of importing",
        )


def set_active(connection: Connection, name: str) -> None:
    """Let the results of the model called ``name`` answer queries."""
    connection.execute(update(library_state).values(model=name))
