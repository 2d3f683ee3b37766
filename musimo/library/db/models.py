"""Models: their ids, their registration, and which of them is active."""

from __future__ import annotations

from sqlalchemy import Connection, ScalarSelect, select, update
from sqlalchemy.dialects.sqlite import insert

from musimo.errors import MusimoError
from musimo.library.db.schema import library_state, models


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


def set_active(connection: Connection, name: str) -> None:
    """Let the results of the model called ``name`` answer queries."""
    connection.execute(update(library_state).values(model=name))
