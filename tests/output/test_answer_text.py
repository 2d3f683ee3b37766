from dataclasses import replace
from pathlib import Path

import pytest

from musimo.library.active_model import ModelUpgrade
from musimo.output.answer_text import text
from musimo.output.answers import (
    AnalyzeAnswer,
    Answer,
    Details,
    ErrorsAnswer,
    MoodResult,
    PrintOptions,
    SimilarResult,
    Status,
    TracksAnswer,
)
from musimo.output.text import safe_lines, width
from musimo.records import AnalyzedFile, FailedFile, Failure, TempoKey, Track

OPTIONS = PrintOptions()


def lines(answer: Answer, options: PrintOptions = OPTIONS) -> list[str]:
    written = text(answer, options)
    assert written.endswith("\n")
    assert safe_lines(written) == written
    return written[:-1].split("\n")


def test_similar(similar: SimilarResult) -> None:
    assert lines(similar) == [
        "like  Nina Simone – Feeling Good",
        "",
        "#  similar  valence  arousal     time  track",
        "1    1.000     0.62     0.25     2:53  Nina Simone – Feeling Good",
        "2    0.500     0.62     0.25  1:02:05  宮城道雄 – 春の海春の海春の海春の海春の…",
        "3    0.333        –        –        –  caf\\xe9",
        '4    0.250        –     0.50        –  =HYPERLINK(1) – \\x1b[2J\\x1b]0;owned\\x07"…',
    ]


@pytest.mark.parametrize("columns", [50, 80, 132])
def test_tables_stay_in_their_columns(similar: SimilarResult, mood: MoodResult, columns: int) -> None:
    for answer in (similar, mood, TracksAnswer([row.track for row in similar.rows])):
        assert max(map(width, lines(answer, PrintOptions(width=columns)))) <= columns


def test_mood_in_ratings(mood: MoodResult) -> None:
    assert lines(mood, PrintOptions(scale="1-9")) == [
        "near  valence 7.00, arousal 3.00",
        "",
        "#  distance  valence  arousal  time  track",
        "1     1.000     6.00     3.00  2:53  Nina Simone – Feeling Good",
    ]


def test_export(track: Track, bare: Track) -> None:
    assert lines(TracksAnswer([track, replace(bare, id=None)])) == [
        "id  valence  arousal  time  track",
        " 7     0.62     0.25  2:53  Nina Simone – Feeling Good",
        " –        –        –     –  caf\\xe9",
    ]


def test_nothing_found(track: Track) -> None:
    assert lines(SimilarResult((), (track,)))[-1] == "no tracks"
    assert lines(TracksAnswer([])) == ["no tracks"]


def test_analyze(analyzed: AnalyzedFile) -> None:
    failed = FailedFile(b"/tmp/x.mp3", "decode", "no sound in it")
    assert lines(AnalyzeAnswer([analyzed], [failed])) == [
        "valence  arousal  time  tempo  key       file",
        "   0.62     0.25  1:50      –  Eb major  /tmp/new.flac",
        "",
        "window        valence  arousal",
        "0:00 to 0:45     0.50     0.25",
        "1:00 to 1:46     0.75     0.25",
        "",
        "decode: 1 file",
        "  /tmp/x.mp3",
        "      no sound in it",
    ]
    deep = replace(analyzed, path_bytes=b"/very/deep" * 20 + b"/end.flac")
    assert lines(AnalyzeAnswer([analyzed, deep], []))[-1].endswith("/deep/end.flac")
    assert len(lines(AnalyzeAnswer([analyzed, deep], []))) == 3


