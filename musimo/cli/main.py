"""The one door: parses, runs a command, and turns every error into a sentence and an exit code."""

from __future__ import annotations

import io
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

import click

from musimo import __version__
from musimo.cli import (
    analyze,
    backup,
    context,
    doctor,
    evaluate,
    export,
    failures,
    mood,
    prune,
    reindex,
    relocate,
    scan,
    show,
    similar,
    status,
    train,
)
from musimo.errors import MusimoError, NotFoundError, UsageError

DONE, ERROR, USAGE, SOME_FAILED, NOT_FOUND, INTERRUPTED = 0, 1, 2, 3, 4, 130

EPILOG = """\b
Exit codes: 0 done, 1 error, 2 wrong usage, 3 done but some files failed,
4 nothing found, 130 interrupted."""


@click.group(
    epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(__version__, prog_name="musimo", message="%(prog)s %(version)s")
@click.option("--library", type=click.Path(path_type=Path), metavar="FILE", help="The library to use.")
@click.option(
    "--weights", type=click.Path(path_type=Path), metavar="FILE", help="A network in place of musimo's own."
)
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE", help="Read settings from FILE.")
@click.option("-q", "--quiet", is_flag=True, help="No progress and no notes.")
@click.option("-v", "--verbose", is_flag=True, help="Tell of every file, and of where an error arose.")
@click.pass_context
def cli(
    click_context: click.Context,
    library: Path | None,
    weights: Path | None,
    config: Path | None,
    quiet: bool,
    verbose: bool,
) -> None:
    """Ask your music library: what sounds like this, and what feels like this?

    \b
      musimo scan ~/Music                         hear a folder of music
      musimo similar track.mp3                    what sounds like this?
      musimo mood --valence 0.7 --arousal 0.3     what feels like this?
    """
    click_context.obj = context.Invocation(library, weights, config, quiet, verbose)


QUESTIONS = (similar, mood, analyze, show, status, failures, export)
CARE = (prune, relocate, reindex, backup, doctor)
for module in (scan, *QUESTIONS, *CARE, train, evaluate):
    cli.add_command(module.command)


def run(arguments: Sequence[str]) -> int:
    """Run one command line and say with which code to exit."""
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
            traceback.print_exc()
        _silence_stdout()
        _say(f"error: cannot use {error.filename or 'the output'}: {error.strerror or error}")
        return ERROR
    except MusimoError as error:
        if verbose:
            traceback.print_exc()
        _say(f"error: {error.message}", error.hint)
        return _code(error)
    return code if isinstance(code, int) else DONE


def main() -> None:
    """Entry point of the ``musimo`` program."""
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


def _silence_stdout() -> None:
    """Keep the interpreter from flushing into the closed pipe, and complaining, at its end."""
    with open(os.devnull, "wb") as nowhere:  # noqa: PTH123
        os.dup2(nowhere.fileno(), sys.stdout.fileno())
