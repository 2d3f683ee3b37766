"""``musimo rate``: the user's ratings of tracks."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from musimo.cli.answer import OutputChoice, choice_of, put
from musimo.cli.context import Invocation, pass_invocation
from musimo.cli.exit_codes import DONE, NOT_FOUND
from musimo.cli.options import format_options, scale_option
from musimo.errors import UsageError
from musimo.output.formats import RATINGS

if TYPE_CHECKING:
    from musimo.api import Library
    from musimo.output.formats import RatingFormat
    from musimo.records.scale import Scale


@click.command("rate")
@click.argument("tracks", nargs=-1)
@click.option("--valence", type=float, metavar="V", help="0 = unpleasant … 1 = pleasant.")
@click.option("--arousal", type=float, metavar="A", help="0 = calm … 1 = excited.")
@click.option("--like", is_flag=True, help="Mark as liked, for similar --liked.")
@click.option("--dislike", is_flag=True, help="Mark as disliked; similar --liked ranks similar tracks lower.")
@click.option("--forget", is_flag=True, help="Delete all ratings of TRACKS.")
@click.option(
    "--from",
    "from_",
    metavar="FILE",
    help="Import ratings from CSV, all or none; - for standard input.",
)
@click.option("--list", "listed", is_flag=True, help="List your ratings (default without TRACKS).")
@format_options(RATINGS)
@scale_option
@pass_invocation
def command(
    invocation: Invocation,
    /,
    tracks: tuple[str, ...],
    valence: float | None,
    arousal: float | None,
    like: bool,
    dislike: bool,
    forget: bool,
    from_: str | None,
    listed: bool,
    **options: Any,
) -> int:
    """Rate the mood of TRACKS, or mark them as liked or disliked; without TRACKS, list your ratings.

    A rating belongs to the audio: it is kept when a file is moved, renamed or retagged, and copies share it.
    Fields that are not given stay unchanged. Ratings alone do not change results; once there are enough,
    musimo calibrate fits the library to them.

    A CSV file has a header with path, id or sound, and any of valence, arousal and liking (like, dislike).
    rate -o FILE writes such a file.

    \b
      musimo rate "So What" --valence 0.6 --arousal 0.3 --like
      musimo rate 17 18 19 --dislike
      musimo rate --scale 1-9 --from ratings.csv
      musimo rate -o ratings.csv
    """
    from musimo.library.db.ratings import Opinion
    from musimo.output.ratings import opinion_words, rated_json, rated_lines
    from musimo.records.scale import RANGES, to_unit

    says = valence is not None or arousal is not None or like or dislike
    listed = listed or bool(options["format_"] or options["output"])
    as_json: bool = options["as_json"]
    choice = choice_of(options, RATINGS)
    scale = choice.scale
    _check(tracks, says=says, forget=forget, both=like and dislike, from_=from_, listed=listed)
    library = invocation.library()
    if from_ is not None:
        n = library.ratings.read_csv(_read(from_), scale)
        if as_json:
            click.echo(rated_json("rated", n, (), scale), nl=False)
        else:
            invocation.report(f"{n} rated")
        return DONE
    if not tracks:
        return _list(library, choice)
    if forget:
        done = library.ratings.forget(*tracks)
        say = rated_json("forgotten", len(done), done, scale) if as_json else rated_lines("forgotten", done)
    else:
        low, high = RANGES[scale]
        for name, value in (("valence", valence), ("arousal", arousal)):
            if value is not None and not low <= value <= high:
                raise UsageError(f"--{name} {value:g} is outside the scale {low:g}..{high:g}", _hint(scale))
        opinion = Opinion(
            None if valence is None else to_unit(valence, scale),
            None if arousal is None else to_unit(arousal, scale),
            1 if like else -1 if dislike else None,
        )
        done = library.ratings.rate(*tracks, **asdict(opinion))
        said = opinion_words(opinion, scale)
        say = rated_json("rated", len(done), done, scale) if as_json else rated_lines(said, done)
    if as_json or not invocation.quiet:
        click.echo(say, nl=False)
    return DONE if done else NOT_FOUND


def _check(
    tracks: tuple[str, ...], *, says: bool, forget: bool, both: bool, from_: str | None, listed: bool
) -> None:
    """One thing at a time."""
    how = "give --valence V, --arousal A, --like or --dislike, or --forget"
    if both:
        raise UsageError("liked or disliked, not both")
    if says and forget:
        raise UsageError("--forget deletes a rating, and sets none", how)
    if tracks and (listed or from_ is not None):
        raise UsageError("the list and --from take no TRACK", "musimo rate --help")
    if from_ is not None and listed:
        raise UsageError("--list or --from, not both")
    if tracks and not says and not forget:
        raise UsageError("rate it how?", how)
    if not tracks and (says or forget):
        raise UsageError("rate which track?", "name one TRACK or more: a path, an id, words of a title")


def _list(library: Library, choice: OutputChoice[RatingFormat]) -> int:
    from musimo.output.ratings import render_ratings

    ratings = library.ratings.all()
    put(render_ratings(ratings, choice.format, choice.scale, choice.width), choice)
    return DONE if ratings else NOT_FOUND


def _read(name: str) -> bytes:
    return sys.stdin.buffer.read() if name == "-" else Path(name).expanduser().read_bytes()


def _hint(scale: Scale) -> str:
    return "--scale 1-9 takes ratings from 1 to 9" if scale == "0-1" else ""
