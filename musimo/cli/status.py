"""``musimo status``: the library in numbers."""

from __future__ import annotations

from typing import Any

import click

from musimo.cli.answer import choice_of, print_answer
from musimo.cli.context import Invocation, pass_invocation
from musimo.cli.options import format_options
from musimo.output.formats import FACTS


@click.command("status")
@format_options(FACTS)
@pass_invocation
def command(invocation: Invocation, /, **options: Any) -> None:
    """Print the number of tracks, analyzed, failed and missing, and the active model.

    \b
      musimo status
      musimo status --json
    """
    choice = choice_of(options, FACTS)
    print_answer(invocation, invocation.library().status(), choice)
