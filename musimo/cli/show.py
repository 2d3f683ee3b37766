"""``musimo show``: all that is known of one track."""

from __future__ import annotations

from typing import Any

import click

from musimo.cli.answer import choice_of, print_answer
from musimo.cli.context import Invocation, pass_invocation
from musimo.cli.options import format_options, key_notation_option, scale_option
from musimo.output.formats import FACTS


@click.command("show")
@click.argument("track")
@format_options(FACTS)
@key_notation_option
@scale_option
@pass_invocation
def command(invocation: Invocation, /, track: str, **options: Any) -> None:
    """Print tags, audio properties and the mood of each window of TRACK.

    TRACK is the path or id of a library track, its name as printed (Artist – Title), or words of title, path,
    artist or album that only one has.

    \b
      musimo show "So What"
      musimo show 17 --json
    """
    choice = choice_of(options, FACTS)
    print_answer(invocation, invocation.library().show(track), choice)
