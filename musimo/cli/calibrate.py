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
@click.option("--dry-run", is_flag=True, help="Only print the errors; change nothing.")
@click.option("--undo", is_flag=True, help="Remove the calibration; ratings are kept.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@scale_option
@pass_invocation
def command(invocation: Invocation, /, dry_run: bool, undo: bool, as_json: bool, scale: Scale) -> int:
    """Calibrate valence and arousal of the library to your ratings, if that reduces the error.

    A ridge regression on the embedding learns the difference between your ratings and the predictions. Two
    root-mean-square errors over the rated tracks are printed: of the network, and of the calibration,
    cross-validated by leaving out one track at a time. If the calibration is not better, or there are too few
    ratings, the network's values are kept. Otherwise it is applied to all tracks, including those scanned
    later, and to all commands that use mood. Similarity does not change. Run it again after more ratings; it
    is always fitted to all of them.

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
