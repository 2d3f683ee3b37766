"""``musimo calibrate``: fit valence and arousal to the user's ratings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from musimo.cli.context import Invocation, pass_invocation
from musimo.cli.exit_codes import DONE, NOT_FOUND
from musimo.cli.options import scale_option
from musimo.errors import UsageError

if TYPE_CHECKING:
    from musimo.records.scale import Scale


@click.command("calibrate")
@click.option("--dry-run", is_flag=True, help="Only print how well your ratings are fitted.")
@click.option("--undo", is_flag=True, help="Remove the calibration; ratings are kept.")
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")
@scale_option
@pass_invocation
def command(invocation: Invocation, /, dry_run: bool, undo: bool, as_json: bool, scale: Scale) -> int:
    """Fit the library's valence and arousal to your ratings, if that is a gain.

    The difference between your ratings and the network's predictions is learned from the audio (a ridge
    regression on the embedding, shrunk towards the network). Two root mean square errors over the rated
    tracks are printed: of the network, and of the fit, cross-validated by leaving each rating out. Where the
    fit's error is not lower, or there are too few ratings, the network's predictions stay. A fit that is a
    gain is applied to the whole library, and to tracks that are scanned later; mood, --where, map and all
    other commands use it. Similarity does not change.

    After more ratings, run it again: it fits all of them anew.

    \b
      musimo calibrate --dry-run
      musimo calibrate
      musimo calibrate --undo
    """
    from musimo.output.ratings import fits_json, fits_lines, undone_json

    if dry_run and undo:
        raise UsageError("--dry-run or --undo, not both")
    library = invocation.library()
    if undo:
        undone = library.ratings.undo()
        words = "the network alone answers again" if undone else "there is no calibration"
        click.echo(undone_json(undone=undone) if as_json else f"{words}\n", nl=False)
        return DONE
    done = library.ratings.calibrate(dry_run=dry_run)
    say = fits_json if as_json else fits_lines
    click.echo(say(done.fits, scale, done.n_sounds, dry_run=dry_run), nl=False)
    return DONE if done.fits.calibration is not None else NOT_FOUND
