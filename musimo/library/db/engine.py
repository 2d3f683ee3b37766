"""Opening the library file: SQLite with write-ahead logging, brought to today's schema by Alembic alone."""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event, text
from sqlalchemy.exc import DBAPIError

from musimo.atomic import replacing
from musimo.errors import LibraryError
from musimo.installation import installation
from musimo.library.db import schema
from musimo.library.db.folding import fold
from musimo.resources import resource

BUSY_TIMEOUT_MS = 30_000  # a batch of a scan commits within milliseconds; 30 s rides out a slow disk

LOCKED = "database is locked"
FULL = "database or disk is full"
UNSAID = ("disk I/O error", "unable to open database file", "attempt to write a readonly database")
"""What SQLite may say of a full disk, for it needs more files than the library."""
SHARED_BYTES = 32_768  # of the file by which its connections share what is in the log, at the least
ROOM_BYTES = 2 * SHARED_BYTES  # for it and for the log
POLL_S = 0.01  # another makes a library within a tenth of a second

OTHER_PLACE = "name another file with --library FILE"
NOT_YOURS = "it lies where you may not write: work on a copy"


def open_database(path: Path, *, create: bool = False) -> Engine:
    """Open the library at ``path``, migrating it when it is older than this musimo.

    In a folder that cannot be written, and on a full disk, it is opened to be read: SQLite would want files
    of its own there.

    Parameters
    ----------
    path : the SQLite file
    create : make the file, and its folder, when absent

    Raises
    ------
    LibraryError : the file is absent, is no library, is newer than this musimo, or cannot be read
    """
    try:
        if not path.exists():
            if not create:
                raise LibraryError(f"there is no library at {path}", "make one: musimo scan FOLDER")
            path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LibraryError(f"cannot use {error.filename}: {error.strerror}", OTHER_PLACE) from error
    engine = _engine(path, to_read=path.exists() and not may_write(path))
    try:
        try:
            _bring_to_today(engine, path)
        except (DBAPIError, sqlite3.Error):
            if not _is_full(path):
                raise
            engine = _engine(path, to_read=True)
            _bring_to_today(engine, path)
    except (DBAPIError, sqlite3.Error) as error:
        raise library_error(path, error) from error
    return engine


def _engine(path: Path, *, to_read: bool) -> Engine:
    if to_read:
        readable = partial(connect_to_read, path)
        engine = create_engine("sqlite://", creator=readable, poolclass=NullPool)
    else:
        engine = create_engine(URL.create("sqlite", database=str(path)), poolclass=NullPool)
    event.listen(engine, "connect", _prepare_connection)
    event.listen(engine, "begin", _begin)
    return engine


def library_error(path: Path, error: DBAPIError | sqlite3.Error) -> LibraryError:
    """What a database error means to the owner of the library."""
    reason = str(error.orig if isinstance(error, DBAPIError) else error)
    if reason in UNSAID and _is_full(path):
        reason = FULL
    hints = {
        "file is not a database": "this is no musimo library: name another with --library FILE",
        "unable to open database file": OTHER_PLACE,
        LOCKED: "another musimo is writing to it: try again when it is done",
        FULL: "free some space; what was stored before is safe",
        "attempt to write a readonly database": NOT_YOURS,
        "database disk image is malformed": "musimo doctor tells what is damaged; put back a copy of it",
    }
    return LibraryError(f"cannot use the library {path}: {reason}", hints.get(reason, ""))


def may_write(path: Path) -> bool:
    """Whether files can be made beside the library at ``path``, where SQLite keeps its log and locks."""
    folder = path.resolve().parent
    return os.access(folder, os.W_OK, effective_ids=os.access in os.supports_effective_ids)


def _is_full(path: Path) -> bool:
    """Whether the disk of the library has no room for SQLite's files beside it."""
    try:
        return shutil.disk_usage(path.resolve().parent).free < ROOM_BYTES
    except OSError:
        return False


