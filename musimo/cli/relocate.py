"""``musimo relocate``: a folder of music has moved."""

from __future__ import annotations

import click

from musimo.cli.context import Invocation, pass_invocation


@click.command("relocate")
@click.argument("old", type=click.Path())
@click.argument("new", type=click.Path())
@click.option("--dry-run", is_flag=True, help="Only show what would be changed.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@pass_invocation
def command(invocation: Invocation, /, old: str, new: str, dry_run: bool, as_json: bool) -> None:
    """Change the path of a scanned folder from OLD to NEW, without analyzing anything again.

    OLD is a scanned folder, or a folder inside or above one. Move the files first: NEW must exist and contain
    at least one of the tracks. If the library already has different audio at NEW, nothing is changed.

    \b
      musimo relocate /media/old-disk/Music /media/new-disk/Music
    """
    from musimo.output.maintenance import relocated_json, relocated_lines

    done = invocation.library().maintenance.relocate(old, new, dry_run=dry_run)
    if as_json:
        click.echo(relocated_json(done, dry_run=dry_run), nl=False)
    elif dry_run or not invocation.quiet:
        click.echo(relocated_lines(done, dry_run=dry_run), nl=False)
