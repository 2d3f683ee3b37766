"""``musimo map``: files, formats, and sentences where there is nothing to draw."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from musimo.installation import installation
from tests.catalog import Catalog
from tests.cli.conftest import Shell


def embedded(path: Path) -> list[str]:
    [text] = re.findall(r'id="data">(.*?)</script>', path.read_text("utf-8"), re.DOTALL)
    titles: list[str] = json.loads(text)["tracks"]["title"]
    return titles


def test_a_page_with_every_analysed_sound_once(shell: Shell, library: Catalog, tmp_path: Path) -> None:
    ran = shell("map", "-o", tmp_path / "map.html")
    assert (ran.code, ran.out) == (0, b"")
    assert ran.err.decode().startswith("not analyzed, so not on the map: 1;")
    assert sorted(embedded(tmp_path / "map.html"))[:3] == ["Four", "Freddie Freeloader", "Giant Steps"]
    assert len(embedded(tmp_path / "map.html")) == 9
    assert [*tmp_path.iterdir()] == [tmp_path / "map.html"]


def test_filters_and_limits_choose_what_is_drawn(shell: Shell, library: Catalog, tmp_path: Path) -> None:
    out = tmp_path / "map.html"
    assert shell("map", "-o", out, "--where", "genre:jazz", "--where", "^artist:davis").code == 0
    assert embedded(out) == ["Giant Steps"]
    assert shell("map", "-o", out, "-n", "2").code == 0
    assert len(embedded(out)) == 2
    assert shell("map", "-o", out, "--where", "genre:jazz", "--max-per-artist", "1").code == 0
    assert len(embedded(out)) == 2


def test_the_ending_of_the_file_or_an_option_names_the_format(
    shell: Shell, library: Catalog, tmp_path: Path
) -> None:
    pytest.importorskip("matplotlib")
    assert shell("map", "-o", tmp_path / "map.svg", "--view", "sound", "--color", "year").code == 0
    assert ElementTree.parse(tmp_path / "map.svg").getroot().tag.endswith("svg")
    assert shell("map", "-o", tmp_path / "map.PNG", "--colour", "tempo").code == 0
    assert (tmp_path / "map.PNG").read_bytes()[:4] == b"\x89PNG"
    assert shell("map", "-o", tmp_path / "map.txt", "--format", "svg").code == 0
    assert shell("map", "-o", tmp_path / "map.pdf").code == 0
    assert (tmp_path / "map.pdf").read_bytes()[:5] == b"%PDF-"
    ran = shell("map", "-o", tmp_path / "map.doc")
    assert ran.code == 2
    assert b"no format of a map ends in .doc" in ran.err


def test_json_tells_where_every_track_lies(shell: Shell, library: Catalog) -> None:
    ran = shell("map", "--json", "--where", "genre:metal")
    assert ran.code == 0
    assert {*ran.document} == {"schema", "shown", "results"}
    assert ran.titles == ["One", "Paranoid"]
    one, paranoid = ran.document["results"]
    assert one["x"] == -paranoid["x"] != 0  # two points lie around their middle
    assert one["y"] == paranoid["y"] == 0
    assert (one["valence"], one["arousal"]) == (0.1, 0.8)
    assert shell("map", "--json", "--format", "svg").code == 2


def test_a_terminal_is_told_to_name_a_file(
    shell: Shell, library: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert shell("map").out.startswith(b"<!doctype html>")  # into a pipe
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    ran = shell("map")
    assert (ran.code, ran.out) == (2, b"")
    assert b"a terminal shows no HTML" in ran.err
    assert b"-o out.html" in ran.err


def test_nothing_to_draw_is_said_in_words(shell: Shell, library: Catalog, tmp_path: Path) -> None:
    out = tmp_path / "map.html"
    ran = shell("map", "-o", out, "--where", "artist:nobody")
    assert ran.code == 4
    assert b"nothing to draw" in ran.err
    assert not out.exists()
    ran = shell("map", "-o", out, "--where", "title:Never heard")
    assert ran.code == 4


def test_an_empty_library_has_no_map(shell: Shell, home: Path, tmp_path: Path) -> None:
    from musimo.resources import weights_path

    Catalog(home / "library.db", tmp_path, weights_path().stem)
    ran = shell("map", "-o", tmp_path / "map.html")
    assert ran.code == 4
    assert b"analyze some music: musimo scan FOLDER" in ran.err


def test_without_matplotlib_the_error_says_how_to_install_it(
    shell: Shell, library: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    ran = shell("map", "-o", tmp_path / "map.png")
    assert ran.code == 1
    assert installation().add("plots").encode() in ran.err
    assert not (tmp_path / "map.png").exists()


def test_a_file_that_cannot_be_written_leaves_what_was_there(
    shell: Shell, library: Catalog, tmp_path: Path
) -> None:
    ran = shell("map", "-o", tmp_path / "no folder" / "map.html")
    assert ran.code == 1
    assert b"cannot write" in ran.err
