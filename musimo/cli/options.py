"""Options that several commands share, and what they mean to the rooms below."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from musimo.audio.formats import is_music

if TYPE_CHECKING:
    from musimo.search.selection import Selection
    from musimo.settings import Settings

F = TypeVar("F", bound=Callable[..., Any])

FORMATS = ("table", "paths", "json", "jsonl", "csv", "m3u8", "m3u", "pls", "xspf")
FACTS = ("table", "json")  # of one thing, which is no list
FILES = ("table", "paths", "json", "jsonl", "csv")  # of files that are in no library
ROWS = 10  # what fits a terminal beside the question


class OutputFile(click.Path):
    """A file to be written, which is not music: a slip of the hand shall cost nobody a recording."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path as it was given."""
        path = super().convert(value, param, ctx)
        if is_music(os.fsencode(Path(os.fsdecode(path)).name)):
            self.fail(
                f"{str(path)!r} is named like music, and nothing but tag --write writes to music.", param, ctx
            )
        return path


def _stack(*options: Callable[[F], F]) -> Callable[[F], F]:
    def decorate(function: F) -> F:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


hearing_options = _stack(
    click.option("--device", metavar="DEVICE", help="auto, cpu, cuda, cuda:N or mps.  [default: auto]"),
    click.option(
        "-j", "--jobs", type=click.IntRange(min=0), help="Decoder processes; 0: none.  [default: one a core]"
    ),
    click.option("--batch-size", type=click.IntRange(min=1), help="Clips felt at once.  [default: 16]"),
)

coverage_option = click.option(
    "--coverage",
    type=click.Choice(["windows", "full"]),
    default="windows",
    show_default=True,
    help="Hear three windows of 45 s of each track, or every second.",
)

scale_option = click.option(
    "--scale",
    type=click.Choice(["0-1", "1-9"]),
    default="0-1",
    show_default=True,
    help="Scale of valence and arousal, in questions and answers.",
)

where_option = click.option(
    "--where",
    multiple=True,
    metavar="EXPR",
    help="Only tracks like year:1990..1999, genre:jazz, tempo:118..126, key:Am, ^artist:x (not x);"
    " repeat it: all must hold.",
)

relative_option = click.option(
    "--relative/--absolute",
    default=None,
    help="Read the mood in percentiles of the library's own tracks, or on the plane.  "
    "[default: words relative, numbers absolute]",
)


def selection_options(limit: int | None) -> Callable[[F], F]:
    """-n, --where and diversity; a command that lists everything has no diversity unless asked."""
    diverse = limit is not None
    return _stack(
        click.option(
            "-n",
            "--limit",
            type=click.IntRange(min=1),
            default=limit,
            show_default=diverse,
            help="Rows to answer.",
        ),
        choosing_options(diverse=diverse),
    )


def choosing_options(*, diverse: bool) -> Callable[[F], F]:
    """--where and diversity alone, for a list whose length follows from something else than -n."""
    return _stack(
        where_option,
        click.option(
            "--max-per-artist", type=click.IntRange(min=0), metavar="N", help=_cap_help("artist", 2, diverse)
        ),
        click.option(
            "--max-per-album", type=click.IntRange(min=0), metavar="N", help=_cap_help("album", 1, diverse)
        ),
        click.option(
            "--no-diversity",
            is_flag=True,
            help="Any number of one artist, album and piece.",
        ),
    )


def _cap_help(what: str, default: int, diverse: bool) -> str:
    return f"Rows of one {what}; 0: any number.  [default: {default if diverse else 0}]"


def format_options(formats: Sequence[str]) -> Callable[[F], F]:
    """How to print, and where to: for answers of which no playlist can be made."""
    return _stack(
        click.option("--format", "format_", type=click.Choice(formats), help="How to print."),
        click.option("--json", "as_json", is_flag=True, help="The same as --format json."),
        click.option(
            "-o", "--output", type=OutputFile(dir_okay=False), metavar="FILE", help="Write to FILE."
        ),
        *([_print0_option] if "paths" in formats else []),
    )


_print0_option = click.option(
    "-0", "--print0", is_flag=True, help="With --format paths: end each path with NUL."
)

output_options = _stack(
    format_options(FORMATS),
    click.option(
        "--relative-to",
        metavar="DIR|playlist",
        help="In playlists and paths: relative to DIR, or to the playlist itself.",
    ),
    click.option("--prefix", default="", metavar="P", help="In playlists and paths: P before every path."),
    click.option(
        "--path-map",
        multiple=True,
        metavar="OLD=NEW",
        help="In playlists and paths: NEW where a path begins with OLD; repeatable.",
    ),
    scale_option,
)


def make_selection(
    settings: Settings,
    *,
    limit: int | None,
    where: tuple[str, ...],
    max_per_artist: int | None,
    max_per_album: int | None,
    no_diversity: bool,
    scale: Any,
    diverse: bool = True,
) -> Selection:
    """The options above as a selection; a cap that is not given is the settings', where lists are diverse."""
    from musimo.search.selection import Selection
    from musimo.search.where import parse

    def cap(given: int | None, default: int) -> int | None:
        if no_diversity:
            return None
        return (given if given is not None else default if diverse else 0) or None

    return Selection(
        limit,
        tuple(parse(expression, scale) for expression in where),
        cap(max_per_artist, settings.max_per_artist),
        cap(max_per_album, settings.max_per_album),
        fold_versions=diverse and not no_diversity,
    )
