"""``musimo train``: make weights from a configuration."""

from __future__ import annotations

from typing import Any

import click

from musimo.cli.context import Invocation, pass_invocation
from musimo.cli.exit_codes import INTERRUPTED
from musimo.cli.training import follow, make_workspace, print_finished, training_options
from musimo.installation import require_training


@click.command("train")
@training_options
@pass_invocation
def command(invocation: Invocation, /, config: str, as_json: bool, **options: Any) -> int:
    """Train a network according to CONFIG; write figures, weights and a model card.

    CONFIG is a .toml file, or the name of a shipped one (default, paper, …); the comment at its top describes
    result, duration and expected accuracy. After Ctrl-C, the same command resumes. Needs the full set-up of a
    checkout, or pip install 'musimo[train]'.

    \b
      musimo train default --data data
    """
    require_training()
    from musimo.training.recipe import find_config
    from musimo.training.run import train

    path = find_config(config)
    workspace = make_workspace(path, **options)
    finished = follow(invocation, train(path, workspace), workspace.out)
    if finished is None:
        return INTERRUPTED
    print_finished(finished, as_json)
    return 0
