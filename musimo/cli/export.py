"""``musimo export``: every track with tags and emotion, or what was heard for another library."""

from __future__ import annotations

from typing import Any

import click
from click.core import ParameterSource

from musimo.cli.answer import choice_of, print_answer
from musimo.cli.context import Invocation, pass_invocation
from musimo.cli.options import OutputFile, make_selection, playlist_options, selection_options
from musimo.errors import UsageError
from musimo.output.formats import EXPORT


@click.command("export")
@selection_options(limit=None)
@playlist_options(EXPORT)
@click.option(
    "--analyses",
    type=OutputFile(dir_okay=False),
    metavar="FILE",
    help="Write what was heard to FILE, by sound, for musimo import elsewhere; .gz packs it.",
)
@pass_invocation
def command(invocation: Invocation, /, analyses: str | None, **options: Any) -> int:
    """Write every track with its tags and emotion, as CSV unless another format is asked for.

    With --analyses, write all that the network heard, whatever the files are called and wherever they lie: a
    library elsewhere that imports it need not hear these sounds.

    \b
      musimo export -o tracks.csv
      musimo export --analyses analyses.jsonl.gz
    """
    if analyses is not None:
        return _export_analyses(invocation, analyses, options)

    from musimo.output.answers import TracksAnswer

    library = invocation.library()
    choice = choice_of(options, EXPORT)
    selection = make_selection(library.settings, scale=choice.scale, diverse=False, **options)
    tracks = list(library.tracks(selection))
    print_answer(invocation, TracksAnswer(tracks), choice)
    return 0 if tracks else 4


def _export_analyses(invocation: Invocation, target: str, options: dict[str, Any]) -> int:
    import os

    from musimo.output.json_out import document
    from musimo.output.naming import path_fields
    from musimo.search.where import parse
    from musimo.sharing import export_analyses

    context = click.get_current_context()
    given = [
        name
        for name in options
        if name not in ("where", "scale", "as_json")
        and context.get_parameter_source(name) is not ParameterSource.DEFAULT
    ]
    if given:
        raise UsageError("--analyses goes with --where and --json alone", "the file has a form of its own")
    where = [parse(expression, options["scale"]) for expression in options["where"]]
    model, n = export_analyses(invocation.library(), target, where)
    if options["as_json"]:
        click.echo(document({**path_fields(os.fsencode(target)), "model": model, "analyses": n}), nl=False)
    else:
        click.echo(f"{n} analys{'is' if n == 1 else 'es'} by {model}")
    return 0 if n else 4
