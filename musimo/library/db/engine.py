"""Open the library file: SQLite with write-ahead logging; Alembic alone makes and upgrades its tables."""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event, text
from sqlalchemy.exc import DBAPIError

from musimo.errors import LibraryError
from musimo.library.db import schema
from musimo.library.db.folding import SQL_FUNCTIONS
from musimo.settings import check_library

VARIABLES = 10_000  # in one statement; SQLite takes 32,766
BUSY_TIMEOUT_MS = 30_000  # a batch of a scan commits within milliseconds; 30 s rides out a slow disk

LOCKED = "database is locked"
FULL = "database or disk is full"
AMBIGUOUS = ("disk I/O error", "unable to open database file", "attempt to write a readonly database")
"""Errors that SQLite may also raise on a full disk, for it needs more files than the library."""
SHARED_BYTES = 32_768  # least size of the -shm file, by which connections share the write-ahead log
FREE_BYTES = 2 * SHARED_BYTES  # for the -shm file and the log
POLL_S = 0.01  # another process creates a library within a tenth of a second

OTHER_FILE = "name another file with --library FILE"
NOT_WRITABLE = "you may not write in its folder: work on a copy"


def open_database(path: Path, *, create: bool = False) -> Engine:
    """Open the library at ``path``, upgrading it if it is older than this musimo.

    In a folder without write permission, and on a full disk, it is opened read-only: SQLite would need files
    of its own there.

    Parameters
    ----------
    path : the SQLite file
    create : create the file and its folder if absent

    Raises
    ------
    LibraryError : the file is absent, is not a library, is newer than this musimo, or cannot be read
    SettingsError : no file is named, and the user has no home folder
    """
    check_library(path)
    try:
        if not path.exists():
            if not create:
                raise LibraryError(f"there is no library at {path}", "make one: musimo scan FOLDER")
            path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LibraryError(f"cannot use {error.filename}: {error.strerror}", OTHER_FILE) from error
    engine = _engine(path, read_only=path.exists() and not may_write(path))
    try:
        try:
            _upgrade(engine, path)
        except (DBAPIError, sqlite3.Error):
            if not _is_full(path):
                raise
            engine = _engine(path, read_only=True)
            _upgrade(engine, path)
    except (DBAPIError, sqlite3.Error) as error:
        raise library_error(path, error) from error
    return engine


def _engine(path: Path, *, read_only: bool) -> Engine:
    if read_only:
        connect = partial(connect_read_only, path)
        engine = create_engine("sqlite://", creator=connect, poolclass=NullPool)
    else:
        engine = create_engine(URL.create("sqlite", database=str(path)), poolclass=NullPool)
    event.listen(engine, "connect", _prepare_connection)
    event.listen(engine, "begin", _begin)
    return engine


def library_error(path: Path, error: DBAPIError | sqlite3.Error) -> LibraryError:
    """Translate a database error for the user."""
    reason = str(error.orig if isinstance(error, DBAPIError) else error)
    if reason in AMBIGUOUS and _is_full(path):
        reason = FULL
    hints = {
        "file is not a database": "this is no musimo library: name another with --library FILE",
        "unable to open database file": OTHER_FILE,
        LOCKED: "another musimo is writing to it: try again when it is done",
        FULL: "free some space; everything stored before is safe",
        "attempt to write a readonly database": NOT_WRITABLE,
        "database disk image is malformed": "musimo doctor shows the damage; put back a copy of it",
    }
    return LibraryError(f"cannot use the library {path}: {reason}", hints.get(reason, ""))


@contextmanager
def connected(engine: Engine, path: Path) -> Iterator[Connection]:
    """Open a connection; raise its errors as LibraryError."""
    try:
        with engine.connect() as connection:
            yield connection
    except (DBAPIError, sqlite3.Error) as error:
        raise library_error(path, error) from error


def slices(n: int) -> Iterator[slice]:
    """Yield slices of ``n`` ids that each fit into one statement."""
    for start in range(0, n, VARIABLES):
        yield slice(start, start + VARIABLES)


def may_write(path: Path) -> bool:
    """Return whether files can be created beside the library, where SQLite keeps its log and locks."""
    folder = path.resolve().parent
    return os.access(folder, os.W_OK, effective_ids=os.access in os.supports_effective_ids)


