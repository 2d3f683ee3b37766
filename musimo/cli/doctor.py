"""``musimo doctor``: is all that musimo needs there, and is the library whole?"""

from __future__ import annotations

import click

from musimo.cli.context import Invocation, pass_invocation
from musimo.cli.exit_codes import DONE, ERROR


@click.command("doctor")
@click.option(
    "--device", metavar="DEVICE", help="Device to check: auto, cpu, cuda, cuda:N or mps.  [default: auto]"
)
@click.option("--json", "as_json", is_flag=True, help="Print the checks as JSON.")
@pass_invocation
def command(invocation: Invocation, /, device: str | None, as_json: bool) -> int:
    """Check versions, codecs, weights, device, library, indexes and disk space; print how to fix each
    problem.

    Nothing is changed. The exit code is 1 if a check fails.

    \b
      musimo doctor
    """
    from musimo.output.maintenance import check_lines, checks_json

    checks = []
    for check in invocation.library(device=device).maintenance.doctor():
        checks.append(check)
        if not as_json:
            click.echo(check_lines(check), nl=False)
    if as_json:
        click.echo(checks_json(checks), nl=False)
    return ERROR if any(check.state == "bad" for check in checks) else DONE
