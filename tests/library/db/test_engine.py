"""Opening the library file: what is made, what is refused, and in which words."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from musimo.errors import LibraryError, MusimoError
from musimo.installation import installation
from musimo.library.db import engine as database
from musimo.library.db import schema
from musimo.library.db.engine import back_up, open_database
from musimo.library.db.queries import Store
from musimo.library.db.transactions import renew_generation, transaction
from musimo.resources import resource
from tests.catalog import Catalog, Entry, direction


def migrations() -> Config:
    config = Config()
    config.set_main_option("script_location", str(resource("migrations")).replace("%", "%%"))
    return config


def sql(path: Path, statement: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection, connection:
        return connection.execute(statement).fetchall()


def test_the_schema_names_the_newest_migration() -> None:
    assert ScriptDirectory.from_config(migrations()).get_heads() == [schema.REVISION]


def test_migrations_make_what_the_schema_says(tmp_path: Path) -> None:
    engine = open_database(tmp_path / "library.db", create=True)
    config = migrations()
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.check(config)  # raises where autogenerate finds a difference


def test_connections_log_ahead_and_hold_foreign_keys(tmp_path: Path) -> None:
    engine = open_database(tmp_path / "library.db", create=True)
    with engine.connect() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
        assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1
        with pytest.raises(DBAPIError, match="FOREIGN KEY"):
            connection.execute(text("INSERT INTO windows VALUES (1, 1, 0, 1, 0, 0, NULL)"))


@pytest.mark.parametrize(
    "name",
    [
        "100% mine",
        "a b",
        'it\'s "quoted"',
        "naïve 音楽",
        "what?x=1#y",
        "%2e%00",
        os.fsdecode(b"not utf-8 \xff"),
    ],
)
def test_any_path_will_do(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    path = folder / f"{name}.db"
    open_database(path, create=True)
    open_database(path)
    assert {file.name for file in folder.iterdir()} == {path.name}


def test_a_file_without_a_byte_becomes_a_library(tmp_path: Path) -> None:
    (tmp_path / "library.db").touch()
    open_database(tmp_path / "library.db")
    assert sql(tmp_path / "library.db", "SELECT version_num FROM alembic_version") == [(schema.REVISION,)]


def refused(path: Path, *, create: bool = False) -> LibraryError:
    with pytest.raises(LibraryError) as caught:
        open_database(path, create=create)
    assert caught.value.hint
    return caught.value


def test_what_is_no_library_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    assert "there is no library" in refused(tmp_path / "absent.db").message
    assert not (tmp_path / "absent.db").exists()

    notes = tmp_path / "notes.txt"
    notes.write_text("These are my notes, and no database at all.\n" * 100)
    assert "not a database" in refused(notes).message
    assert "not a database" in refused(notes, create=True).message
    assert notes.read_text().startswith("These are my notes")

    assert "no musimo library" in refused(foreign(tmp_path / "a.db", "CREATE TABLE songs (id)")).message
    migrated = foreign(tmp_path / "b.db", "CREATE TABLE alembic_version (version_num TEXT)")
    sql(migrated, "INSERT INTO alembic_version VALUES ('cafe')")
    assert "no musimo library" in refused(migrated).message, "another program uses Alembic too"

    assert "unable to open" in refused(tmp_path).message
    assert "File name too long" in refused(tmp_path / ("x" * 300), create=True).message
    assert "File exists" in refused(notes / "library.db", create=True).message


def foreign(path: Path, statement: str) -> Path:
    sql(path, statement)
    return path


def test_a_library_from_the_future_is_refused_with_the_reason(tmp_path: Path) -> None:
    path = tmp_path / "library.db"
    open_database(path, create=True)
    sql(path, "UPDATE alembic_version SET version_num = '9999'")
    sql(path, "UPDATE library_state SET written_by = '99.0'")
    before = path.read_bytes()
    error = refused(path)
    assert "newer musimo, 99.0" in error.message
    assert installation().upgrade() in error.hint
    assert path.read_bytes() == before
    sql(path, "ALTER TABLE library_state RENAME COLUMN written_by TO author")
    assert "of an unknown version" in refused(path).message


def test_an_older_library_is_copied_before_it_is_migrated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(
        resource("migrations"), tmp_path / "migrations", ignore=shutil.ignore_patterns("__pycache__")
    )
    catalog = Catalog(tmp_path / "library.db", tmp_path)
    catalog.add(Entry("a.mp3", direction(1)))
    before = schema.REVISION
    (tmp_path / "migrations" / "versions" / "9999_more.py").write_text(
        "from alembic import op\n"
        f"revision, down_revision, branch_labels, depends_on = '9999', '{before}', None, None\n"
        "def upgrade():\n"
        "    op.execute('CREATE TABLE more (id)')\n"
    )
    monkeypatch.setattr("musimo.resources.resource", lambda name: tmp_path / name)
    monkeypatch.setattr(schema, "REVISION", "9999")
    open_database(catalog.store.path)
    assert sql(catalog.store.path, "SELECT version_num FROM alembic_version") == [("9999",)]
    assert catalog.store.counts().tracks == 1
    copy = tmp_path / "library.db.before-9999"
    assert sql(copy, "SELECT version_num FROM alembic_version") == [(before,)]
    assert sql(copy, "SELECT path FROM tracks") == [(b"a.mp3",)]


def test_a_migration_that_fails_leaves_the_library_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(
        resource("migrations"), tmp_path / "migrations", ignore=shutil.ignore_patterns("__pycache__")
    )
    catalog = Catalog(tmp_path / "library.db", tmp_path)
    catalog.add(Entry("a.mp3", direction(1)))
    (tmp_path / "migrations" / "versions" / "9999_more.py").write_text(
        "from alembic import op\n"
        f"revision, down_revision, branch_labels, depends_on = '9999', '{schema.REVISION}', None, None\n"
        "def upgrade():\n"
        "    op.execute('DROP TABLE failures')\n"
        "    op.execute('SELECT * FROM nowhere')\n"
    )
    with monkeypatch.context() as patch:
        patch.setattr("musimo.resources.resource", lambda name: tmp_path / name)
        patch.setattr(schema, "REVISION", "9999")
        with pytest.raises(LibraryError, match="no such table: nowhere"):
            open_database(catalog.store.path)
    open_database(catalog.store.path)
    assert catalog.store.failures() == []
    assert catalog.store.counts().tracks == 1


CREATE = """
import sys
from pathlib import Path
from musimo.library.db.engine import open_database
import alembic.command
sys.stdin.readline()
open_database(Path(sys.argv[1]), create=True)
"""


def test_processes_that_make_one_library_at_once_all_get_it(tmp_path: Path) -> None:
    creators = [
        subprocess.Popen([sys.executable, "-c", CREATE, tmp_path / "library.db"], stdin=subprocess.PIPE)
        for _ in range(3)
    ]
    for creator in creators:
        assert creator.stdin is not None
        creator.stdin.write(b"\n")
        creator.stdin.flush()
    for creator in creators:
        creator.communicate(timeout=30)
    assert [creator.returncode for creator in creators] == [0, 0, 0]


def test_threads_that_make_one_library_at_once_all_get_it(tmp_path: Path) -> None:
    errors: list[MusimoError] = []

    def create() -> None:
        try:
            open_database(tmp_path / "library.db", create=True)
        except MusimoError as error:
            errors.append(error)

    threads = [threading.Thread(target=create) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


def test_who_makes_a_library_waits_for_another_who_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "library.db"
    with closing(sqlite3.connect(path, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")  # SQLite refuses to switch the journal now, without waiting
        release = threading.Timer(0.2, other.rollback)
        release.start()
        open_database(path)
        release.join()
    assert sql(path, "PRAGMA journal_mode") == [("wal",)]

    monkeypatch.setattr(database, "BUSY_TIMEOUT_MS", 50)
    with closing(sqlite3.connect(tmp_path / "held.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        assert "database is locked" in refused(tmp_path / "held.db").message


def test_a_library_on_a_full_disk_is_read_and_the_reason_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog = Catalog(tmp_path / "library.db", tmp_path)
    catalog.add(Entry("a.mp3", direction(1)))
    (tmp_path / "library.db-shm").symlink_to("nowhere/shm")  # stands in for a file there is no room for
    assert "unable to open" in refused(catalog.store.path).message
    monkeypatch.setattr(database, "_is_full", lambda path: True)
    store = Store(open_database(catalog.store.path), catalog.store.path, catalog.store.model)
    assert [track.path_bytes for track in store.all_tracks()] == [os.fsencode(tmp_path / "a.mp3")]
    with pytest.raises(LibraryError, match="disk is full") as caught, transaction(store) as connection:
        renew_generation(connection)
    assert "free some space" in caught.value.hint


def test_a_copy_is_whole_while_the_library_is_written_to(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "library.db", tmp_path)
    catalog.add(*(Entry(f"{n}.mp3", direction(1, n)) for n in range(50)))
    with closing(sqlite3.connect(catalog.store.path)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("DELETE FROM windows")
        back_up(catalog.store.path, tmp_path / "copy.db")
        writer.rollback()
    assert sql(tmp_path / "copy.db", "PRAGMA integrity_check") == [("ok",)]
    assert sql(tmp_path / "copy.db", "SELECT count(*) FROM windows") == [(50,)]
    with pytest.raises(LibraryError, match="cannot copy"):
        back_up(catalog.store.path, tmp_path / "no folder" / "copy.db")


def test_a_copy_replaces_only_by_a_whole_one(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "library.db", tmp_path)
    catalog.add(*(Entry(f"{n}.mp3", direction(1, n)) for n in range(200)))
    back_up(catalog.store.path, tmp_path / "copy.db")
    good = (tmp_path / "copy.db").read_bytes()
    with catalog.store.path.open("r+b") as file:
        file.seek(200_000)
        file.write(b"\xff" * 50_000)
    with pytest.raises(LibraryError, match="cannot copy") as caught:
        back_up(catalog.store.path, tmp_path / "copy.db")
    assert "musimo doctor" in caught.value.hint
    assert (tmp_path / "copy.db").read_bytes() == good
    assert {file.name for file in tmp_path.iterdir()} <= {
        "library.db",
        "library.db-wal",
        "library.db-shm",
        "copy.db",
    }


def test_a_library_that_another_holds_is_told_of_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_TIMEOUT_MS", 50)
    catalog = Catalog(tmp_path / "library.db", tmp_path)
    with closing(sqlite3.connect(catalog.store.path)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LibraryError, match="locked") as caught:
            catalog.add(Entry("a.mp3", direction(1)))
        other.rollback()
    assert "another musimo" in caught.value.hint
