"""Lists as people want them: no piece twice, as long as asked, in order, and with reasons."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from musimo.records import Tags
from musimo.resources import weights_path
from tests.catalog import Catalog, Entry
from tests.cli.conftest import AWAY, Shell, angle


@pytest.fixture
def versions(home: Path) -> Catalog:
    """Songs around the circle of sounds, some of them twice, each of four minutes."""
    catalog = Catalog(home / "library.db", AWAY, weights_path().stem)
    songs = [
        ("Seed", "A", "x", 0, 0.50),
        ("Seed (Live)", "A", "live", 5, 0.50),
        ("Ballad", "B", "y", 10, 0.60),
        ("Ballad - 2009 Remaster", "B", "y2", 12, 0.60),
        ("Ballad", "C", "z", 14, 0.40),
        ("Ballad (Acoustic)", "B", "y3", 20, 0.70),
        ("Other", "D", "w", 30, 0.90),
        ("Intro", "E", "v", 40, 0.85),
        ("Intro", "E", "u", 45, 0.20),
    ]
    catalog.add(
        *(
            Entry(
                f"{n}.flac", angle(degrees), 0.5, arousal, Tags(title, artist, album=album, genre="Jazz"), 240
            )
            for n, (title, artist, album, degrees, arousal) in enumerate(songs)
        )
    )
    return catalog


def numbers(shell: Shell, *arguments: str) -> list[int]:
    """The tracks of an answer, by the number in their names."""
    return [int(Path(row["path"]).stem) for row in shell(*arguments, "--json").document["results"]]


class TestVersions:
    def test_one_of_a_piece_is_listed_and_the_others_are_told(self, shell: Shell, versions: Catalog) -> None:
        document = shell("similar", "0.flac", "--json").document
        rows = {Path(row["path"]).stem: row["versions"] for row in document["results"]}
        assert rows == {"2": versions.ids("3.flac", "5.flac"), "4": [], "6": [], "7": [], "8": []}
        assert document["query"][0]["versions"] == versions.ids("1.flac")
        table = shell("similar", "0.flac").out.decode()
        assert "1 other version of it is left out" in table
        assert "+2  B – Ballad" in table

    def test_all_are_listed_where_nothing_is_to_be_left_out(self, shell: Shell, versions: Catalog) -> None:
        ran = shell("similar", "0.flac", "--no-diversity", "--json")
        assert [int(Path(row["path"]).stem) for row in ran.document["results"]] == [*range(1, 9)]
        assert not any(row["versions"] for row in ran.document["results"] + ran.document["query"])
        free = ("--max-per-artist", "0", "--max-per-album", "0")
        assert numbers(shell, "similar", "0.flac", *free) == [2, 4, 6, 7, 8]
        assert len(shell("export", "--json").titles) == 9

    def test_only_versions_met_on_the_way_are_told(self, shell: Shell, versions: Catalog) -> None:
        [first, _] = shell("similar", "0.flac", "-n", "2", "--json").document["results"]
        assert first["versions"] == versions.ids("3.flac")

    def test_moods_and_paths_fold_them_too(self, shell: Shell, versions: Catalog) -> None:
        point = ("mood", "--valence", "0.5", "--arousal", "0.6")
        rows = shell(*point, "-n", "3", "--json").document["results"]
        assert [(Path(row["path"]).stem, len(row["versions"])) for row in rows] == [
            ("2", 2),
            ("0", 1),
            ("4", 0),
        ]
        near = shell(*point, "--like", "1.flac", "-n", "4", "--json").document
        assert near["query"]["like"]["versions"] == versions.ids("0.flac")
        assert not {"0", "1"} & {Path(row["path"]).stem for row in near["results"]}
        evenly = ("mood-path", "--from", "0.5,0.5", "--to", "0.5,0.7", "--duration", "24m")
        assert len({2, 3, 5} & {*numbers(shell, *evenly)}) == 1
        assert len({2, 3, 5} & {*numbers(shell, *evenly, "--no-diversity")}) > 1
        assert not {2, 3, 5} & {*numbers(shell, "path", "2.flac", "6.flac")[1:]}


class TestDuration:
    def test_a_mix_lasts_as_long_as_asked(self, shell: Shell, versions: Catalog) -> None:
        ran = shell("similar", "0.flac", "--duration", "12m", "--json")
        assert ran.err == b""
        assert ran.document["duration"] == 720
        assert [Path(row["path"]).stem for row in ran.document["results"]] == ["2", "4", "6"]
        assert b"3 tracks, 12:00; asked for 12:00" in shell("similar", "0.flac", "--duration", "12m").out
        mood = shell("mood", "--valence", "0.5", "--arousal", "0.6", "--duration", "8m", "--json").document
        assert mood["query"]["duration"] == 480
        assert len(mood["results"]) == 2

    def test_what_cannot_be_filled_is_said(self, shell: Shell, versions: Catalog) -> None:
        short = shell("similar", "0.flac", "--duration", "1h")
        assert short.code == 0
        assert short.err.decode() == (
            "there are not enough tracks for 1:00:00, these last 20:00; --no-diversity may allow more\n"
        )
        odd = shell("mood", "--valence", "0.5", "--arousal", "0.6", "--duration", "7m")
        assert b"no combination of tracks for 7:00, these last 8:00" in odd.err
        none = shell("similar", "0.flac", "--duration", "1m")
        assert none.code == 4
        assert none.err == b"no matching track fits into 1:00\n"
        everything = shell("similar", "0.flac", "--duration", "1h", "--no-diversity")
        assert b"these last 32:00\n" in everything.err

    @pytest.mark.parametrize("wrong", [("--duration", "soon"), ("--duration", "45m", "-n", "10")])
    def test_wrong_usage(self, shell: Shell, versions: Catalog, wrong: tuple[str, ...]) -> None:
        for question in (("similar", "0.flac"), ("mood", "calm")):
            ran = shell(*question, *wrong)
            assert (ran.code, ran.out) == (2, b"")
            assert ran.err

    def test_a_mix_of_a_mood_with_a_sound_keeps_to_the_mood(self, shell: Shell, home: Path) -> None:
        """Of a hundred tracks the nearest ten in mood come first, whatever else sounds more alike."""
        catalog = Catalog(home / "library.db", AWAY, weights_path().stem)
        catalog.add(*(Entry(f"{n}.flac", angle(n), n / 100, 0.5, duration_s=60) for n in range(100)))
        like = ("--like", str(catalog.id("0.flac")))
        mix = ("mood", "--valence", "0.5", "--arousal", "0.5", *like, "--duration", "5m")
        assert numbers(shell, *mix) == [45, 46, 47, 48, 49]


class TestOrder:
    def test_rows_are_ranked_anew_and_keep_their_similarity(self, shell: Shell, versions: Catalog) -> None:
        """By arousal: 8 (.2), 4 (.4), 2 (.6), 7 (.85), 6 (.9)."""
        arc = shell("similar", "0.flac", "--order", "mood", "--json").document
        assert arc["order"] == "mood"
        assert [Path(row["path"]).stem for row in arc["results"]] == ["8", "2", "6", "7", "4"]
        assert [row["rank"] for row in arc["results"]] == [1, 2, 3, 4, 5]
        assert arc["results"][0]["similarity"] == pytest.approx(2**-0.5, abs=1e-3)
        assert numbers(shell, "similar", "0.flac", "--order", "flow") == [2, 7, 6, 4, 8]
        point = ("mood", "--valence", "0.5", "--arousal", "0.9", "-n", "4")
        assert numbers(shell, *point) == [6, 7, 5, 0]
        assert numbers(shell, *point, "--order", "mood") == [0, 7, 6, 5]
        assert shell("similar", "0.flac", "--order", "flow").out.count(b"in order of flow") == 1
        assert shell("similar", "0.flac", "--order", "random").code == 2


class TestExplain:
    def test_each_row_says_why_in_numbers(self, shell: Shell, versions: Catalog) -> None:
        ran = shell("similar", "0.flac", "--explain", "--order", "mood", "--json")
        first = ran.document["results"][0]
        assert first["explain"]["mood_distance"] == 0.3
        assert first["explain"]["arousal_difference"] == -0.3
        assert first["explain"]["sound"] == pytest.approx(2**-0.5, abs=1e-3)
        assert first["explain"]["genres"] == ["Jazz"]
        assert first["explain"]["tempo_ratio"] is None
        assert (first["explain"]["alike"], first["explain"]["unlike"]) == (["sound", "genre"], ["mood"])
        table = shell("similar", "0.flac", "--explain").out.decode()
        assert table.count("alike: sound") == 5
        assert "explain" not in shell("similar", "0.flac", "--json").document["results"][0]

    def test_spreadsheets_have_it_in_columns_of_their_own(self, shell: Shell, versions: Catalog) -> None:
        document = shell("similar", "0.flac", "--explain", "--json").document
        table = shell("similar", "0.flac", "--explain", "--format", "csv").out.decode()
        for row, result in zip(csv.DictReader(table.splitlines()), document["results"], strict=True):
            told = {name.removeprefix("explain_"): row[name] for name in row if name.startswith("explain_")}
            as_text = {
                name: "; ".join(value) if isinstance(value, list) else "" if value is None else str(value)
                for name, value in result["explain"].items()
            }
            assert told == as_text
        plain = shell("similar", "0.flac", "--format", "csv").out
        assert b"explain" not in plain

    def test_of_several_seeds_the_nearest_is_named(self, shell: Shell, versions: Catalog) -> None:
        ran = shell("similar", "0.flac", "8.flac", "--explain", "--json")
        seeds = {Path(row["path"]).stem: row["explain"]["seed"] for row in ran.document["results"]}
        assert (seeds["2"], seeds["7"]) == (0, 1)
        assert "(Seed) alike: sound" in shell("similar", "0.flac", "8.flac", "--explain").out.decode()
        nothing = shell("similar", "0.flac", "--explain", "--where", "genre:metal")
        assert nothing.code == 4
