"""Recipes in the configuration file, and what becomes of them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from musimo.api import Library
from tests.catalog import Catalog
from tests.cli.conftest import Shell

CALM = "[playlists.calm]\nquery = 'mood calm --no-diversity -n 4'\npath = 'calm.m3u8'\n"
LIKE = "[playlists.\"like so\"]\nquery = '''similar \"So What\" -n 2'''\npath = 'like.xspf'\n"
EMPTY = "[playlists.empty]\nquery = 'export --where year:1066'\npath = 'empty.csv'\n"


@pytest.fixture(autouse=True)
def _library(library: Catalog) -> None:
    pass


def write(home: Path, *tables: str) -> None:
    (home / "config.toml").write_text("\n".join(tables))


def broken(query: str, path: str = "broken.m3u8") -> str:
    return f"[playlists.broken]\nquery = '{query}'\npath = '{path}'\n"


def test_all_recipes_are_written_or_those_named(shell: Shell, home: Path) -> None:
    write(home, CALM, LIKE)
    ran = shell("playlists", "like so")
    assert (ran.code, ran.err) == (0, b"")
    assert ran.out.decode() == f"like so: wrote 2 tracks to {home / 'like.xspf'}\n"
    assert not (home / "calm.m3u8").exists()
    ran = shell("playlists")
    assert ran.out.decode().splitlines() == [
        f"calm: wrote 4 tracks to {home / 'calm.m3u8'}",
        f"like so: 2 tracks, unchanged in {home / 'like.xspf'}",
    ]
    direct = shell("mood", "calm", "--no-diversity", "-n", "4", "--format", "m3u8")
    assert (home / "calm.m3u8").read_bytes() == direct.out


@pytest.mark.parametrize(
    "query",
    [
        'similar "So What" --by sound',
        "musimo mood --valence 0.5 --arousal 0.5",
        'path "So What" Paranoid -n 4',
        "mood-path --from calm --to happy --duration 30m --no-diversity",
        "export --where genre:jazz",
    ],
)
def test_every_command_that_makes_a_list_makes_one_here(shell: Shell, home: Path, query: str) -> None:
    write(home, f"[playlists.it]\nquery = '{query}'\npath = 'it.m3u'\n")
    ran = shell("playlists")
    assert ran.code == (3 if b"left out" in ran.err else 0), ran.err
    assert (home / "it.m3u").read_bytes().startswith(b"#EXTM3U\n#EXTINF")


def test_a_file_that_would_not_change_is_not_touched(shell: Shell, home: Path) -> None:
    write(home, CALM)
    shell("playlists")
    os.utime(home / "calm.m3u8", ns=(1, 1))
    assert b"unchanged in" in shell("playlists").out
    assert (home / "calm.m3u8").stat().st_mtime_ns == 1
    (home / "calm.m3u8").write_text("#EXTM3U\n")
    assert b"wrote" in shell("playlists").out


def test_a_dry_run_writes_nothing(shell: Shell, home: Path) -> None:
    write(home, CALM)
    ran = shell("playlists", "--dry-run")
    assert ran.out.decode() == f"calm: would write 4 tracks to {home / 'calm.m3u8'}\n"
    assert not (home / "calm.m3u8").exists()


def test_where_no_track_is_found_the_file_stays_as_it_is(shell: Shell, home: Path) -> None:
    write(home, EMPTY)
    (home / "empty.csv").write_text("of yesterday")
    ran = shell("playlists")
    assert ran.code == 4
    assert b"no track found" in ran.out
    assert (home / "empty.csv").read_text() == "of yesterday"
    write(home, EMPTY, CALM)
    assert shell("playlists").code == 0


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (broken("scan /music"), "runs 'scan', which makes no list"),
        (broken("playlists"), "runs 'playlists'"),
        (broken("tag --write"), "similar, mood, find, path, mood-path, export"),
        (broken("musimo"), "is empty"),
        (broken("mood --help"), "asks for help"),
        (broken("mood calm --frobnicate"), "--frobnicate"),
        (broken("mood frobnicate"), "frobnicate"),
        (broken('similar "So'), "cannot be read"),
        (broken("similar So -o x.m3u"), "path says where"),
        (broken("mood calm --format csv --json"), "exclude each other"),
        (broken("mood calm", "song.mp3"), "does not say in which format"),
        (broken("mood calm --format m3u8", "song.mp3"), "is named like music"),
        (broken("mood calm", "absent/x.m3u"), "cannot write"),
        (broken("similar Nothing-of-that-name"), "no track of the library"),
        (broken("similar Metal/"), "names several tracks"),
    ],
)
def test_one_recipe_that_fails_does_not_stop_the_others(
    shell: Shell, home: Path, table: str, said: str
) -> None:
    write(home, table, CALM)
    ran = shell("-q", "playlists")
    assert (ran.code, ran.out) == (3, b"")
    assert ran.err.startswith(b"broken: error: ")
    assert said in ran.err.decode()
    assert (home / "calm.m3u8").exists()
    assert not (home / "song.mp3").exists()


def test_what_a_recipe_may_not_do_is_told_with_its_table_and_file(shell: Shell, home: Path) -> None:
    write(home, broken("prune -y"))
    err = shell("playlists").err.decode()
    assert f"[playlists.broken] in the configuration file {home / 'config.toml'}" in err


def test_quiet_is_silent_unless_something_failed(shell: Shell, home: Path) -> None:
    write(home, CALM, EMPTY, "[playlists.short]\nquery = 'path \"So What\" Paranoid'\npath = 's.pls'\n")
    ran = shell("-q", "playlists")
    assert (ran.code, ran.out, ran.err) == (0, b"", b"")
    assert shell("playlists", "short").err.startswith(b"short: too few tracks lie between")


def test_json_tells_what_became_of_each(shell: Shell, home: Path) -> None:
    write(home, CALM, EMPTY, broken("scan ."))
    ran = shell("playlists", "--json")
    assert ran.code == 3
    rows = ran.document["playlists"]
    assert [(row["name"], row["state"], row["tracks"]) for row in rows] == [
        ("calm", "written", 4),
        ("empty", "empty", 0),
        ("broken", "failed", 0),
    ]
    assert rows[0]["path"] == str(home / "calm.m3u8")
    assert "makes no list" in rows[2]["reason"]


def test_recipes_are_listed_without_a_library(shell: Shell, home: Path) -> None:
    write(home, CALM, LIKE)
    (home / "library.db").unlink()
    ran = shell("playlists", "--list")
    assert ran.code == 0
    assert ran.out.decode().splitlines()[0] == "calm     mood calm --no-diversity -n 4"
    assert [row["name"] for row in shell("playlists", "--list", "--json").document["playlists"]] == [
        "calm",
        "like so",
    ]
    assert shell("playlists").code == 1


def test_no_recipe_and_an_unknown_one(shell: Shell, home: Path) -> None:
    assert shell("playlists").code == 4
    write(home, CALM)
    ran = shell("playlists", "calmer")
    assert ran.code == 2
    assert b"recipes are: calm" in ran.err


def test_the_library_is_opened_once(shell: Shell, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Library] = []
    made = Library.__init__

    def counting(self: Library, *arguments: object) -> None:
        opened.append(self)
        made(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(
        Library, "__init__", lambda self, settings, **told: counting(self, settings, *told.values())
    )
    write(home, CALM, LIKE, EMPTY)
    assert shell("playlists").code == 0
    assert len(opened) == 1


def test_a_recipe_may_name_its_file_from_home(
    shell: Shell, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    table = "[playlists.here]\nquery = 'mood calm --relative-to ~/Lists'\npath = '~/here.m3u8'\n"
    write(home, table)
    assert shell("playlists").code == 3, "a name with a line break is left out"
    assert b"\n../" in (tmp_path / "here.m3u8").read_bytes()


def test_a_folder_that_is_not_there_is_made_and_a_dry_run_agrees(
    shell: Shell, home: Path, tmp_path: Path
) -> None:
    write(home, f"playlists_folder = '{tmp_path / 'new' / 'lists'}'", CALM)
    assert shell("playlists", "--dry-run").code == 0
    assert not (tmp_path / "new").exists()
    assert shell("playlists").code == 0
    assert (tmp_path / "new" / "lists" / "calm.m3u8").exists()


@pytest.mark.parametrize("blocked", ["a file", "the list is a folder"])
def test_a_dry_run_fails_as_the_run_would(shell: Shell, home: Path, tmp_path: Path, blocked: str) -> None:
    folder = tmp_path / "lists"
    if blocked == "a file":
        folder.touch()
    else:
        (folder / "calm.m3u8").mkdir(parents=True)
    write(home, f"playlists_folder = '{folder}'", CALM)
    dry, ran = shell("playlists", "--dry-run"), shell("playlists")
    assert (dry.code, ran.code) == (3, 3)
    assert dry.err == ran.err != b""
