"""Questions to a library: what is asked for is what is answered, in the fields scripts rely on."""

from __future__ import annotations

import base64
import csv
import json
import os
from pathlib import Path

import pytest

from musimo.api import Library
from musimo.resources import weights_path
from tests.catalog import Catalog
from tests.cli.conftest import Shell

TRACK = {
    "id",
    "path",
    "title",
    "artist",
    "album",
    "albumartist",
    "genre",
    "year",
    "release_year",
    "duration",
    "format",
    "bitrate",
    "valence",
    "arousal",
    "partial",
    "tempo",
    "tempo_confidence",
    "key",
    "key_confidence",
    "camelot",
    "open_key",
    "content",
    "start",
    "end",
    "heard",
}
BESIDE = {"rank", "similarity", "versions", "window"}


@pytest.fixture(autouse=True)
def _library(library: Catalog) -> None:
    pass


class TestSimilar:
    def test_answers_tell_what_was_asked_and_rank_the_rest(self, shell: Shell, library: Catalog) -> None:
        ran = shell("similar", "So What", "--json")
        assert ran.code == 0
        assert ran.err == b""
        assert {*ran.document} == {"schema", "query", "results"}
        [query] = ran.document["query"]
        assert {*query} == TRACK | {"versions"}
        assert (query["title"], query["id"]) == ("So What", library.id("Jazz/So What.flac"))
        rows = ran.document["results"]
        assert all({*row} - {"path_bytes"} == TRACK | BESIDE for row in rows)
        assert [row["rank"] for row in rows] == [*range(1, len(rows) + 1)]
        scores = [row["similarity"] for row in rows]
        assert scores == sorted(scores, reverse=True)
        assert 0 <= min(scores) <= max(scores) <= 1

    def test_one_artist_does_not_fill_the_answer_unless_it_may(self, shell: Shell) -> None:
        assert shell("similar", "So What", "--json").titles[:4] == [
            "Freddie Freeloader",
            "Milestones",
            "Giant Steps",
            "One",
        ]
        everything = shell("similar", "So What", "--no-diversity", "--json").titles
        assert everything[:4] == ["Freddie Freeloader", "Milestones", "Four", "Giant Steps"]
        assert shell("similar", "So What", "--max-per-artist", "1", "--json").titles[1] == "Giant Steps"
        assert shell("similar", "Giant", "--max-per-artist", "0", "--json").titles[:3] == [
            "Four",
            "Milestones",
            "Freddie Freeloader",
        ]

    def test_neither_the_query_nor_its_exact_copy_is_in_the_answer(
        self, shell: Shell, library: Catalog
    ) -> None:
        ran = shell("similar", library.id("Metal/One.flac"), "--no-diversity", "--json")
        assert "One" not in ran.titles
        ran = shell("similar", "(copy)", "--no-diversity", "--json")
        assert ran.titles[0] == "Paranoid"
        assert "One" not in ran.titles

    def test_exact_copies_are_one_row_and_a_filter_chooses_which(self, shell: Shell) -> None:
        assert shell("similar", "Paranoid", "--no-diversity", "--json").titles.count("One") == 1
        ran = shell("similar", "Paranoid", "--where", "year:2000", "--json")
        assert [os.path.basename(row["path"]) for row in ran.document["results"]] == ["One (copy).flac"]  # noqa: PTH119

    def test_filters_all_hold_and_may_be_negated(self, shell: Shell) -> None:
        jazz = shell("similar", "So What", "--where", "genre:jazz", "--no-diversity", "--json").titles
        assert jazz == ["Freddie Freeloader", "Milestones", "Four", "Giant Steps"]
        both = ("--where", "genre:jazz", "--where", "^artist:davis")
        assert shell("similar", "So What", *both, "--json").titles == ["Giant Steps"]
        assert shell("similar", "So What", "--where", "duration:9:00..", "--json").titles == [
            "Freddie Freeloader"
        ]
        assert shell("similar", "So What", "--where", "path:Metal/", "--json").titles == ["One", "Paranoid"]

    def test_several_seeds_and_unwanted_ones(self, shell: Shell) -> None:
        ran = shell("similar", "So What", "Paranoid", "--json")
        assert [track["title"] for track in ran.document["query"]] == ["So What", "Paranoid"]
        assert not {"So What", "Paranoid"} & {*ran.titles}
        near = shell("similar", "Giant", "--no-diversity", "--json").titles
        assert near.index("So What") < near.index("One")
        away = shell("similar", "Giant", "--not", "Freddie", "--no-diversity", "--json").titles
        assert away.index("One") < away.index("So What")
        assert "Freddie Freeloader" not in away

    def test_a_track_named_twice_is_asked_with_once_and_never_for_and_against(self, shell: Shell) -> None:
        once, twice = (shell("similar", *["Giant"] * n, "--json").document for n in (1, 2))
        assert twice == once
        torn = shell("similar", "Giant", "--not", "Giant")
        assert (torn.code, b"for and against" in torn.err) == (2, True)

    def test_limits(self, shell: Shell) -> None:
        assert len(shell("similar", "So What", "-n", "1", "--json").titles) == 1
        enough = shell("similar", "So What", "--min-similarity", "0.95", "--json")
        assert enough.titles == ["Freddie Freeloader", "Milestones"]
        nothing = shell("similar", "Paranoid", "--min-similarity", "0.999", "--json")
        assert (nothing.code, nothing.document["results"]) == (4, [])
        for wrong in (("-n", "0"), ("--min-similarity", "1.5"), ("--max-per-artist", "-1")):
            assert shell("similar", "So What", *wrong).code == 2

    def test_a_track_that_was_never_analysed_cannot_be_asked_with(self, shell: Shell) -> None:
        ran = shell("similar", "Never heard")
        assert ran.code == 4
        assert b"not analyzed" in ran.err
        assert b"musimo errors" in ran.err


