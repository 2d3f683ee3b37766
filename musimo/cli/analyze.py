"""``musimo analyze``: valence and arousal of files; no library is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from musimo.cli.answer import choice_of, print_answer
from musimo.cli.context import Invocation, pass_invocation, shown
from musimo.cli.exit_codes import DONE, SOME_FAILED
from musimo.cli.options import analysis_options, coverage_option, format_options, scale_option
from musimo.output.formats import FILES

if TYPE_CHECKING:
    from musimo.records import Coverage


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
    coverage: Coverage,
    device: str | None,
    jobs: int | None,
    batch_size: int | None,
    **options: Any,
) -> int:
    """Analyze FILES and print their valence and arousal, as a whole and window by window.

    \b
      musimo analyze demo.wav
      musimo analyze --coverage full --format csv -o moods.csv *.flac
    """
    from musimo.output.answers import AnalyzeAnswer
    from musimo.output.text import safe
    from musimo.records import AnalyzedFile, FailedFile

    choice = choice_of(options, FILES)
    library = invocation.library(device=device, jobs=jobs, batch_size=batch_size)
    results = list(library.analyze(*files, coverage=coverage))
    analyzed = [file for file in results if isinstance(file, AnalyzedFile)]
    failed = [file for file in results if isinstance(file, FailedFile)]
    if choice.output is not None or choice.format not in ("table", "json"):
        for file in failed:  # formats that cannot hold failures
            invocation.note(f"failed: {shown(file.path_bytes)}: {safe(file.reason)}")
    print_answer(invocation, AnalyzeAnswer(analyzed, failed), choice)
    return SOME_FAILED if failed else DONE
