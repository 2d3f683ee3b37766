"""Ways from one track to another: the library of the other tests lies around a circle."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import soundfile

from tests.catalog import Catalog
from tests.cli.conftest import Shell
from tests.sounds import melody


@pytest.fixture(autouse=True)
def _library(library: Catalog) -> None:
    pass


def test_a_path_begins_and_ends_where_it_was_asked_to_and_never_turns_back(shell: Shell) -> None:
    """From 0° to 100°: between them lie 10, 15, 18, 30 and 90°, and of two tracks at 90° one is a copy."""
    ran = shell("path", "So What", "Paranoid", "-n", "4", "--no-diversity", "--json")
    assert ran.code == 0
    assert [track["title"] for track in ran.document["query"]] == ["So What", "Paranoid"]
    assert ran.titles == ["So What", "Giant Steps", "One", "Paranoid"]
    rows = ran.document["results"]
    assert [row["rank"] for row in rows] == [1, 2, 3, 4]
    assert [row["to_start"] for row in rows] == pytest.approx([0, 30 / 180, 0.5, 100 / 180], abs=1e-3)
    assert [row["to_end"] for row in rows] == pytest.approx([100 / 180, 70 / 180, 10 / 180, 0], abs=1e-3)


def test_where_there_is_no_such_way_it_is_shorter_and_says_so(shell: Shell) -> None:
    ran = shell("path", "So What", "Paranoid", "-n", "12", "--no-diversity", "--json")
    assert ran.titles == [
        "So What",
        "Freddie Freeloader",
        "Milestones",
        "Four",
        "Giant Steps",
        "One",
        "Paranoid",
    ]
    assert ran.err == b"too few tracks lie between for a path of 12; this one has 7\n"


def test_ends_count_for_diversity_and_filters_hold_between_them(shell: Shell) -> None:
    """Two of Miles Davis at most, one of an album: the start is one of them, of Kind of Blue."""
    titles = shell("path", "So What", "Paranoid", "--json").titles
    assert titles[0] == "So What"
    assert len({"Freddie Freeloader", "Milestones", "Four"} & {*titles}) == 1
    assert "Freddie Freeloader" not in titles
    where = shell("path", "So What", "Paranoid", "--where", "year:1960", "--json").titles
    assert where == ["So What", "Giant Steps", "Paranoid"]


def test_a_path_leads_through_what_is_named(shell: Shell) -> None:
    ran = shell("path", "Four", "Paranoid", "--through", "Giant Steps", "-n", "4", "--no-diversity", "--json")
    assert [track["title"] for track in ran.document["query"]] == ["Four", "Giant Steps", "Paranoid"]
    assert ran.titles == ["Four", "Giant Steps", "One", "Paranoid"]


def test_a_file_outside_may_be_an_end(shell: Shell, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "demo.wav", melody(2), 22_050)
    ran = shell("path", "So What", tmp_path / "demo.wav", "-n", "3", "--json")
    assert ran.code == 0
    assert ran.document["results"][-1]["path"] == str(tmp_path / "demo.wav")
    assert ran.document["results"][-1]["to_end"] == pytest.approx(0, abs=1e-3)


def test_every_format_holds_it(shell: Shell, library: Catalog) -> None:
    asked = ("path", "So What", "Paranoid", "-n", "3", "--no-diversity")
    assert shell(*asked, "--format", "csv").out.startswith(b"rank,to_start,to_end,id,path,")
    paths = shell(*asked, "--format", "paths").out.splitlines()
    assert paths[0] == library.path("Jazz/So What.flac")
    assert shell(*asked, "--format", "m3u8").out.count(os.fsencode(library.root)) == 3
    lines = shell(*asked).out.decode().splitlines()
    assert lines[:2] == ["from  Miles Davis – So What", "to    Sabbath – Paranoid"]
    assert lines[3].split()[:5] == ["#", "to", "start", "to", "end"]
    through = shell(*asked, "--through", "Giant Steps").out.decode().splitlines()
    assert through[1] == "by    John Coltrane – Giant Steps"


@pytest.mark.parametrize(
    "arguments",
    [
        ("So What",),
        ("So What", "So What"),
        ("Metal/One.flac", "(copy)"),
        ("So What", "Paranoid", "-n", "1"),
        ("So What", "Paranoid", "-n", "51"),
        ("So What", "Paranoid", "--through", "Giant Steps", "-n", "2"),
        ("So What", "Paranoid", "--by", "taste"),
    ],
    ids=" ".join,
)
def test_what_is_no_way_is_wrong_usage(shell: Shell, arguments: tuple[str, ...]) -> None:
    ran = shell("path", *arguments)
    assert (ran.code, ran.out) == (2, b"")
    assert ran.err