class TestMood:
    def test_answers_tell_the_point_and_the_distance_to_it(self, shell: Shell) -> None:
        ran = shell("mood", "--valence", "0.6", "--arousal", "0.2", "--json")
        assert ran.code == 0
        assert ran.document["query"] == {"valence": 0.6, "arousal": 0.2}
        first, second, *_ = ran.document["results"]
        assert {*first} == TRACK | {"rank", "distance", "versions"}
        assert (first["title"], first["rank"], first["distance"]) == ("So What", 1, 0)
        assert second["title"] == "Four", "one album, one row"
        assert second["distance"] == pytest.approx((0.1**2 + 0.2**2) ** 0.5, abs=1e-6)

    def test_ratings_are_the_same_question_on_another_scale(self, shell: Shell) -> None:
        plain = shell("mood", "--valence", "0.25", "--arousal", "0.75", "--json").document
        rated = shell("mood", "--scale", "1-9", "--valence", "3", "--arousal", "7", "--json").document
        assert rated["query"] == {"valence": 3, "arousal": 7}
        assert [row["id"] for row in rated["results"]] == [row["id"] for row in plain["results"]]
        for a, b in zip(rated["results"], plain["results"], strict=True):
            assert a["valence"] == pytest.approx(1 + 8 * b["valence"], abs=1e-3)
            assert a["distance"] == pytest.approx(8 * b["distance"], abs=1e-5)
        low = ("--where", "valence:..2")
        sad = shell("mood", "--scale", "1-9", "--valence", "1", "--arousal", "9", *low, "--json")
        assert sad.titles == ["One"]

    @pytest.mark.parametrize(
        "arguments",
        [
            ("--valence", "1.1", "--arousal", "0"),
            ("--valence", "0", "--arousal", "-0.1"),
            ("--valence", "nan", "--arousal", "0"),
            ("--valence", "5", "--arousal", "5"),
            ("--scale", "1-9", "--valence", "0.5", "--arousal", "0.5"),
            ("--valence", "high", "--arousal", "0"),
            ("--valence", "0.5"),
            ("--valence", "0.5", "--arousal", "0.5", "--where", "valence:2.."),
        ],
    )
    def test_a_point_off_the_scale_is_wrong_usage(self, shell: Shell, arguments: tuple[str, ...]) -> None:
        ran = shell("mood", *arguments)
        assert (ran.code, ran.out) == (2, b"")
        assert ran.err


class TestShow:
    def test_it_tells_all_that_is_known_of_a_track(self, shell: Shell, library: Catalog) -> None:
        ran = shell("show", "Giant Steps", "--json")
        assert ran.code == 0
        track = ran.document["track"]
        assert {*track} >= TRACK | {"clips", "valence_sd", "arousal_sd", "composer", "samplerate"}
        assert track["path"] == os.fsdecode(library.path("Jazz/Giant.flac"))
        assert track["clips"] == [{"start": 0, "end": 45, "valence": 0.5, "arousal": 0.7}]
        assert b"Giant Steps" in shell("show", "Giant Steps").out

    def test_what_is_not_known_is_null_and_a_path_that_is_no_text_is_told_twice(
        self, shell: Shell, library: Catalog
    ) -> None:
        track = shell("show", library.id(b"odd/caf\xe9\n.mp3"), "--json").document["track"]
        assert track["title"] is track["artist"] is track["year"] is None
        assert track["path"].endswith("odd/caf\ufffd\n.mp3")
        assert base64.b64decode(track["path_bytes"]) == library.path(b"odd/caf\xe9\n.mp3")

    def test_a_track_without_emotion_is_shown_without(self, shell: Shell) -> None:
        track = shell("show", "Never heard", "--json").document["track"]
        assert track["valence"] is track["valence_sd"] is None
        assert track["clips"] == []
        assert b"not analyzed" in shell("show", "Never heard").out

    @pytest.mark.parametrize(
        ("named", "code"),
        [
            ("Metal/", 2),
            ("flac", 2),
            ("Bohemian Rhapsody", 4),
            ("99999999999999999999", 4),
            (os.fsdecode(b"\xff"), 4),
        ],
    )
    def test_no_track_or_several_are_no_answer(self, shell: Shell, named: str, code: int) -> None:
        ran = shell("show", named)
        assert ran.code == code
        assert ran.out == b""

    def test_an_ambiguous_name_lists_its_candidates(self, shell: Shell, library: Catalog) -> None:
        ran = shell("show", "Metal/")
        assert ran.code == 2
        for name in ("Metal/Paranoid.flac", "Metal/One (copy).flac"):
            assert f"{library.id(name)}: {os.fsdecode(library.path(name))}".encode() in ran.err

    def test_exact_copies_are_one_name(self, shell: Shell, library: Catalog) -> None:
        assert shell("show", "One", "--json").document["track"]["id"] == library.id("Metal/One (copy).flac")


