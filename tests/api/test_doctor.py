"""The doctor: what is well, what is not, and what to do about each."""

from __future__ import annotations

import shutil
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from musimo.api import Library, doctor
from musimo.api.doctor import diagnose
from musimo.installation import installation
from musimo.records.check import Check
from musimo.resources import weights_path
from musimo.search.faiss_index import FaissIndex
from musimo.search.index import index_file
from musimo.search.indexes import Indexes
from musimo.settings import Settings, load_settings
from tests.catalog import Catalog, Entry, PlainSpace, direction
from tests.indexes import Given, opened


@pytest.fixture
def catalog(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Catalog:
    """Three tracks, their indexes made, their folder there."""
    made = Catalog(home / "library.db", tmp_path, weights_path().stem)
    made.add(*(Entry(f"{n}.mp3", direction(1, n)) for n in range(3)))
    with monkeypatch.context() as patch:
        patch.setattr(Indexes, "_space", lambda self: PlainSpace())
        assert [*Library.open()._session.build_indexes()]
    return made


def library_checks() -> dict[str, Check]:
    return {check.name: check for check in doctor._library(load_settings())}


def test_where_all_is_well_it_says_what_it_looked_at(catalog: Catalog) -> None:
    checks = list(diagnose(load_settings()))
    assert [check.name for check in checks] == [
        "set-up",
        "versions",
        "codecs",
        "weights",
        "device",
        "library",
        "schema",
        "integrity",
        "indexes",
        "folders",
        "space",
    ]
    assert {check.state for check in checks} == {"ok"}, checks
    found = {check.name: check.found for check in checks}
    assert found["set-up"].startswith("full, ")
    assert "torch" in found["versions"]
    assert "flac" in found["codecs"]
    assert weights_path().stem in found["weights"]
    assert "noise analyzed in" in found["device"], "the network itself ran"
    assert found["indexes"].startswith("3 sounds")


def test_no_library_yet_is_no_fault(home: Path) -> None:
    [check] = doctor._library(load_settings())
    assert (check.state, check.remedy) == ("note", "make one: musimo scan FOLDER")
    assert list(home.iterdir()) == []


def damage(path: Path, place: float = 0.5) -> None:
    with path.open("r+b") as file:
        file.seek(int(path.stat().st_size * place))
        file.write(b"\xff" * 20_000)


def sql(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)


@pytest.mark.parametrize(
    ("harm", "name", "state", "says", "remedy"),
    [
        # behind the pages that say which schema it is
        (lambda path: damage(path, 0.8), "integrity", "bad", "", "put back a copy"),
        (
            lambda path: path.write_text("a shopping list\n" * 100),
            "library",
            "bad",
            "not a database",
            "--library",
        ),
        (lambda path: path.write_bytes(b""), "library", "bad", "no musimo library", "--library"),
        (
            lambda path: sql(path, "UPDATE tracks SET content_id = 99 WHERE id = 1"),
            "integrity",
            "bad",
            "row 1 of tracks points at nothing in contents",
            "put back a copy",
        ),
        (
            lambda path: sql(path, "UPDATE alembic_version SET version_num = '9999'"),
            "schema",
            "bad",
            "9999",
            "upgrade",
        ),
        (
            lambda path: sql(path, "UPDATE alembic_version SET version_num = '0001'"),
            "schema",
            "note",
            "0001",
            "upgrades",
        ),
        (
            lambda path: sql(path, "UPDATE library_state SET generation = 1"),
            "indexes",
            "note",
            "older",
            "question",
        ),
        (
            lambda path: sql(path, "UPDATE roots SET path = CAST('/away' AS BLOB)"),
            "folders",
            "note",
            "/away",
            "relocate",
        ),
        (
            lambda path: damage(index_file(path, "mood")),
            "indexes",
            "bad",
            "mood.index cannot be read",
            "reindex",
        ),
        (
            lambda path: sql(path, "UPDATE tracks SET missing_since = 'now'"),
            "indexes",
            "bad",
            "other tracks",
            "reindex",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_each_harm_is_named_with_what_to_do(
    catalog: Catalog, harm: Callable[[Path], Any], name: str, state: str, says: str, remedy: str
) -> None:
    harm(catalog.store.path)
    before = catalog.store.path.read_bytes()
    check = library_checks()[name]
    assert check.state == state
    assert says in check.found
    assert remedy in check.remedy
    assert catalog.store.path.read_bytes() == before, "a doctor only looks"


def test_an_index_of_other_vectors_is_found(catalog: Catalog) -> None:
    path = index_file(catalog.store.path, "mood")
    header = FaissIndex.load(path).header
    path.unlink()
    opened(path, header, Given(np.array([1, 2], np.int64), np.zeros((2, 2), np.float32)))
    assert library_checks()["indexes"].state == "bad"


@pytest.mark.parametrize("check", [doctor._weights, doctor._device])
def test_weights_that_are_not_what_their_name_says(
    tmp_path: Path, check: Callable[[Settings], Check]
) -> None:
    renamed = Path(shutil.copy(weights_path(), tmp_path / "mase_net-0.2-00000000.safetensors"))
    found = check(load_settings(weights=renamed))
    assert found.state == "bad"
    assert "damaged or was renamed" in found.found
    assert found.remedy


def test_a_device_that_is_not_there() -> None:
    found = doctor._device(load_settings(device="cuda:99"))
    assert found.state == "bad"
    assert "--device cpu" in found.remedy


def test_what_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "MODULES", ("numpy", "no_such_module"))
    monkeypatch.setattr(doctor, "DECODERS", ("flac", "no_such_codec"))
    for check, name, command in (
        (doctor._versions(), "no_such_module", installation().renew()),
        (doctor._codecs(), "no_such_codec", f"{sys.executable} -m pip install"),
    ):
        assert check.state == "bad"
        assert name in check.found
        assert "flac" not in check.found
        assert command in check.remedy


def test_a_light_set_up_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.setitem(sys.modules, "librosa", None)
    check = doctor._set_up()
    assert check.state == "ok"
    assert check.found.startswith("light, ")
    assert "without PyTorch and librosa" in check.found
    assert installation().add() in check.found
    assert doctor._versions().state == "ok"
    assert doctor._device(load_settings(device="cpu")).state == "ok"


def test_a_disk_that_is_nearly_full(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    least = doctor.LEAST_FREE + catalog.store.path.stat().st_size
    for free, state in ((least - 1, "bad"), (least, "ok")):
        usage = type(shutil.disk_usage("/"))(10**12, 0, free)
        monkeypatch.setattr(shutil, "disk_usage", lambda _, usage=usage: usage)
        assert doctor._free_space(catalog.store.path).state == state
