"""Outcomes of playlist recipes as text and as JSON."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from musimo.output.json_out import document
from musimo.output.text import pad, safe, width
from musimo.records.fields import Fields, path_fields
from musimo.settings import PlaylistRecipe

State = Literal["written", "unchanged", "empty", "failed"]


@dataclass(frozen=True, slots=True)
class Made:
    """Outcome of a recipe.

    Parameters
    ----------
    state : ``unchanged`` if the file has this content already; ``empty`` if no track was found, which leaves
        the file as it is; in a dry run, what it would be
    tracks : number of tracks in the playlist
    reason, hint : of a failure
    """

    recipe: PlaylistRecipe
    state: State
    tracks: int = 0
    reason: str = ""
    hint: str = ""


def made_line(made: Made, *, dry_run: bool) -> str:
    """Return the outcome of a recipe in a line or two."""
    name, path = safe(made.recipe.name), _shown(made.recipe.path)
    count = f"{made.tracks} track{'' if made.tracks == 1 else 's'}"
    match made.state:
        case "written":
            return f"{name}: {'would write' if dry_run else 'wrote'} {count} to {path}\n"
        case "unchanged":
            return f"{name}: {count}, unchanged in {path}\n"
        case "empty":
            return f"{name}: no track found; {path} stays as it is\n"
        case "failed":
            return f"{name}: error: {safe(made.reason)}\n" + (f"    {safe(made.hint)}\n" if made.hint else "")


def made_json(made: Sequence[Made], *, dry_run: bool) -> str:
    """Return the outcomes of all recipes as a JSON document."""
    rows = [
        {**_fields(one.recipe), "state": one.state, "tracks": one.tracks, "reason": one.reason or None}
        for one in made
    ]
    return document({"dry_run": dry_run, "playlists": rows})


def recipe_lines(recipes: Sequence[PlaylistRecipe]) -> str:
    """Return recipes: name and query, and the path below."""
    room = max((width(safe(one.name)) for one in recipes), default=0)
    return "".join(
        f"{pad(safe(one.name), room)}  {safe(one.query)}\n{' ' * room}  → {_shown(one.path)}\n"
        for one in recipes
    )


def recipes_json(recipes: Sequence[PlaylistRecipe]) -> str:
    """Return recipes as a JSON document."""
    return document({"playlists": [_fields(one) for one in recipes]})


def _fields(recipe: PlaylistRecipe) -> Fields:
    return {"name": recipe.name, "query": recipe.query, **path_fields(os.fsencode(recipe.path))}


def _shown(path: Path) -> str:
    return safe(os.fspath(path))
