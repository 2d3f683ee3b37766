"""``musimo similar``: what sounds like this?"""

from __future__ import annotations

from typing import Any

import click

from musimo.cli.answer import choice_of, print_answer
from musimo.cli.context import Invocation, pass_invocation
from musimo.cli.options import hearing_options, make_selection, output_options, selection_options


@click.command("similar")
@click.argument("tracks", nargs=-1, required=True)
@selection_options(limit=10)
@click.option(
    "--by",
    type=click.Choice(["both", "sound", "mood"]),
    default="both",
    show_default=True,
    help="Listen for mood, for sound, or for both.",
)
@click.option("--not", "unlike", multiple=True, metavar="TRACK", help="Less like this; repeatable.")
@click.option(
    "--min-similarity",
    type=click.FloatRange(0, 1),
    default=0.0,
    metavar="X",
    help="Leave out what is less alike.",
)
@output_options
@hearing_options
@pass_invocation
def command(
    invocation: Invocation,
    /,
    tracks: tuple[str, ...],
    by: Any,
    unlike: tuple[str, ...],
    min_similarity: float,
    device: str | None,
    jobs: int | None,
    batch_size: int | None,
    **options: Any,
) -> int:
    """List tracks of the library that sound like TRACKS.

    A track is any audio file on disk, the id of a library track, or words that only one track has in its
    title or path. Several tracks are combined by the agreement of their rankings.

    \b
      musimo similar "So What"
      musimo similar ~/demo.wav --where year:..1979 -o like-demo.m3u8
    """
    from musimo.output.answers import SimilarAnswer

    library = invocation.library(device=device, jobs=jobs, batch_size=batch_size)
    choice = choice_of(options)
    selection = make_selection(library.settings, scale=choice.scale, **options)
    seeds = [library.seed(track) for track in tracks]
    results = library.similar(
        *seeds,
        by=by,
        unlike=[library.seed(track) for track in unlike],
        selection=selection,
        min_similarity=min_similarity,
    )
    print_answer(invocation, SimilarAnswer([seed.track for seed in seeds], results), choice)
    return 0 if results else 4