def test_status_counts(shell: Shell, library: Catalog, home: Path) -> None:
    ran = shell("status", "--json")
    assert (ran.code, ran.err) == (0, b"")
    assert ran.document == {
        "schema": 1,
        "library": str(home / "library.db"),
        "tracks": 11,
        "analyzed": 10,
        "partial": 0,
        "failed": 1,
        "missing": 0,
        "model": weights_path().stem,
        "next": None,
        "indexed": 9,
        "roots": [os.fsdecode(library.root)],
        "quadrants": {"happy": 4, "tense": 2, "sad": 0, "calm": 3},
        "ratings": 0,
        "calibration": None,
        "heard": None,
    }
    assert b"moods     tense        2   22%    happy        4   44%\n" in shell("status").out


def test_errors_tell_what_failed_and_why(shell: Shell, library: Catalog) -> None:
    ran = shell("errors", "--json")
    [row] = ran.document["errors"]
    assert {*row} == {"path", "stage", "reason", "when"}
    assert (row["path"], row["stage"]) == (os.fsdecode(library.path("odd/broken.mp3")), "decode")
    assert row["reason"] == "no sound could be decoded"
    assert row["when"].endswith("+00:00")
    assert ran.code == 0


def test_export_writes_every_track_and_selects_like_the_others(shell: Shell, library: Catalog) -> None:
    rows = shell("export", "--json").document["results"]
    assert len(rows) == 11
    assert all({*row} - {"path_bytes"} == TRACK for row in rows)
    paths = [base64.b64decode(row.get("path_bytes", "")) or os.fsencode(row["path"]) for row in rows]
    assert paths == sorted(paths)
    assert len(shell("export", "--where", "genre:jazz", "--json").titles) == 5
    assert len(shell("export", "--where", "genre:jazz", "--max-per-artist", "1", "--json").titles) == 2
    assert len(shell("export", "-n", "3", "--json").titles) == 3
    nothing = shell("export", "--where", "genre:polka", "--json")
    assert (nothing.code, nothing.document["results"]) == (4, [])


def test_the_content_of_export_is_that_of_the_analyses(
    shell: Shell, library: Catalog, tmp_path: Path
) -> None:
    rows = shell("export", "--json").document["results"]
    by_content = {row["content"]: row for row in rows if row["valence"] is not None}
    assert shell("export", "--analyses", tmp_path / "a.jsonl").code == 0
    _, *analyses, _ = map(json.loads, (tmp_path / "a.jsonl").read_text("utf-8").splitlines())
    assert analyses
    assert {one["content"] for one in analyses} == set(by_content)
    written = csv.DictReader(shell("export").out.decode().splitlines())
    assert [row["content"] for row in written] == [row["content"] or "" for row in rows]


def test_csv_for_excel_begins_with_a_byte_order_mark(shell: Shell, library: Catalog, tmp_path: Path) -> None:
    plain = shell("export").out
    assert shell("export", "--excel").out == b"\xef\xbb\xbf" + plain
    assert shell("similar", "So What", "--excel").out.startswith(b"\xef\xbb\xbfrank,similarity,")
    file = tmp_path / "tracks.csv"
    assert shell("export", "--excel", "-o", file).code == 0
    assert file.read_bytes() == b"\xef\xbb\xbf" + plain
    for other in (("--json",), ("--format", "paths"), ("-o", tmp_path / "a.m3u8")):
        ran = shell("export", "--excel", *other)
        assert (ran.code, ran.out) == (2, b"")
        assert b"--excel goes with CSV" in ran.err
    assert shell("export", "--excel", "--analyses", tmp_path / "a.jsonl").code == 2


