"""Moods as people ask for them: in words, among one's own tracks, as a mix, with a sound, over time."""

from __future__ import annotations

from pathlib import Path

import pytest

from musimo.resources import weights_path
from tests.catalog import Catalog, Entry
from tests.cli.conftest import AWAY, Shell, angle

HOUR = ("--from", "0.1,0.5", "--to", "0.9,0.5", "--duration")


@pytest.fixture
def huddled(home: Path) -> Catalog:
    """Ten tracks of ten minutes, at 0° to 90°, with valences of .41 to .50 and one arousal."""
    catalog = Catalog(home / "library.db", AWAY, weights_path().stem)
    catalog.add(*(Entry(f"{n}.flac", angle(10 * n), 0.41 + 0.01 * n, 0.5, duration_s=600) for n in range(10)))
    return catalog


def numbers(shell: Shell, *arguments: str) -> list[int]:
    """The tracks of an answer, by the number in their names."""
    return [int(Path(row["path"]).stem) for row in shell(*arguments, "--json").document["results"]]


class TestRelative:
    def test_a_point_is_read_in_percentiles_and_so_is_the_distance(
        self, shell: Shell, huddled: Catalog
    ) -> None:
        point = ("--valence", "0.95", "--arousal", "0.5")
        ran = shell("mood", *point, "--relative", "-n", "2", "--json")
        assert ran.document["query"] == {"valence": 0.95, "arousal": 0.5, "relative": True}
        first, second = ran.document["results"]
        assert (first["path"], first["distance"]) == (f"{AWAY}/9.flac", pytest.approx(0, abs=1e-6))
        assert second["distance"] == pytest.approx(0.1, abs=1e-6)
        assert first["valence"] == 0.5
        assert numbers(shell, "mood", "--valence", "0.15", "--arousal", "0.5", "--relative", "-n", "1") == [1]
        assert b"in percentiles of this library" in shell("mood", *point, "--relative").out

    def test_percentiles_are_of_all_tracks_and_on_no_other_scale(
        self, shell: Shell, huddled: Catalog
    ) -> None:
        point = ("--valence", "0.95", "--arousal", "0.5", "--relative")
        assert numbers(shell, "mood", *point, "-n", "1", "--where", "path:3.flac") == [3]
        rated = shell("mood", *point, "--scale", "1-9", "-n", "2", "--json").document
        assert rated["query"]["valence"] == 0.95
        assert rated["results"][1]["distance"] == pytest.approx(0.1, abs=1e-6)
        assert rated["results"][0]["valence"] == 5
        ran = shell("mood", "--relative", "--valence", "5", "--arousal", "0.5", "--scale", "1-9")
        assert (ran.code, ran.out) == (2, b"")


class TestWords:
    def test_words_are_read_among_ones_own_tracks_unless_the_plane_is_meant(
        self, shell: Shell, huddled: Catalog
    ) -> None:
        ran = shell("mood", "happy", "-n", "1", "--json")
        assert ran.document["query"] == {"valence": 0.75, "arousal": 0.75, "relative": True, "words": "happy"}
        assert numbers(shell, "mood", "happy", "-n", "2") == [7, 6]
        assert numbers(shell, "mood", "happy", "--absolute", "-n", "2") == [9, 8]
        assert numbers(shell, "mood", "happy", "sad", "-n", "2") == numbers(
            shell, "mood", "happy, sad", "-n", "2"
        )

    def test_own_words_stand_in_the_settings(self, shell: Shell, huddled: Catalog, home: Path) -> None:
        (home / "config.toml").write_text("[moods]\ncosy = [0.35, 0.5]\n")
        assert numbers(shell, "mood", "cosy", "-n", "1") == [3]
        assert b"cosy" in shell("mood", "cozy").err

    @pytest.mark.parametrize(
        "arguments",
        [
            (),
            ("frobnicated",),
            ("calm", "--valence", "0.5"),
            ("calm", "--valence", "0.5", "--arousal", "0.5"),
            ("--arousal", "0.5"),
            ("calm", "--spread", "0"),
            ("calm", "--spread", "nan"),
            ("calm", "--seed", "3"),
            ("calm", "--seed", "3", "--spread", "0.3", "--like", "1.flac"),
        ],
        ids=" ".join,
    )
    def test_what_is_no_mood_is_wrong_usage(
        self, shell: Shell, huddled: Catalog, arguments: tuple[str, ...]
    ) -> None:
        ran = shell("mood", *arguments)
        assert (ran.code, ran.out) == (2, b"")
        assert ran.err


