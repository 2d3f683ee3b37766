"""``musimo relocate``: a folder of music has moved."""

from __future__ import annotations

import click

from musimo.cli.context import Invocation, pass_invocation


@click.command("relocate")
@click.argument("old", type=click.Path())
@click.argument("new", type=click.Path())
@click.option("--dry-run", is_flag=True, help="Only print what would be done.")
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")
@pass_invocation
def command(invocation: Invocation, /, old: str, new: str, dry_run: bool, as_json: bool) -> None:
    """Rename the folder OLD to NEW in the library. Nothing is analyzed again.

    OLD is a scanned folder, one within it, or one above. Move the files first: NEW must be there, and hold
    at least one of the tracks. Where other audio is known at NEW, nothing is done.

    \b
      musimo relocate /media/old-disk/Music /media/new-disk/Music
    """
    from musimo.output.maintenance import relocated_json, relocated_lines

    done = invocation.library().maintenance.relocate(old, new, dry_run=dry_run)
    say = relocated_json if as_json else relocated_lines
    click.echo(say(done, dry_run=dry_run), nl=False)
