"""``musimo errors``: what failed, and why."""

from __future__ import annotations

from typing import Any

import click

from musimo.cli.answer import choice_of, print_answer
from musimo.cli.context import Invocation, pass_invocation
from musimo.cli.options import FILES, format_options


@click.command("errors")
@format_options(FILES)
@pass_invocation
def command(invocation: Invocation, /, **options: Any) -> None:
    """List the files that could not be analyzed, and why. They are tried again when they change.

    \b
      musimo errors
      musimo scan --retry-failed ~/Music     try them again as they are
    """
    from musimo.output.answers import ErrorsAnswer

    print_answer(invocation, ErrorsAnswer(invocation.library().failures()), choice_of(options))
