"""Settings: defaults < configuration file < environment < flags, into one frozen object.

The configuration file is TOML; its keys are the fields of :class:`Settings` except ``home``-derived
paths it cannot move. An unknown key is an error, so that a typing mistake never passes in silence.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import platformdirs

from musimo.errors import SettingsError
from musimo.records import path_bytes

ENVIRONMENT = {
    "library": "MUSIMO_LIBRARY",
    "weights": "MUSIMO_WEIGHTS",
    "device": "MUSIMO_DEVICE",
    "jobs": "MUSIMO_JOBS",
    "batch_size": "MUSIMO_BATCH_SIZE",
}


@dataclass(frozen=True, slots=True)
class PlaylistRecipe:
    """A list that is made anew whenever it is asked for.

    Parameters
    ----------
    name : of its table in the configuration file
    query : command line that makes it, as it is typed after ``musimo``
    path : file it is written to; absolute as soon as the settings are loaded
    origin : where it stands, for messages
    """

    name: str
    query: str
    path: Path
    origin: str


@dataclass(frozen=True, slots=True)
class Settings:
    """What a run of musimo goes by.

    Parameters
    ----------
    library : the SQLite file; the indexes lie beside it
    weights : a network in place of the one musimo carries; None for that one
    device : ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``
    jobs : worker processes that decode; 0 hears in this process
    batch_size : clips the network hears at once
    max_per_artist, max_per_album : how many tracks of one artist or album a list may hold; 0 = any number
    moods : words of the user's own, and the places (valence, arousal), 0..1, that they name
    playlists : lists of the user's own, by name, that ``musimo playlists`` writes
    playlists_folder : where those go whose path is relative; None for the folder of the configuration file
    """

    library: Path
    weights: Path | None = None
    device: str = "auto"
    jobs: int = 0
    batch_size: int = 16  # 24 MB of features; larger batches are no faster on a CPU
    max_per_artist: int = 2
    max_per_album: int = 1
    moods: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    playlists: Mapping[str, PlaylistRecipe] = field(default_factory=dict)
    playlists_folder: Path | None = None


def usable_cores() -> int:
    """CPU cores this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def load_settings(
    config: Path | None = None,
    environment: Mapping[str, str] | None = None,
    **flags: Any,
) -> Settings:
    """Gather settings from everywhere they may stand.

    Parameters
    ----------
    config : configuration file; None for the user's own, which need not exist
    environment : variables to read; None for the process's
    flags : values given on the command line; None means not given
    """
    environment = os.environ if environment is None else environment
    home = environment.get("MUSIMO_HOME")
    data = Path(home) if home else Path(platformdirs.user_data_dir("musimo", appauthor=False))
    config_folder = Path(home) if home else Path(platformdirs.user_config_dir("musimo", appauthor=False))
    file = config or config_folder / "config.toml"
    settings = Settings(library=data / "library.db", jobs=usable_cores())
    settings = _apply(settings, _from_file(file, wanted=config is not None), f"the configuration file {file}")
    settings = _placed(settings, file)
    for name, variable in ENVIRONMENT.items():
        if value := environment.get(variable):
            parsed = _parse(name, value, "the environment", f"the environment variable {variable}")
            settings = replace(settings, **{name: parsed})
    return _apply(settings, {k: v for k, v in flags.items() if v is not None}, "the command line")


def _from_file(path: Path, *, wanted: bool) -> dict[str, Any]:
    try:
        if not wanted and not path.is_file():
            return {}
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"cannot read the configuration file {path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:  # no TOML, no UTF-8, a number too long, brackets too deep
        raise SettingsError(f"the configuration file {path} is not valid TOML: {error}") from error


def _apply(settings: Settings, values: Mapping[str, Any], origin: str) -> Settings:
    known = {field.name for field in fields(Settings)}
    unknown = sorted(set(values) - known)
    if unknown:
        raise SettingsError(
            f"unknown setting {unknown[0]!r} in {origin}", f"settings are: {', '.join(sorted(known))}"
        )
    return replace(settings, **{name: _parse(name, value, origin) for name, value in values.items()})


def _parse(name: str, value: Any, origin: str, called: str = "") -> Any:
    """The value of a setting; ``called`` is what a message calls it, else its name in its origin."""
    called = called or f"{name} in {origin}"
    if name in ("library", "weights", "device", "playlists_folder"):
        if not value or not isinstance(value, str | Path):
            raise SettingsError(f"{called} must be text, not {value!r}")
        return str(value) if name == "device" else _from_home(value)
    if name == "moods":
        return _moods(value, origin)
    if name == "playlists":
        return _recipes(value, origin)
    try:
        number = int(str(value))  # of the text, for int() would take 1.5 and True
    except ValueError:
        raise SettingsError(f"{called} must be a whole number, not {value!r}") from None
    if number < (1 if name == "batch_size" else 0):
        raise SettingsError(f"{called} is too small: {number}")
    return number


def _moods(value: Any, origin: str) -> dict[str, tuple[float, float]]:
    if not isinstance(value, Mapping):
        raise SettingsError(f"moods in {origin} must be a table", "[moods] and lines like cosy = [0.7, 0.2]")
    places: dict[str, tuple[float, float]] = {}
    for word, place in value.items():
        numbers = place if isinstance(place, list | tuple) else ()
        right = len(numbers) == 2 and all(type(one) in (int, float) and 0 <= one <= 1 for one in numbers)
        if not right or len(word.replace(",", " ").split()) != 1:
            raise SettingsError(
                f"the mood {word!r} in {origin} is not one word and its place",
                "write word = [valence, arousal], both from 0 to 1",
            )
        places[word] = (float(numbers[0]), float(numbers[1]))
    return places


def _recipes(value: Any, origin: str) -> dict[str, PlaylistRecipe]:
    example = "[playlists.evening] and lines like query = 'mood calm -n 40' and path = 'evening.m3u8'"
    if not isinstance(value, Mapping):
        raise SettingsError(f"playlists in {origin} must be tables", example)
    return {name: _recipe(name, table, origin, example) for name, table in value.items()}


def _recipe(name: str, table: Any, origin: str, example: str) -> PlaylistRecipe:
    where = f"[playlists.{name}] in {origin}"
    if not isinstance(table, Mapping):
        raise SettingsError(f"{where} must be a table, not {table!r}", example)
    unknown = sorted(set(table) - {"query", "path"})
    if unknown:
        raise SettingsError(f"unknown key {unknown[0]!r} in {where}", "its keys are: query, path")
    for key in ("query", "path"):
        if key not in table:
            raise SettingsError(f"{where} has no {key}", example)
        if not isinstance(table[key], str) or not table[key].strip():
            raise SettingsError(f"{key} in {where} must be text, not {table[key]!r}", example)
    return PlaylistRecipe(name, table["query"], _from_home(table["path"]), where)


def _placed(settings: Settings, file: Path) -> Settings:
    """Paths of playlists made absolute: they are relative to their folder, and that to the file."""
    folder = Path(os.path.abspath(file)).parent / (settings.playlists_folder or "")  # noqa: PTH100 - no links
    placed: dict[Path, PlaylistRecipe] = {}
    for recipe in settings.playlists.values():
        path = folder / recipe.path
        if path in placed:
            raise SettingsError(f"path in {recipe.origin} is that of {placed[path].name!r} too: {path}")
        placed[path] = replace(recipe, path=path)
    return replace(
        settings,
        playlists={recipe.name: recipe for recipe in placed.values()},
        playlists_folder=folder if settings.playlists_folder else None,
    )


def _from_home(path: str | Path) -> Path:
    return Path(os.fsdecode(path_bytes(path)))
