"""``musimo tag``: valence, arousal, mood, tempo, key and tags heard in the files, for other programs."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import click

from musimo.cli.context import Invocation, pass_invocation
from musimo.cli.exit_codes import DONE, INTERRUPTED, NOT_FOUND, SOME_FAILED
from musimo.cli.interrupt import gentle_interrupt
from musimo.cli.options import where_option
from musimo.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from musimo.library.tagging import State, TagResult
    from musimo.records import KeyNotation


@click.command("tag")
@click.argument("tracks", nargs=-1)
@where_option
@click.option(
    "--write/--dry-run",
    default=False,
    help="Write to the files, after confirmation, or only show.  [default: show]",
)
@click.option("-y", "--yes", is_flag=True, help="Write without asking.")
@click.option("--remove", is_flag=True, help="Remove musimo's fields only.")
@click.option("--keep-mtime", is_flag=True, help="Keep the modification times of the files.")
@click.option(
    "--absolute",
    is_flag=True,
    help="Choose mood words from absolute values, not from percentiles of the library.",
)
@click.option(
    "--key-notation",
    type=click.Choice(["musical", "camelot", "openkey"]),
    help="Write keys as Am, 8A or 1m.  [default: the setting, else musical]",
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@pass_invocation
def command(
    invocation: Invocation,
    /,
    tracks: tuple[str, ...],
    where: tuple[str, ...],
    write: bool,
    yes: bool,
    remove: bool,
    keep_mtime: bool,
    absolute: bool,
    key_notation: KeyNotation | None,
    as_json: bool,
) -> int:
    """Show the tag fields that musimo would write to TRACKS; write them with --write.

    The fields are MUSIMO_VALENCE, MUSIMO_AROUSAL, MUSIMO_MOOD, MUSIMO_BPM, MUSIMO_KEY and MUSIMO_HEARD; all
    other tags are left unchanged, your own BPM, key, genre and comments too. Without TRACKS and --where, the
    whole library is
    meant. Each file is written as a copy, verified, and renamed over the original; files that are up to date
    are not written.

    \b
      musimo tag --where genre:jazz                  what would be written?
      musimo tag --where genre:jazz --write
      musimo tag --remove --write                    remove all fields
    """
    import sys

    from musimo.output.tags import tagged_json, tally_line

    if tracks and where:
        raise UsageError("TRACKS and --where exclude each other")
    if write and not yes and not sys.stdin.isatty():
        raise UsageError("tag --write asks first, and stdin is no terminal", "-y writes without asking")
    library = invocation.library()
    wanted = library.tags.updates(
        *tracks, where=where, absolute=absolute, remove=remove, key_notation=key_notation
    )
    done: list[TagResult] = []
    if not (write and yes):
        done = _follow(invocation, library.tags.preview(wanted), len(wanted), quiet=as_json)
    shown = {(id(tagged.update), tagged.reason) for tagged in done}
    to_write = sum(tagged.state == "to write" for tagged in done)
    wrote = stopped = False
    asked = write and not yes and to_write > 0
    if write and (yes or (asked and click.confirm(_question(to_write), err=True))):
        with gentle_interrupt(invocation, "the file") as pressed:
            events = library.tags.write(wanted, keep_mtime=keep_mtime, stop=lambda: bool(pressed))
            done = _follow(invocation, events, len(wanted), quiet=as_json, shown=shown)
        wrote, stopped = True, len(done) < len(wanted)
    counts: Counter[State] = Counter(tagged.state for tagged in done)
    if as_json:
        click.echo(tagged_json(done, dry_run=not wrote), nl=False)
    elif not (invocation.quiet and wrote) or stopped or counts["left out"]:
        click.echo(tally_line(counts, stopped=stopped), nl=False)
    if to_write and not write:
        invocation.note("nothing was written; the same with --write writes it")
    if not wanted:
        return NOT_FOUND
    return INTERRUPTED if stopped else SOME_FAILED if counts["left out"] else DONE


def _follow(
    invocation: Invocation,
    events: Iterable[TagResult],
    total: int,
    *,
    quiet: bool,
    shown: Collection[tuple[int, str]] = (),
) -> list[TagResult]:
    """Print the result of each file as it comes, unless it was shown before, over a bar."""
    import sys

    from tqdm import tqdm

    from musimo.output.tags import tagged_line

    hidden = invocation.quiet or not sys.stderr.isatty()
    done: list[TagResult] = []
    with tqdm(
        desc="tagging", unit="file", total=total, disable=hidden, dynamic_ncols=True, leave=False
    ) as bar:
        for tagged in events:
            done.append(tagged)
            bar.update()
            new = (id(tagged.update), tagged.reason) not in shown
            says = tagged.state in ("to write", "left out") or not invocation.quiet
            if not quiet and new and says and (tagged.state != "unchanged" or invocation.verbose):
                bar.clear()
                click.echo(tagged_line(tagged), nl=False)
    return done


def _question(n: int) -> str:
    return f"write this into {n} file{'' if n == 1 else 's'}?"
