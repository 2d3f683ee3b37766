"""Whether a library file is whole: looked at as it is, neither upgraded nor changed."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from musimo.errors import LibraryError
from musimo.library.db.engine import OTHER_PLACE, connect_to_read, library_error

LISTED = 5  # problems told; the first are enough to know that the file is damaged


@dataclass(frozen=True, slots=True)
class Health:
    """What a library file says of itself, and what SQLite says of it.

    Parameters
    ----------
    revision : of its schema
    written_by : version of the musimo that last wrote it; empty where a newer one says it elsewhere
    problems : what is wrong with the file; empty for none
    """

    revision: str
    written_by: str
    problems: tuple[str, ...]


def examine(path: Path) -> Health:
    """Look at the library at ``path``; reads all of it.

    Raises
    ------
    LibraryError : it is no library, or too damaged to be read
    """
    try:
        with closing(connect_to_read(path)) as connection:
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
            if not {"alembic_version", "library_state"} <= tables:
                raise LibraryError(f"{path} is a database, but no musimo library", OTHER_PLACE)
            [revision] = connection.execute("SELECT version_num FROM alembic_version").fetchone()
            return Health(str(revision), _writer(connection), tuple(_problems(connection)))
    except sqlite3.Error as error:
        raise library_error(path, error) from error
    except TypeError as error:  # a table that should have a row has none
        raise LibraryError(f"the library {path} is not complete", "put back a copy of it") from error


def _problems(connection: sqlite3.Connection) -> list[str]:
    try:
        found = [str(row[0]) for row in connection.execute(f"PRAGMA integrity_check({LISTED})")]
        if found != ["ok"]:
            return found
        dangling = connection.execute("PRAGMA foreign_key_check").fetchmany(LISTED)
    except sqlite3.DatabaseError as error:  # too damaged to be told how
        return [str(error)]
    return [f"row {row} of {table} points at nothing in {parent}" for table, row, parent, _ in dangling]


def _writer(connection: sqlite3.Connection) -> str:
    try:
        return str(connection.execute("SELECT written_by FROM library_state").fetchone()[0])
    except sqlite3.OperationalError:
        return ""
