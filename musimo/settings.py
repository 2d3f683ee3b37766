"""Settings: defaults < configuration file < environment < flags, in one frozen object.

The configuration file is TOML; its keys are the fields of :class:`Settings`. An unknown key is an error, so
that a typo is never ignored.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal, get_args

from musimo.errors import SettingsError
from musimo.records.keys import KeyNotation

ENVIRONMENT = {
    "library": "MUSIMO_LIBRARY",
    "weights": "MUSIMO_WEIGHTS",
    "device": "MUSIMO_DEVICE",
    "jobs": "MUSIMO_JOBS",
    "batch_size": "MUSIMO_BATCH_SIZE",
}
NOWHERE = Path(os.devnull)  # a file, so that nothing can be in it


@dataclass(frozen=True, slots=True)
class PlaylistRecipe:
    """A playlist that ``musimo playlists`` writes by running a query.

    Parameters
    ----------
    name : of its table in the configuration file
    query : command line, as typed after ``musimo``
    path : file to write; absolute once the settings are loaded
    origin : where it is defined, for messages
    """

    name: str
    query: str
    path: Path
    origin: str


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of a run.

    Parameters
    ----------
    library : the SQLite file; the indexes are beside it
    weights : a weights file to use instead of the one that ships with musimo; None for that one
    device : ``auto``, ``cpu``, ``cuda``, ``cuda:N`` or ``mps``
    jobs : worker processes that extract; 0 extracts in this process
    batch_size : windows per inference batch on a GPU
    max_per_artist, max_per_album : most tracks of one artist or album in a list; 0 = any number
    moods : the user's own mood words, and the points (valence, arousal), 0..1, that they name
    words : the user's own words for ``find``, each with a description in other words
    playlists : by name, written by ``musimo playlists``
    playlists_folder : for relative paths of playlists; None for the folder of the configuration file
    exclude : globs of folders and files that a scan skips, beside the recycle bins it knows
    key_notation : ``musical``, ``camelot`` or ``openkey``: how tables, CSV and tags write keys, and tables
        show tempo and key; None for the names of keys, and columns only where they decide the order
    """

    library: Path
    weights: Path | None = None
    device: str = "auto"
    jobs: int = 0
    batch_size: int = 16  # 24 MB of features
    max_per_artist: int = 2
    max_per_album: int = 1
    moods: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)
    playlists: Mapping[str, PlaylistRecipe] = field(default_factory=dict)
    playlists_folder: Path | None = None
    exclude: tuple[str, ...] = ()
    key_notation: KeyNotation | None = None


def usable_cores() -> int:
    """Return the number of CPU cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def load_settings(
    config: Path | None = None,
    environment: Mapping[str, str] | None = None,
    **flags: Any,
) -> Settings:
    """Load the settings from all sources.

    Parameters
    ----------
    config : configuration file; None for the default one, which may be missing
    environment : variables to read; None for those of the process
    flags : values of the command line; None means not given

    Raises
    ------
    SettingsError : a source cannot be read, or contains an unknown key or an invalid value
    """
    environment = os.environ if environment is None else environment
    data, config_folder = _folder("data", environment), _folder("config", environment)
    file = config or (config_folder or NOWHERE) / "config.toml"
    settings = Settings(library=(data or NOWHERE) / "library.db", jobs=usable_cores())
    settings = _apply(
        settings, _from_file(file, required=config is not None), f"the configuration file {file}"
    )
    settings = _resolve_playlists(settings, file)
    for name, variable in ENVIRONMENT.items():
        if value := environment.get(variable):
            parsed = _parse(name, value, "the environment", f"the environment variable {variable}")
            settings = replace(settings, **{name: parsed})
    return _apply(settings, {k: v for k, v in flags.items() if v is not None}, "the command line")


def check_library(path: Path) -> None:
    """Raise SettingsError if ``path`` is that of :func:`load_settings` for a user without a home folder."""
    if path.parent == NOWHERE:
        raise SettingsError(
            "there is no folder to keep the library in: HOME is not set, and the user has no home folder",
            "set MUSIMO_HOME to a folder, or name the library: musimo --library FILE",
        )


def _folder(kind: Literal["data", "config"], environment: Mapping[str, str]) -> Path | None:
    """Return musimo's folder for data or configuration; None where the user has no home folder."""
    if home := environment.get("MUSIMO_HOME"):
        return Path(home)
    import platformdirs

    find = platformdirs.user_data_dir if kind == "data" else platformdirs.user_config_dir
    try:
        folder = Path(find("musimo", appauthor=False))
    except (RuntimeError, KeyError):  # pathlib and pwd know no home folder
        return None
    return folder if folder.is_absolute() else None  # "~" stays where nothing says what it means


