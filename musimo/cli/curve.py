"""``musimo curve``: how does the mood move inside this track?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from musimo.cli.answer import choice_of, put
from musimo.cli.context import Invocation, pass_invocation
from musimo.cli.options import analysis_options, format_options, scale_option
from musimo.output.formats import CURVE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from musimo.library.curve import Felt
    from musimo.records import Curve


@click.command("curve")
@click.argument("track")
@click.option(
    "--window",
    type=float,
    default=45.0,
    show_default=True,
    metavar="S",
    help="Seconds that each reading hears, 5 to 45. The network was trained on 45; less is repeated to that"
    " length, follows the music closer, and errs more.",
)
@click.option(
    "--hop",
    type=float,
    default=5.0,
    show_default=True,
    metavar="S",
    help="Seconds from one reading to the next.",
)
@format_options(CURVE)
@click.option(
    "--readings", is_flag=True, help="Put every reading into labels and EDL, not only what stands out."
)
@click.option(
    "--fps",
    default="25",
    show_default=True,
    metavar="RATE",
    help="Frame rate of an EDL: 23.976, 24, 25, 29.97, 30, 48, 50, 59.94 or 60. 29.97 and 59.94 count"
    " drop-frame; 29.97ndf and 59.94ndf do not.",
)
@click.option(
    "--start-timecode",
    default="01:00:00:00",
    show_default=True,
    metavar="TC",
    help="Timecode of an EDL at which the track begins.",
)
@scale_option
@analysis_options
@pass_invocation
def command(
    invocation: Invocation,
    /,
    track: str,
    window: float,
    hop: float,
    readings: bool,
    fps: str,
    start_timecode: str,
    device: str | None,
    jobs: int | None,
    batch_size: int | None,
    **options: Any,
) -> None:
    """Draw valence and arousal over time inside TRACK, with peaks and turning points.

    TRACK is any audio file on disk, or a library track as in similar. A reading is of the whole window around
    the time it is told at, so what is shorter than a window shows blurred. A peak stands out by half a point
    of the 1-9 scale. At a turning point, the mood of the window's length after differs most from that before.

    \b
      musimo curve "So What"
      musimo curve score.flac --window 15 --hop 2 -o score.svg
      musimo curve score.flac --fps 29.97 -o markers.edl
    """
    from musimo.audio.windows import sliding_plan
    from musimo.emotion.turns import find_peaks, find_turns
    from musimo.inside import hear_curve
    from musimo.output.curves import CurveAnswer, CurveOptions
    from musimo.output.edl import check_edl
    from musimo.output.rendering import render_curve

    choice = choice_of(options, CURVE)
    curve_options = CurveOptions(choice.width, choice.scale, readings, fps, start_timecode)
    check_edl(curve_options)  # before minutes of analysis
    library = invocation.library(device=device, jobs=jobs, batch_size=batch_size)
    curve = _follow(invocation, hear_curve(library, track, sliding_plan(window, hop)))
    answer = CurveAnswer(curve, find_peaks(curve.readings), find_turns(curve.readings, window))
    put(render_curve(answer, choice.format, curve_options), choice)
    if choice.format in ("labels", "edl") and not (answer.peaks or answer.turns or readings):
        invocation.note("nothing stands out of this curve; --readings puts every reading in")
    if curve.partial is not None and choice.format != "table":
        invocation.note(f"{min(99, 100 * curve.partial):.0f} % of it could be heard")


def _follow(invocation: Invocation, events: Iterator[Felt | Curve]) -> Curve:
    """Draw the bar while a track is heard; returns its curve."""
    import sys

    from tqdm import tqdm

    from musimo.records import Curve

    hidden = invocation.quiet or not sys.stderr.isatty()
    with tqdm(desc="hearing", unit="window", disable=hidden, dynamic_ncols=True, leave=False) as bar:
        for event in events:
            if isinstance(event, Curve):
                return event
            bar.total = event.total
            bar.update(event.done - bar.n)
    raise AssertionError("the last event is the curve")
