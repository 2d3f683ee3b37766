"""``musimo calibrate``: the library, fitted to its owner's ear."""

from __future__ import annotations

from typing import Any

import click

from musimo.cli.context import Invocation, pass_invocation
from musimo.cli.options import scale_option
from musimo.errors import UsageError


@click.command("calibrate")
@click.option("--dry-run", is_flag=True, help="Only tell how well your ratings are fitted.")
@click.option("--undo", is_flag=True, help="Let the network alone answer again; ratings are kept.")
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")
@scale_option
@pass_invocation
def command(invocation: Invocation, /, dry_run: bool, undo: bool, as_json: bool, scale: Any) -> int:
    """Fit the library's valence and arousal to your ratings, if that is a gain.

    What your ratings are away from the network's answers is learnt from the sound (a ridge regression on the
    embedding, shrunk to the network). Two errors are told, root mean squares over the rated tracks: of the
    network, and of the fit, where each rating is predicted from all others. Where the fit's is not lower, or
    there are too few ratings, the network stays. What fits is applied to the whole library, and to tracks
    that are scanned later; mood, --where, map and all others go by it. What sounds like what stays as it is.

    After more ratings, run it again: it starts afresh from all of them.

    \b
      musimo calibrate --dry-run
      musimo calibrate
      musimo calibrate --undo
    """
    from musimo import ear
    from musimo.output.ratings import fits_json, fits_lines, undone_json

    if dry_run and undo:
        raise UsageError("--dry-run or --undo, not both")
    library = invocation.library()
    if undo:
        undone = ear.undo(library)
        words = "the network alone answers again" if undone else "there is no calibration"
        click.echo(undone_json(undone=undone) if as_json else f"{words}\n", nl=False)
        return 0
    done = ear.calibrate(library, dry_run=dry_run)
    say = fits_json if as_json else fits_lines
    click.echo(say(done.fits, scale, done.n_sounds, dry_run=dry_run), nl=False)
    return 0 if done.fits.calibration is not None else 4
