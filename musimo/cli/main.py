"""Entry point: parse, run a command, and turn every error into a message and an exit code."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import click

from musimo import __version__
from musimo.cli.context import Invocation
from musimo.cli.exit_codes import DONE, ERROR, INTERRUPTED, NOT_FOUND, SOME_FAILED, USAGE
from musimo.errors import MusimoError, NotFoundError, UsageError

EPILOG = """\b
Exit codes: 0 done, 1 error, 2 wrong usage, 3 done but a file failed that had
not failed before, or something had to be left out, 4 nothing found,
130 interrupted."""


COMMANDS = {
    "scan": "Scan FOLDERS and analyze new and changed tracks.",
    "similar": "List the tracks of the library that are most similar to TRACKS.",
    "mood": "List the tracks of the library nearest to a mood, given in words or numbers.",
    "find": "List the tracks of the library that best match a description in words.",
    "path": "List tracks that lead from START to END in small steps of sound.",
    "mood-path": "List tracks whose moods lead evenly from one mood to another in a given time.",
    "analyze": "Analyze FILES; print valence and arousal of each file and of its windows. No library"
    " is needed.",
    "curve": "Show valence and arousal over time within TRACK, with peaks and turning points.",
    "show": "Print tags, audio properties and the mood of each window of TRACK.",
    "export": "Write all tracks with tags and mood, by default as CSV.",
    "tag": "Show the tag fields that musimo would write to TRACKS; write them with --write.",
    "import": "Import analyses exported from another library, so that the same audio is not analyzed again.",
    "map": "Draw a map with a point for each track, by mood or by sound, as an offline HTML "
    "page, SVG, PNG or PDF.",
    "playlists": "Write the playlists defined in the configuration file, or only those named.",
    "duplicates": "List tracks that are copies of the same audio or the same recording.",
    "rate": "Rate the mood of TRACKS, or mark them as liked or disliked; without TRACKS, list your ratings.",
    "calibrate": "Calibrate valence and arousal of the library to your ratings, if that reduces the error.",
    "status": "Print the number of tracks, analyzed, failed and missing, and the active model.",
    "errors": "List the files that could not be analyzed, with reasons. They are retried when they change.",
    "prune": "Remove missing tracks from the library, after confirmation.",
    "relocate": "Change the path of a scanned folder from OLD to NEW, without analyzing anything again.",
    "backup": "Write a verified copy of the library to FILE; safe during a scan.",
    "reindex": "Rebuild the search indexes from the library; nothing is analyzed.",
    "doctor": "Check versions, codecs, weights, device, library, indexes and disk space; print how "
    "to fix each problem.",
    "train": "Train a network according to CONFIG; write figures, weights and a model card.",
    "evaluate": "Evaluate CONFIG and simple baselines on the same folds; print tables and write a report.",
}
"""Every command with the first paragraph of its help, so that the help of musimo loads none of them."""

MODULES = {"errors": "failures", "mood-path": "mood_path", "import": "import_"}
"""Modules of commands that have another name."""

OUTPUT_ENCODING = "MUSIMO_OUTPUT_ENCODING"  # from a process to the one that takes its place


def _set_loudness(context: click.Context, option: click.Parameter, given: bool) -> None:
    """Apply ``-q`` and ``-v`` where they stand behind the command."""
    if given:
        assert option.name is not None
        context.obj = replace(context.obj, **{option.name: True})


LOUDNESS = [
    click.Option(
        ["-q", "--quiet"],
        is_flag=True,
        expose_value=False,
        callback=_set_loudness,
        help="Print neither progress nor notes, and nothing if nothing is wrong.",
    ),
    click.Option(
        ["-v", "--verbose"],
        is_flag=True,
        expose_value=False,
        callback=_set_loudness,
        help="Print every file, and the traceback of an error.",
    ),
]
"""Options that mean the same before a command and behind it."""


HELP = "help"

MEANT = {
    **dict.fromkeys(("add", "index", "refresh", "sync", "update"), "scan"),
    **dict.fromkeys(("like", "neighbors", "recommend"), "similar"),
    **dict.fromkeys(("ask", "describe", "query", "search"), "find"),
    **dict.fromkeys(("feel", "feeling", "moods"), "mood"),
    **dict.fromkeys(("extract", "features", "predict"), "analyze"),
    **dict.fromkeys(("details", "info"), "show"),
    **dict.fromkeys(("csv", "dump", "list", "ls"), "export"),
    **dict.fromkeys(("clean", "delete", "remove", "rm"), "prune"),
    **dict.fromkeys(("move", "mv", "rename"), "relocate"),
    **dict.fromkeys(("check", "diagnose"), "doctor"),
    **dict.fromkeys(("failed", "failures"), "errors"),
    **dict.fromkeys(("count", "stats"), "status"),
    **dict.fromkeys(("plot", "visualize"), "map"),
    **dict.fromkeys(("dedupe", "dupes"), "duplicates"),
    **dict.fromkeys(("favorite", "love"), "rate"),
}
"""Commands of other programs, each with the command that does the same here."""


class Commands(click.Group):
    """A group that imports a command when it is run."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names, as the help lists them."""
        return [*COMMANDS, HELP]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of that name; None where there is none."""
        if cmd_name not in COMMANDS:
            return super().get_command(ctx, cmd_name)
        command: click.Command = import_module(f"musimo.cli.{MODULES.get(cmd_name, cmd_name)}").command
        for option in LOUDNESS:
            if option not in command.params:
                command.params.append(option)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that is asked for; name similar ones if it does not exist."""
        name = args[0]
        if self.get_command(ctx, name) is None and not name.startswith("-"):
            from difflib import get_close_matches

            close = get_close_matches(name.lower(), (*COMMANDS, *MEANT), n=1, cutoff=0.7)
            guess = f" Did you mean {MEANT.get(close[0], close[0])!r}?" if close else ""
            ctx.fail(f"No such command {name!r}.{guess}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands in the help."""
        with formatter.section("Commands"):
            formatter.write_dl([*COMMANDS.items(), (HELP, "Print the help of a command, as --help does.")])


@click.group(
    cls=Commands,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="musimo", message="%(prog)s %(version)s")
@click.option("--library", type=click.Path(), metavar="FILE", help="Library file.")
@click.option(
    "--weights",
    type=click.Path(),
    metavar="FILE",
    help="Weights of the network, in place of those shipped with musimo.",
)
@click.option("--config", type=click.Path(), metavar="FILE", help="Read settings from FILE.")
@click.option(
    "-q", "--quiet", is_flag=True, help="Print neither progress nor notes, and nothing if nothing is wrong."
)
@click.option("-v", "--verbose", is_flag=True, help="Print every file, and the traceback of an error.")
@click.pass_context
def cli(
    click_context: click.Context,
    library: str | None,
    weights: str | None,
    config: str | None,
    quiet: bool,
    verbose: bool,
) -> None:
    """Analyze a music library; find tracks by similarity, by mood and by tags.

    \b
      musimo scan ~/Music                         analyze a folder of music
      musimo similar track.mp3                    tracks that sound like it
      musimo mood --valence 0.7 --arousal 0.3     tracks of that mood
    """
    click_context.obj = Invocation(library, weights, config, quiet, verbose)


@cli.result_callback()
@click.pass_obj
def _exit_code(invocation: Invocation, /, code: int | None, **options: object) -> int | None:
    """Return the exit code of a command, or the one that says that a list is incomplete."""
    return SOME_FAILED if invocation.left_out and code in (None, DONE, NOT_FOUND) else code


@cli.command(HELP)
@click.argument("command", required=False)
@click.pass_context
def print_help(context: click.Context, /, command: str | None) -> None:
    """Print the help of COMMAND, or the list of commands.

    \b
      musimo help
      musimo help similar
    """
    whole = context.find_root()
    if command is None:
        click.echo(whole.get_help())
        return
    _, found, _ = cli.resolve_command(whole, [command])
    assert found is not None  # resolve_command raises for a command that does not exist
    with click.Context(found, info_name=command, parent=whole) as of_command:
        click.echo(found.get_help(of_command))


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return the exit code."""
    verbose = any(argument in ("-v", "--verbose") for argument in arguments)
    try:
        code = cli.main(list(arguments), prog_name="musimo", standalone_mode=False)
        sys.stdout.flush()
    except click.exceptions.Exit as exit_:
        return exit_.exit_code
    except click.UsageError as error:
        error.show()
        return USAGE
    except click.ClickException as error:
        error.show()
        return ERROR
    except (KeyboardInterrupt, click.Abort):
        _say("interrupted")
        return INTERRUPTED
    except SystemExit:  # what click makes of a broken pipe
        _silence_stdout()
        return DONE
    except OSError as error:
        if verbose:
            _say_where()
        _silence_stdout()
        _say(f"error: cannot use {error.filename or 'the output'}: {error.strerror or error}")
        return ERROR
    except MusimoError as error:
        if verbose:
            _say_where()
        _say(f"error: {error.message}", error.hint)
        return _code(error)
    return code if isinstance(code, int) else DONE


def main() -> None:
    """Run the ``musimo`` program."""
    _restart_in_utf8()
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by the caller: musimo >&-
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115 - for good
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            encoding = os.environ.get(OUTPUT_ENCODING)
            stream.reconfigure(encoding=encoding, errors="backslashreplace")  # Latin-1 has no "…"
    os.environ.pop(OUTPUT_ENCODING, None)
    sys.exit(run(sys.argv[1:]))


def _restart_in_utf8() -> None:
    """Run this program again with paths and arguments as UTF-8, where the locale has another encoding.

    In EUC-JP or Shift JIS, Python cannot pass on every name of a file that it is given. What is printed keeps
    the encoding of the locale.
    """
    if sys.getfilesystemencoding() == "utf-8" or "PYTHONUTF8" in os.environ:
        return
    try:
        arguments = Path("/proc/self/cmdline").read_bytes().split(b"\0")[:-1]
        encoding = "" if os.environ.get("PYTHONIOENCODING") else sys.stdout.encoding
        environment = {**os.environ, "PYTHONUTF8": "1"}
        if encoding:
            environment[OUTPUT_ENCODING] = encoding
        os.execve(sys.executable, arguments, environment)
    except (OSError, AttributeError):  # no /proc, or no stdout: go on as well as it can
        return


def _code(error: MusimoError) -> int:
    if isinstance(error, UsageError):
        return USAGE
    return NOT_FOUND if isinstance(error, NotFoundError) else ERROR


def _say(message: str, hint: str = "") -> None:
    from musimo.output.text import safe_lines

    click.echo(safe_lines(message), err=True)
    if hint:
        click.echo(safe_lines(hint), err=True)


def _say_where() -> None:
    import traceback

    traceback.print_exc()


def _silence_stdout() -> None:
    """Keep the interpreter from flushing into the closed pipe, and complaining, at its end."""
    with open(os.devnull, "wb") as nowhere:  # noqa: PTH123
        os.dup2(nowhere.fileno(), sys.stdout.fileno())