def _from_file(path: Path, *, required: bool) -> dict[str, Any]:
    try:
        if not required and not path.is_file():
            return {}
        import tomllib

        return tomllib.loads(path.read_text(encoding="utf-8-sig"))  # Notepad writes a byte order mark
    except OSError as error:
        raise SettingsError(f"cannot read the configuration file {path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:  # not TOML, not UTF-8, a number too long, nesting too deep
        raise SettingsError(f"the configuration file {path} is not valid TOML: {error}") from error


def _apply(settings: Settings, values: Mapping[str, Any], origin: str) -> Settings:
    known = {field.name for field in fields(Settings)}
    unknown = sorted(set(values) - known)
    if unknown:
        raise SettingsError(
            f"unknown setting {unknown[0]!r} in {origin}", f"settings are: {', '.join(sorted(known))}"
        )
    return replace(settings, **{name: _parse(name, value, origin) for name, value in values.items()})


def _parse(name: str, value: Any, origin: str, label: str = "") -> Any:
    """Return the value of a setting; ``label`` names it in messages, by default with its origin."""
    label = label or f"{name} in {origin}"
    if name in ("library", "weights", "device", "playlists_folder"):
        if not value or not isinstance(value, str | Path):
            raise SettingsError(f"{label} must be text, not {value!r}")
        return str(value) if name == "device" else _expand(value)
    if name == "moods":
        return _moods(value, origin)
    if name == "words":
        return _words(value, origin)
    if name == "playlists":
        return _recipes(value, origin)
    if name == "exclude":
        return _globs(value, label)
    if name == "key_notation":
        if value not in get_args(KeyNotation):
            raise SettingsError(f"{label} must be {', '.join(get_args(KeyNotation))}, not {value!r}")
        return value
    try:
        number = int(str(value))  # as text, because int() would accept 1.5 and True
    except ValueError:
        raise SettingsError(f"{label} must be a whole number, not {value!r}") from None
    if number < (1 if name == "batch_size" else 0):
        raise SettingsError(f"{label} is too small: {number}")
    return number


def _globs(value: Any, label: str) -> tuple[str, ...]:
    globs = value if isinstance(value, list | tuple) else ()
    if not isinstance(value, list | tuple) or not all(
        isinstance(one, str) and one.strip("/") for one in globs
    ):
        raise SettingsError(
            f"{label} must be a list of names or paths, not {value!r}", "write exclude = ['Old/*', '*.bak']"
        )
    return tuple(globs)


def _moods(value: Any, origin: str) -> dict[str, tuple[float, float]]:
    if not isinstance(value, Mapping):
        raise SettingsError(f"moods in {origin} must be a table", "[moods] and lines like cosy = [0.7, 0.2]")
    points: dict[str, tuple[float, float]] = {}
    for word, point in value.items():
        numbers = point if isinstance(point, list | tuple) else ()
        valid = len(numbers) == 2 and all(type(one) in (int, float) and 0 <= one <= 1 for one in numbers)
        if not valid or len(word.replace(",", " ").split()) != 1:
            raise SettingsError(
                f"the mood {word!r} in {origin} is not one word and its point",
                "write word = [valence, arousal], both from 0 to 1",
            )
        points[word] = (float(numbers[0]), float(numbers[1]))
    return points


def _words(value: Any, origin: str) -> dict[str, str]:
    example = '[words] and lines like "rainy sunday" = "calm, piano, without vocals"'
    if not isinstance(value, Mapping):
        raise SettingsError(f"words in {origin} must be a table", example)
    for word, meaning in value.items():
        if not word.strip() or not isinstance(meaning, str) or not meaning.strip():
            raise SettingsError(
                f"the word {word!r} in {origin} is not a word and its meaning", f"write {example}"
            )
    return dict(value)


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
    return PlaylistRecipe(name, table["query"], _expand(table["path"]), where)


def _resolve_playlists(settings: Settings, file: Path) -> Settings:
    """Make paths of playlists absolute: relative to their folder, which is relative to the file's."""
    folder = Path(os.path.abspath(file)).parent / (settings.playlists_folder or "")  # noqa: PTH100 - do not resolve links
    by_path: dict[Path, PlaylistRecipe] = {}
    for recipe in settings.playlists.values():
        path = folder / recipe.path
        if path in by_path:
            raise SettingsError(f"path in {recipe.origin} is also that of {by_path[path].name!r}: {path}")
        by_path[path] = replace(recipe, path=path)
    return replace(
        settings,
        playlists={recipe.name: recipe for recipe in by_path.values()},
        playlists_folder=folder if settings.playlists_folder else None,
    )


def _expand(path: str | Path) -> Path:
    return Path(os.path.expanduser(path))  # noqa: PTH111 - pathlib raises for an unknown user
