"""``musimo map``: the library as a picture."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from musimo.cli.context import Invocation, pass_invocation
from musimo.cli.options import OutputFile, make_selection, scale_option, selection_options
from musimo.errors import UsageError

if TYPE_CHECKING:
    from musimo.records.scale import Scale
    from musimo.search.sound_map import SoundMap

FORMATS = ("html", "svg", "png", "json")
COLOURS = ("genre", "artist", "year", "tempo", "mood", "valence", "arousal")


@click.command("map")
@click.option("-o", "--output", type=OutputFile(dir_okay=False), metavar="FILE", help="Write to FILE.")
@click.option(
    "--format",
    "format_",
    type=click.Choice(FORMATS),
    help="What to write.  [default: as the ending of FILE says, else html]",
)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option(
    "--view",
    type=click.Choice(["mood", "sound"]),
    default="mood",
    show_default=True,
    help="Place tracks by mood or by sound; a page has both and opens with this.",
)
@click.option(
    "--colour",
    "--color",
    "colour",
    type=click.Choice(COLOURS),
    default="genre",
    show_default=True,
    help="What the colours stand for; on a page it can be changed.",
)
@selection_options(limit=None)
@scale_option
@pass_invocation
def command(
    invocation: Invocation,
    /,
    output: str | None,
    format_: Any,
    as_json: bool,
    view: Any,
    colour: Any,
    scale: Any,
    **options: Any,
) -> None:
    """Draw the library, every track a point, by mood and by sound: a page that works offline, or SVG or PNG.

    \b
      musimo map -o map.html
      musimo map -o jazz.svg --view sound --colour year --where genre:jazz
    """
    if as_json and format_ not in (None, "json"):
        raise UsageError(f"--json and --format {format_} exclude each other")
    chosen = "json" if as_json else format_ or _format_of_name(output)
    if output is None and chosen != "json" and sys.stdout.isatty():
        raise UsageError("a map is no text for a terminal", "name a file: musimo map -o map.html")
    library = invocation.library()
    selection = make_selection(library.settings, scale=scale, diverse=False, **options)
    drawn = library.map(selection)
    if drawn.left_out:
        invocation.note(f"not analyzed, so not on the map: {drawn.left_out}; musimo errors may say why")
    data = _rendered(drawn, chosen, view, colour, scale)
    if output is None:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    else:
        from musimo.atomic import write_atomically

        write_atomically(Path(output), data)


def _rendered(drawn: SoundMap, format_: str, view: Any, colour: Any, scale: Scale) -> bytes:
    if format_ == "html":
        from musimo.output.map_page import page

        return page(drawn, scale, view, colour)
    if format_ == "json":
        from musimo.output.json_out import document, map_content

        return document(map_content(drawn, scale)).encode()
    from musimo.output.scatter import scatter

    picture = scatter(drawn, view, colour, scale)
    if format_ == "png":
        from musimo.output.scatter_png import scatter_png

        return scatter_png(picture)
    from musimo.output.scatter_svg import svg

    return svg(picture)


def _format_of_name(output: str | None) -> str:
    """The format that the ending of a file names."""
    ending = Path(output).suffix.lower() if output else ""
    formats = {"": "html", ".htm": "html", **{f".{name}": name for name in FORMATS}}
    if ending not in formats:
        raise UsageError(
            f"no format of a map ends in {ending}",
            f"a file may end in .{', .'.join(FORMATS)}; or say --format",
        )
    return formats[ending]
