"""``musimo path``: how does one get from this sound to that?"""

from __future__ import annotations

from typing import Any

import click

from musimo.cli.answer import choice_of, print_answer
from musimo.cli.context import Invocation, pass_invocation
from musimo.cli.options import analysis_options, make_selection, output_options, selection_options
from musimo.output.formats import TRACKS

MOST = (
    50  # tracks of a path: more take long, for every pair of those that may stand for its steps is compared
)


@click.command("path")
@click.argument("start")
@click.argument("end")
@click.option("--through", multiple=True, metavar="TRACK", help="Lead through this track; repeatable.")
@click.option(
    "--by",
    type=click.Choice(["both", "sound", "mood"]),
    default="both",
    show_default=True,
    help="Listen for mood, for sound, or for both.",
)
@selection_options(limit=12)
@output_options
@analysis_options
@pass_invocation
def command(
    invocation: Invocation,
    /,
    start: str,
    end: str,
    through: tuple[str, ...],
    by: Any,
    device: str | None,
    jobs: int | None,
    batch_size: int | None,
    **options: Any,
) -> int:
    """List tracks that lead from one track to another, each like the one before.

    START, END and what lies --through are tracks of the library or any audio files, as of similar. They are
    part of the list and count in -n. On the way from one to the next no track comes twice, and every step
    leads away from the one and towards the other, as far as the library allows; where too few tracks lie
    between, the list is shorter. to start and to end are angles: 0 = the same sound, 0.5 = nothing in common.

    \b
      musimo path "So What" "One" -n 12 -o bridge.m3u8
      musimo path 17 ~/demo.wav --through 99 --where genre:jazz
    """
    from musimo import paths
    from musimo.errors import UsageError
    from musimo.output.answers import PathAnswer

    library = invocation.library(device=device, jobs=jobs, batch_size=batch_size)
    choice = choice_of(options, TRACKS)
    selection = make_selection(library.settings, scale=choice.scale, **options)
    n = selection.limit or MOST
    if n > MOST:
        raise UsageError(f"a path has {MOST} tracks at most, not {n}", "ask for several, one after the other")
    seeds = [library.seed(track) for track in (start, *through, end)]
    results = paths.path(library, *seeds, n=n, by=by, selection=selection)
    if len(results) < n:
        invocation.note(f"too few tracks lie between for a path of {n}; this one has {len(results)}")
    print_answer(invocation, PathAnswer([seed.track for seed in seeds], results), choice)
    return 0
