"""``musimo analyze``: how do these files feel? No library is needed."""

from __future__ import annotations

from typing import Any

import click

from musimo.cli.answer import choice_of, print_answer
from musimo.cli.context import Invocation, pass_invocation, shown
from musimo.cli.options import analysis_options, coverage_option, format_options, scale_option
from musimo.output.formats import FILES


@click.command("analyze")
@click.argument("files", nargs=-1, required=True, type=click.Path())
@coverage_option
@format_options(FILES)
@scale_option
@analysis_options
@pass_invocation
def command(
    invocation: Invocation,
    /,
    files: tuple[str, ...],
    coverage: str,
    device: str | None,
    jobs: int | None,
    batch_size: int | None,
    **options: Any,
) -> int:
    """Hear FILES and print their valence and arousal, as a whole and window by window.

    \b
      musimo analyze demo.wav
      musimo analyze --coverage full --format csv -o moods.csv *.flac
    """
    from musimo.output.answers import AnalyzeAnswer
    from musimo.output.text import safe
    from musimo.records import AnalyzedFile, FailedFile

    choice = choice_of(options, FILES)
    library = invocation.library(device=device, jobs=jobs, batch_size=batch_size)
    heard = list(library.analyze(*files, coverage="full" if coverage == "full" else "windows"))
    analyzed = [file for file in heard if isinstance(file, AnalyzedFile)]
    failed = [file for file in heard if isinstance(file, FailedFile)]
    if choice.output is not None or choice.format not in ("table", "json"):
        for file in failed:  # formats that hold no failures
            invocation.note(f"failed: {shown(file.path)}: {safe(file.reason)}")
    print_answer(invocation, AnalyzeAnswer(analyzed, failed), choice)
    return 3 if failed else 0
