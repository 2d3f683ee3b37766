"""``musimo prune``: delete tracks whose files are gone."""

from __future__ import annotations

import click

from musimo.cli.context import Invocation, pass_invocation
from musimo.cli.exit_codes import DONE, SOME_FAILED
from musimo.errors import UsageError


@click.command("prune")
@click.option("--dry-run", is_flag=True, help="Only show what would be removed.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask for confirmation.")
@click.option("--accept-missing", is_flag=True, help="Accept any number of missing files.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@pass_invocation
def command(invocation: Invocation, /, dry_run: bool, yes: bool, accept_missing: bool, as_json: bool) -> int:
    """Remove missing tracks from the library, after confirmation.

    Audio files are never touched, and analyses are kept: a file that returns is not analyzed again. Tracks
    are not removed if their folder does not exist, is empty, or lacks more than a fifth of its tracks (see
    --accept-missing).

    \b
      musimo prune --dry-run
      musimo prune
    """
    import sys

    from musimo.output.maintenance import prune_lines, pruned_json

    library = invocation.library()
    plan = library.maintenance.prune_plan(accept_missing=accept_missing)
    if not (invocation.quiet and yes and not dry_run and not plan.refused):
        click.echo(prune_lines(plan), nl=False, err=as_json)
    deleted = 0
    if plan.tracks and not dry_run:
        if not yes and not sys.stdin.isatty():
            raise UsageError("prune asks first, and nobody is there to answer", "-y deletes without asking")
        if yes or click.confirm("delete them from the library?", err=True):
            deleted = library.maintenance.prune(plan)
        if not as_json:
            invocation.report(f"{deleted} deleted")
    if as_json:
        click.echo(pruned_json(plan, deleted, dry_run=dry_run), nl=False)
    return SOME_FAILED if plan.refused else DONE
