"""Alembic's entry: migrates the connection musimo hands over, or the library named by MUSIMO_LIBRARY."""

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


handed_over = context.config.attributes.get("connection")
if handed_over is not None:
    migrate(handed_over)
else:
    engine = create_engine(URL.create("sqlite", database=os.environ.get("MUSIMO_LIBRARY", ":memory:")))
    with engine.begin() as own_connection:
        migrate(own_connection)
