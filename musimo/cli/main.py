"""Entry point: parse, run a command, and turn every error into a message and an exit code."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from importlib import import_module

import click

from musimo import __version__
from musimo.cli.context import Invocation
from musimo.cli.exit_codes import DONE, ERROR, INTERRUPTED, NOT_FOUND, USAGE
from musimo.errors import MusimoError, NotFoundError, UsageError

EPILOG = """\b
Exit codes: 0 done, 1 error, 2 wrong usage, 3 done but some files failed,
4 nothing found, 130 interrupted."""


COMMANDS = {
    "scan": "Walk FOLDERS, read tags, analyze what is new or changed, store and index it.",
    "similar": "List tracks of the library that sound like TRACKS.",
    "mood": "List tracks of the library whose mood lies nearest to a point, given in words or numbers.",
    "path": "List tracks that lead from one track to another, each like the one before.",
    "mood-path": "List tracks whose moods go evenly from one mood to another, for as long as is asked.",
    "analyze": "Analyze FILES and print their valence and arousal, as a whole and window by window.",
    "curve": "Draw valence and arousal over time inside TRACK, with peaks and turning points.",
    "show": "Print all that is known of TRACK: tags, audio, emotion window by window.",
    "export": "Write every track with its tags and emotion, as CSV unless another format is asked for.",
    "tag": "Show what musimo's own tag fields of TRACKS would hold; write them into the files with --write.",
    "import": "Store analyses that another library exported, so that their tracks are not analyzed again.",
    "map": "Draw the library, every track a point, by mood and by sound: a page that works offline, or"
    " SVG, PNG or PDF.",
    "playlists": "Write the playlists of the configuration file's recipes, or those named.",
    "duplicates": "List tracks that are the same recording: by their audio, or by their sound vectors.",
    "rate": "Rate valence and arousal of TRACKS, or like or dislike them; without options, list all ratings.",
    "calibrate": "Fit the library's valence and arousal to your ratings, if that is a gain.",
    "status": "Print how many tracks there are, how many are analyzed, failed and missing, and by which"
    " model.",
    "errors": "List the files that could not be analyzed, and why. They are tried again when they change.",
    "prune": "Delete missing tracks from the library, after showing them and asking.",
    "relocate": "Rename the folder OLD to NEW in the library. Nothing is analyzed again.",
    "backup": "Copy the library to FILE, checked and whole or not at all; a scan may go on meanwhile.",
    "reindex": "Rebuild the indexes from the library. Nothing is analyzed.",
    "doctor": "Check versions, codecs, weights, device, library, indexes and space; say what to do about"
    " each.",
    "train": "Train a network as CONFIG says: figures, then weights and their model card.",
    "evaluate": "Measure what CONFIG makes, beside simple methods on the same folds; print the tables,"
    " write the report.",
}
"""Every command with the first paragraph of its help, so that the help of musimo loads none of them."""

MODULES = {"errors": "failures", "mood-path": "mood_path", "import": "import_"}
"""Modules of commands that have another name."""


class Commands(click.Group):
    """A group that imports a command when it is run."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names, as the help lists them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of that name; None where there is none."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"musimo.cli.{MODULES.get(cmd_name, cmd_name)}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands in the help."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=Commands,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="musimo", message="%(prog)s %(version)s")
@click.option("--library", type=click.Path(), metavar="FILE", help="The library to use.")
@click.option("--weights", type=click.Path(), metavar="FILE", help="A network in place of musimo's own.")
@click.option("--config", type=click.Path(), metavar="FILE", help="Read settings from FILE.")
@click.option("-q", "--quiet", is_flag=True, help="No progress and no notes.")
@click.option("-v", "--verbose", is_flag=True, help="Print every file, and where an error arose.")
@click.pass_context
def cli(
    click_context: click.Context,
    library: str | None,
    weights: str | None,
    config: str | None,
    quiet: bool,
    verbose: bool,
) -> None:
    """Find the tracks of your music library that sound alike, and those of a mood.

    \b
      musimo scan ~/Music                         analyze a folder of music
      musimo similar track.mp3                    tracks that sound like it
      musimo mood --valence 0.7 --arousal 0.3     tracks of that mood
    """
    click_context.obj = Invocation(library, weights, config, quiet, verbose)


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
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by the caller: musimo >&-
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115 - for good
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal in Latin-1 has no "…"
    sys.exit(run(sys.argv[1:]))


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