@pytest.mark.parametrize("name", ["list.m3u8", "list.M3U", "list.pls", "list.xspf"])
def test_a_playlist_is_no_seed_and_that_is_said(
    shell: Shell, library: Catalog, tmp_path: Path, name: str
) -> None:
    (tmp_path / name).write_text("a.mp3\n")
    for command in (("similar",), ("show",), ("similar", "So What", "--not"), ("mood", "calm", "--like")):
        ran = shell(*command, tmp_path / name)
        assert (ran.code, ran.out) == (2, b"")
        assert b"is a playlist" in ran.err


def test_a_field_that_does_not_exist_lists_those_that_do(shell: Shell) -> None:
    for command in (("export",), ("similar", "So What"), ("mood", "--valence", "0.5", "--arousal", "0.5")):
        ran = shell(*command, "--where", "gener:jazz")
        assert (ran.code, ran.out) == (2, b"")
        assert b"did you mean genre?" in ran.err
        assert b"albumartist" in ran.err
        assert b"arousal" in ran.err


@pytest.mark.parametrize(
    ("options", "told"),
    [(("--json", "--format", "csv"), b"exclude each other"), (("-0",), b"-0 goes with --format paths")],
)
def test_analyze_hears_nothing_for_a_format_that_cannot_be(
    shell: Shell, home: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], told: bytes
) -> None:
    monkeypatch.delattr(Library, "analyze")
    ran = shell("analyze", "any.wav", *options)
    assert (ran.code, told in ran.err) == (2, True)


def test_analyze_needs_no_library(shell: Shell, home: Path, tmp_path: Path) -> None:
    import soundfile

    from tests.sounds import melody

    (home / "library.db").unlink()
    soundfile.write(tmp_path / "a.wav", melody(2), 22_050)
    (tmp_path / "b.mp3").write_text("no music\n" * 50)
    ran = shell("analyze", tmp_path / "a.wav", tmp_path / "b.mp3", "--json")
    assert ran.code == 3
    assert {*ran.document} == {"schema", "results", "failed"}
    [row] = ran.document["results"]
    told = {"tempo", "tempo_confidence", "key", "key_confidence", "camelot", "open_key", "content", "heard"}
    assert {*row} == {"path", "duration", "valence", "arousal", "partial", "clips", *told}
    assert (row["path"], row["duration"]) == (str(tmp_path / "a.wav"), 2)
    [clip] = row["clips"]
    assert {*clip} == {"start", "end", "valence", "arousal"}
    assert (clip["start"], clip["end"], clip["valence"]) == (0, 2, row["valence"])
    [failed] = ran.document["failed"]
    assert {*failed} == {"path", "stage", "reason"}
    assert not (home / "library.db").exists()
    ran = shell("analyze", tmp_path / "a.wav", tmp_path / "b.mp3", "--format", "csv")
    assert ran.code == 3
    assert ran.out.count(b"\n") == 2
    assert b"b.mp3" in ran.err, "a format without room for failures tells them beside"
    assert shell("analyze", tmp_path / "a.wav").code == 0


def test_analyze_takes_the_music_of_a_folder(shell: Shell, home: Path, tmp_path: Path) -> None:
    import soundfile

    from tests.sounds import melody

    (tmp_path / "in" / "deep").mkdir(parents=True)
    for name in ("b.wav", "deep/a.wav"):
        soundfile.write(tmp_path / "in" / name, melody(2), 22_050)
    (tmp_path / "in" / "cover.jpg").write_bytes(b"no music")
    ran = shell("analyze", tmp_path / "in", tmp_path / "in" / "b.wav", "--format", "paths")
    assert ran.code == 0
    assert [Path(line).name for line in ran.out.decode().splitlines()] == ["b.wav", "a.wav", "b.wav"]
    (tmp_path / "empty").mkdir()
    ran = shell("analyze", tmp_path / "empty", "--json")
    assert ran.code == 3
    [failed] = ran.document["failed"]
    assert failed["path"] == str(tmp_path / "empty")


def test_an_outside_file_finds_what_sounds_like_it(shell: Shell, tmp_path: Path) -> None:
    import soundfile

    from tests.sounds import melody

    soundfile.write(tmp_path / "demo.wav", melody(2), 22_050)
    ran = shell("similar", tmp_path / "demo.wav", "--json", "--no-diversity")
    assert ran.code == 0
    [query] = ran.document["query"]
    assert (query["id"], query["path"]) == (None, str(tmp_path / "demo.wav"))
    assert query["valence"] is not None
    assert len(ran.titles) == 9
    (tmp_path / "bad.mp3").write_text("no music\n" * 50)
    ran = shell("similar", tmp_path / "bad.mp3")
    assert (ran.code, ran.out) == (1, b"")
    assert b"bad.mp3" in ran.err