def connect_to_read(path: Path) -> sqlite3.Connection:
    """A plain connection that changes nothing; it needs no right to write beside the library.

    Raises
    ------
    LibraryError : another musimo died writing it, and here nobody may put that in order
    sqlite3.Error : as SQLite's own
    """
    path = path.resolve()  # SQLite's own files lie beside what a link points to
    log, shared = (path.with_name(path.name + ending) for ending in ("-wal", "-shm"))
    logged = log.exists() and log.stat().st_size > 0
    shares = shared.exists() and shared.stat().st_size >= SHARED_BYTES
    full = _is_full(path) and not shares
    if (may_write(path) and not full) or (logged and shares):
        return sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)
    if logged and full:
        raise LibraryError(
            f"the library {path} was not closed, and its disk is full", "free some space there"
        )
    if logged:
        raise LibraryError(
            f"the library {path} was not closed, and lies where you may not write",
            f"copy it, and {log.name} with it, to a folder of your own: --library FILE",
        )
    return sqlite3.connect(f"{path.as_uri()}?immutable=1", uri=True)


def _fold(value: str | bytes | None) -> str | None:
    """``fold`` for SQL, where a text may be null and a path is bytes."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "backslashreplace")  # not "replace": all odd bytes would be one
    return None if value is None else fold(value)


def _prepare_connection(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # SQLAlchemy's own BEGIN below makes migrations transactional too
    connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA synchronous=NORMAL")  # with WAL: safe against a kill, and fast
    connection.create_function("fold", 1, _fold, deterministic=True)
    connection.create_function("full_path", 2, os.path.join, deterministic=True)


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN"))


def _bring_to_today(engine: Engine, path: Path) -> None:
    with engine.connect() as connection:
        tables = set(connection.execute(text("SELECT name FROM sqlite_master")).scalars())
        ours = {"alembic_version", "library_state"} <= tables
        version = text("SELECT version_num FROM alembic_version")
        revision = connection.execute(version).scalar() if ours else None
    if tables and revision is None:
        raise LibraryError(f"{path} is a database, but no musimo library", OTHER_PLACE)
    if revision == schema.REVISION:
        return
    if revision is not None and revision < schema.REVISION and not may_write(path):
        raise LibraryError(
            f"the library {path} was written by an older musimo and must be upgraded", NOT_YOURS
        )
    if revision is None:
        _log_ahead(engine)
    _migrate(engine, path, revision)


def _log_ahead(engine: Engine) -> None:
    """Switch to write-ahead logging. SQLite itself does not wait here for others who make the library too."""
    deadline = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    with engine.connect() as connection:
        plain: Any = connection.connection.driver_connection  # the switch cannot be part of a transaction
        while True:
            try:
                plain.execute("PRAGMA journal_mode=WAL")
            except sqlite3.OperationalError as error:
                if str(error) != LOCKED or time.monotonic() > deadline:
                    raise
                time.sleep(POLL_S)
            else:
                return


def _migrate(engine: Engine, path: Path, revision: str | None) -> None:
    """Run Alembic to the newest revision in one transaction; an older library is backed up first."""
    from alembic import command  # imported here: only a new or an old library pays for it
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(resource("migrations")).replace("%", "%%"))
    if revision is not None:
        known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
        if revision not in known:
            raise LibraryError(
                f"the library {path} was written by a newer musimo, {_written_by(engine)}",
                f"install a newer musimo: {installation().upgrade()}",
            )
        back_up(path, path.with_name(f"{path.name}.before-{schema.REVISION}"))
    with engine.connect().execution_options(begin="BEGIN IMMEDIATE") as connection, connection.begin():
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _written_by(engine: Engine) -> str:
    with engine.connect() as connection:
        try:
            return str(connection.execute(text("SELECT written_by FROM library_state")).scalar())
        except DBAPIError:  # a newer library may say it elsewhere
            return "of an unknown version"


def back_up(path: Path, target: Path) -> None:
    """Copy the library as one consistent snapshot, even while it is written to; ``target`` is replaced.

    The copy is checked before it takes its name, so that a damaged library never replaces a good copy.
    """
    why = f"cannot copy the library {path} to {target}"
    try:
        with replacing(target.resolve()) as beside:
            with closing(connect_to_read(path)) as source, closing(sqlite3.connect(beside)) as copy:
                source.backup(copy)
                [found] = copy.execute("PRAGMA quick_check(1)").fetchone()
            if found != "ok":
                raise LibraryError(f"{why}: it is damaged: {found}", "musimo doctor tells more")
    except OSError as error:
        raise LibraryError(f"{why}: {error.strerror}", "name another place") from error
    except sqlite3.Error as error:
        raise LibraryError(f"{why}: {error}", "musimo doctor tells whether the library is whole") from error