def test_show(track: Track, bare: Track, analyzed: AnalyzedFile) -> None:
    assert lines(Details(track, 0.125, 0.0, analyzed.emotion.windows[:1])) == [
        "Nina Simone – Feeling Good",
        "",
        "id       7",
        "path     /music/Nina/07 Feeling Good.mp3",
        "title    Feeling Good",
        "artist   Nina Simone",
        "album    I Put a Spell on You",
        "genre    Jazz",
        "year     1965",
        "track    7",
        "tempo    120.0 bpm, confidence 0.88; 119.6 bpm by its tags",
        "key      G minor, confidence 0.52",
        "time     2:53",
        "format   mp3, 320 kbit/s, 44100 Hz, 2 channels",
        "valence  0.62 ± 0.12",
        "arousal  0.25 ± 0.00",
        "",
        "window        valence  arousal",
        "0:00 to 0:45     0.50     0.25",
    ]
    assert lines(Details(bare, None, None, ())) == [
        "caf\\xe9",
        "",
        "id    8",
        "path  /music/caf\\xe9.ogg",
        "time  –",
        "",
        "not analyzed",
    ]


def test_a_track_without_beat_or_key_says_so(bare: Track) -> None:
    shown = lines(Details(replace(bare, tempo_key=TempoKey(None, 0.1, None, 0.0)), None, None, ()))
    assert shown[4:6] == ["tempo  none found", "key    none found"]


def test_a_hostile_track_shows_on_its_own_lines(hostile: Track) -> None:
    shown = lines(Details(hostile, None, None, ()))
    assert shown[3] == "path     /music/\\x1b[31mred\\n#EXTM3U.mp3"
    assert len(shown) == 14


def test_a_partial_track_says_how_much_of_it_was_heard(track: Track, analyzed: AnalyzedFile) -> None:
    shown = lines(Details(replace(track, partial=0.5), None, None, ()))
    assert "partial  50 % of it could be decoded, the rest is missing or damaged" in shown
    shown = lines(AnalyzeAnswer([replace(analyzed, partial=0.999)], []))
    assert "/tmp/new.flac: 99 % of it could be decoded, the rest is missing or damaged" in shown


def test_status() -> None:
    answer = Status(
        Path("/home/me/library.db"), 96, 95, 1, 2, "mase_net-1", 95, (Path("/music"), Path("/more\n"))
    )
    assert lines(answer) == [
        "library   /home/me/library.db",
        "tracks    96",
        "analyzed  95",
        "failed    1",
        "missing   2",
        "indexed   95",
        "model     mase_net-1",
        "folders   /music",
        "          /more\\n",
    ]
    assert lines(replace(answer, partial=3))[3] == "partial   3 of them, with missing or damaged audio"
    moving = replace(answer, upgrade=ModelUpgrade("mase_net-2", 12, 95))
    assert (
        lines(moving)[7] == "next      mase_net-2: 12 of 95 tracks analyzed; it becomes active when all are"
    )
    assert lines(replace(answer, roots=(), model=None))[-2:] == [
        "model     –",
        "folders   none; scan one: musimo scan FOLDER",
    ]


def test_errors_are_grouped_by_stage() -> None:
    when = "2026-01-01T00:00:00+00:00"
    failures = [
        Failure(b"/m/b.mp3", "read", "permission denied", when),
        Failure(b"/m/c.mp3", "decode", "a picture, not sound\x1b", when),
        Failure(b"/m/a.mp3", "decode", "empty file", when),
    ]
    assert lines(ErrorsAnswer(failures)) == [
        "decode: 2 files",
        "  /m/a.mp3",
        "      empty file",
        "  /m/c.mp3",
        "      a picture, not sound\\x1b",
        "",
        "read: 1 file",
        "  /m/b.mp3",
        "      permission denied",
    ]
    assert lines(ErrorsAnswer([])) == ["no file has failed"]


def test_status_tells_where_the_moods_lie_and_when_nearly_all_are_alike() -> None:
    answer = Status(Path("/l.db"), 40, 40, 0, 0, "m", 40, (Path("/music"),))
    assert not any("moods" in line for line in lines(answer))
    even = replace(answer, quadrants={"happy": 20, "tense": 10, "sad": 4, "calm": 6})
    assert lines(even)[-2:] == [
        "moods     tense       10   25%    happy       20   50%",
        "          sad          4   10%    calm         6   15%",
    ]
    lopsided = replace(answer, quadrants={"happy": 34, "tense": 2, "sad": 2, "calm": 2})
    assert lines(lopsided)[-1] == "          nearly all are happy: musimo mood --relative spreads them"
