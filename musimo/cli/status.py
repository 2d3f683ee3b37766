"""``musimo status``: the library in numbers."""

from __future__ import annotations

import os
from typing import Any

import click

from musimo.cli.answer import choice_of, print_answer
from musimo.cli.context import Invocation, pass_invocation
from musimo.cli.options import format_options
from musimo.output.formats import FACTS


@click.command("status")
@format_options(FACTS)
@pass_invocation
def command(invocation: Invocation, /, **options: Any) -> None:
    """Print how many tracks there are, how many are analysed, failed and missing, and by which model.

    \b
      musimo status
      musimo status --json
    """
    from musimo import ear
    from musimo.output.answers import StatusAnswer

    library = invocation.library()
    status = library.status()
    ratings, calibration = ear.state(library)
    answer = StatusAnswer(
        library=os.fsencode(status.library),
        tracks=status.counts.tracks,
        analyzed=status.counts.analyzed,
        failed=status.counts.failed,
        missing=status.counts.missing,
        model=status.model,
        indexed=status.indexed,
        roots=status.roots,
        partial=status.counts.partial,
        next_model=status.move.model if status.move else None,
        next_heard=status.move.heard if status.move else 0,
        next_sounds=status.move.sounds if status.move else 0,
        quadrants=status.quadrants,
        ratings=ratings,
        calibration=calibration,
    )
    print_answer(invocation, answer, choice_of(options, FACTS))
