"""``musimo playlists``: write the playlists of the configuration file."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from musimo.cli.context import Invocation, pass_invocation
from musimo.cli.exit_codes import DONE, NOT_FOUND, SOME_FAILED
from musimo.errors import MusimoError, UsageError

if TYPE_CHECKING:
    from musimo.api import Library
    from musimo.output.answers import Answer
    from musimo.output.recipes import Made
    from musimo.output.rendering import Rendered
    from musimo.settings import PlaylistRecipe

LISTS = ("similar", "mood", "find", "path", "mood-path", "export")
"""Commands that a recipe may run: those that make a list, and nothing else."""


@click.command("playlists")
@click.argument("names", nargs=-1, metavar="[NAME]…")
@click.option("--list", "listing", is_flag=True, help="List the recipes; write nothing.")
@click.option("--dry-run", is_flag=True, help="Show what would be written; write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@pass_invocation
def command(
    invocation: Invocation, /, names: tuple[str, ...], listing: bool, dry_run: bool, as_json: bool
) -> int:
    """Write the playlists defined in the configuration file, or only those named.

    A recipe consists of a query (a command line of similar, mood, find, path, mood-path or export) and a
    file, whose extension selects the format. Relative paths start at playlists_folder, which is made where
    it is absent, or else at the folder of the configuration file.

    \b
      [playlists.evening]
      query = 'mood calm --where year:..1990 --spread 0.2 --seed 7 -n 40'
      path = '~/Music/evening.m3u8'

    \b
      musimo playlists                write them all
      musimo playlists evening        this one
      musimo -q playlists             for cron: silent unless something failed

    Files that would not change are not written. If a query finds no track, its file is kept. If one recipe
    fails, the others are still written.
    """
    from musimo.api import Library
    from musimo.output import recipes as recipe_output

    speaker = [invocation]
    library = Library(
        invocation.settings(),
        on_notice=lambda sentence: speaker[-1].note(sentence),
        on_step=invocation.step,
    )
    recipes = library.playlists.recipes(*names)
    if listing:
        shown = recipe_output.recipes_json(recipes) if as_json else recipe_output.recipe_lines(recipes)
        click.echo(shown, nl=False)
        return DONE
    library.failures()  # without a library no recipe can be followed: one error, and not one for each
    made: list[Made] = []
    for recipe in recipes:
        one = _follow(invocation, library, recipe, speaker, dry_run=dry_run)
        made.append(one)
        line = recipe_output.made_line(one, dry_run=dry_run)
        if one.state == "failed":
            click.echo(line, nl=False, err=True)
        elif not (as_json or invocation.quiet):
            click.echo(line, nl=False)
    if as_json:
        click.echo(recipe_output.made_json(made, dry_run=dry_run), nl=False)
    if any(one.state == "failed" for one in made):
        return SOME_FAILED
    return NOT_FOUND if all(one.state == "empty" for one in made) else DONE


@dataclass(frozen=True, slots=True, kw_only=True)
class _Following(Invocation):
    """An invocation whose library is open already, and whose result goes into a recipe's file."""

    shared: Library
    recipe: PlaylistRecipe
    dry_run: bool
    made: list[Made]

    def library(self, **flags: Any) -> Library:
        """Return the library of all recipes, unless this one sets other options."""
        if any(flag is not None for flag in flags.values()):
            return Invocation.library(self, **flags)
        return self.shared

    def note(self, sentence: str, *, always: bool = False) -> None:
        """Print a note, with the name of the recipe."""
        Invocation.note(self, f"{self.recipe.name}: {sentence}", always=always)

    def takes(self, answer: Answer, rendered: Rendered) -> bool:
        """Write the file, unless it is unchanged, and record the result."""
        from musimo.atomic import check_writable, make_folder, write_atomically
        from musimo.output.answers import tracks_of
        from musimo.output.recipes import Made

        tracks = len(tracks_of(answer)) - len(rendered.skipped)  # type: ignore[arg-type]  # LISTS make lists
        path = self.recipe.path
        if not tracks:
            self.made.append(Made(self.recipe, "empty"))
        elif path.is_file() and path.read_bytes() == rendered.data:
            self.made.append(Made(self.recipe, "unchanged", tracks))
        else:
            folder = self.shared.settings.playlists_folder
            make = folder is not None and path.is_relative_to(folder)
            if self.dry_run:
                check_writable(path, make=make)
            else:
                if make:
                    make_folder(path)
                write_atomically(path, rendered.data)
            self.made.append(Made(self.recipe, "written", tracks))
        return True


