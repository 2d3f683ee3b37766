"""``musimo duplicates``: tracks that are the same recording."""

from __future__ import annotations

import sys

import click

from musimo.cli.context import SOON_S, Invocation, pass_invocation
from musimo.cli.exit_codes import DONE, NOT_FOUND
from musimo.cli.options import OutputFile, where_option
from musimo.cli.progress import progress_bar
from musimo.errors import UsageError

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
    """List tracks that are the same recording: by their audio, or by their sound vectors.

    Three kinds of groups: sound, the same audio with other tags; recording, the same recording in other
    encodings; and probable, probably the same recording, by artist, title and a similar sound, or by the
    sound although titles differ. In a group the file that is best by its header comes first. A lossless file
    may have been made from a lossy one: no header says so.

    This is a report. Nothing is changed, moved or deleted.

    \b
      musimo duplicates
      musimo duplicates --kind recording --where path:Incoming/ -o duplicates.csv
      musimo duplicates --kind sound --format paths
    """
    from pathlib import Path

    from musimo.cli.answer import put
    from musimo.output import duplicates_text

    if as_json and format_ not in (None, "json"):
        raise UsageError(f"--json and --format {format_} exclude each other")
    ending = ENDINGS.get(Path(output).suffix.lower()) if output else None
    chosen = "json" if as_json else format_ or ending or "table"
    if print0 and chosen != "paths":
        raise UsageError("-0 goes with --format paths")
    library = invocation.library()
    with progress_bar(invocation, "comparing", "track", SOON_S) as advance:
        groups = library.duplicates(where, on_progress=advance)
    groups = [group for group in groups if not kinds or group.kind in kinds]
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
    return DONE if groups else NOT_FOUND
