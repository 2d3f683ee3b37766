"""``musimo similar``: what sounds like this?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from musimo.cli.answer import choice_of, print_answer
from musimo.cli.context import Invocation, pass_invocation
from musimo.cli.lists import duration_option, note_length, order_option, with_duration
from musimo.cli.options import analysis_options, make_selection, output_options, selection_options
from musimo.errors import NotFoundError, UsageError
from musimo.output.formats import TRACKS

if TYPE_CHECKING:
    from musimo.api import Library, Seed
    from musimo.records import Window

LIKE = "like some: musimo rate TRACK --like"


@click.command("similar")
@click.argument("tracks", nargs=-1)
@selection_options(limit=10)
@click.option(
    "--by",
    type=click.Choice(["both", "sound", "mood"]),
    default="both",
    show_default=True,
    help="Listen for mood, for sound, or for both.",
)
@click.option("--not", "unlike", multiple=True, metavar="TRACK", help="Less like this; repeatable.")
@click.option("--liked", is_flag=True, help="Like what you like, less like what you dislike: see rate.")
@click.option(
    "--min-similarity",
    type=click.FloatRange(0, 1),
    default=0.0,
    metavar="X",
    help="Leave out what is less alike.",
)
@duration_option
@order_option
@click.option(
    "--explain",
    "explained",
    is_flag=True,
    help="Tell of each track what is alike and what is not.",
)
@click.option("--from", "from_", metavar="TIME", help="Only from this time of TRACK on: 70, 1:10, 1:02:03.")
@click.option("--to", metavar="TIME", help="Only up to this time of TRACK.")
@output_options
@analysis_options
@pass_invocation
def command(
    invocation: Invocation,
    /,
    tracks: tuple[str, ...],
    by: Any,
    unlike: tuple[str, ...],
    liked: bool,
    min_similarity: float,
    duration: str | None,
    order: Any,
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
    title or path. Several tracks are combined by the agreement of their rankings. Of the versions of a piece
    (live, remix, remaster) the nearest alone is listed, and of TRACKS themselves none.

    --explain tells cosines of sounds (0 for two at random, 1 for the same), how far moods are apart, tempi,
    keys and genres; alike is what is much nearer than in two tracks at random.

    With --from or --to the table tells of each track where its best window begins: of the windows of 45 s
    that a scan heard, three a track unless all was heard (scan --coverage full), the one most like the
    passage. JSON and CSV have it for any question.

    \b
      musimo similar "So What"
      musimo similar ~/demo.wav --where year:..1979 -o like-demo.m3u8
      musimo similar "So What" --from 1:10 --to 1:40
      musimo similar "So What" --duration 45m --order flow -o evening.m3u8
      musimo similar "So What" --explain
      musimo similar --liked
    """
    from musimo import lists
    from musimo.output.answers import SimilarAnswer
    from musimo.search.seeds import without

    if not tracks and not liked:
        raise click.UsageError("name at least one TRACK, or ask with --liked")
    library = invocation.library(device=device, jobs=jobs, batch_size=batch_size)
    choice = choice_of(options, TRACKS)
    selection = with_duration(make_selection(library.settings, scale=choice.scale, **options), duration)
    passage = None
    if from_ is None and to is None:
        seeds = [library.seed(track) for track in tracks]
    else:
        seed, passage = _passage(library, tracks, from_, to)
        seeds = [seed]
    against = [library.seed(track) for track in unlike]
    likes, dislikes = _taste(invocation, library, alone=not tracks) if liked else ([], [])
    # What is named on this command line outweighs what was said before.
    seeds, against = [*seeds, *without(likes, against)], [*against, *without(dislikes, seeds)]
    found = lists.similar(
        library,
        *seeds,
        by=by,
        unlike=against,
        selection=selection,
        min_similarity=min_similarity,
        order=order,
        explained=explained,
    )
    note_length(invocation, found.rows, selection)
    answer = SimilarAnswer(
        found.seeds,
        found.rows,
        passage,
        found.versions,
        found.explanations,
        selection.duration_s,
        order,
        found.windows,
    )
    print_answer(invocation, answer, choice)
    return 0 if found.rows else 4


def _taste(invocation: Invocation, library: Library, *, alone: bool) -> tuple[list[Seed], list[Seed]]:
    from musimo import ear

    likes, dislikes = ear.taste(library)
    if alone and not likes:
        raise NotFoundError("no track is liked yet", LIKE)
    if not likes and not dislikes:
        invocation.note(f"no track is liked or disliked yet; {LIKE}")
    return likes, dislikes


def _passage(
    library: Library, tracks: tuple[str, ...], from_: str | None, to: str | None
) -> tuple[Seed, Window]:
    from musimo.inside import hear_passage
    from musimo.search.times import parse_time

    if len(tracks) != 1:
        raise UsageError("--from and --to mark a passage of one track", "name one TRACK")
    start_s, end_s = (None if time is None else parse_time(time) for time in (from_, to))
    return hear_passage(library, tracks[0], start_s, end_s)
