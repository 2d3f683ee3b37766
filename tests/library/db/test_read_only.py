"""A library where nobody may write: it is asked all the same, and never harmed."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from tempfile import mkdtemp

import pytest

from musimo.api import Library
from musimo.errors import LibraryError
from musimo.library.db import schema
from musimo.library.db.engine import back_up, open_database
from musimo.library.db.health import examine
from musimo.library.db.lock import hold
from musimo.library.db.names import Named
from musimo.library.db.queries import Store
from musimo.resources import weights_path
from musimo.search.indexes import Indexes
from musimo.settings import Settings
from tests.catalog import MODEL, Catalog, Entry, PlainSpace, direction

NOBODY = 65_534
pytestmark = pytest.mark.skipif(not hasattr(os, "geteuid"), reason="this system has no such rights")

Close = Callable[[], None]


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder whose parents anyone may enter, unlike pytest's own."""
    made = Path(mkdtemp(prefix="musimo 100%?#"))
    made.chmod(0o755)
    yield made
    made.chmod(0o755)
    shutil.rmtree(made)


@pytest.fixture
def close(folder: Path) -> Iterator[Close]:
    """Takes the right to write in the folder away, from root too."""
    with ExitStack() as ends:

        def take_away() -> None:
            folder.chmod(0o555)
            if os.geteuid() == 0:
                os.seteuid(NOBODY)
                ends.callback(os.seteuid, 0)

        yield take_away


@pytest.fixture
def catalog(folder: Path) -> Catalog:
    made = Catalog(folder / "library.db", Path("/music"))
    made.add(*(Entry(f"{n}.mp3", direction(1, n)) for n in range(3)))
    return made


def test_it_is_asked_examined_and_copied_and_no_file_is_made(
    catalog: Catalog, folder: Path, close: Close, tmp_path: Path
) -> None:
    before = (folder / "library.db").read_bytes()
    close()
    store = Store.open(folder / "library.db", MODEL)
    assert store.counts().tracks == 3
    assert len(store.descriptors()[0]) == 3
    assert Named(store, "1.mp3").containing(5, accents=True)[0].path_bytes == b"/music/1.mp3"
    assert examine(folder / "library.db").problems == ()
    assert [file.name for file in folder.iterdir()] == ["library.db"]
    assert (folder / "library.db").read_bytes() == before


def test_a_link_from_a_folder_of_ones_own_changes_nothing(
    catalog: Catalog, folder: Path, close: Close
) -> None:
    (folder / "own").mkdir()
    (folder / "own").chmod(0o777)
    (folder / "own" / "link.db").symlink_to(folder / "library.db")
    close()
    assert Store.open(folder / "own" / "link.db", MODEL).counts().tracks == 3
    back_up(folder / "own" / "link.db", folder / "own" / "copy.db")
    assert examine(folder / "own" / "copy.db").problems == ()


def test_answers_need_no_index_on_disk(folder: Path, close: Close, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Catalog(folder / "library.db", Path("/music"), weights_path().stem)
    made.add(*(Entry(f"{n}.mp3", direction(1, n), valence=n / 4) for n in range(3)))
    monkeypatch.setattr(Indexes, "_space", lambda self: PlainSpace())
    library = Library(Settings(folder / "library.db"))
    close()
    assert [row.track.path_bytes for row in library.mood(0.0, 0.5)] == [
        b"/music/%d.mp3" % n for n in range(3)
    ]
    assert [row.track.path_bytes for row in library.similar("0.mp3")] == [b"/music/1.mp3", b"/music/2.mp3"]
    assert library.status().indexed == 3
    assert [file.name for file in folder.iterdir()] == ["library.db"]


def test_what_would_write_is_refused_in_words(catalog: Catalog, folder: Path, close: Close) -> None:
    close()
    with pytest.raises(LibraryError, match="readonly") as caught:
        Catalog(folder / "library.db", Path("/music"))
    assert "work on a copy" in caught.value.hint
    with pytest.raises(LibraryError, match="cannot lock"), hold(folder / "library.db"):
        pass
    with pytest.raises(LibraryError, match="cannot copy"):
        back_up(folder / "library.db", folder / "copy.db")


def test_an_older_one_is_not_half_upgraded(catalog: Catalog, folder: Path, close: Close) -> None:
    with closing(sqlite3.connect(folder / "library.db")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '0001'")
    close()
    with pytest.raises(LibraryError, match="older musimo") as caught:
        open_database(folder / "library.db")
    assert "work on a copy" in caught.value.hint
    assert examine(folder / "library.db").revision == "0001" < schema.REVISION


def test_one_that_a_scan_holds_open_answers_what_is_committed(
    catalog: Catalog, folder: Path, close: Close
) -> None:
    with closing(sqlite3.connect(folder / "library.db")) as writer:
        writer.execute("DELETE FROM tracks WHERE path = CAST('1.mp3' AS BLOB)")
        writer.commit()
        for file in folder.iterdir():
            file.chmod(0o644)
        close()
        assert Store.open(folder / "library.db", MODEL).counts().tracks == 2


def test_one_that_was_never_closed_is_not_answered_for_without_its_log(
    catalog: Catalog, folder: Path, close: Close
) -> None:
    with closing(sqlite3.connect(folder / "library.db")) as writer:
        writer.execute("DELETE FROM tracks")
        writer.commit()
        shutil.copy(folder / "library.db-wal", folder / "kept")
        shutil.copy(folder / "library.db", folder / "other.db")
    (folder / "kept").rename(folder / "other.db-wal")
    close()
    with pytest.raises(LibraryError, match="was not closed") as caught:
        open_database(folder / "other.db")
    assert "other.db-wal" in caught.value.hint
