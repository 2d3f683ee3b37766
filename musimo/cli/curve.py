"""``musimo curve``: valence and arousal over time inside a track."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import click

from musimo.cli.answer import choice_of, put
from musimo.cli.context import Invocation, pass_invocation
from musimo.cli.options import analysis_options, format_options, scale_option
from musimo.cli.progress import progress_bar
from musimo.output.formats import CURVE

TIMED = ("markers", "otio", "fcpxml")  # formats with timecodes, beside an EDL


@click.command("curve")
@click.argument("track")
@click.option(
    "--window",
    type=float,
    default=45.0,
    show_default=True,
    metavar="S",
    help="Window length in seconds, 5 to 45. The network was trained on 45; shorter windows "
    "are repeated to that length, resolve changes better and are less accurate.",
)
@click.option(
    "--hop",
    type=float,
    default=5.0,
    show_default=True,
    metavar="S",
    help="Seconds between readings.",
)
@format_options(CURVE)
@click.option(
    "--readings",
    is_flag=True,
    help="Write all readings to labels and markers, not only peaks and turning points.",
)
@click.option(
    "--fps",
    default="25",
    show_default=True,
    metavar="RATE",
    help="Frame rate of markers (EDL, OTIO, FCPXML, CSV): 23.976, 24, 25, 29.97, 30, 48, 50, 59.94 or 60; "
    "23.98 and 29,97 are read, too. 29.97 and 59.94 use drop-frame timecode; append ndf for non-drop-frame.",
)
@click.option(
    "--start-timecode",
    default="01:00:00:00",
    show_default=True,
    metavar="TC",
    help="Timecode of the start of the track in markers.",
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
    """Show valence and arousal over time within TRACK, with peaks and turning points.

    TRACK is given as for similar; - is a file on standard input. The track is divided into sections where its
    music changes, at once and by much. Each reading describes the window around its time, inside one section.
    A peak has a prominence of at least half a point on the 1-9 scale. At a turning point, the mood changes
    with the music, by at least as much.

    \b
      musimo curve "So What"
      musimo curve score.flac --window 15 --hop 2 -o score.svg
      musimo curve score.flac --fps 29.97 -o markers.edl
      musimo curve score.flac --fps 23.976 -o markers.fcpxml
    """
    from musimo.cli.spool import spooling
    from musimo.emotion.turns import find_peaks, find_turns
    from musimo.output.curves import CurveAnswer, CurveOptions
    from musimo.output.edl import check_edl
    from musimo.output.markers import check_times
    from musimo.output.rendering import render_curve

    choice = choice_of(options, CURVE)
    curve_options = CurveOptions(choice.width, choice.scale, readings, fps, start_timecode)
    check_times(curve_options)  # before minutes of analysis

    def check(duration_s: float, n_readings: int) -> None:
        if choice.format == "edl":
            check_edl(curve_options, duration_s, n_readings)
        elif choice.format in TIMED:
            check_times(curve_options, duration_s)

    library = invocation.library(device=device, jobs=jobs, batch_size=batch_size)
    with spooling() as spool, progress_bar(invocation, "analyzing", "window") as advance:
        curve = library.curve(spool.file_of(track), window, hop, advance, check)
        curve = replace(curve, track=spool.named(curve.track))
    answer = CurveAnswer(
        curve,
        find_peaks(curve.readings, curve.sections),
        find_turns(curve.readings, curve.sections),
    )
    put(render_curve(answer, choice.format, curve_options), choice)
    if choice.format in ("labels", "edl", *TIMED) and not (answer.peaks or answer.turns or readings):
        invocation.note("nothing stands out of this curve; --readings puts every reading in")
    if curve.partial is not None and choice.format != "table":
        invocation.note(f"{min(99, 100 * curve.partial):.0f} % of it could be decoded")
