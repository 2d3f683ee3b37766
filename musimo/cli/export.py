"""``musimo export``: every track with tags and emotion."""

from __future__ import annotations

from typing import Any

import click

from musimo.cli.answer import choice_of, print_answer
from musimo.cli.context import Invocation, pass_invocation
from musimo.cli.options import make_selection, output_options, selection_options


@click.command("export")
@selection_options(limit=None)
@output_options
@pass_invocation
def command(invocation: Invocation, /, **options: Any) -> int:
    """Write every track with its tags and emotion, as CSV unless another format is asked for."""
    from musimo.output.answers import TracksAnswer

    library = invocation.library()
    choice = choice_of(options)
    selection = make_selection(library.settings, scale=choice.scale, diverse=False, **options)
    tracks = list(library.tracks(selection))
    print_answer(invocation, TracksAnswer(tracks), choice, default="csv")
    return 0 if tracks else 4
