"""What ``train`` and ``evaluate`` share: options, progress, and the end."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from musimo.cli.context import Invocation

if TYPE_CHECKING:
    from musimo.training.progress import Event, Finished, Row
    from musimo.training.workspace import Workspace

F = TypeVar("F", bound=Callable[..., Any])
FOLDER = click.Path(file_okay=False, path_type=Path)


def training_options(function: F) -> F:
    """Add CONFIG and the options of both commands."""
    decorators = (
        click.argument("config"),
        click.option(
            "--data",
            type=FOLDER,
            default=Path("data"),
            show_default=True,
            help="Folder of the rated data sets, one subfolder each: data/musifeast17, data/deam, …",
        ),
        click.option(
            "--music", type=FOLDER, help="Folder of unlabeled music.  [default: music within --data]"
        ),
        click.option(
            "--teacher",
            "teachers",
            type=click.Path(path_type=Path),
            multiple=True,
            help="Weights of MSD-MusiCNN; given again, those of MTT-MusiCNN.  "
            "[default: msd_musicnn.npz and mtt_musicnn.npz within --data]",
        ),
        click.option(
            "--out",
            type=FOLDER,
            help="Output folder for caches, checkpoints and results.  [default: runs/ and CONFIG's name]",
        ),
        click.option(
            "--device",
            default="auto",
            metavar="DEVICE",
            help="Device for training: auto, cpu, cuda, cuda:N or mps.",
        ),
        click.option(
            "--processes",
            type=click.IntRange(min=1),
            metavar="N",
            help="Number of processes.  [default: all]",
        ),
        click.option("--json", "as_json", is_flag=True, help="Print one JSON document."),
    )
    for decorator in reversed(decorators):
        function = decorator(function)
    return function


def make_workspace(
    config: Path,
    *,
    data: Path,
    music: Path | None,
    teachers: tuple[Path, ...],
    out: Path | None,
    device: str,
    processes: int | None,
) -> Workspace:
    """The options above, with what was not given."""
    from musimo.settings import usable_cores
    from musimo.training.workspace import Workspace

    return Workspace(
        data=data,
        music=music or data / "music",
        teachers=teachers or tuple(data / f"{name}_musicnn.npz" for name in ("msd", "mtt")),
        out=out or Path("runs") / config.stem,
        device=device,
        n_processes=processes or usable_cores(),
    )


def follow(invocation: Invocation, events: Iterator[Event], out: Path) -> Finished | None:
    """Draw bars on a terminal, tell a line an epoch elsewhere; None where Ctrl-C came first."""
    import sys

    from tqdm import tqdm

    from musimo.training.progress import Finished, Note, Row, Stage, Step

    on_terminal = sys.stderr.isatty()
    bar = tqdm(disable=invocation.quiet or not on_terminal, dynamic_ncols=True, smoothing=0.05)
    try:
        with bar:
            for event in events:
                if isinstance(event, Stage):
                    bar.reset(total=event.total)
                    bar.unit = event.unit
                    bar.set_description(event.name, refresh=False)
                    bar.update(event.done)
                    if not on_terminal:
                        invocation.note(stage_line(event.name, event.done, event.total, event.unit))
                elif isinstance(event, Step):
                    bar.update(event.n)
                elif isinstance(event, Row):
                    bar.set_postfix_str(values_of(event))
                    if not on_terminal:
                        invocation.note(row_line(event))
                elif isinstance(event, Note):
                    bar.clear()
                    invocation.note(event.sentence)
                elif isinstance(event, Finished):
                    return event
    except KeyboardInterrupt:
        _close(events)
        click.echo(
            f"stopped; what is done is kept in {out}, and the same command goes on from there", err=True
        )
    return None


def _close(events: Iterator[Event]) -> None:
    """End what still runs, its processes too."""
    close = getattr(events, "close", None)
    if close is not None:
        close()


def stage_line(name: str, done: int, total: int | None, unit: str) -> str:
    """``decoding music: 380 tracks, 12 done``."""
    if total is None:
        return name
    known = f", {done} done" if done else ""
    units = unit if total == 1 else f"{unit}es" if unit == "batch" else f"{unit}s"
    return f"{name}: {total} {units}{known}"


def row_line(row: Row) -> str:
    """``final  3  training 1.2345  validation 1.3456  rate 1.0e-03  12 s *``."""
    return f"{row.part}  {row.number:3d}  {values_of(row)}{' *' if row.best else ''}"


def values_of(row: Row) -> str:
    """Losses to four digits, the rate as a power of ten, seconds whole."""

    def shown(name: str, value: float) -> str:
        if name == "seconds":
            return f"{value:.0f} s"
        return f"{name} {value:.1e}" if name == "rate" else f"{name} {value:.4f}"

    return "  ".join(shown(name, value) for name, value in row.values.items())


def print_finished(finished: Finished, as_json: bool) -> None:
    """Tables and paths for people, or one JSON document with both."""
    paths = {"weights": finished.weights, "card": finished.card, "report": finished.report}
    made = {name: str(path) for name, path in paths.items() if path is not None}
    if as_json:
        click.echo(json.dumps({"schema": 1, **made, "figures": finished.figures}, ensure_ascii=False))
        return
    if finished.tables:
        click.echo(finished.tables)
    for path in made.values():
        click.echo(path)
