"""``musimo duplicates``: tracks that are the same recording."""

from __future__ import annotations

from typing import Any

import click

from musimo.cli.answer import choice_of, put
from musimo.cli.context import BAR_DELAY_S, Invocation, pass_invocation
from musimo.cli.exit_codes import DONE, NOT_FOUND
from musimo.cli.options import format_options, where_option
from musimo.cli.progress import progress_bar
from musimo.output.formats import GROUPS


@click.command("duplicates")
@where_option
@click.option(
    "--kind",
    "kinds",
    multiple=True,
    type=click.Choice(["sound", "recording", "probable"]),
    help="Only groups of this kind. Repeatable.",
)
@format_options(GROUPS)
@pass_invocation
def command(
    invocation: Invocation,
    /,
    where: tuple[str, ...],
    kinds: tuple[str, ...],
    **options: Any,
) -> int:
    """List tracks that are copies of the same audio or the same recording.

    There are three kinds of groups: sound (identical audio, tags ignored), recording (one recording in
    several encodings) and probable (same artist and title with similar sound, or same sound with different
    titles). In each group the best file by format and bit rate comes first; a lossless file may have been
    made from a lossy one.

    This is a report. Nothing is changed, moved or deleted.

    \b
      musimo duplicates
      musimo duplicates --kind recording --where path:Incoming/ -o duplicates.csv
      musimo duplicates --kind sound --format paths
    """
    from musimo.output.duplicates import render_groups

    choice = choice_of(options, GROUPS)
    library = invocation.library()
    with progress_bar(invocation, "comparing", "track", BAR_DELAY_S) as advance:
        groups = library.duplicates(where, on_progress=advance)
    groups = [group for group in groups if not kinds or group.kind in kinds]
    put(render_groups(groups, choice.format, print0=choice.print0), choice)
    return DONE if groups else NOT_FOUND
