"""Options of commands that rank tracks: length and order of the list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from musimo.cli.context import Invocation
from musimo.errors import UsageError

if TYPE_CHECKING:
    from musimo.search.rows import FoundTrack, MoodTrack, SimilarTrack
    from musimo.search.selection import Selection

F = TypeVar("F", bound=Callable[..., Any])

duration_option = click.option(
    "--duration", metavar="TIME", help="Total duration of the list, instead of -n: 45m, 1h30m, 1:30:00."
)
order_option = click.option(
    "--order",
    type=click.Choice(["similarity", "mood", "flow"]),
    default="similarity",
    show_default=True,
    help="Order of the rows: by rank (similarity), from calm to excited and back (mood), or "
    "with small steps in mood, tempo and key (flow).",
)


def with_duration(selection: Selection, duration: str | None) -> Selection:
    """Return the selection with the length of --duration, if it is given."""
    if duration is None:
        return selection
    from musimo.search.times import parse_duration

    if click.get_current_context().get_parameter_source("limit") is ParameterSource.COMMANDLINE:
        raise UsageError("--duration and -n cannot be combined", "limit the list by rows or by duration")
    return replace(selection, limit=None, duration_s=parse_duration(duration))


def time_s(time: str | None) -> float | None:
    """Return a time that was typed, in seconds; None if it was not given."""
    if time is None:
        return None
    from musimo.search.times import parse_time

    return parse_time(time)


def note_length(
    invocation: Invocation, rows: Sequence[SimilarTrack | MoodTrack | FoundTrack], selection: Selection
) -> None:
    """Print a note if the list is not as long as --duration asks."""
    if (asked := selection.duration_s) is None:
        return
    from musimo.output.tables import clock
    from musimo.search.mix import tolerance_s

    lasts = sum(row.track.duration_s or 0 for row in rows)
    if abs(lasts - asked) <= tolerance_s(asked):
        return
    if not rows:
        invocation.note(f"no matching track fits into {clock(asked)}")
        return
    what = "are not enough tracks" if lasts < asked else "is no combination of tracks"
    capped = selection.fold_versions or selection.max_per_artist or selection.max_per_album
    more = "; --no-diversity may allow more" if capped else ""
    invocation.note(f"there {what} for {clock(asked)}, these last {clock(lasts)}{more}")
