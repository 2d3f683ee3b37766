"""``musimo duplicates``: what is there more than once?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from musimo.cli.answer import choice_of, put
from musimo.cli.context import BAR_DELAY_S, Invocation, pass_invocation
from musimo.cli.options import format_options, where_option
from musimo.output.formats import GROUPS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from musimo.search.duplicates import ComparisonProgress, DuplicateGroup


@click.command("duplicates")
@where_option
@click.option(
    "--kind",
    "kinds",
    multiple=True,
    type=click.Choice(["sound", "recording", "probable"]),
    help="Only groups of this kind; repeatable.",
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
    """List tracks that are the same recording: by their sound, or by all that can be heard.

    Three kinds of groups: the same sound, tags aside; the same recording in other encodings; and what is
    probably the same recording, by artist, title and a similar sound, or by its sound although titles differ.
    In a group the file that is best by its header comes first. A lossless file may have been made from a
    lossy one: no header tells.

    This is a report. Nothing is changed, moved or deleted.

    \b
      musimo duplicates
      musimo duplicates --kind recording --where path:Incoming/ -o duplicates.csv
      musimo duplicates --kind sound --format paths
    """
    from musimo.duplicates import duplicates
    from musimo.output.duplicates import render_groups
    from musimo.search.where import parse

    choice = choice_of(options, GROUPS)
    library = invocation.library()
    events = duplicates(library, tuple(parse(expression, "0-1") for expression in where))
    groups = [group for group in _shown(invocation, events) if not kinds or group.kind in kinds]
    put(render_groups(groups, choice.format, print0=choice.print0), choice)
    return 0 if groups else 4


def _shown(
    invocation: Invocation, events: Iterable[ComparisonProgress | DuplicateGroup]
) -> list[DuplicateGroup]:
    """The groups; how far the search is goes into a bar, where it takes long."""
    from tqdm import tqdm

    from musimo.search.duplicates import DuplicateGroup

    groups: list[DuplicateGroup] = []
    quiet: Any = True if invocation.quiet else None  # None: no bar unless stderr is a terminal
    with tqdm(desc="comparing", unit="sound", delay=BAR_DELAY_S, leave=False, disable=quiet) as bar:
        for event in events:
            if isinstance(event, DuplicateGroup):
                groups.append(event)
            else:
                bar.total = event.total
                bar.update(event.done - bar.n)
    return groups
