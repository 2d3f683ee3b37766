"""``musimo export``: every track with tags and emotion, or analyses and arrays for other programs."""

from __future__ import annotations

import os
from typing import Any

import click
from click.core import ParameterSource

from musimo.cli.answer import choice_of, print_answer
from musimo.cli.context import Invocation, pass_invocation
from musimo.cli.exit_codes import DONE, NOT_FOUND
from musimo.cli.options import OutputFile, make_selection, playlist_options, selection_options
from musimo.errors import UsageError
from musimo.output.formats import EXPORT

ANALYSES_OPTIONS = ("where", "scale", "as_json")
"""Options that go with --analyses."""
VECTORS_OPTIONS = (
    *ANALYSES_OPTIONS,
    *("limit", "max_per_artist", "max_per_album", "no_diversity"),
)
"""Options that go with --vectors."""


@click.command("export")
@selection_options(limit=None)
@playlist_options(EXPORT)
@click.option(
    "--analyses",
    type=OutputFile(dir_okay=False),
    metavar="FILE",
    help="Write the analyses to FILE for musimo import; compressed if FILE ends in .gz.",
)
@click.option(
    "--vectors",
    type=OutputFile(dir_okay=False),
    metavar="FILE",
    help="Write NumPy arrays to FILE, an .npz: id, path, valence, arousal, embedding, sound, heard, "
    "heard_tags, model.",
)
@pass_invocation
def command(invocation: Invocation, /, analyses: str | None, vectors: str | None, **options: Any) -> int:
    """Write all tracks with tags and mood, by default as CSV.

    --analyses writes the analyses themselves, identified by the audio and not by file names: another library
    can import them instead of analyzing the same audio again. --vectors writes the embeddings and the vectors
    that similar compares, for NumPy and other programs.

    \b
      musimo export -o tracks.csv
      musimo export --analyses analyses.jsonl.gz
      musimo export --vectors vectors.npz --where genre:jazz
    """
    if analyses is not None and vectors is not None:
        raise UsageError("--analyses or --vectors, not both")
    if analyses is not None:
        return _export_analyses(invocation, analyses, options)
    if vectors is not None:
        return _export_vectors(invocation, vectors, options)

    from musimo.output.answers import TracksAnswer

    library = invocation.library()
    choice = choice_of(options, EXPORT)
    selection = make_selection(library.settings, scale=choice.scale, diverse=False, **options)
    tracks = list(library.tracks(selection))
    print_answer(invocation, TracksAnswer(tracks), choice)
    return DONE if tracks else NOT_FOUND


def _export_analyses(invocation: Invocation, target: str, options: dict[str, Any]) -> int:
    from musimo.search.where import parse

    if _given(options, ANALYSES_OPTIONS):
        raise UsageError("--analyses goes with --where and --json alone", "the file has a form of its own")
    library = invocation.library()
    where = [parse(one, options["scale"], library.settings.moods) for one in options["where"]]
    model, n = library.analyses.export(target, where)
    if options["as_json"]:
        _print_document(target, {"model": model, "analyses": n})
    else:
        invocation.report(f"{n} analys{'is' if n == 1 else 'es'} by {model}")
    return DONE if n else NOT_FOUND


def _export_vectors(invocation: Invocation, target: str, options: dict[str, Any]) -> int:
    if _given(options, VECTORS_OPTIONS):
        raise UsageError(
            "--vectors goes with -n, --where, diversity and --json alone", "the file has a form of its own"
        )
    library = invocation.library()
    selecting = {name: options[name] for name in VECTORS_OPTIONS if name != "as_json"}
    n = library.analyses.export_vectors(target, make_selection(library.settings, diverse=False, **selecting))
    if options["as_json"]:
        _print_document(target, {"tracks": n})
    else:
        invocation.report(f"{n} track{'' if n == 1 else 's'}")
    return DONE


def _given(options: dict[str, Any], allowed: tuple[str, ...]) -> bool:
    """Return whether the command line gives an option that is not allowed."""
    source = click.get_current_context().get_parameter_source
    return any(source(name) is not ParameterSource.DEFAULT for name in options if name not in allowed)


def _print_document(target: str, fields: dict[str, object]) -> None:
    from musimo.output.json_out import document
    from musimo.records.fields import path_fields

    click.echo(document({**path_fields(os.fsencode(target)), **fields}), nl=False)
