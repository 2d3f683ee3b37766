"""``musimo evaluate``: how good is what a configuration makes?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from musimo.cli.context import Invocation, pass_invocation
from musimo.cli.exit_codes import INTERRUPTED
from musimo.cli.training import follow, make_workspace, print_finished, training_options
from musimo.installation import require_training


@click.command("evaluate")
@training_options
@click.option(
    "--weights",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Evaluate these weights instead of training; meaningful only on clips that they were "
    "not trained on.",
)
@pass_invocation
def command(
    invocation: Invocation, /, config: str, weights: Path | None, as_json: bool, **options: Any
) -> int:
    """Evaluate CONFIG and simple baselines on the same folds; print tables and write a report.

    Each clip is predicted by a network trained without clips of its artist. Results of earlier runs of
    evaluate or train are reused. After Ctrl-C, the same command resumes. Needs the full set-up of a checkout,
    or pip install 'musimo[train]'.

    \b
      musimo evaluate default --data data
    """
    require_training()
    from musimo.training.recipe import find_config
    from musimo.training.run import evaluate

    path = find_config(config)
    workspace = make_workspace(path, **options)
    finished = follow(invocation, evaluate(path, workspace, weights), workspace.out)
    if finished is None:
        return INTERRUPTED
    print_finished(finished, as_json)
    return 0
