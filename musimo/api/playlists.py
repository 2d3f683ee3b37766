"""``Library.playlists``: playlist files, and the recipes of the settings."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from musimo.api.session import Session
from musimo.atomic import write_atomically
from musimo.audio.paths import AnyPath, path_bytes
from musimo.errors import NotFoundError, UsageError
from musimo.output import playlists
from musimo.output.playlist_paths import PathStyle, resolved_path_map
from musimo.output.playlists import Skipped
from musimo.records import Track
from musimo.search.rows import FoundTrack, MoodTrack, PathTrack, SimilarTrack
from musimo.settings import PlaylistRecipe

WRITERS = {
    ".m3u8": playlists.m3u8,
    ".m3u": playlists.m3u,
    ".pls": playlists.pls,
    ".xspf": playlists.xspf,
}


@dataclass(frozen=True, slots=True)
class Written:
    """A playlist file that was written.

    Parameters
    ----------
    path : of the playlist
    tracks : in it
    skipped : tracks its format cannot hold, with reasons
    """

    path: Path
    tracks: int
    skipped: tuple[Skipped, ...]


class Playlists:
    """Playlists of any tracks or rows, and the recipes that ``musimo playlists`` follows."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def recipes(self, *names: str) -> list[PlaylistRecipe]:
        """Return the recipes of the settings by name, each once; all without a name.

        Raises
        ------
        NotFoundError : there is no recipe
        UsageError : there is none of that name
        """
        recipes = self._session.settings.playlists
        if not recipes:
            raise NotFoundError(
                "there is no recipe in the configuration file",
                "musimo playlists --help shows how to write one",
            )
        for name in names:
            if name not in recipes:
                raise UsageError(f"there is no recipe {name!r}", f"recipes are: {', '.join(recipes)}")
        return [recipes[name] for name in dict.fromkeys(names)] or [*recipes.values()]

    def write(
        self,
        target: AnyPath,
        tracks: Iterable[Track | SimilarTrack | MoodTrack | PathTrack | FoundTrack],
        *,
        relative_to: AnyPath | None = None,
        prefix: str = "",
        path_map: Mapping[str, str] | None = None,
    ) -> Written:
        """Write a playlist; its ending says which: ``.m3u8``, ``.m3u``, ``.pls`` or ``.xspf``.

        Parameters
        ----------
        tracks : tracks, or rows of a result
        relative_to : folder that paths are relative to; None for absolute paths
        prefix : put before every path
        path_map : where a path begins with a key, its value takes its place

        Raises
        ------
        UsageError : an ending of no playlist
        """
        path = Path(os.fsdecode(path_bytes(target)))
        writer = WRITERS.get(path.suffix.lower())
        if writer is None:
            raise UsageError(f"no playlist ends in {path.suffix!r}", f"let it end in {', '.join(WRITERS)}")
        style = PathStyle(
            relative_to=None if relative_to is None else os.path.abspath(path_bytes(relative_to)),  # noqa: PTH100
            prefix=os.fsencode(prefix),
            path_map=resolved_path_map(
                (os.fsencode(old), os.fsencode(new)) for old, new in (path_map or {}).items()
            ),
        )
        listed = [one if isinstance(one, Track) else one.track for one in tracks]
        data, skipped = writer(listed, style)
        write_atomically(path, data)
        return Written(path, len(listed) - len(skipped), tuple(skipped))
