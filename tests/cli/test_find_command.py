"""``musimo find`` on a library without tags heard, and on one with them."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pytest

from musimo.api.session import Session
from musimo.records import HeardScores, Tags
from musimo.resources import weights_path
from tests.catalog import Catalog, Entry
from tests.cli.conftest import AWAY, Shell, angle


@pytest.fixture
def four(home: Path) -> Catalog:
    """Four tracks, sad to happy; the middle two of them have genres."""
    catalog = Catalog(home / "library.db", AWAY, weights_path().stem)
    catalog.add(
        Entry("0.flac", angle(0), 0.2, 0.2),
        Entry("1.flac", angle(30), 0.4, 0.4, Tags("One", "A", genre="Jazz", year=1985)),
        Entry("2.flac", angle(60), 0.6, 0.6, Tags("Two", "B", genre="Death Metal", year=1999)),
        Entry("3.flac", angle(90), 0.8, 0.8),
    )
    return catalog


def paths(shell: Shell, *arguments: str) -> list[str]:
    return [Path(row["path"]).stem for row in shell("find", *arguments, "--json").document["results"]]


def test_moods_and_genres_without_tags_heard(shell: Shell, four: Catalog) -> None:
    assert paths(shell, "sad")[0] == "0"
    assert paths(shell, "jazz")[0] == "1"
    assert paths(shell, "not", "sad")[0] == "3"
    assert paths(shell, "happy", "--where", "year:..1990") == ["1"]
    assert paths(shell, "80s jazz", "-n", "1") == ["1"]


def test_the_answer_says_how_it_was_understood(shell: Shell, four: Catalog) -> None:
    ran = shell("find", "sad piano frobnicate", "--json")
    assert ran.code == 0
    query = ran.document["query"]
    assert query["text"] == "sad piano frobnicate"
    assert [(one["word"], one["as"]) for one in query["understood"]] == [("sad", ["mood sad"])]
    assert (query["unknown"], query["unanswered"]) == (["frobnicate"], ["piano"])
    [first, *_] = ran.document["results"]
    assert first["rank"] == 1
    assert 0 <= first["score"] <= 1
    assert b"frobnicate" in ran.err
    table = shell("find", "sad frobnicate").out.decode()
    assert "sad → mood sad" in table
    assert "not understood: frobnicate" in table


def test_nothing_understood_finds_nothing(shell: Shell, four: Catalog) -> None:
    for words in (["frobnicate"], ["piano"], ["music"]):
        ran = shell("find", *words)
        assert (ran.code, ran.out) == (4, b"")
        assert words[0] in ran.err.decode()
    assert shell("find").code == 2
    assert shell("find", " ").code == 2


def test_explanations(shell: Shell, four: Catalog) -> None:
    ran = shell("find", "sad jazz", "--explain", "--json")
    [first, *_] = ran.document["results"]
    assert [one["word"] for one in first["explain"]] == ["sad", "jazz"]
    assert first["explain"][1]["parts"][0] == {"as": "genre jazz", "value": 1.0}
    rows = list(
        csv.DictReader(io.StringIO(shell("find", "jazz", "--explain", "--format", "csv").out.decode()))
    )
    assert rows[0]["explain"] == "jazz 1.0"
    assert "jazz 1.00 (genre jazz 1.00)" in shell("find", "jazz", "--explain").out.decode()


@pytest.mark.parametrize("form", ["paths", "jsonl", "m3u8", "m3u", "pls", "xspf"])
def test_every_format_of_a_list(shell: Shell, four: Catalog, form: str) -> None:
    ran = shell("find", "jazz", "--format", form, "-n", "1")
    assert ran.code == 0
    assert b"1.flac" in ran.out
    assert "jazz → genre jazz" in ran.err.decode()


def test_own_words(shell: Shell, four: Catalog, home: Path) -> None:
    (home / "config.toml").write_text('[words]\n"rainy sunday" = "sad jazz"\n')
    ran = shell("find", "rainy sunday", "--json")
    assert ran.document["query"]["understood"][0]["as"] == ["sad", "jazz"]
    (home / "config.toml").write_text("[words]\nsunday = 3\n")
    assert shell("find", "sunday").code == 1


def test_order_and_duration(shell: Shell, four: Catalog) -> None:
    assert len(paths(shell, "sad", "--duration", "6m")) == 2
    assert paths(shell, "sad", "--order", "mood")[0] == "0"


def test_tags_heard(shell: Shell, four: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = np.array(four.ids("0.flac", "1.flac", "2.flac", "3.flac"))
    scores = np.array([[0.1, 0.2], [0.2, 0.9], [0.9, 0.1], [0.3, 0.8]], np.float32)
    monkeypatch.setattr(Session, "heard", lambda self: HeardScores(ids, ("piano", "vocals"), scores))
    assert paths(shell, "piano")[0] == "2"
    assert paths(shell, "piano without vocals")[0] == "2"
    assert paths(shell, "vocals", "-n", "1") == ["1"]
