from pathlib import Path

import pytest

from musimo.errors import UsageError
from musimo.output.answers import (
    FORMATS,
    AnalyzeAnswer,
    Answer,
    Details,
    ErrorsAnswer,
    Format,
    MoodResult,
    PrintOptions,
    SimilarResult,
    Status,
    TracksAnswer,
)
from musimo.output.formats import formats_of, render
from musimo.output.text import safe_lines
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
        for format_ in FORMATS:
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


@pytest.mark.parametrize("format_", FORMATS)
def test_nothing_hostile_reaches_a_terminal(similar: SimilarResult, format_: Format) -> None:
    shown = render(similar, format_, PrintOptions(terminal=True)).data.decode()
    assert safe_lines(shown) == shown
    assert "\\r" not in render(TracksAnswer([]), format_, PrintOptions(terminal=True)).data.decode()


def test_print0_is_kept_for_the_program_that_reads_it(bare: Track) -> None:
    options = PrintOptions(print0=True, terminal=True)
    assert render(TracksAnswer([bare]), "paths", options).data == bare.path_bytes + b"\0"
