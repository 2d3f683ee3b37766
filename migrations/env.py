"""Alembic environment: migrate the connection passed by musimo, or the library at MUSIMO_LIBRARY."""

from __future__ import annotations

import os

from alembic import context
from sqlalchemy import URL, Connection, create_engine

from musimo.library.db.schema import metadata


def migrate(connection: Connection) -> None:
    context.configure(
        connection=connection, target_metadata=metadata, render_as_batch=True, transactional_ddl=True
    )
    with context.begin_transaction():
        context.run_migrations()


connection = context.config.attributes.get("connection")
if connection is not None:
    migrate(connection)
else:
    engine = create_engine(URL.create("sqlite", database=os.environ.get("MUSIMO_LIBRARY", ":memory:")))
    with engine.begin() as own_connection:
        migrate(own_connection)
