"""``musimo mood``: what feels like this?"""

from __future__ import annotations

from typing import Any

import click

from musimo.cli.answer import choice_of, print_answer
from musimo.cli.context import Invocation, pass_invocation
from musimo.cli.options import make_selection, output_options, selection_options
from musimo.errors import UsageError


@click.command("mood")
@click.option("--valence", type=float, required=True, metavar="V", help="0 = unpleasant … 1 = pleasant.")
@click.option("--arousal", type=float, required=True, metavar="A", help="0 = calm … 1 = excited.")
@selection_options(limit=10)
@output_options
@pass_invocation
def command(invocation: Invocation, /, valence: float, arousal: float, **options: Any) -> int:
    """List tracks of the library whose mood lies nearest to a point; 0.5 is neutral.

    \b
      musimo mood --valence 0.7 --arousal 0.3
      musimo mood --scale 1-9 --valence 3 --arousal 8 --where genre:metal
    """
    from musimo.output.answers import MoodAnswer
    from musimo.search.scale import RANGES, to_unit

    library = invocation.library()
    choice = choice_of(options)
    low, high = RANGES[choice.scale]
    for name, value in (("valence", valence), ("arousal", arousal)):
        if not low <= value <= high:
            raise UsageError(
                f"--{name} {value:g} is outside the scale {low:g}..{high:g}", "--scale 1-9 reads ratings"
            )
    selection = make_selection(library.settings, scale=choice.scale, **options)
    point = to_unit(valence, choice.scale), to_unit(arousal, choice.scale)
    results = library.mood(*point, selection)
    print_answer(invocation, MoodAnswer(*point, results), choice)
    return 0 if results else 4