def _follow(
    invocation: Invocation,
    library: Library,
    recipe: PlaylistRecipe,
    speaker: list[Invocation],
    *,
    dry_run: bool,
) -> Made:
    """Run the command line of a recipe; notes of the library are of this recipe meanwhile."""
    from musimo.output.recipes import Made

    following = _Following(
        invocation.library_path,
        invocation.weights,
        invocation.config,
        invocation.quiet,
        invocation.verbose,
        left_out=invocation.left_out,
        shared=library,
        recipe=recipe,
        dry_run=dry_run,
        made=[],
    )
    speaker.append(following)
    try:
        with _parsed(following, recipe) as context:
            context.command.invoke(context)
    except MusimoError as error:
        return Made(recipe, "failed", reason=error.message, hint=error.hint)
    except click.UsageError as error:
        return Made(recipe, "failed", reason=f"query in {recipe.origin}: {error.format_message()}")
    except OSError as error:
        return Made(recipe, "failed", reason=f"cannot use {error.filename}: {error.strerror}")
    finally:
        speaker.pop()
    [made] = following.made
    return made


def _parsed(invocation: Invocation, recipe: PlaylistRecipe) -> click.Context:
    """Parse the recipe's command line as that of any command, with its file as the output."""
    from musimo.audio.formats import is_music
    from musimo.output.formats import TRACKS

    command, arguments = _command(recipe)
    parent = click.get_current_context().parent  # click keeps what it makes of the first it is given
    context = command.make_context(command.name, arguments, parent=parent, obj=invocation)
    if context.params["output"] is not None:
        raise UsageError(
            f"query in {recipe.origin} names an output file", "leave -o out: path says where the list goes"
        )
    names_format = TRACKS.endings.get(recipe.path.suffix.lower(), "table") != "table"
    if not names_format and not (context.params["format_"] or context.params["as_json"]):
        raise UsageError(
            f"path in {recipe.origin} does not say in which format: {recipe.path}",
            "let it end in .m3u8, .m3u, .pls, .xspf, .csv, .json or .jsonl, or put --format into the query",
        )
    if is_music(os.fsencode(recipe.path.name)):
        raise UsageError(
            f"path in {recipe.origin} is named like music: {recipe.path}",
            "nothing but tag --write writes to music; let it end as its format does",
        )
    context.params["output"] = os.fspath(recipe.path)
    return context


def _command(recipe: PlaylistRecipe) -> tuple[click.Command, list[str]]:
    try:
        words = shlex.split(recipe.query)
    except ValueError as error:
        raise UsageError(f"query in {recipe.origin} cannot be read: {error}", "close its quotes") from error
    if words[:1] == ["musimo"]:
        words = words[1:]
    if not words or words[0] not in LISTS:
        asked = f"runs {words[0]!r}, which makes no list" if words else "is empty"
        raise UsageError(f"query in {recipe.origin} {asked}", f"a recipe may run: {', '.join(LISTS)}")
    if any(word in ("-h", "--help") for word in words):
        raise UsageError(f"query in {recipe.origin} asks for help, and makes no list")
    context = click.get_current_context().find_root()
    assert isinstance(context.command, click.Group)  # of main, which imports this module
    command = context.command.get_command(context, words[0])
    assert command is not None  # of LISTS
    # As a shell does with what begins so.
    return command, [os.path.expanduser(word) if word.startswith("~") else word for word in words[1:]]  # noqa: PTH111
