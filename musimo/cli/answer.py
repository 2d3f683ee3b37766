"""The shared output options: which format they ask for, and where the output goes."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import click

from musimo.cli.context import Invocation, shown
from musimo.errors import UsageError

if TYPE_CHECKING:
    from musimo.output.answers import Answer, PrintOptions
    from musimo.output.formats import FormatSet, TrackFormat
    from musimo.records import KeyNotation
    from musimo.records.scale import Scale

F = TypeVar("F", bound=str)
STDOUT = "-"  # as a name of a file to write
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
    excel: bool = False
    key_notation: KeyNotation | None = None

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
    output = None if output == STDOUT else output
    terminal = output is None and sys.stdout.isatty()
    print0 = options.get("print0", False)
    if options.get("excel", False) and wanted is None and output is None and not as_json:
        wanted = "csv"
    format = formats.choose(wanted, output, as_json=as_json, print0=print0, terminal=terminal)
    if options.get("excel", False) and format != "csv":
        raise UsageError(f"--excel goes with CSV, not with {format}", "write --format csv, or -o FILE.csv")
    shared = options.keys() & OutputChoice.__dataclass_fields__.keys()
    return OutputChoice(format, output, terminal, **{name: options.pop(name) for name in shared})


def print_answer(invocation: Invocation, answer: Answer, choice: OutputChoice[Any]) -> None:
    """Render ``answer`` and write it where the options ask for it; note files its format cannot hold."""
    from musimo.output.rendering import render

    keys = choice.key_notation or invocation.settings().key_notation
    rendered = render(answer, choice.format, _print_options(choice, keys))
    if not invocation.takes(answer, rendered):
        put(rendered.data, choice)
    if rendered.note:
        invocation.note(rendered.note)
    for skipped in rendered.skipped:
        invocation.leave_out(skipped.path, skipped.reason)
    _note_unused_mappings(invocation, answer, choice)
    _note_unknown_paths(invocation, answer)


def _note_unused_mappings(invocation: Invocation, answer: Answer, choice: OutputChoice[Any]) -> None:
    """Say which --path-map changes no path of the answer."""
    if not choice.path_map:
        return
    from musimo.output.answers import tracks_of
    from musimo.output.playlist_paths import parse_path_map, unused_mappings

    paths = [track.path_bytes for track in tracks_of(answer)]  # type: ignore[arg-type]  # lists have the option
    for old in unused_mappings(map(parse_path_map, choice.path_map), paths) if paths else ():
        invocation.note(
            f"--path-map: no path of this list begins with {shown(old)}; the first is {shown(paths[0])}"
        )


def _note_unknown_paths(invocation: Invocation, answer: Answer) -> None:
    """Say which ``--where path:`` of an empty list no path of the library meets, and what its folders are."""
    expressions = click.get_current_context().params.get("where") or ()
    if not expressions or getattr(answer, "rows", True):
        return
    from musimo.records import PathFilter
    from musimo.search.selection import Selection
    from musimo.search.where import parse

    library = invocation.library()
    for expression in expressions:
        if not expression.strip().lower().startswith("path"):
            continue
        condition = parse(expression)
        if not isinstance(condition, PathFilter):
            continue
        if next(library.tracks(Selection(None, (condition,), None, None, fold_versions=False)), None) is None:
            folders = ", ".join(shown(os.fsencode(root)) for root in library.status().roots)
            invocation.note(
                f"--where {expression}: no path of the library holds that; its folders: {folders}"
            )


def _in_encoding_of_stdout(table: bytes) -> bytes:
    """Encode a table, which is UTF-8, as the terminal wants it; other formats say what they are."""
    encoding = (sys.stdout.encoding or "utf-8").lower()
    return table if encoding == "utf-8" else table.decode().encode(encoding, "backslashreplace")


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
    if choice.format == "table":
        data = _in_encoding_of_stdout(data)
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def _print_options(choice: OutputChoice[TrackFormat], keys: KeyNotation | None) -> PrintOptions:
    from musimo.output.answers import PrintOptions
    from musimo.output.playlist_paths import (
        PathStyle,
        parse_path_map,
        relative_folder,
        resolved_path_map,
    )

    style = PathStyle(
        relative_to=relative_folder(choice.relative_to, choice.output) if choice.relative_to else None,
        prefix=os.fsencode(choice.prefix),
        path_map=resolved_path_map(parse_path_map(pair) for pair in choice.path_map),
    )
    return PrintOptions(choice.width, choice.scale, choice.print0, style, choice.excel, keys)
