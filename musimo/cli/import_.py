"""``musimo import``: analyses of another machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from musimo.cli.context import Invocation, pass_invocation
from musimo.cli.exit_codes import DONE, INTERRUPTED, SOME_FAILED
from musimo.cli.interrupt import gentle_interrupt

if TYPE_CHECKING:
    from collections.abc import Iterable

    from musimo.api.analyses import Imported
    from musimo.library.portable import InvalidLine
    from musimo.records.indexing import Indexing


@click.command("import")
@click.argument("file", type=click.Path(dir_okay=False))
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@pass_invocation
def command(invocation: Invocation, /, file: str, as_json: bool) -> int:
    """Import analyses exported from another library, so that the same audio is not analyzed again.

    FILE is written by musimo export --analyses. Audio is identified by a hash of its encoded data, so file
    names, folders and tags may differ. Import before or after the first scan; a scan then only reads files.
    Invalid lines are reported and skipped.

    \b
      musimo export --analyses analyses.jsonl.gz     on the machine that analyzed them
      musimo import analyses.jsonl.gz                on the other
      musimo scan ~/Music
    """
    from musimo.output.json_out import document

    library = invocation.library()
    with gentle_interrupt(invocation, "the batch") as pressed:
        done = _follow(invocation, library.analyses.load(file, lambda: bool(pressed)))
    if done.model != library.model:
        invocation.note(
            f"these analyses are by {done.model}: the model in use, {library.model}, does not use them"
        )
    counts = {"new": done.new, "known": done.known, "refused": done.refused}
    if as_json:
        fields = {"model": done.model, **counts, "interrupted": done.interrupted}
        click.echo(document(fields), nl=False)
    else:
        parts = " + ".join(f"{n} {name}" for name, n in counts.items() if n) or "nothing"
        total = sum(counts.values())
        invocation.report(f"{total} analys{'is' if total == 1 else 'es'} = {parts}")
    if done.interrupted:
        return INTERRUPTED
    return SOME_FAILED if done.refused else DONE


def _follow(invocation: Invocation, events: Iterable[InvalidLine | Indexing | Imported]) -> Imported:
    """Draw the bar and note invalid lines; return the result of the import."""
    import sys

    from tqdm import tqdm

    from musimo.library.portable import InvalidLine
    from musimo.output.text import safe
    from musimo.records.indexing import Indexing

    hidden = invocation.quiet or not sys.stderr.isatty()
    with tqdm(desc="importing", unit="sound", disable=hidden, dynamic_ncols=True, leave=False) as bar:
        for event in events:
            if isinstance(event, InvalidLine):
                bar.clear()
                invocation.note(f"line {event.line}: {safe(event.reason)}")
            elif isinstance(event, Indexing):
                invocation.step(event)
            else:
                bar.update(event.new + event.known + event.refused - bar.n)
                done = event
    return done
