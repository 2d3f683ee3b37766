"""Care of the library from the command line: what is printed, asked and returned."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
import soundfile

from musimo.api import doctor
from musimo.library.db.files import GoneFile
from musimo.library.db.lock import hold
from musimo.records.check import Check
from musimo.search.index import index_file
from tests.catalog import Catalog
from tests.cli.conftest import HOSTILE, Shell, harmless
from tests.sounds import sine


@pytest.fixture
def music(shell: Shell, tmp_path: Path) -> Path:
    """Eight tracks, scanned; one has a name from a stranger."""
    folder = tmp_path / "music"
    folder.mkdir()
    for n in range(7):
        soundfile.write(folder / f"{n}.wav", sine(200 + 50 * n, 0.3), 22_050)
    soundfile.write(folder / "x.wav", sine(990, 0.3), 22_050)
    (folder / "x.wav").rename(folder / f"{HOSTILE}.wav")
    assert shell("scan", folder).code == 0
    return folder


def lose(shell: Shell, music: Path) -> None:
    (music / f"{HOSTILE}.wav").unlink()
    assert shell("scan", music).code == 0


def tracks(shell: Shell) -> int:
    return int(shell("status", "--json").document["tracks"])


def test_prune_shows_asks_and_deletes(shell: Shell, music: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert shell("prune").out == b"no track is missing\n"
    lose(shell, music)
    ran = shell("prune", "--dry-run")
    assert ran.code == 0
    assert b"1 missing track:\n" in ran.out
    assert b"right to left" in ran.out
    assert harmless(ran.out)
    ran = shell("prune")
    assert ran.code == 2
    assert b"nobody is there to answer\n-y deletes" in ran.err
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    for answer, left in ((False, 8), (True, 7)):
        monkeypatch.setattr("click.confirm", lambda *_, answer=answer, **__: answer)
        assert shell("prune").code == 0
        assert tracks(shell) == left


def test_prune_in_json(shell: Shell, music: Path) -> None:
    lose(shell, music)
    ran = shell("prune", "--dry-run", "--json")
    assert (ran.document["deleted"], ran.document["dry_run"]) == (0, True)
    ran = shell("prune", "-y", "--json")
    assert ran.document["deleted"] == 1
    [track] = ran.document["tracks"]
    assert track["path"] == f"{music}/{HOSTILE}.wav"
    assert (ran.document["refused"], ran.document["returned"], ran.code) == ([], 0, 0)
    assert harmless(ran.out)
    assert harmless(ran.err)
    assert tracks(shell) == 7


def test_prune_does_not_believe_an_absent_drive(shell: Shell, library: Catalog) -> None:
    scan_folder = library.scan_folder()
    gone = GoneFile(scan_folder.root_id, b"odd/hostile.mp3", library.id("odd/hostile.mp3"), False)
    library.journal.mark_missing([gone])
    ran = shell("prune", "-y")
    assert ran.code == 3
    assert b"is the drive there?" in ran.out
    assert b"--accept-missing" in ran.out
    ran = shell("prune", "-y", "--json")
    assert (ran.code, ran.document["deleted"]) == (3, 0)
    assert ran.document["refused"][0]["path"] == os.fsdecode(library.root)
    ran = shell("prune", "-y", "--accept-missing")
    assert ran.code == 0
    assert ran.out.endswith(b"1 deleted\n")


def test_relocate_takes_every_analysis_along(shell: Shell, music: Path, tmp_path: Path) -> None:
    new = tmp_path / "new\x1b[31m\n"
    music.rename(new)
    ran = shell("relocate", music, new, "--dry-run")
    assert ran.code == 0
    assert b"8 tracks would move to" in ran.out
    assert harmless(ran.out)
    ran = shell("relocate", music, new, "--json")
    assert {name: ran.document[name] for name in ("old", "new", "moved", "merged", "there", "dry_run")} == {
        "old": str(music),
        "new": str(new),
        "moved": 8,
        "merged": 0,
        "there": 8,
        "dry_run": False,
    }
    audit = shell("scan", new, "--json").document
    assert (audit["unchanged"], audit["seen"], audit["missing"]) == (8, 8, 0)
    assert shell("similar", new / "1.wav").code == 0


def test_relocate_knows_a_folder_by_its_links(shell: Shell, music: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    shutil.copytree(music, tmp_path / "new")
    ran = shell("relocate", tmp_path / "link" / "music", tmp_path / "link" / "new", "--json")
    assert ran.document["new"] == str(tmp_path / "new")
    assert shell("status", "--json").document["roots"] == [str(tmp_path / "new")]


def test_relocate_says_what_it_does_not_understand(shell: Shell, music: Path, tmp_path: Path) -> None:
    ran = shell("relocate", tmp_path / "nowhere", tmp_path)
    assert (ran.code, ran.out) == (2, b"")
    assert f"its folders are: {music}".encode() in ran.err
    ran = shell("relocate", music, tmp_path)
    assert ran.code == 1
    assert b"none of the 8 tracks" in ran.err


def test_backup_is_a_library_and_never_overwrites_unasked(
    shell: Shell, library: Catalog, tmp_path: Path
) -> None:
    copy = tmp_path / "copy\x1b[31m.db"
    ran = shell("backup", copy)
    assert ran.code == 0
    assert harmless(ran.out)
    assert shell("--library", copy, "export", "--json").out == shell("export", "--json").out
    copy.write_text("precious")
    ran = shell("backup", copy)
    assert (ran.code, ran.out) == (2, b"")
    assert b"--force" in ran.err
    assert copy.read_text() == "precious"
    read = shell("backup", copy, "--force", "--json").document
    assert (read["backup"], read["bytes"]) == (str(copy), copy.stat().st_size)
    for target in (library.store.path, tmp_path):
        assert shell("backup", target, "--force").code == 2
    assert shell("backup", tmp_path / "no folder" / "x.db").code == 1
    assert {file.name for file in tmp_path.iterdir()} == {copy.name}


def test_reindex_makes_indexes_of_the_library_alone(shell: Shell, library: Catalog) -> None:
    before = shell("similar", "So What", "--json").out
    damaged = index_file(library.store.path, "similar")
    damaged.write_bytes(b"no index")
    index_file(library.store.path, "similar-sound").write_bytes(b"no index")
    read = shell("reindex", "--json").document
    assert read["indexed"] == shell("status", "--json").document["indexed"] == 9
    assert read["indexes"] == [str(damaged), str(index_file(library.store.path, "mood"))]
    assert not index_file(library.store.path, "similar-sound").exists()
    assert shell("similar", "So What", "--json").out == before
    assert shell("reindex").out == b"9 sounds indexed\n"


def test_doctor_prints_each_check_and_tells_by_its_code(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    well = Check("codecs", "ok", "all there")
    note = Check("folders", "note", f"not there: {HOSTILE}", "plug it in")
    bad = Check("integrity", "bad", "page 7", "put back a copy")
    monkeypatch.setattr(doctor, "diagnose", lambda _: iter([well, note]))
    ran = shell("doctor")
    assert ran.code == 0
    assert ran.out.startswith(b"codecs     ok    all there\nfolders    note  not there: ")
    assert ran.out.endswith(b"\n                 plug it in\n")
    assert harmless(ran.out)
    assert shell("doctor", "--json").document["ok"] is True
    monkeypatch.setattr(doctor, "diagnose", lambda _: iter([well, bad]))
    ran = shell("doctor", "--json")
    assert (ran.code, ran.document["ok"]) == (1, False)
    assert ran.document["checks"][0] == {
        "name": "codecs",
        "state": "ok",
        "found": "all there",
        "remedy": None,
    }
    assert ran.document["checks"][1]["remedy"] == "put back a copy"


def test_while_one_writes_others_ask_and_a_second_writer_is_told(
    shell: Shell, music: Path, home: Path, tmp_path: Path
) -> None:
    with hold(home / "library.db"):
        for writer in (("scan", music), ("relocate", music, tmp_path)):
            ran = shell(*writer)
            assert (ran.code, ran.out) == (1, b"")
            assert f"another musimo (process {os.getpid()}, since ".encode() in ran.err
            assert b"--wait" in ran.err
        assert tracks(shell) == 8
        assert shell("similar", music / "1.wav").code == 0
        assert shell("backup", tmp_path / "copy.db").code == 0
    assert shell("scan", music, "--wait").code == 0
    assert not (home / "library.db.lock").exists()
