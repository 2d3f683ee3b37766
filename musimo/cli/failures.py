"""``musimo errors``: what failed, and why."""

from __future__ import annotations

from typing import Any

import click

from musimo.cli.answer import choice_of, print_answer
from musimo.cli.context import Invocation, pass_invocation
from musimo.cli.options import format_options
from musimo.output.formats import FILES


@click.command("errors")
@format_options(FILES)
@pass_invocation
def command(invocation: Invocation, /, **options: Any) -> None:
    """List the files that could not be analyzed, with reasons. They are retried when they change.

    \b
      musimo errors
      musimo scan --retry-failed ~/Music     retry unchanged files as well
    """
    from musimo.output.answers import ErrorsAnswer

    choice = choice_of(options, FILES)
    print_answer(invocation, ErrorsAnswer(invocation.library().failures()), choice)
