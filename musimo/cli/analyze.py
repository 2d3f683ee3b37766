"""``musimo analyze``: valence and arousal of files; no library is needed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from musimo.cli.answer import choice_of, print_answer
from musimo.cli.context import Invocation, pass_invocation, shown
from musimo.cli.exit_codes import DONE, SOME_FAILED
from musimo.cli.options import (
    analysis_options,
    coverage_option,
    format_options,
    key_notation_option,
    scale_option,
)
from musimo.output.formats import FILES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from musimo.records import Coverage


@click.command("analyze")
@click.argument("files", nargs=-1, required=True, type=click.Path())
@coverage_option
@format_options(FILES)
@key_notation_option
@scale_option
@analysis_options
@pass_invocation
def command(
    invocation: Invocation,
    /,
    files: tuple[str, ...],
    coverage: Coverage,
    device: str | None,
    jobs: int | None,
    batch_size: int | None,
    **options: Any,
) -> int:
    """Analyze FILES; print valence and arousal of each file and of its windows. No library is needed.

    Of a folder, all music files in it and below are analyzed.

    - is a file on standard input.

    \b
      musimo analyze demo.wav
      musimo analyze ~/demos
      ffmpeg -v error -i film.mkv -f wav - | musimo analyze -
      musimo analyze --coverage full --format csv -o moods.csv *.flac
    """
    from musimo.cli.spool import files_of, spooling
    from musimo.output.answers import AnalyzeAnswer
    from musimo.output.text import safe
    from musimo.records import AnalyzedFile, FailedFile

    choice = choice_of(options, FILES)
    library = invocation.library(device=device, jobs=jobs, batch_size=batch_size)
    with spooling() as spool:
        found = [path for file in files_of(spool, files) for path in _music_files(file)]
        results = [spool.named(one) for one in library.analyze(*found, coverage=coverage)]
    analyzed = [file for file in results if isinstance(file, AnalyzedFile)]
    failed = [file for file in results if isinstance(file, FailedFile)]
    if choice.output is not None or choice.format not in ("table", "json"):
        for file in failed:  # formats that cannot hold failures
            invocation.note(f"failed: {shown(file.path_bytes)}: {safe(file.reason)}")
    print_answer(invocation, AnalyzeAnswer(analyzed, failed), choice)
    return SOME_FAILED if failed else DONE


def _music_files(file: str) -> Sequence[str | bytes]:
    """Return a file as it is named, or the music files of a folder by name; the folder if it has none."""
    from musimo.library.db.files import FoundFile
    from musimo.library.scan.walk import walk

    if not os.path.isdir(file):  # noqa: PTH112 - False where a name is too long
        return [file]
    top = os.fsencode(file)
    found = [event.path for event in walk(top) if isinstance(event, FoundFile)]
    return [os.path.join(top, path) for path in found] or [file]  # noqa: PTH118 - bytes
