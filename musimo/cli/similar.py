"""``musimo similar``: tracks that sound like others."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from musimo.cli.answer import choice_of, print_answer
from musimo.cli.context import Invocation, pass_invocation
from musimo.cli.exit_codes import DONE, NOT_FOUND
from musimo.cli.lists import duration_option, note_length, order_option, time_s, with_duration
from musimo.cli.options import analysis_options, make_selection, output_options, selection_options
from musimo.output.formats import TRACKS

if TYPE_CHECKING:
    from musimo.search.order import Order
    from musimo.search.space import By


@click.command("similar")
@click.argument("tracks", nargs=-1)
@selection_options(limit=10)
@click.option(
    "--by",
    type=click.Choice(["both", "sound", "mood"]),
    default="both",
    show_default=True,
    help="Compare mood, sound, or both.",
)
@click.option(
    "--not", "unlike", multiple=True, metavar="TRACK", help="Rank tracks similar to TRACK lower. Repeatable."
)
@click.option(
    "--liked",
    is_flag=True,
    help="Add the tracks that you like as seeds, and rank tracks similar to those that you "
    "dislike lower: see rate.",
)
@click.option(
    "--min-similarity",
    type=click.FloatRange(0, 1),
    default=0.0,
    metavar="X",
    help="Leave out tracks with a similarity below X.",
)
@duration_option
@order_option
@click.option(
    "--explain",
    "explained",
    is_flag=True,
    help="Show for each track what it has in common with the seed, and what not.",
)
@click.option(
    "--from", "from_", metavar="TIME", help="Start of the passage of TRACK to compare: 70, 1:10, 1m10s."
)
@click.option("--to", metavar="TIME", help="End of the passage.")
@output_options
@analysis_options
@pass_invocation
def command(
    invocation: Invocation,
    /,
    tracks: tuple[str, ...],
    by: By,
    unlike: tuple[str, ...],
    liked: bool,
    min_similarity: float,
    duration: str | None,
    order: Order,
    explained: bool,
    from_: str | None,
    to: str | None,
    device: str | None,
    jobs: int | None,
    batch_size: int | None,
    **options: Any,
) -> int:
    """List the tracks of the library that are most similar to TRACKS.

    A TRACK is an audio file on disk (-: standard input), the id of a library track, or words from the title
    or path of exactly one track. The rankings of several TRACKS are combined. Of several versions of a work
    (live, remix, remaster) only the most similar is listed; versions of TRACKS are left out.

    --explain shows the cosine of the sound vectors (0 for random tracks, 1 for the same audio), the distance
    in mood, tempi, keys and genres. Alike means much closer than two random tracks.

    With --from or --to, the column at shows where each result's best window starts: the analyzed window of 45
    s that is most similar to the passage. A track has three windows, or more after scan --coverage full. JSON
    and CSV contain it for every query.

    \b
      musimo similar "So What"
      musimo similar ~/demo.wav --where year:..1979 -o like-demo.m3u8
      musimo similar "So What" --from 1:10 --to 1:40
      musimo similar "So What" --duration 45m --order flow -o evening.m3u8
      musimo similar "So What" --explain
      musimo similar --liked
    """
    from musimo.cli.spool import files_of, spooling

    if not tracks and not liked:
        raise click.UsageError("name at least one TRACK, or use --liked")
    library = invocation.library(device=device, jobs=jobs, batch_size=batch_size)
    choice = choice_of(options, TRACKS)
    selection = with_duration(make_selection(library.settings, scale=choice.scale, **options), duration)
    from_s, to_s = time_s(from_), time_s(to)
    with spooling() as spool:
        result = library.similar(
            *files_of(spool, tracks),
            by=by,
            unlike=files_of(spool, unlike),
            liked=liked,
            order=order,
            explain=explained,
            selection=selection,
            min_similarity=min_similarity,
            from_s=from_s,
            to_s=to_s,
        )
        result = replace(result, seeds=tuple(map(spool.named, result.seeds)))
    note_length(invocation, result, selection)
    print_answer(invocation, result, choice)
    return DONE if result else NOT_FOUND
