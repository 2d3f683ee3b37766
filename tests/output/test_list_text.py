"""What a list says beside its numbers, in print and for scripts."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from musimo.output.answer_text import text
from musimo.output.answers import Answer, MoodResult, PathResult, PrintOptions, SimilarResult, TracksAnswer
from musimo.output.csv_out import csv_table
from musimo.output.json_out import content, document
from musimo.records import KeyNotation, Tags, TempoKey, Track, Window
from musimo.search.best_window import BestWindow
from musimo.search.explain import Explanation
from musimo.search.rows import MoodTrack, PathTrack, SimilarTrack

WHY = Explanation(0, 0.5, 0.25, 0.75, 0.125, 0.1, -0.3, 1.5 / 2 * 1.5, 1, "relative", ("Jazz",))
SO_WHAT = Track(
    1,
    b"/m/1.mp3",
    Tags(title="So What", genre="Jazz"),
    300.0,
    1,
    0.5,
    0.5,
    None,
    TempoKey(120, 1, "A minor", 1),
)
ONE = replace(SO_WHAT, id=2, tags=Tags(title="One", genre="Jazz"), tempo_key=TempoKey(135, 1, "C major", 1))
TWO = replace(SO_WHAT, id=3, tags=Tags(title="Two"), tempo_key=None)
BARE = Explanation(0, 0.1, 0.1, 0.1, 0.1, None, None, None, None, None, None)


def lines(answer: SimilarResult | MoodResult, options: PrintOptions | None = None) -> list[str]:
    return text(answer, options or PrintOptions()).splitlines()


def test_the_best_window_stands_beside_the_row_of_a_passage_and_is_written_for_scripts() -> None:
    best = BestWindow(Window(111.6, 156.6), 0.123456789)
    rows = (SimilarTrack(1, 0.5, ONE, window=best), SimilarTrack(2, 0.25, TWO))
    answer = SimilarResult(rows, (SO_WHAT,), passage=Window(70, 100))
    assert lines(answer)[3:] == [
        "#  similar    at  valence  arousal  time  track",
        "1    0.500  1:52     0.50     0.50  5:00  One",
        "2    0.250     –     0.50     0.50  5:00  Two",
    ]
    told = [{"start": 111.6, "end": 156.6, "similarity": 0.123457}, None]
    assert [row["window"] for row in content(answer, "0-1")["results"]] == told  # type: ignore[attr-defined]
    header, first, second = csv_table(answer, "0-1").splitlines()
    assert header.endswith(
        ",key_confidence,content,heard,release_year,window_start,window_end,window_similarity,start,end"
    )
    assert first.endswith(",1.0,,,,111.6,156.6,0.123457,,")
    assert second.endswith(",,,,,,,,,,,")


def test_no_window_is_shown_where_none_is_known_or_no_passage_was_asked_with() -> None:
    heading = "#  similar  valence  arousal  time  track"
    for passage, window in ((None, BestWindow(Window(0, 45), 0.5)), (Window(70, 100), None)):
        rows = (SimilarTrack(1, 0.5, ONE, window=window),)
        answer = SimilarResult(rows, (SO_WHAT,), passage=passage)
        assert heading in lines(answer)


def test_versions_are_counted_beside_the_row_and_below_the_question() -> None:
    rows = (SimilarTrack(1, 0.5, ONE, (TWO, TWO)), SimilarTrack(2, 0.25, TWO))
    answer = SimilarResult(rows, (SO_WHAT, ONE), versions=((TWO,), ()))
    assert lines(answer) == [
        "like  So What",
        "      1 other version of it is left out",
        "      One",
        "",
        "#  similar  valence  arousal  time  versions  track",
        "1    0.500     0.50     0.50  5:00        +2  One",
        "2    0.250     0.50     0.50  5:00            Two",
    ]
    read = content(answer, "0-1")
    assert [track["versions"] for track in read["query"]] == [[3], []]  # type: ignore[attr-defined]
    assert [row["versions"] for row in read["results"]] == [[3, 3], []]  # type: ignore[attr-defined]
    near = MoodResult((MoodTrack(1, 0.0, ONE, 0.5, (TWO,)),), 0.5, 0.5, like=SO_WHAT, versions=(TWO, TWO))
    assert lines(near)[1:] == [
        "like  So What",
        "      2 other versions of it are left out",
        "",
        "#  distance  similar  valence  arousal  time  versions  track",
        "1     0.000    0.500     0.50     0.50  5:00        +1  One",
    ]
    assert content(near, "0-1")["query"]["like"]["versions"] == [3, 3]  # type: ignore[index]


def test_tempo_and_key_stand_beside_the_rows_that_they_put_in_order() -> None:
    told = [TempoKey(119.6, 0.5, "A minor", 0.5), TempoKey(None, 0.1, "Db major", 0.4), None]
    tracks = [replace(ONE, tempo_key=one) for one in told]
    rows = tuple(SimilarTrack(n, 0.5, track) for n, track in enumerate(tracks, 1))
    table = lines(SimilarResult(rows, (), order="flow"))[-4:]
    assert table[0].split()[-3:] == ["tempo", "key", "track"]
    assert [line.split()[5:7] for line in table[1:]] == [["120", "Am"], ["–", "Db"], ["–", "–"]]
    assert "tempo" not in lines(SimilarResult(rows, ()))[0]


def test_order_and_length_are_told_where_they_were_asked_for() -> None:
    answer = SimilarResult((SimilarTrack(1, 0.5, ONE),), (SO_WHAT,), duration_s=310, order="flow")
    assert lines(answer)[1] == "      in order of flow: small steps in mood, tempo and key"
    assert lines(answer)[-2:] == ["", "1 track, 5:00; asked for 5:10"]
    read = content(answer, "0-1")
    assert (read["duration"], read["order"]) == (310, "flow")
    mood = MoodResult(
        (MoodTrack(1, 0.0, ONE), MoodTrack(2, 0.0, TWO)), 0.5, 0.5, duration_s=600, order="mood"
    )
    assert lines(mood)[1] == "      in order of mood: from calm to excited and back"
    assert lines(mood)[-1] == "2 tracks, 10:00; asked for 10:00"
    assert content(mood, "0-1")["query"] == {"valence": 0.5, "arousal": 0.5, "duration": 600, "order": "mood"}


def test_an_explanation_stands_below_its_row_with_a_number_for_every_word() -> None:
    rows = (SimilarTrack(1, 0.5, ONE, explanation=WHY), SimilarTrack(2, 0.25, TWO, explanation=BARE))
    answer = SimilarResult(rows, (SO_WHAT,), explained=True)
    assert lines(answer)[2:] == [
        "#  similar  valence  arousal  time  track",
        "1    0.500     0.50     0.50  5:00  One",
        "    alike: sound 0.50 (timbre 0.25, network 0.75),",
        "    key A minor to C major (relative, 1 step), genre Jazz;",
        "    unlike: mood 0.32 apart (valence +0.10, arousal -0.30), tempo 120 to 135",
        "2    0.250     0.50     0.50  5:00  Two",
        "    unlike: sound 0.10 (timbre 0.10, network 0.10)",
    ]
    assert "    unlike: mood 2.53 apart (valence +0.80, arousal -2.40), tempo 120 to 135" in lines(
        answer, PrintOptions(scale="1-9")
    )
    rows = (replace(rows[0], explanation=replace(WHY, seed=1)), rows[1])
    several = replace(answer, rows=rows, seeds=(TWO, SO_WHAT))
    assert "    (So What) alike: sound 0.50 (timbre 0.25, network 0.75)," in lines(several)
    assert lines(several)[-1] == "    (Two) unlike: sound 0.10 (timbre 0.10, network 0.10)"


def test_genres_that_are_not_shared_are_told_apart() -> None:
    metal = replace(ONE, tags=Tags(title="One", genre="Metal; Doom"))
    apart = replace(BARE, genres=())
    shown = lines(
        SimilarResult((SimilarTrack(1, 0.5, metal, explanation=apart),), (SO_WHAT,), explained=True)
    )
    assert shown[-1] == "    unlike: sound 0.10 (timbre 0.10, network 0.10), genre Jazz to Metal, Doom"


def test_tags_heard_in_both_are_named() -> None:
    why = replace(WHY, heard=("jazz", "piano", "mellow", "solo", "slow", "60s"))
    answer = SimilarResult((SimilarTrack(1, 0.5, ONE, explanation=why),), (SO_WHAT,), explained=True)
    assert "    heard in both: jazz, piano, mellow, solo, slow;" in lines(answer)
    assert csv_table(answer, "0-1").splitlines()[1].endswith(",jazz; piano; mellow; solo; slow; 60s,,")
    none = SimilarTrack(1, 0.5, ONE, explanation=replace(why, heard=()))
    assert not any("heard" in line for line in lines(replace(answer, rows=(none,))))


def test_scripts_read_an_explanation_as_numbers() -> None:
    rows = (SimilarTrack(1, 0.5, ONE, explanation=WHY), SimilarTrack(2, 0.25, TWO, explanation=BARE))
    answer = SimilarResult(rows, (SO_WHAT,), explained=True)
    first, second = json.loads(document(content(answer, "0-1")))["results"]
    assert first["explain"] == {
        "seed": 0,
        "alike": ["sound", "key", "genre"],
        "unlike": ["mood", "tempo"],
        "sound": 0.5,
        "statistics": 0.25,
        "fused": 0.75,
        "embedding": 0.125,
        "mood_distance": 0.3162,
        "valence_difference": 0.1,
        "arousal_difference": -0.3,
        "tempo_ratio": 1.125,
        "key_relation": "relative",
        "key_steps": 1,
        "genres": ["Jazz"],
        "heard": None,
    }
    assert {name for name, value in second["explain"].items() if value is None} == {
        *("mood_distance", "valence_difference", "arousal_difference"),
        *("tempo_ratio", "key_relation", "key_steps", "genres", "heard"),
    }
    rated = json.loads(document(content(answer, "1-9")))["results"][0]["explain"]
    assert (rated["mood_distance"], rated["valence_difference"], rated["sound"]) == (2.5298, 0.8, 0.5)
    assert csv_table(answer, "0-1").splitlines()[0].startswith("rank,similarity,id,path,title")


@pytest.mark.parametrize(("keys", "written"), [("musical", "Am"), ("camelot", "8A"), ("openkey", "1m")])
def test_every_table_shows_keys_in_a_notation_that_is_asked_for(keys: KeyNotation, written: str) -> None:
    track = replace(ONE, tempo_key=TempoKey(119.6, 0.5, "A minor", 0.5))
    answers: list[Answer] = [
        SimilarResult((SimilarTrack(1, 0.5, track),), ()),
        MoodResult((MoodTrack(1, 0.125, track),), 0.75, 0.25),
        PathResult((PathTrack(1, 1.0, 0.5, track),), (track, track)),
        TracksAnswer([track]),
    ]
    for answer in answers:
        *_, heads, row = text(answer, PrintOptions(keys=keys)).splitlines()
        assert heads.split()[-3:] == ["tempo", "key", "track"]
        assert f"120  {written}" in row
        assert written not in text(answer, PrintOptions()).split()
