"""``musimo backup``: a copy of the library."""

from __future__ import annotations

import os

import click

from musimo.cli.context import Invocation, pass_invocation, shown
from musimo.cli.options import OutputFile


@click.command("backup")
@click.argument("file", type=OutputFile())
@click.option("--force", is_flag=True, help="Overwrite FILE if it exists.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@pass_invocation
def command(invocation: Invocation, /, file: str, force: bool, as_json: bool) -> None:
    """Write a verified copy of the library to FILE; safe during a scan.

    The copy can be used directly (musimo --library FILE status). To restore it, copy it over the library.

    \b
      musimo backup library-backup.db
    """
    from musimo.output.maintenance import backup_json

    library = invocation.library()
    copy = library.maintenance.backup(file, force=force)
    size = copy.stat().st_size
    if as_json:
        click.echo(backup_json(library.settings.library, copy, size), nl=False)
    else:
        invocation.report(f"{size / 1e6:.1f} MB copied to {shown(os.fsencode(copy))}")
