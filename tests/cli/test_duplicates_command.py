"""What is there more than once: the same sound, the same recording, and what is probably that."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from musimo.records import Tags
from musimo.resources import weights_path
from tests.catalog import Catalog, Entry
from tests.cli.conftest import AWAY, HOSTILE, Shell, angle


@pytest.fixture(autouse=True)
def catalog(home: Path) -> Catalog:
    """One sound twice, one recording as FLAC and MP3, its second part, a namesake, and a loner."""
    made = Catalog(home / "library.db", AWAY, weights_path().stem)

    def tags(title: str, codec: str = "flac", artist: str = "Miles") -> Tags:
        return Tags(title, artist, codec=codec, bitrate=192, sample_rate=44_100)

    made.add(
        Entry("a/So What.mp3", angle(0), tags=tags("So What", "mp3"), duration_s=545),
        Entry("b/So What.flac", angle(8), tags=tags("So What"), duration_s=546.5),
        Entry("c/So What 2.flac", angle(4), tags=tags("So What, Part 2"), duration_s=545),
        Entry("d/so what.mp3", angle(-20), tags=tags("SO WHAT", "mp3", "MILES"), duration_s=549),
        Entry("e/One.flac", angle(90), tags=tags("One"), sound=b"1"),
        Entry("f/One.flac", None, tags=tags("One"), sound=b"1"),
        Entry("g/Far.flac", angle(180), tags=tags("Far"), duration_s=545),
    )
    return made


def names(ran: object) -> list[tuple[str, list[str]]]:
    return [
        (group["kind"], [row["path"].removeprefix(f"{AWAY}/") for row in group["tracks"]])
        for group in ran.document["groups"]  # type: ignore[attr-defined]
    ]


def test_groups_of_three_kinds_the_best_file_first(shell: Shell) -> None:
    """cos 8° is .990, cos 4° .998; cos 20° is .940 and cos 28° .883."""
    ran = shell("duplicates", "--json")
    assert ran.code == 0
    assert names(ran) == [
        ("sound", ["e/One.flac", "f/One.flac"]),
        ("recording", ["b/So What.flac", "a/So What.mp3"]),
        ("probable", ["b/So What.flac", "c/So What 2.flac", "a/So What.mp3"]),
    ]
    notes = [group["note"] for group in ran.document["groups"]]
    assert notes[:2] == [None, None]
    assert "numbered" in notes[2]
    assert ran.document["groups"][1]["similarity"] == pytest.approx(0.990268, abs=1e-4)


def test_filters_hold_for_both_of_a_pair(shell: Shell) -> None:
    assert names(shell("duplicates", "--where", "^path:/c/", "--kind", "probable", "--json")) == [
        ("probable", ["b/So What.flac", "a/So What.mp3", "d/so what.mp3"])
    ]
    ran = shell("duplicates", "--where", "path:/a/")
    assert (ran.code, ran.out) == (4, b"no duplicates\n")


def test_every_format(shell: Shell, tmp_path: Path, catalog: Catalog) -> None:
    table = shell("duplicates", "--kind", "recording", "--kind", "sound").out.decode()
    assert "1. similarity 0.990\n   flac, lossless 44.1 kHz   9:06  /a drive" in table
    assert table.endswith("2 groups; 2 files more than the best of a sure group\n")
    paths = shell("duplicates", "--kind", "sound", "--format", "paths").out
    assert paths == catalog.path("e/One.flac") + b"\n" + catalog.path("f/One.flac") + b"\n\n"
    nul = shell("duplicates", "--kind", "sound", "--format", "paths", "-0").out
    assert nul == paths.replace(b"\n", b"\0")
    assert shell("duplicates", "--kind", "recording", "-o", tmp_path / "d.csv").out == b""
    rows = list(csv.DictReader(io.StringIO((tmp_path / "d.csv").read_text())))
    assert [(row["group"], row["kind"], row["rank"], row["quality"]) for row in rows] == [
        ("1", "recording", "1", "flac, lossless 44.1 kHz"),
        ("1", "recording", "2", "mp3, 192 kbit/s"),
    ]


@pytest.mark.parametrize("wrong", [("--json", "--format", "csv"), ("-0",), ("--where", "colour:red")])
def test_wrong_usage(shell: Shell, wrong: tuple[str, ...]) -> None:
    ran = shell("duplicates", *wrong)
    assert (ran.code, ran.out) == (2, b"")


def test_names_of_strangers_move_no_cursor(shell: Shell, catalog: Catalog) -> None:
    hostile = Tags(HOSTILE, HOSTILE, codec=HOSTILE)
    for name in (b"x\x1b[2J.mp3", b"y\n\xff.mp3"):
        catalog.add(Entry(name, angle(45), tags=hostile, duration_s=30))
    out = shell("duplicates", "--kind", "recording").out
    assert b"\x1b" not in out
    assert b"\\x1b[2J.mp3" in out
    assert b"\x1b" not in shell("duplicates", "--json").out


def test_nothing_is_changed(shell: Shell, home: Path) -> None:
    shell("status")
    before = (home / "library.db").read_bytes()
    assert shell("duplicates").code == 0
    assert (home / "library.db").read_bytes() == before


def test_names_of_one_file_are_told_from_copies(shell: Shell, home: Path, tmp_path: Path) -> None:
    for name in ("a.flac", "c.flac"):
        (tmp_path / name).write_bytes(b"sound")
    (tmp_path / "b.flac").hardlink_to(tmp_path / "a.flac")
    made = Catalog(home / "links.db", tmp_path, weights_path().stem)
    made.add(Entry("a.flac", angle(0), sound=b"1"), Entry("c.flac", None, sound=b"1"))
    [copies] = shell("--library", home / "links.db", "duplicates", "--json").document["groups"]
    assert copies["note"] is None
    made.add(Entry("b.flac", None, sound=b"1"))
    [linked] = shell("--library", home / "links.db", "duplicates", "--json").document["groups"]
    assert "names of one file" in linked["note"]
