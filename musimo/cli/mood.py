"""``musimo mood``: tracks near a mood."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from musimo.cli.answer import choice_of, print_answer
from musimo.cli.context import Invocation, pass_invocation
from musimo.cli.exit_codes import DONE, NOT_FOUND
from musimo.cli.lists import duration_option, note_length, order_option, with_duration
from musimo.cli.options import (
    analysis_options,
    make_selection,
    output_options,
    relative_option,
    selection_options,
)
from musimo.errors import UsageError
from musimo.output.formats import TRACKS

if TYPE_CHECKING:
    from musimo.records.scale import Scale
    from musimo.search.order import Order


@click.command("mood")
@click.argument("names", nargs=-1, metavar="[NAME]…")
@click.option("--valence", type=float, metavar="V", help="0 = unpleasant … 1 = pleasant.")
@click.option("--arousal", type=float, metavar="A", help="0 = calm … 1 = excited.")
@relative_option
@click.option(
    "--spread", type=float, metavar="X", help="Only tracks within distance X of the mood, in random order."
)
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    metavar="N",
    help="Seed of the random order of --spread; random if not given.",
)
@click.option("--like", metavar="TRACK", help="Rank the tracks near the mood by similarity to TRACK.")
@duration_option
@order_option
@selection_options(limit=10)
@output_options
@analysis_options
@pass_invocation
def command(
    invocation: Invocation,
    /,
    names: tuple[str, ...],
    valence: float | None,
    arousal: float | None,
    relative: bool | None,
    spread: float | None,
    seed: int | None,
    like: str | None,
    duration: str | None,
    order: Order,
    device: str | None,
    jobs: int | None,
    batch_size: int | None,
    **options: Any,
) -> int:
    """List the tracks of the library nearest to a mood, given in words or numbers.

    Numbers are valence and arousal; 0.5 is neutral. Words are interpreted in percentiles of the library, as
    with --relative; several words are averaged. The four quadrants are happy, tense, sad and calm. An unknown
    word prints the list of words; [moods] in the settings adds more.

    --like ranks the nearest tenth of the library, or the tracks within --spread, by similarity to TRACK.

    \b
      musimo mood calm
      musimo mood energetic dark --like "So What"
      musimo mood --valence 0.7 --arousal 0.3
      musimo mood --relative --valence 0.9 --arousal 0.9
      musimo mood happy --spread 0.2 --seed 7 -n 30 -o sunny.m3u8
      musimo mood calm --duration 45m --order flow -o evening.m3u8
      musimo mood --scale 1-9 --valence 3 --arousal 8 --where genre:metal
    """
    from musimo.cli.spool import spooling
    from musimo.records.scale import RANGES, to_unit

    library = invocation.library(device=device, jobs=jobs, batch_size=batch_size)
    choice = choice_of(options, TRACKS)
    selection = with_duration(make_selection(library.settings, scale=choice.scale, **options), duration)
    if names and (valence is not None or arousal is not None):
        raise UsageError("a mood is given in words or in numbers, not both")
    if not names and (valence is None or arousal is None):
        raise UsageError("which mood?", "name one, like calm, or give --valence V and --arousal A")
    among = bool(names) if relative is None else relative
    scale: Scale = "0-1" if among else choice.scale
    low, high = RANGES[scale]
    for name, value in (("valence", valence), ("arousal", arousal)):
        if value is not None and not low <= value <= high:
            raise UsageError(f"--{name} {value:g} is outside the scale {low:g}..{high:g}", _hint(among))
    with spooling() as spool:
        result = library.mood(
            " ".join(names) if names else to_unit(valence or 0, scale),
            None if names else to_unit(arousal or 0, scale),
            relative=among,
            spread=None if spread is None else spread / (high - low),
            seed=seed,
            like=None if like is None else spool.file_of(like),
            order=order,
            selection=selection,
        )
        result = replace(result, like=None if result.like is None else spool.named(result.like))
    note_length(invocation, result, selection)
    print_answer(invocation, result, choice)
    return DONE if result else NOT_FOUND


def _hint(relative: bool) -> str:
    if relative:
        return "write 0.7, for example; percentiles are 0..1 on any scale"
    return "write --valence 0.7 --arousal 0.3, or ratings: --scale 1-9 --valence 7 --arousal 3"
