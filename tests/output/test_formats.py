from pathlib import Path

import pytest

from musimo.errors import UsageError
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
from musimo.output.formats import (
    CURVE,
    EXPORT,
    FACTS,
    FILES,
    GROUPS,
    MAP,
    RATINGS,
    TRACKS,
    FormatSet,
    TrackFormat,
)
from musimo.output.rendering import formats_of, render
from musimo.output.text import for_terminal, safe_lines
from musimo.records import AnalyzedFile, Failure, Track


@pytest.fixture
def answers(similar: SimilarResult, mood: MoodResult, analyzed: AnalyzedFile, track: Track) -> list[Answer]:
    return [
        similar,
        mood,
        TracksAnswer([track]),
        AnalyzeAnswer([analyzed], []),
        ErrorsAnswer([Failure(b"/a", "read", "gone", "2026")]),
        Details(track, None, None, ()),
        Status(Path("/l.db"), 1, 1, 0, 0, "m", 1, ()),
    ]


def test_every_answer_is_written_in_its_formats_and_refused_in_others(answers: list[Answer]) -> None:
    for answer in answers:
        for format_ in TRACKS.formats:
            if format_ in formats_of(answer):
                assert render(answer, format_, PrintOptions()).data
            else:
                with pytest.raises(UsageError, match=format_) as caught:
                    render(answer, format_, PrintOptions())
                assert "table, " in caught.value.hint


def test_lists_of_tracks_go_with_every_format(answers: list[Answer]) -> None:
    assert [len(formats_of(answer)) for answer in answers] == [9, 9, 9, 5, 5, 2, 2]


@pytest.mark.parametrize(
    ("print0", "data"), [(False, b"/music/caf\xe9.ogg\n"), (True, b"/music/caf\xe9.ogg\0")]
)
def test_paths_are_bytes(bare: Track, print0: bool, data: bytes) -> None:
    assert render(TracksAnswer([bare]), "paths", PrintOptions(print0=print0)).data == data


def test_paths_of_files(analyzed: AnalyzedFile) -> None:
    assert render(AnalyzeAnswer([analyzed], []), "paths", PrintOptions()).data == b"/tmp/new.flac\n"
    failure = Failure(b"/a", "read", "gone", "2026")
    assert render(ErrorsAnswer([failure]), "paths", PrintOptions()).data == b"/a\n"


def test_what_a_playlist_cannot_hold_is_reported(similar: SimilarResult) -> None:
    assert len(render(similar, "m3u8", PrintOptions()).skipped) == 2
    assert len(render(similar, "m3u", PrintOptions()).skipped) == 1
    assert render(similar, "xspf", PrintOptions()).skipped == ()


@pytest.mark.parametrize("format_", TRACKS.formats)
def test_nothing_hostile_reaches_a_terminal(similar: SimilarResult, format_: TrackFormat) -> None:
    shown = for_terminal(render(similar, format_, PrintOptions()).data).decode()
    assert safe_lines(shown) == shown
    assert "\\r" not in for_terminal(render(TracksAnswer([]), format_, PrintOptions()).data).decode()


SETS = (TRACKS, EXPORT, FILES, FACTS, GROUPS, RATINGS, CURVE, MAP)


@pytest.mark.parametrize("formats", SETS, ids=lambda formats: formats.subject)
def test_every_format_can_be_chosen_and_json_outweighs_the_ending(formats: FormatSet[str]) -> None:
    for format_ in formats.formats:
        assert formats.choose(format_, None) == format_
        assert formats.choose(format_, "out.json") == format_
    for ending, format_ in formats.endings.items():
        assert formats.choose(None, f"/tmp/a.b/out{ending.upper()}") == format_
        assert formats.choose(None, f"out{ending}", as_json=True) == "json"
    assert formats.choose(None, None) == formats.choose(None, "out") == formats.default
    assert formats.choose("json", None, as_json=True) == "json"


@pytest.mark.parametrize("formats", SETS, ids=lambda formats: formats.subject)
@pytest.mark.parametrize("name", ["out.doc", "out.m3u8x", "a.pdf.bak"])
def test_an_ending_that_names_no_format_is_refused_with_those_that_do(
    formats: FormatSet[str], name: str
) -> None:
    ending = name[name.rindex(".") :]
    with pytest.raises(UsageError, match=f"no format of {formats.subject} ends in {ending}") as caught:
        formats.choose(None, name)
    assert all(ending in caught.value.hint for ending in formats.endings)
    assert formats.choose("json", name) == "json"


def test_endings_of_one_command_mean_nothing_to_another() -> None:
    for name in ("a.pdf", "a.edl", "a.html"):
        with pytest.raises(UsageError):
            TRACKS.choose(None, name)
    with pytest.raises(UsageError):
        MAP.choose(None, "a.txt")
    assert CURVE.choose(None, "a.txt") == "labels"
    assert TRACKS.choose(None, "a.txt") == EXPORT.choose(None, "a.txt") == "table"
    assert MAP.choose(None, "a.htm") == "html"


def test_options_that_exclude_each_other() -> None:
    with pytest.raises(UsageError, match="--json and --format csv exclude each other"):
        TRACKS.choose("csv", None, as_json=True)
    with pytest.raises(UsageError, match="-0 goes with --format paths"):
        TRACKS.choose(None, None, print0=True)
    with pytest.raises(UsageError, match="-0 goes with --format paths"):
        TRACKS.choose("csv", None, print0=True)
    with pytest.raises(UsageError, match="-0 goes with --format paths"):
        TRACKS.choose(None, "a.csv", print0=True)
    assert TRACKS.choose("paths", "a.csv", print0=True) == "paths"


@pytest.mark.parametrize("formats", [CURVE, MAP], ids=lambda formats: formats.subject)
@pytest.mark.parametrize("format_", ["svg", "png", "pdf"])
def test_a_terminal_shows_no_picture(formats: FormatSet[str], format_: str) -> None:
    with pytest.raises(UsageError, match=f"a terminal shows no {format_.upper()}") as caught:
        formats.choose(format_, None, terminal=True)
    assert f"-o out.{format_}" in caught.value.hint
    assert formats.choose(format_, None) == format_


def test_a_terminal_shows_text() -> None:
    with pytest.raises(UsageError, match="a terminal shows no HTML"):
        MAP.choose(None, None, terminal=True)
    assert CURVE.choose(None, None, terminal=True) == "table"