class TestSpread:
    def test_a_mix_is_what_lies_within_in_an_order_that_can_be_had_again(
        self, shell: Shell, huddled: Catalog
    ) -> None:
        mix = ("mood", "--valence", "0.45", "--arousal", "0.5", "--spread", "0.0205")
        first = shell(*mix, "--seed", "1", "--json").document
        assert first["query"] == {"valence": 0.45, "arousal": 0.5, "spread": 0.0205, "seed": 1}
        orders = {tuple(numbers(shell, *mix, "--seed", str(seed))) for seed in range(8)}
        assert {tuple(sorted(order)) for order in orders} == {(2, 3, 4, 5, 6)}
        assert len(orders) > 1
        drawn = shell(*mix, "--json").document
        again = shell(*mix, "--seed", str(drawn["query"]["seed"]), "--json").document
        assert again == drawn
        rated = ("mood", "--scale", "1-9", "--valence", "4.6", "--arousal", "5", "--spread", "0.164")
        assert sorted(numbers(shell, *rated)) == [2, 3, 4, 5, 6]
        assert b"in the order of seed 4" in shell(*mix, "--seed", "4").out
        assert shell("mood", "--valence", "0", "--arousal", "0", "--spread", "0.1").code == 4


class TestLike:
    def test_of_the_tracks_near_a_mood_those_that_sound_most_alike_come_first(
        self, shell: Shell, huddled: Catalog
    ) -> None:
        """Around .45 the nearest three are 4, 3 and 5; by sound 9 is nearest to 5, then 4, then 3."""
        near = ("mood", "--valence", "0.45", "--arousal", "0.5", "-n", "3", "--like", "9.flac")
        document = shell(*near, "--json").document
        assert document["query"]["like"]["path"] == f"{AWAY}/9.flac"
        rows = document["results"]
        assert [Path(row["path"]).stem for row in rows] == ["5", "4", "3"]
        assert [row["similarity"] for row in rows] == pytest.approx([0.766, 0.643, 0.5], abs=1e-3)
        assert [row["distance"] for row in rows] == pytest.approx([0.01, 0, 0.01], abs=1e-6)
        assert numbers(shell, *near, "-n", "10") == [8, 7, 6, 5, 4, 3, 2, 1, 0], "and not itself"
        assert numbers(shell, *near, "--spread", "0.0205") == [6, 5, 4]
        csv = shell(*near, "--format", "csv").out.decode().splitlines()
        assert csv[0].startswith("rank,distance,similarity,id,")
        table = shell(*near).out.decode()
        assert "like  9" in table
        assert "similar" in table


class TestMoodPath:
    def test_moods_go_evenly_from_one_to_the_other(self, shell: Shell, huddled: Catalog) -> None:
        ran = shell(
            "mood-path", "--from", "0.05,0.5", "--to", "0.85,0.5", "--relative", "--duration", "50m", "--json"
        )
        assert ran.code == 0
        point = {"arousal": 0.5}
        assert ran.document["query"] == {
            "from": {"valence": 0.05, **point},
            "to": {"valence": 0.85, **point},
            "duration": 3000,
            "relative": True,
        }
        rows = ran.document["results"]
        assert [Path(row["path"]).stem for row in rows] == ["0", "2", "4", "6", "8"]
        assert [row["distance"] for row in rows] == pytest.approx([0] * 5, abs=1e-6)

    def test_words_and_numbers_and_ratings(self, shell: Shell, huddled: Catalog) -> None:
        words = shell(
            "mood-path", "--from", "sad", "--to", "0.75,0.25", "--duration", "20m", "--json"
        ).document
        assert words["query"]["from"] == {"valence": 0.25, "arousal": 0.25}
        assert words["query"]["relative"] is True
        rated = ("mood-path", "--scale", "1-9", "--from", "4.28,5", "--to", "5,5", "--duration", "1h40m")
        assert numbers(shell, *rated) == [*range(10)]
        assert b"10 tracks, 1:40:00; asked for 1:40:00" in shell(*rated).out

    def test_it_is_a_list_like_others(self, shell: Shell, huddled: Catalog) -> None:
        ran = shell("mood-path", *HOUR, "1h", "--format", "m3u8")
        assert ran.out.count(b"\n/a drive/") == 6
        assert shell("mood-path", *HOUR, "1h", "--where", "path:Nothing").code == 4
        short = shell("mood-path", *HOUR, "3h", "--json")
        assert len(short.document["results"]) == 10
        assert b"not enough tracks" in short.err

    @pytest.mark.parametrize("wrong", [("0.1,1.5", "1h"), ("0.1", "1h"), ("calmish", "1h"), ("calm", "soon")])
    def test_wrong_usage(self, shell: Shell, huddled: Catalog, wrong: tuple[str, str]) -> None:
        ran = shell("mood-path", "--from", wrong[0], "--to", "0.5,0.5", "--duration", wrong[1])
        assert (ran.code, ran.out) == (2, b"")


def test_moods_that_cancel_are_noted_and_answered(shell: Shell, huddled: Catalog) -> None:
    ran = shell("mood", "happy", "sad", "--json")
    assert ran.code == 0
    assert (ran.document["query"]["valence"], ran.document["query"]["arousal"]) == (0.5, 0.5)
    assert b"happy sad: these moods cancel each other" in ran.err
    assert b"cancel" in shell("mood-path", "--from", "happy sad", "--to", "calm", "--duration", "1h").err
    assert b"cancel" not in shell("mood", "calm", "sad").err
    assert shell("-q", "mood", "happy", "sad").err == b""
