"""``musimo tag``: valence, arousal, mood and tempo in the files themselves, for other programs."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import click

from musimo.cli.context import Invocation, pass_invocation
from musimo.cli.interrupt import gentle_interrupt
from musimo.cli.options import where_option
from musimo.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from musimo.library.tagging import State, Tagged


@click.command("tag")
@click.argument("tracks", nargs=-1)
@where_option
@click.option(
    "--write/--dry-run",
    default=False,
    help="Write into the files, after asking, or only show.  [default: show]",
)
@click.option("-y", "--yes", is_flag=True, help="Write without asking.")
@click.option("--remove", is_flag=True, help="Take musimo's fields out again, and nothing else.")
@click.option("--keep-mtime", is_flag=True, help="Leave the files' time of change as it is.")
@click.option(
    "--absolute", is_flag=True, help="Moods in words on the plane, not in percentiles of the library."
)
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")
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
    as_json: bool,
) -> int:
    """Show what musimo's own fields of TRACKS would say; put it into the files with --write.

    The fields are MUSIMO_VALENCE, MUSIMO_AROUSAL, MUSIMO_MOOD and MUSIMO_BPM; nothing else in a file is
    touched, neither your own BPM nor a comment. Without TRACKS, and without --where, all of the library is
    meant. Every file is written as a copy, which is checked and then renamed over it; one that says so
    already is not written.

    \b
      musimo tag --where genre:jazz                  what would be written?
      musimo tag --where genre:jazz --write
      musimo tag --remove --write                    all of it out again
    """
    import sys

    from musimo import tagging
    from musimo.output.tags import tagged_json, tally_line
    from musimo.search.where import parse

    if tracks and where:
        raise UsageError("TRACKS and --where exclude each other")
    if write and not yes and not sys.stdin.isatty():
        raise UsageError("tag --write asks first, and nobody is there to answer", "-y writes without asking")
    library = invocation.library()
    conditions = [parse(expression) for expression in where]
    wanted = tagging.wishes(library, *tracks, where=conditions, absolute=absolute, remove=remove)
    done: list[Tagged] = []
    if not (write and yes):
        done = _follow(invocation, tagging.look(library, wanted), len(wanted), quiet=as_json)
    shown = {(id(tagged.wish), tagged.reason) for tagged in done}
    to_write = sum(tagged.state == "to write" for tagged in done)
    wrote = stopped = False
    asked = write and not yes and to_write > 0
    if write and (yes or (asked and click.confirm(_question(to_write), err=True))):
        with gentle_interrupt(invocation, "the file") as pressed:
            events = tagging.write(library, wanted, keep_mtime=keep_mtime, stop=lambda: bool(pressed))
            done = _follow(invocation, events, len(wanted), quiet=as_json, shown=shown)
        wrote, stopped = True, len(done) < len(wanted)
    counts: Counter[State] = Counter(tagged.state for tagged in done)
    if as_json:
        click.echo(tagged_json(done, dry_run=not wrote), nl=False)
    else:
        click.echo(tally_line(counts, stopped=stopped), nl=False)
    if to_write and not write:
        invocation.note("nothing was written; the same with --write writes it")
    if not wanted:
        return 4
    return 130 if stopped else 3 if counts["left out"] else 0


def _follow(
    invocation: Invocation,
    events: Iterable[Tagged],
    total: int,
    *,
    quiet: bool,
    shown: Collection[tuple[int, str]] = (),
) -> list[Tagged]:
    """Print what there is to tell of each file as it comes, and was not shown, over a bar."""
    import sys

    from tqdm import tqdm

    from musimo.output.tags import tagged_line

    hidden = invocation.quiet or not sys.stderr.isatty()
    done: list[Tagged] = []
    with tqdm(
        desc="tagging", unit="file", total=total, disable=hidden, dynamic_ncols=True, leave=False
    ) as bar:
        for tagged in events:
            done.append(tagged)
            bar.update()
            new = (id(tagged.wish), tagged.reason) not in shown
            if not quiet and new and (tagged.state != "unchanged" or invocation.verbose):
                bar.clear()
                click.echo(tagged_line(tagged), nl=False)
    return done


def _question(n: int) -> str:
    return f"write this into {n} file{'' if n == 1 else 's'}?"
