"""``musimo import``: what another machine heard."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from musimo.cli.context import Invocation, pass_invocation
from musimo.cli.interrupt import gentle_interrupt

if TYPE_CHECKING:
    from collections.abc import Iterable

    from musimo.library.portable import InvalidLine
    from musimo.library.scan.events import Indexing
    from musimo.sharing import Imported


@click.command("import")
@click.argument("file", type=click.Path(dir_okay=False))
@click.option("--json", "as_json", is_flag=True, help="Print what was imported as JSON.")
@pass_invocation
def command(invocation: Invocation, /, file: str, as_json: bool) -> int:
    """Take in analyses that another library exported, so that their sounds are not heard again.

    FILE was written by musimo export --analyses. Sounds are told by a hash of what is encoded, so that names,
    places and tags may differ. Import before the first scan or after; a scan then only reads files. Lines
    that are broken are named and left out.

    \b
      musimo export --analyses analyses.jsonl.gz     on the machine that heard them
      musimo import analyses.jsonl.gz                on the other
      musimo scan ~/Music
    """
    from musimo.output.json_out import document
    from musimo.sharing import import_analyses

    library = invocation.library()
    with gentle_interrupt(invocation, "the batch") as pressed:
        done = _follow(invocation, import_analyses(library, file, lambda: bool(pressed)))
    if done.model != library.model:
        invocation.note(
            f"these analyses are by {done.model}: the model in use, {library.model}, answers without them"
        )
    counts = {"new": done.new, "known": done.known, "refused": done.refused}
    if as_json:
        said = {"model": done.model, **counts, "interrupted": done.interrupted}
        click.echo(document(said), nl=False)
    else:
        told = " + ".join(f"{n} {name}" for name, n in counts.items() if n) or "nothing"
        total = sum(counts.values())
        click.echo(f"{total} analys{'is' if total == 1 else 'es'} = {told}")
    if done.interrupted:
        return 130
    return 3 if done.refused else 0


def _follow(invocation: Invocation, events: Iterable[InvalidLine | Indexing | Imported]) -> Imported:
    """Draw the bar and name broken lines; returns what the import came to."""
    import sys

    from tqdm import tqdm

    from musimo.library.portable import InvalidLine
    from musimo.library.scan.events import Indexing
    from musimo.output.text import safe

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
