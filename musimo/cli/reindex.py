"""``musimo reindex``: rebuild the indexes."""

from __future__ import annotations

import click

from musimo.cli.context import Invocation, pass_invocation


@click.command("reindex")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@pass_invocation
def command(invocation: Invocation, /, as_json: bool) -> None:
    """Rebuild the search indexes from the library; nothing is analyzed.

    \b
      musimo reindex
    """
    from musimo.output.maintenance import reindexed_json

    library = invocation.library()
    files = library.maintenance.reindex(invocation.step)
    indexed = library.status().indexed
    if as_json:
        click.echo(reindexed_json(library.settings.library, indexed, files), nl=False)
    else:
        invocation.report(f"{indexed} sounds indexed")
