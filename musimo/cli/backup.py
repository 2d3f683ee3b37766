"""``musimo backup``: a copy of the library."""

from __future__ import annotations

import os

import click

from musimo.cli.context import Invocation, pass_invocation, shown
from musimo.cli.options import OutputFile


@click.command("backup")
@click.argument("file", type=OutputFile())
@click.option("--force", is_flag=True, help="Replace FILE if it is there.")
@click.option("--json", "as_json", is_flag=True, help="Print what was written as JSON.")
@pass_invocation
def command(invocation: Invocation, /, file: str, force: bool, as_json: bool) -> None:
    """Copy the library to FILE, checked and whole or not at all; a scan may go on meanwhile.

    The copy is a library: musimo --library FILE status. To put it back, copy it over the library.

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
        click.echo(f"{size / 1e6:.1f} MB copied to {shown(os.fsencode(copy))}")
