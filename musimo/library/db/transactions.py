"""One transaction that writes, and the mark it leaves: what all writers of a library share."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from sqlalchemy import Connection, update
from sqlalchemy.exc import DBAPIError

from musimo import __version__
from musimo.library.db.engine import library_error
from musimo.library.db.queries import Store
from musimo.library.db.schema import library_state

STAMP_BITS = 62  # SQLite's integers have 63 and a sign


@contextmanager
def transaction(store: Store) -> Iterator[Connection]:
    """A transaction no other writer can come between; committed when the block ends, unless it raises."""
    try:
        connecting = store.engine.connect().execution_options(begin="BEGIN IMMEDIATE")
        with connecting as connection, connection.begin():
            yield connection
    except DBAPIError as error:
        raise library_error(store.path, error) from error


def renew_generation(connection: Connection) -> None:
    """Outdate the indexes."""
    renewed = {"generation": stamp(), "written_by": __version__}
    connection.execute(update(library_state).values(renewed))


def stamp() -> int:
    """A number that was never there before: drawn, for a library put back from a copy counts the same."""
    return secrets.randbits(STAMP_BITS)


def now() -> str:
    """The time as the library writes it: ISO 8601, UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")
