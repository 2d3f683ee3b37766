import base64
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from musimo.library.active_model import ModelUpgrade
from musimo.library.db.ratings import Opinion
from musimo.output.answers import (
    AnalyzeAnswer,
    Answer,
    Details,
    ErrorsAnswer,
    MoodResult,
    SimilarResult,
    Status,
    TracksAnswer,
)
from musimo.output.json_out import content, document, lines, rows
from musimo.output.text import safe_lines
from musimo.records import AnalyzedFile, FailedFile, Failure, HeardTag, Track
from musimo.records.scale import Scale


def read(answer: Answer, scale: Scale = "0-1") -> Any:
    written = document(content(answer, scale))
    assert safe_lines(written) == written
    return json.loads(written.encode(), parse_constant=lambda name: AssertionError(name))


TRACK = {
    "id": 7,
    "path": "/music/Nina/07 Feeling Good.mp3",
    "title": "Feeling Good",
    "artist": "Nina Simone",
    "album": "I Put a Spell on You",
    "albumartist": None,
    "genre": "Jazz",
    "year": 1965,
    "release_year": None,
    "duration": 173.42,
    "format": "mp3",
    "bitrate": 320,
    "valence": 0.625,
    "arousal": 0.25,
    "partial": None,
    "tempo": 120.0,
    "tempo_confidence": 0.88,
    "key": "G minor",
    "key_confidence": 0.52,
    "camelot": "6A",
    "open_key": "11m",
    "content": None,
    "start": None,
    "end": None,
    "heard": None,
}


def test_similar(similar: SimilarResult) -> None:
    read_back = read(similar)
    assert list(read_back) == ["schema", "query", "results"]
    assert read_back["schema"] == 1
    assert read_back["query"] == [TRACK | {"id": None, "versions": []}]
    assert read_back["results"][0] == TRACK | {"rank": 1, "similarity": 1.0, "versions": [], "window": None}


def test_mood_in_ratings(mood: MoodResult) -> None:
    assert read(mood, "1-9") == {
        "schema": 1,
        "query": {"valence": 7.0, "arousal": 3.0},
        "results": [
            TRACK | {"valence": 6.0, "arousal": 3.0, "rank": 1, "distance": 1.0, "versions": []},
        ],
    }


def test_export(track: Track) -> None:
    assert read(TracksAnswer([track])) == {"schema": 1, "results": [TRACK]}
    assert json.loads(lines(rows(TracksAnswer([track]), "0-1"))) == TRACK


def test_analyze(analyzed: AnalyzedFile) -> None:
    failed = FailedFile(b"/tmp/x\xff.mp3", "decode", "no sound in it")
    assert read(AnalyzeAnswer([analyzed], [failed])) == {
        "schema": 1,
        "results": [
            {
                "path": "/tmp/new.flac",
                "duration": 110.0,
                "valence": 0.625,
                "arousal": 0.25,
                "partial": None,
                "tempo": None,
                "tempo_confidence": 0.1,
                "key": "Eb major",
                "key_confidence": 0.5,
                "camelot": "5B",
                "open_key": "10d",
                "content": "68617368",
                "heard": None,
                "clips": [
                    {"start": 0.0, "end": 45.0, "valence": 0.5, "arousal": 0.25},
                    {"start": 60.5, "end": 105.5, "valence": 0.75, "arousal": 0.25},
                ],
            }
        ],
        "failed": [
            {
                "path": "/tmp/x\ufffd.mp3",
                "path_bytes": base64.b64encode(b"/tmp/x\xff.mp3").decode(),
                "stage": "decode",
                "reason": "no sound in it",
            }
        ],
    }


def test_show(track: Track, analyzed: AnalyzedFile) -> None:
    shown = read(Details(track, 0.125, None, analyzed.emotion.windows), "1-9")["track"]
    assert shown == TRACK | {
        "valence": 6.0,
        "arousal": 3.0,
        "valence_sd": 1.0,
        "arousal_sd": None,
        "composer": None,
        "track": 7,
        "disc": None,
        "bpm": 119.6,
        "samplerate": 44_100,
        "channels": 2,
        "network": None,
        "rating": None,
        "clips": [
            {"start": 0.0, "end": 45.0, "valence": 5.0, "arousal": 3.0},
            {"start": 60.5, "end": 105.5, "valence": 7.0, "arousal": 3.0},
        ],
    }
    of_ear = read(Details(track, None, None, (), (0.5, 0.25), Opinion(1.0, None, -1)), "1-9")["track"]
    assert of_ear["network"] == {"valence": 5.0, "arousal": 3.0}
    assert of_ear["rating"] == {"valence": 9.0, "arousal": None, "liking": "dislike"}


def test_status_and_errors() -> None:
    assert read(Status(Path("/l.db"), 3, 2, 1, 0, "m", 2, (Path("/music"),), quadrants={"happy": 2})) == {
        "schema": 1,
        "library": "/l.db",
        "tracks": 3,
        "analyzed": 2,
        "partial": 0,
        "failed": 1,
        "missing": 0,
        "model": "m",
        "next": None,
        "indexed": 2,
        "roots": ["/music"],
        "quadrants": {"happy": 2},
        "ratings": 0,
        "calibration": None,
        "heard": None,
    }
    hearing = Status(Path("/l.db"), 3, 2, 1, 0, "m", 2, (), heard={"rock": 2, "piano": 1})
    assert list(read(hearing)["heard"].items()) == [("rock", 2), ("piano", 1)]
    moving = Status(Path("/l.db"), 3, 2, 1, 0, "m", 2, (), upgrade=ModelUpgrade("m2", 1, 2))
    assert read(moving)["next"] == {"model": "m2", "heard": 1, "sounds": 2}
    assert read(ErrorsAnswer([Failure(b"/a", "read", "gone", "2026")])) == {
        "schema": 1,
        "errors": [{"path": "/a", "stage": "read", "reason": "gone", "when": "2026"}],
    }


def test_tags_heard_are_listed_with_their_scores(track: Track, analyzed: AnalyzedFile) -> None:
    heard = (HeardTag("jazz", 0.96826171875), HeardTag("female vocals", 0.5))
    listed = [{"tag": "jazz", "score": 0.968}, {"tag": "female vocals", "score": 0.5}]
    assert read(TracksAnswer([replace(track, heard=heard)]))["results"] == [TRACK | {"heard": listed}]
    assert read(TracksAnswer([replace(track, heard=())]))["results"] == [TRACK | {"heard": []}]
    assert read(AnalyzeAnswer([replace(analyzed, heard=heard)], []))["results"][0]["heard"] == listed
    assert read(Details(replace(track, heard=heard)))["track"]["heard"] == listed


def test_what_is_unknown_or_no_number_is_null(bare: Track, hostile: Track) -> None:
    unknown, nan = read(TracksAnswer([bare, hostile]))["results"]
    assert unknown.pop("id") == 8
    assert base64.b64decode(unknown.pop("path_bytes")) == b"/music/caf\xe9.ogg"
    assert unknown.pop("path") == "/music/caf\ufffd.ogg"
    assert set(unknown.values()) == {None}
    assert nan["duration"] is None
    assert nan["valence"] is None
    assert nan["path"] == "/music/\x1b[31mred\n#EXTM3U.mp3"
    assert "path_bytes" not in nan


@given(st.text(st.characters(codec=None)))
def test_text_comes_back(text: str) -> None:
    row = lines([{"title": text}])
    assert row.count("\n") == 1
    assert safe_lines(row) == row
    expected = "".join("\ufffd" if "\ud800" <= letter <= "\udfff" else letter for letter in text)
    assert json.loads(row.encode())["title"] == expected