def _is_full(path: Path) -> bool:
    """Return whether the disk of the library has no space for SQLite's files beside it."""
    try:
        return shutil.disk_usage(path.resolve().parent).free < FREE_BYTES
    except OSError:
        return False


def connect_read_only(path: Path) -> sqlite3.Connection:
    """Return a read-only connection of sqlite3; it needs no permission to write beside the library.

    Raises
    ------
    LibraryError : a musimo was killed while writing, and the library cannot be recovered here
    sqlite3.Error : any other error
    """
    path = path.resolve()  # SQLite's own files are beside the target of a link
    log, shared = (path.with_name(path.name + ending) for ending in ("-wal", "-shm"))
    logged = log.exists() and log.stat().st_size > 0
    shares = shared.exists() and shared.stat().st_size >= SHARED_BYTES
    full = _is_full(path) and not shares
    if (may_write(path) and not full) or (logged and shares):
        return sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)
    if logged and full:
        raise LibraryError(
            f"the library {path} was not closed, and its disk is full", "free some space on it"
        )
    if logged:
        raise LibraryError(
            f"the library {path} was not closed, and you may not write in its folder",
            f"copy it, and {log.name} with it, to a folder of your own: --library FILE",
        )
    return sqlite3.connect(f"{path.as_uri()}?immutable=1", uri=True)


def _prepare_connection(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # SQLAlchemy's own BEGIN below makes migrations transactional too
    connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    connection.execute("PRAGMA foreign_keys=ON")
    connection.execute("PRAGMA synchronous=NORMAL")  # with WAL: safe against a kill, and fast
    for name, (n_arguments, function) in SQL_FUNCTIONS.items():
        connection.create_function(name, n_arguments, function, deterministic=True)
    connection.create_function("full_path", 2, os.path.join, deterministic=True)


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN"))


def _upgrade(engine: Engine, path: Path) -> None:
    with engine.connect() as connection:
        tables = set(connection.execute(text("SELECT name FROM sqlite_master")).scalars())
        ours = {"alembic_version", "library_state"} <= tables
        version = text("SELECT version_num FROM alembic_version")
        revision = connection.execute(version).scalar() if ours else None
    if tables and revision is None:
        raise LibraryError(f"{path} is a database, but no musimo library", OTHER_FILE)
    if revision == schema.REVISION:
        return
    if revision is not None and revision < schema.REVISION and not may_write(path):
        raise LibraryError(
            f"the library {path} was written by an older musimo and must be upgraded", NOT_WRITABLE
        )
    if revision is None:
        _enable_wal(engine)
    _migrate(engine, path, revision)


def _enable_wal(engine: Engine) -> None:
    """Switch to write-ahead logging. SQLite does not wait here for processes that create the library."""
    deadline = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    with engine.connect() as connection:
        plain: Any = connection.connection.driver_connection  # the switch is not possible in a transaction
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
    """Upgrade to the newest revision in one transaction, after a backup of an older library."""
    from alembic import command  # imported here, for only a new or an old library needs it
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    from musimo.installation import installation
    from musimo.resources import resource

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
        except DBAPIError:  # a newer library may store it elsewhere
            return "of an unknown version"


def back_up(path: Path, target: Path) -> None:
    """Copy the library to ``target`` as one consistent snapshot, even during a scan; replace ``target``.

    The copy is checked before it is renamed, so that a damaged library never replaces a good copy.

    Raises
    ------
    LibraryError : the library is damaged, or the copy cannot be written
    """
    from musimo.atomic import replacing

    why = f"cannot copy the library {path} to {target}"
    try:
        with replacing(target.resolve()) as beside:
            with closing(connect_read_only(path)) as source, closing(sqlite3.connect(beside)) as copy:
                source.backup(copy)
                [found] = copy.execute("PRAGMA quick_check(1)").fetchone()
            if found != "ok":
                raise LibraryError(f"{why}: it is damaged: {found}", "musimo doctor shows more")
    except OSError as error:
        raise LibraryError(f"{why}: {error.strerror}", "name another file") from error
    except sqlite3.Error as error:
        raise LibraryError(f"{why}: {error}", "musimo doctor checks whether the library is intact") from error
