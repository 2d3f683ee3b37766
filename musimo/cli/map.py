"""``musimo map``: the library as a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from musimo.cli.answer import choice_of, put
from musimo.cli.context import Invocation, pass_invocation
from musimo.cli.options import format_options, make_selection, scale_option, selection_options
from musimo.output.formats import MAP

if TYPE_CHECKING:
    from musimo.output.coloring import ColorBy
    from musimo.output.map_picture import View

COLOR_BY = ("genre", "artist", "heard", "year", "tempo", "mood", "valence", "arousal")


@click.command("map")
@format_options(MAP)
@click.option(
    "--view",
    type=click.Choice(["mood", "sound"]),
    default="mood",
    show_default=True,
    help="Arrange tracks by mood or by sound; an HTML page contains both and opens with this one.",
)
@click.option(
    "--color",
    "--colour",
    "color",
    type=click.Choice(COLOR_BY),
    default="genre",
    show_default=True,
    help="What colors show; can be changed on an HTML page. genre: that of the file, else the genre heard "
    "most; heard: the strongest tag heard.",
)
@selection_options(limit=None)
@scale_option
@pass_invocation
def command(
    invocation: Invocation,
    /,
    view: View,
    color: ColorBy,
    **options: Any,
) -> None:
    """Draw a map with a point for each track, by mood or by sound, as an offline HTML page, SVG, PNG or PDF.

    \b
      musimo map -o map.html
      musimo map -o jazz.svg --view sound --color year --where genre:jazz
    """
    from musimo.output.rendering import render_map

    choice = choice_of(options, MAP)
    library = invocation.library()
    selection = make_selection(library.settings, scale=choice.scale, diverse=False, **options)
    drawn = library.map(selection)
    if drawn.left_out:
        invocation.note(f"not analyzed, so not on the map: {drawn.left_out}; musimo errors may say why")
    put(render_map(drawn, choice.format, view, color, choice.scale), choice)
