"""The shared output options: which format they ask for, and where the output goes."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from musimo.cli.context import Invocation, shown

if TYPE_CHECKING:
    from musimo.output.answers import Answer, PrintOptions
    from musimo.output.formats import FormatSet, TrackFormat
    from musimo.records.scale import Scale

F = TypeVar("F", bound=str)
PIPE_COLUMNS = 80  # of a table that goes to no terminal


@dataclass(frozen=True, slots=True)
class OutputChoice(Generic[F]):
    """The output options of a command line, without contradictions.

    Parameters
    ----------
    format : to write
    output : file to write; None for stdout
    terminal : the output goes to a terminal
    """

    format: F
    output: str | None
    terminal: bool
    print0: bool = False
    relative_to: str | None = None
    prefix: str = ""
    path_map: tuple[str, ...] = ()
    scale: Scale = "0-1"

    @property
    def width(self) -> int:
        """Columns of a table."""
        return shutil.get_terminal_size().columns if self.terminal else PIPE_COLUMNS


def choice_of(options: dict[str, Any], formats: FormatSet[F]) -> OutputChoice[F]:
    """Take the shared output options out of a command's options.

    Raises
    ------
    UsageError : they contradict each other, or the ending of the file names no format of the command
    """
    wanted, as_json, output = (options.pop(name) for name in ("format_", "as_json", "output"))
    terminal = output is None and sys.stdout.isatty()
    print0 = options.get("print0", False)
    format = formats.choose(wanted, output, as_json=as_json, print0=print0, terminal=terminal)
    shared = options.keys() & OutputChoice.__dataclass_fields__.keys()
    return OutputChoice(format, output, terminal, **{name: options.pop(name) for name in shared})


def print_answer(invocation: Invocation, answer: Answer, choice: OutputChoice[Any]) -> None:
    """Render ``answer`` and write it where the options ask for it; note files its format cannot hold."""
    from musimo.output.rendering import render

    rendered = render(answer, choice.format, _print_options(choice))
    for skipped in rendered.skipped:
        invocation.note(f"left out {shown(skipped.path)}: {skipped.reason}")
    if not invocation.takes(answer, rendered):
        put(rendered.data, choice)


def put(data: bytes, choice: OutputChoice[Any]) -> None:
    """Write ``data`` to the chosen file atomically, or to stdout, escaped for a terminal.

    Paths that end with NUL are for programs, and are not escaped.
    """
    if choice.output is not None:
        from musimo.atomic import write_atomically

        write_atomically(Path(choice.output), data)
        return
    if choice.terminal and not choice.print0:
        from musimo.output.text import for_terminal

        data = for_terminal(data)
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def _print_options(choice: OutputChoice[TrackFormat]) -> PrintOptions:
    from musimo.output.answers import PrintOptions
    from musimo.output.playlist_paths import PathStyle, parse_path_map, relative_folder

    style = PathStyle(
        relative_to=relative_folder(choice.relative_to, choice.output) if choice.relative_to else None,
        prefix=os.fsencode(choice.prefix),
        path_map=tuple(parse_path_map(pair) for pair in choice.path_map),
    )
    return PrintOptions(width=choice.width, scale=choice.scale, print0=choice.print0, paths=style)
