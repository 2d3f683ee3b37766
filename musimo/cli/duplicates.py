"""``musimo duplicates``: what is there more than once?"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from musimo.cli.context import SOON_S, Invocation, pass_invocation
from musimo.cli.options import OutputFile, where_option
from musimo.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from musimo.search.duplicates import ComparisonProgress, DuplicateGroup

ENDINGS = {".json": "json", ".csv": "csv"}


@click.command("duplicates")
@where_option
@click.option(
    "--kind",
    "kinds",
    multiple=True,
    type=click.Choice(["sound", "recording", "probable"]),
    help="Only groups of this kind; repeatable.",
)
@click.option(
    "--format", "format_", type=click.Choice(["table", "paths", "json", "csv"]), help="How to print."
)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option("-o", "--output", type=OutputFile(dir_okay=False), metavar="FILE", help="Write to FILE.")
@click.option("-0", "--print0", is_flag=True, help="With --format paths: end each path with NUL.")
@pass_invocation
def command(
    invocation: Invocation,
    /,
    where: tuple[str, ...],
    kinds: tuple[str, ...],
    format_: str | None,
    as_json: bool,
    output: str | None,
    print0: bool,
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
    from pathlib import Path

    from musimo.cli.answer import put
    from musimo.duplicates import duplicates
    from musimo.output import duplicates_text
    from musimo.search.where import parse

    if as_json and format_ not in (None, "json"):
        raise UsageError(f"--json and --format {format_} exclude each other")
    ending = ENDINGS.get(Path(output).suffix.lower()) if output else None
    chosen = "json" if as_json else format_ or ending or "table"
    if print0 and chosen != "paths":
        raise UsageError("-0 goes with --format paths")
    library = invocation.library()
    events = duplicates(library, tuple(parse(expression, "0-1") for expression in where))
    groups = [group for group in _shown(invocation, events) if not kinds or group.kind in kinds]
    if chosen == "paths":
        data = duplicates_text.groups_paths(groups, print0=print0)
    else:
        writers = {
            "table": duplicates_text.group_lines,
            "json": duplicates_text.groups_json,
            "csv": duplicates_text.groups_csv,
        }
        data = writers[chosen](groups).encode()
    put(data, output, escaped=sys.stdout.isatty() and not print0)
    return 0 if groups else 4


def _shown(
    invocation: Invocation, events: Iterable[ComparisonProgress | DuplicateGroup]
) -> list[DuplicateGroup]:
    """The groups; how far the search is goes into a bar, where it takes long."""
    from tqdm import tqdm

    from musimo.search.duplicates import DuplicateGroup

    groups: list[DuplicateGroup] = []
    quiet: Any = True if invocation.quiet else None  # None: no bar unless stderr is a terminal
    with tqdm(desc="comparing", unit="sound", delay=SOON_S, leave=False, disable=quiet) as bar:
        for event in events:
            if isinstance(event, DuplicateGroup):
                groups.append(event)
            else:
                bar.total = event.total
                bar.update(event.done - bar.n)
    return groups
