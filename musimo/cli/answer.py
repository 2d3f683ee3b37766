"""Printing an answer as the shared output options ask for it."""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from musimo.cli.context import Invocation, shown
from musimo.errors import UsageError

if TYPE_CHECKING:
    from musimo.output.answers import Answer, Format, PrintOptions


@dataclass(frozen=True, slots=True)
class OutputChoice:
    """What ``options.output_options``, or as much of them as a command has, collected."""

    format_: Any
    output: str | None
    print0: bool = False
    relative_to: str | None = None
    prefix: str = ""
    path_map: tuple[str, ...] = ()
    scale: Any = "0-1"


def print_answer(
    invocation: Invocation, answer: Answer, choice: OutputChoice, default: Format = "table"
) -> None:
    """Render ``answer`` and put it where it was asked for."""
    from musimo.output.formats import render

    rendered = render(
        answer, choice.format_ or format_of_name(choice.output) or default, _print_options(choice)
    )
    if choice.output is None and (choice.format_ or default) == "table":
        rendered = replace(rendered, data=_in_encoding_of_stdout(rendered.data))
    for skipped in rendered.skipped:
        invocation.leave_out(skipped.path, skipped.reason)
    _note_unused_mappings(invocation, answer, choice)
    _note_unknown_paths(invocation, answer)
    invocation.deliver(answer, rendered, choice.output)


def _note_unused_mappings(invocation: Invocation, answer: Answer, choice: OutputChoice) -> None:
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
            invocation.note(f"--where {expression}: no path of the library holds that; its folders: {folders}")


def _in_encoding_of_stdout(table: bytes) -> bytes:
    """Encode a table, which is UTF-8, as the terminal wants it; other formats say what they are."""
    encoding = (sys.stdout.encoding or "utf-8").lower()
    return table if encoding == "utf-8" else table.decode().encode(encoding, "backslashreplace")


def put(data: bytes, output: str | None, *, escaped: bool = False) -> None:
    """Write ``data`` to the file ``output``, whole or not at all, or to stdout where it is None.

    What is ``escaped`` is text for a terminal, and acts on none.
    """
    if output is not None:
        from musimo.atomic import write_atomically

        write_atomically(Path(output), data)
        return
    if escaped:
        from musimo.output.formats import for_terminal

        data = for_terminal(data)
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def format_of_name(output: str | None) -> Format | None:
    """The format the ending of an output file names: ``-o sunny.m3u8`` needs no --format."""
    endings: dict[str, Format] = {
        ".json": "json",
        ".jsonl": "jsonl",
        ".csv": "csv",
        ".m3u8": "m3u8",
        ".m3u": "m3u",
        ".pls": "pls",
        ".xspf": "xspf",
    }
    return endings.get(Path(output).suffix.lower()) if output else None


def _print_options(choice: OutputChoice) -> PrintOptions:
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
    terminal = choice.output is None and sys.stdout.isatty()
    width = shutil.get_terminal_size().columns if terminal else 80
    return PrintOptions(width=width, scale=choice.scale, print0=choice.print0, terminal=terminal, paths=style)


def choice_of(options: dict[str, Any]) -> OutputChoice:
    """Take the shared output options out of a command's options; UsageError where they contradict."""
    as_json = options.pop("as_json")
    given = options.keys() & OutputChoice.__dataclass_fields__.keys()
    choice = OutputChoice(**{name: options.pop(name) for name in given})
    if as_json and choice.format_ not in (None, "json"):
        raise UsageError(f"--json and --format {choice.format_} exclude each other")
    if as_json:
        choice = replace(choice, format_="json")
    if choice.print0 and (choice.format_ or format_of_name(choice.output)) != "paths":
        raise UsageError("-0 goes with --format paths")
    return choice
