"""``musimo reindex``: make the indexes anew."""

from __future__ import annotations

import click

from musimo.cli.context import Invocation, pass_invocation


@click.command("reindex")
@click.option("--json", "as_json", is_flag=True, help="Print what was made as JSON.")
@pass_invocation
def command(invocation: Invocation, /, as_json: bool) -> None:
    """Make the indexes anew from what the library holds. Nothing is heard.

    \b
      musimo reindex
    """
    from musimo import care
    from musimo.output.maintenance import reindexed_json

    library = invocation.library()
    files = care.reindex(library, invocation.step)
    indexed = library.status().indexed
    if as_json:
        click.echo(reindexed_json(library.settings.library, indexed, files), nl=False)
    else:
        click.echo(f"{indexed} sounds indexed")
