"""Options that several commands share, and the selection they make."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from musimo.audio.formats import is_music
from musimo.output.formats import TRACKS, FormatSet

if TYPE_CHECKING:
    from musimo.records import Filter
    from musimo.records.scale import Scale
    from musimo.search.selection import Selection
    from musimo.settings import Settings

F = TypeVar("F", bound=Callable[..., Any])


class OutputFile(click.Path):
    """A file to write; a name of a music file is refused, so that no typing error costs a recording."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the path as it was given."""
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


analysis_options = _stack(
    click.option(
        "--device",
        metavar="DEVICE",
        help="Device for inference: auto, cpu, cuda, cuda:N or mps.  [default: auto]",
    ),
    click.option(
        "-j",
        "--jobs",
        type=click.IntRange(min=0),
        help="Number of decoder processes; 0 decodes in the main process.  [default: one per core]",
    ),
    click.option(
        "--batch-size", type=click.IntRange(min=1), help="Windows per inference batch.  [default: 16]"
    ),
)

coverage_option = click.option(
    "--coverage",
    type=click.Choice(["windows", "full"]),
    default="windows",
    show_default=True,
    help="Analyze three windows of 45 s per track, or the whole track.",
)

scale_option = click.option(
    "--scale",
    type=click.Choice(["0-1", "1-9"]),
    default="0-1",
    show_default=True,
    help="Scale of valence and arousal, in options and output.",
)

key_notation_option = click.option(
    "--key-notation",
    type=click.Choice(["musical", "camelot", "openkey"]),
    help="Write keys as Am, 8A or 1m, and show tempo and key in every table.  [default: the setting]",
)

where_option = click.option(
    "--where",
    multiple=True,
    metavar="EXPR",
    help="Only tracks that match a condition: year:1990..1999, duration:..4m, 'genre:jazz|blues' (either), "
    "tempo:118..126, key:~8A (mixes well), mood:calm, liked:; ^artist:x negates. Repeatable; all conditions "
    "must match.",
)

relative_option = click.option(
    "--relative/--absolute",
    default=None,
    help="Interpret the mood in percentiles of the library, or as absolute values.  "
    "[default: words relative, numbers absolute]",
)


def selection_options(limit: int | None) -> Callable[[F], F]:
    """Return -n, --where and the limits per artist and album; off by default where ``limit`` is None."""
    diverse = limit is not None
    return _stack(
        click.option(
            "-n",
            "--limit",
            type=click.IntRange(min=1),
            default=limit,
            show_default=diverse,
            help="Maximum number of rows.",
        ),
        choosing_options(diverse=diverse),
    )


def choosing_options(*, diverse: bool) -> Callable[[F], F]:
    """Return --where and the limits per artist and album, for a list whose length is given otherwise."""
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
            help="No limits per artist and album, and all versions of a work.",
        ),
    )


def _cap_help(what: str, default: int, diverse: bool) -> str:
    return f"Maximum number of rows per {what}; 0 for no limit.  [default: {default if diverse else 0}]"


def format_options(formats: FormatSet[Any]) -> Callable[[F], F]:
    """Return the options for the format and the file; see :func:`musimo.cli.answer.choice_of`."""
    return _stack(
        click.option(
            "--format",
            "format_",
            type=click.Choice(formats.formats),
            help=f"Output format.  [default: by the extension of FILE, else {formats.default}]",
        ),
        click.option("--json", "as_json", is_flag=True, help="The same as --format json."),
        click.option(
            "-o",
            "--output",
            type=OutputFile(dir_okay=False),
            metavar="FILE",
            help=f"Write to FILE{_labels_help(formats)}; - is stdout.",
        ),
        *([_print0_option] if "paths" in formats.formats else []),
    )


def _labels_help(formats: FormatSet[Any]) -> str:
    return " (.txt: labels)" if "labels" in formats.formats else ""


_print0_option = click.option(
    "-0", "--print0", is_flag=True, help="With --format paths, terminate each path with NUL."
)


def playlist_options(formats: FormatSet[Any]) -> Callable[[F], F]:
    """Return the options of a list of tracks: format, file, paths in playlists, and scale."""
    return _stack(
        format_options(formats),
        click.option(
            "--relative-to",
            metavar="DIR|playlist",
            help="Write paths in playlists and paths relative to DIR, or to the playlist itself.",
        ),
        click.option(
            "--prefix", default="", metavar="P", help="Prefix P for every path in playlists and paths."
        ),
        click.option(
            "--path-map",
            multiple=True,
            metavar="OLD=NEW",
            help="Replace OLD at the start of a path by NEW, in playlists and paths. Repeatable.",
        ),
        click.option("--excel", is_flag=True, help="Write CSV for Excel: UTF-8 with a byte order mark."),
        key_notation_option,
        scale_option,
    )


output_options = playlist_options(TRACKS)


def make_selection(
    settings: Settings,
    *,
    limit: int | None,
    where: tuple[str, ...],
    max_per_artist: int | None,
    max_per_album: int | None,
    no_diversity: bool,
    scale: Scale,
    diverse: bool = True,
) -> Selection:
    """Return the selection that the options make; limits that are not given come from the settings."""
    from musimo.search.selection import Selection

    def cap(given: int | None, default: int) -> int | None:
        if no_diversity:
            return None
        return (given if given is not None else default if diverse else 0) or None

    return Selection(
        limit,
        _parsed(where, scale, settings),
        cap(max_per_artist, settings.max_per_artist),
        cap(max_per_album, settings.max_per_album),
        fold_versions=diverse and not no_diversity,
    )


def _parsed(where: tuple[str, ...], scale: Scale, settings: Settings) -> tuple[Filter, ...]:
    if not where:
        return ()
    from musimo.search.where import parse

    return tuple(parse(expression, scale, settings.moods) for expression in where)
