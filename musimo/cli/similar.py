"""``musimo similar``: tracks that sound like others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from musimo.cli.answer import choice_of, print_answer
from musimo.cli.context import Invocation, pass_invocation
from musimo.cli.exit_codes import DONE, NOT_FOUND
from musimo.cli.lists import duration_option, note_length, order_option, with_duration
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
@click.option("--not", "unlike", multiple=True, metavar="TRACK", help="Less like this; repeatable.")
@click.option(
    "--liked",
    is_flag=True,
    help="Also like the tracks you rated as liked, and less like the disliked ones: see rate.",
)
@click.option(
    "--min-similarity",
    type=click.FloatRange(0, 1),
    default=0.0,
    metavar="X",
    help="Leave out tracks less similar than X.",
)
@duration_option
@order_option
@click.option(
    "--explain",
    "explained",
    is_flag=True,
    help="Show what each track shares with the one it was found for, and what not.",
)
@click.option(
    "--from", "from_", metavar="TIME", help="Compare TRACK only from this time on: 70, 1:10, 1:02:03."
)
@click.option("--to", metavar="TIME", help="Compare TRACK only up to this time.")
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
    """List tracks of the library that sound like TRACKS.

    A track is any audio file on disk, the id of a library track, or words that only one track has in its
    title or path. Several tracks are combined by the agreement of their rankings. Of the versions of a work
    (live, remix, remaster) only the nearest is listed, and none of TRACKS themselves.

    --explain shows cosines of sound vectors (0 for two at random, 1 for the same), distances of moods, tempi,
    keys and genres; alike is what is much nearer than in two tracks at random.

    For a passage (--from, --to), the column at shows where each result's best window starts: of the windows
    of 45 s that a scan analyzed, three a track unless scanned with --coverage full, the one most similar to
    the passage. JSON and CSV have it for any query.

    \b
      musimo similar "So What"
      musimo similar ~/demo.wav --where year:..1979 -o like-demo.m3u8
      musimo similar "So What" --from 1:10 --to 1:40
      musimo similar "So What" --duration 45m --order flow -o evening.m3u8
      musimo similar "So What" --explain
      musimo similar --liked
    """
    from musimo.search.times import parse_time

    if not tracks and not liked:
        raise click.UsageError("name at least one TRACK, or ask with --liked")
    library = invocation.library(device=device, jobs=jobs, batch_size=batch_size)
    choice = choice_of(options, TRACKS)
    selection = with_duration(make_selection(library.settings, scale=choice.scale, **options), duration)
    from_s, to_s = (None if time is None else parse_time(time) for time in (from_, to))
    result = library.similar(
        *tracks,
        by=by,
        unlike=unlike,
        liked=liked,
        order=order,
        explain=explained,
        selection=selection,
        min_similarity=min_similarity,
        from_s=from_s,
        to_s=to_s,
    )
    note_length(invocation, result, selection)
    print_answer(invocation, result, choice)
    return DONE if result else NOT_FOUND
