"""``musimo curve``: valence and arousal over time inside a track."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from musimo.cli.answer import put
from musimo.cli.context import Invocation, pass_invocation
from musimo.cli.options import OutputFile, hearing_options, scale_option
from musimo.cli.progress import progress_bar
from musimo.errors import UsageError

if TYPE_CHECKING:
    from musimo.output.curves import CurveFormat
    from musimo.records.scale import Scale

FORMATS = ("table", "csv", "json", "jsonl", "labels", "edl", "svg", "png")
ENDINGS = {".txt": "labels", **{f".{name}": name for name in ("csv", "json", "jsonl", "edl", "svg", "png")}}


@click.command("curve")
@click.argument("track")
@click.option(
    "--window",
    type=float,
    default=45.0,
    show_default=True,
    metavar="S",
    help="Length of the windows in seconds, 5 to 45. The network was trained on 45; shorter windows are"
    " repeated to that length, follow the music closer, and have larger errors.",
)
@click.option(
    "--hop",
    type=float,
    default=5.0,
    show_default=True,
    metavar="S",
    help="Seconds from one window to the next.",
)
@click.option("--format", "format_", type=click.Choice(FORMATS), help="How to print.  [default: table]")
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option(
    "-o",
    "--output",
    type=OutputFile(dir_okay=False),
    metavar="FILE",
    help="Write to FILE; its ending names the format (.txt: labels).",
)
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
@hearing_options
@pass_invocation
def command(
    invocation: Invocation,
    /,
    track: str,
    window: float,
    hop: float,
    format_: CurveFormat | None,
    as_json: bool,
    output: str | None,
    readings: bool,
    fps: str,
    start_timecode: str,
    scale: Scale,
    device: str | None,
    jobs: int | None,
    batch_size: int | None,
) -> None:
    """Draw valence and arousal over time inside TRACK, with peaks and turning points.

    TRACK is any audio file on disk, or a library track as in similar. A reading is of the whole window around
    its time, so changes shorter than a window are smoothed. A peak stands out by half a point of the 1-9
    scale. At a turning point, the mood of the window after differs most from that of the window before.

    \b
      musimo curve "So What"
      musimo curve score.flac --window 15 --hop 2 -o score.svg
      musimo curve score.flac --fps 29.97 -o markers.edl
    """
    from musimo.emotion.turns import find_peaks, find_turns
    from musimo.output.curves import CurveAnswer, CurveOptions, render_curve
    from musimo.output.edl import check_edl

    format_ = _format(format_, as_json, output)
    width, terminal = _terminal(output)
    if format_ == "png" and terminal:
        raise UsageError("a terminal shows no PNG", "name a file: -o curve.png")
    options = CurveOptions(width, scale, readings, fps, start_timecode)
    check_edl(options)  # before minutes of analysis
    library = invocation.library(device=device, jobs=jobs, batch_size=batch_size)
    with progress_bar(invocation, "analyzing", "window") as advance:
        curve = library.curve(track, window, hop, on_progress=advance)
    answer = CurveAnswer(curve, find_peaks(curve.readings), find_turns(curve.readings, window))
    put(render_curve(answer, format_, options), output, escaped=terminal)
    if format_ in ("labels", "edl") and not (answer.peaks or answer.turns or readings):
        invocation.note("nothing stands out of this curve; --readings puts every reading in")
    if curve.partial is not None and format_ != "table":
        invocation.note(f"{min(99, 100 * curve.partial):.0f} % of it could be decoded")


def _format(format_: CurveFormat | None, as_json: bool, output: str | None) -> CurveFormat:
    if as_json and format_ not in (None, "json"):
        raise UsageError(f"--json and --format {format_} exclude each other")
    found: CurveFormat = "json" if as_json else format_ or _format_of_name(output)
    return found


def _format_of_name(output: str | None) -> CurveFormat:
    """The format that the ending of a file names."""
    ending = Path(output).suffix.lower() if output else ""
    if ending and ending not in ENDINGS:
        raise UsageError(
            f"no format of a curve ends in {ending}",
            f"a file may end in {', '.join(ENDINGS)}; or say --format",
        )
    return ENDINGS.get(ending, "table")  # type: ignore[return-value]


def _terminal(output: str | None) -> tuple[int, bool]:
    """Columns that a table may take, and whether it goes to a terminal."""
    import shutil
    import sys

    terminal = output is None and sys.stdout.isatty()
    return shutil.get_terminal_size().columns if terminal else 80, terminal
