"""How answers are written: formats, files, playlists, and nothing a terminal would act on."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from tests.catalog import Catalog
from tests.cli.conftest import Shell, harmless

JAZZ = ("similar", "So What", "--where", "genre:jazz")
POINT = ("mood", "--valence", "0.9", "--arousal", "0.9")


@pytest.fixture(autouse=True)
def _library(library: Catalog) -> None:
    pass


@pytest.mark.parametrize(
    "arguments",
    [
        ("similar", "Never", "--where", "path:hostile"),
        ("similar", "hostile"),
        ("similar", "hostile", "--json"),
        POINT,
        (*POINT, "--json"),
        ("export", "--format", "table"),
        ("export", "--json"),
        ("export", "--format", "jsonl"),
        ("show", "hostile"),
        ("show", "hostile", "--json"),
        ("show", "odd"),
        ("show", "\x1b[31mred"),
        ("show", "\x1b[5m"),
        ("errors",),
        ("status",),
    ],
    ids=" ".join,
)
def test_what_strangers_wrote_into_tags_never_reaches_the_terminal(
    shell: Shell, arguments: tuple[str, ...]
) -> None:
    ran = shell(*arguments)
    assert ran.out or ran.err
    assert harmless(ran.out)
    assert harmless(ran.err)


def test_the_table_is_for_eighty_columns_and_names_what_it_lists(shell: Shell) -> None:
    ran = shell("similar", "So What")
    assert ran.code == 0
    lines = ran.out.decode().splitlines()
    assert max(map(len, lines)) <= 80
    assert "Miles Davis – So What" in lines[0]
    assert any("John Coltrane – Giant Steps" in line for line in lines)


def test_paths_are_the_file_systems_own_bytes(shell: Shell, library: Catalog) -> None:
    odd = library.path(b"odd/caf\xe9\n.mp3")
    ran = shell("export", "--where", "path:caf", "--format", "paths")
    assert ran.out == odd + b"\n"
    ran = shell("export", "--where", "path:odd/", "--format", "paths", "-0")
    assert ran.out == b"".join(
        path + b"\0" for path in (odd, library.path("odd/hostile.mp3"), library.path("odd/silent.mp3"))
    )


def test_lines_of_json_are_a_track_each(shell: Shell) -> None:
    ran = shell(*JAZZ, "--format", "jsonl")
    rows = [json.loads(line) for line in ran.out.splitlines()]
    assert [row["title"] for row in rows] == ["Freddie Freeloader", "Milestones", "Giant Steps"]
    assert rows[0]["rank"] == 1


@pytest.mark.parametrize(
    ("ending", "start"),
    [
        ("json", b'{\n  "schema": 1'),
        ("jsonl", b'{"id":'),
        ("csv", b"rank,similarity,id,path"),
        ("m3u8", b"#EXTM3U"),
        ("m3u", b"#EXTM3U"),
        ("pls", b"[playlist]"),
        ("xspf", b"<?xml"),
        ("txt", b"like  Miles Davis"),
    ],
)
def test_the_ending_of_a_file_names_its_format(
    shell: Shell, tmp_path: Path, ending: str, start: bytes
) -> None:
    target = tmp_path / f"answer.{ending}"
    target.write_bytes(b"what was there before")
    ran = shell(*JAZZ, "-o", target)
    assert (ran.code, ran.out, ran.err) == (0, b"", b"")
    assert target.read_bytes().startswith(start)
    assert [file.name for file in tmp_path.iterdir()] == [target.name]


@pytest.mark.parametrize(
    "command", [JAZZ, POINT, ("export",), ("errors",), ("duplicates",), ("rate",), ("status",)], ids=" ".join
)
def test_an_ending_that_names_no_format_is_refused(
    shell: Shell, tmp_path: Path, command: tuple[str, ...]
) -> None:
    ran = shell(*command, "-o", tmp_path / "answer.pdf")
    assert (ran.code, ran.out) == (2, b"")
    assert b"ends in .pdf" in ran.err
    assert b"a file may end in " in ran.err
    assert not (tmp_path / "answer.pdf").exists()


def test_paths_for_another_program_are_not_escaped_on_a_terminal(
    shell: Shell, library: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    paths = ("export", "--where", "path:caf", "--format", "paths")
    assert shell(*paths, "-0").out == library.path(b"odd/caf\xe9\n.mp3") + b"\0"
    assert harmless(shell(*paths).out)


def test_a_format_that_is_asked_for_counts_more_than_the_ending(shell: Shell, tmp_path: Path) -> None:
    shell(*JAZZ, "-o", tmp_path / "a.m3u8", "--json")
    assert json.loads((tmp_path / "a.m3u8").read_bytes())["schema"] == 1
    shell(*JAZZ, "-o", tmp_path / "a.json", "--format", "paths")
    assert len((tmp_path / "a.json").read_bytes().splitlines()) == 3


@pytest.mark.parametrize(
    "arguments",
    [
        ("-0",),
        ("--json", "--format", "csv"),
        ("--format", "yaml"),
        ("--format", "m3u8", "--relative-to", "playlist"),
        ("--format", "m3u8", "--path-map", "nothing"),
        ("--scale", "0-10"),
    ],
    ids=" ".join,
)
def test_wishes_that_contradict_each_other_are_wrong_usage(
    shell: Shell, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    ran = shell(*JAZZ, *arguments)
    assert (ran.code, ran.out) == (2, b"")
    assert ran.err


@pytest.mark.parametrize("command", [("status",), ("show", "Giant"), ("errors",)])
def test_an_answer_that_is_no_list_of_tracks_is_no_playlist(
    shell: Shell, tmp_path: Path, command: tuple[str, ...]
) -> None:
    (tmp_path / "a.m3u8").write_text("precious")
    ran = shell(*command, "-o", tmp_path / "a.m3u8")
    assert ran.code == 2
    assert b"ends in .m3u8" in ran.err
    assert b"--format table" in ran.err
    assert (tmp_path / "a.m3u8").read_text() == "precious"


def test_a_file_that_cannot_be_written_is_an_error_in_words(shell: Shell, tmp_path: Path) -> None:
    ran = shell(*JAZZ, "-o", tmp_path / "no folder" / "a.json")
    assert (ran.code, ran.out) == (1, b"")
    assert ran.err.startswith(b"error: cannot write ")
    assert shell(*JAZZ, "-o", tmp_path).code == 2


class TestPlaylists:
    def test_they_name_files_as_the_player_will_find_them(
        self, shell: Shell, library: Catalog, tmp_path: Path
    ) -> None:
        def listed(*arguments: str | Path) -> list[str]:
            ran = shell("export", "--where", "title:giant", "--format", "m3u8", *arguments)
            lines = ran.out or (tmp_path / "Lists" / "a.m3u8").read_bytes()
            return [line.decode() for line in lines.splitlines() if not line.startswith(b"#")]

        root = os.fsdecode(library.root)
        (tmp_path / "Lists").mkdir()
        assert listed() == [f"{root}/Jazz/Giant.flac"]
        assert listed("--relative-to", root) == ["Jazz/Giant.flac"]
        into_file = ("--relative-to", "playlist", "-o", tmp_path / "Lists" / "a.m3u8")
        assert listed(*into_file) == [os.path.relpath(f"{root}/Jazz/Giant.flac", tmp_path / "Lists")]
        assert listed("--path-map", f"{root}=/mnt/nas") == ["/mnt/nas/Jazz/Giant.flac"]
        assert listed("--prefix", "file://") == [f"file://{root}/Jazz/Giant.flac"]

    def test_what_a_playlist_cannot_hold_is_left_out_and_said(self, shell: Shell) -> None:
        ran = shell("export", "--format", "m3u8")
        assert ran.out.count(b"#EXTINF") == 10
        assert ran.err.count(b"left out") == 1
        assert b"caf\\xe9\\n.mp3" in ran.err
        assert ran.code == 3, "the list is incomplete"
        quiet = shell("-q", "export", "--format", "m3u8")
        assert (quiet.code, quiet.err, quiet.out) == (3, ran.err, ran.out), "nothing is lost in silence"
        behind = shell("export", "--format", "m3u8", "-q")
        assert (behind.code, behind.err, behind.out) == (3, ran.err, ran.out)
        assert shell("export", "--format", "m3u").code == 3, "a line break"
        assert shell("export", "--format", "xspf").code == 0, "which an XSPF can hold"


def test_ratings_are_printed_on_their_scale(shell: Shell) -> None:
    row = shell("export", "--where", "title:giant", "--scale", "1-9", "--json").document["results"][0]
    assert (row["valence"], row["arousal"]) == (5, 6.6)
    assert b"5.00" in shell("show", "Giant", "--scale", "1-9").out


@pytest.mark.parametrize(
    "arguments",
    [
        ("mood", "calm", "-o"),
        ("export", "--analyses"),
        ("duplicates", "-o"),
        ("rate", "-o"),
        ("map", "-o"),
        ("curve", "So What", "-o"),
        ("backup", "--force"),
    ],
)
def test_no_answer_is_written_over_music(
    shell: Shell, library: Catalog, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    song = tmp_path / "song.MP3"
    song.write_bytes(b"sound")
    ran = shell(*arguments, song)
    assert (ran.code, b"named like music" in ran.err) == (2, True)
    assert song.read_bytes() == b"sound"


def test_paths_are_rewritten_as_in_a_playlist(shell: Shell) -> None:
    paths = (*POINT, "--format", "paths", "-0")
    plain = shell(*paths).out.split(b"\0")[:-1]
    assert plain[0].startswith(b"/")
    mapped = shell(*paths, "--relative-to", "/", "--prefix", "/mnt/").out.split(b"\0")[:-1]
    assert mapped == [b"/mnt" + path for path in plain]
