"""Transactions that write, and what all writers of a library share: generation, stamps, timestamps."""

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
    """Open a transaction that excludes other writers; commit at the end of the block, unless it raises.

    Raises
    ------
    LibraryError : the database reports an error
    """
    try:
        connecting = store.engine.connect().execution_options(begin="BEGIN IMMEDIATE")
        with connecting as connection, connection.begin():
            yield connection
    except DBAPIError as error:
        raise library_error(store.path, error) from error


def renew_generation(connection: Connection) -> None:
    """Mark every index as outdated."""
    renewed = {"generation": stamp(), "written_by": __version__}
    connection.execute(update(library_state).values(renewed))


def stamp() -> int:
    """Return a random number that was not used before; a counter would repeat after a restored backup."""
    return secrets.randbits(STAMP_BITS)


def now() -> str:
    """Return the time as the library stores it: ISO 8601, UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")
