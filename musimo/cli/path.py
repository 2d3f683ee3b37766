"""``musimo path``: tracks that lead from one track to another."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from musimo.cli.answer import choice_of, print_answer
from musimo.cli.context import Invocation, pass_invocation
from musimo.cli.exit_codes import DONE
from musimo.cli.options import analysis_options, make_selection, output_options, selection_options
from musimo.output.formats import TRACKS

if TYPE_CHECKING:
    from musimo.search.space import By

ROWS = 12


@click.command("path")
@click.argument("start")
@click.argument("end")
@click.option("--through", multiple=True, metavar="TRACK", help="Include TRACK on the path. Repeatable.")
@click.option(
    "--by",
    type=click.Choice(["both", "sound", "mood"]),
    default="both",
    show_default=True,
    help="Compare mood, sound, or both.",
)
@selection_options(limit=ROWS)
@output_options
@analysis_options
@pass_invocation
def command(
    invocation: Invocation,
    /,
    start: str,
    end: str,
    through: tuple[str, ...],
    by: By,
    device: str | None,
    jobs: int | None,
    batch_size: int | None,
    **options: Any,
) -> int:
    """List tracks that lead from START to END in small steps of sound.

    START, END and --through tracks are given as for similar; - is a file on standard input. They are part of
    the list and count towards -n. No track is listed twice, and every step leads away from one stop and
    towards the next, as far as the library allows; the list is shorter if there are too few tracks between
    them. The columns to start and to end are angles: 0 = the same audio, 0.5 = nothing in common.

    \b
      musimo path "So What" "One" -n 12 -o bridge.m3u8
      musimo path 17 ~/demo.wav --through 99 --where genre:jazz
    """
    from musimo.cli.spool import files_of, spooling

    library = invocation.library(device=device, jobs=jobs, batch_size=batch_size)
    choice = choice_of(options, TRACKS)
    selection = make_selection(library.settings, scale=choice.scale, **options)
    n = selection.limit or ROWS
    with spooling() as spool:
        stops = files_of(spool, (start, *through, end))
        result = library.path(*stops, n=n, by=by, selection=selection)
        result = replace(
            result,
            seeds=tuple(map(spool.named, result.seeds)),
            rows=tuple(replace(row, track=spool.named(row.track)) for row in result.rows),
        )
    if len(result) < n:
        invocation.note(f"too few tracks lie between for a path of {n}; this one has {len(result)}")
    print_answer(invocation, result, choice)
    return DONE
