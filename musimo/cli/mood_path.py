"""``musimo mood-path``: from one mood to another, in so many minutes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from musimo.cli.answer import choice_of, print_answer
from musimo.cli.context import Invocation, pass_invocation
from musimo.cli.exit_codes import DONE, NOT_FOUND
from musimo.cli.options import choosing_options, make_selection, output_options, relative_option
from musimo.output.formats import TRACKS

if TYPE_CHECKING:
    from musimo.records.scale import Scale
    from musimo.search.plane import Point


@click.command("mood-path")
@click.option("--from", "start", required=True, metavar="MOOD", help="First mood: words, or valence,arousal.")
@click.option("--to", "end", required=True, metavar="MOOD", help="Last mood: words, or valence,arousal.")
@click.option("--duration", required=True, metavar="TIME", help="Total duration: 45m, 1h30m, 1:30:00.")
@relative_option
@choosing_options(diverse=True)
@output_options
@pass_invocation
def command(
    invocation: Invocation,
    /,
    start: str,
    end: str,
    duration: str,
    relative: bool | None,
    **options: Any,
) -> int:
    """List tracks whose moods lead evenly from one mood to another in a given time.

    A mood is given in words, as for mood, or as two numbers. If one of the two is in words, both are
    interpreted in percentiles of the library. The total duration is within one percent of the requested one
    if the library has enough tracks. Distance is measured to the mood intended at that position of the list.

    \b
      musimo mood-path --from calm --to energetic --duration 45m -o workout.m3u8
      musimo mood-path --from 0.6,0.8 --to 0.6,0.2 --duration 30m
    """
    from musimo.search.mood_path import DURATION_TOLERANCE
    from musimo.search.mood_words import parse_point
    from musimo.search.times import parse_duration

    library = invocation.library()
    choice = choice_of(options, TRACKS)
    selection = make_selection(library.settings, limit=None, scale=choice.scale, **options)
    duration_s = parse_duration(duration)
    own = library.settings.moods
    (first, first_named), (last, last_named) = parse_point(start, own), parse_point(end, own)
    among = first_named or last_named if relative is None else relative
    scale: Scale = "0-1" if among else choice.scale
    start_mood, end_mood = (
        text if named else _on_plane(point, scale)
        for text, point, named in ((start, first, first_named), (end, last, last_named))
    )
    result = library.mood_path(start_mood, end_mood, duration_s, relative=among, selection=selection)
    lasts = sum(row.track.duration_s or 0 for row in result)
    if result and lasts < (1 - DURATION_TOLERANCE) * duration_s:
        invocation.note("there are not enough tracks for this duration; --no-diversity may allow more")
    print_answer(invocation, result, choice)
    return DONE if result else NOT_FOUND


def _on_plane(point: Point, scale: Scale) -> Point:
    from musimo.errors import UsageError
    from musimo.records.scale import RANGES, to_unit

    low, high = RANGES[scale]
    for value in point:
        if not low <= value <= high:
            raise UsageError(f"{value:g} is outside the scale {low:g}..{high:g}", "write valence,arousal")
    valence, arousal = point
    return to_unit(valence, scale), to_unit(arousal, scale)
