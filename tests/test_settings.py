"""Sources of settings, their precedence, and errors in them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from musimo.errors import SettingsError
from musimo.library.db.engine import open_database
from musimo.settings import load_settings, usable_cores

NAMES = ("library", "weights", "device", "jobs", "batch_size", "max_per_artist", "max_per_album")


def config(home: Path, text: str) -> Path:
    path = home / "config.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_without_a_word_the_defaults_hold(home: Path) -> None:
    settings = load_settings(environment={"MUSIMO_HOME": str(home)})
    assert settings.library == home / "library.db"
    assert (settings.device, settings.jobs, settings.batch_size) == ("auto", usable_cores(), 16)
    assert (settings.max_per_artist, settings.max_per_album) == (2, 1)


def test_paths_follow_the_desktop_standard_unless_there_is_a_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config" / "musimo").mkdir(parents=True)
    config(tmp_path / "config" / "musimo", "batch_size = 3")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    settings = load_settings(environment={})
    assert settings.library == tmp_path / "data" / "musimo" / "library.db"
    assert settings.batch_size == 3
    settings = load_settings(environment={"MUSIMO_HOME": str(tmp_path / "home")})
    assert settings.library == tmp_path / "home" / "library.db"
    assert settings.batch_size == 16, "the home replaces the folder of the configuration too"


@pytest.mark.parametrize(
    ("name", "variable", "in_file", "in_environment", "as_flag"),
    [
        ("library", "MUSIMO_LIBRARY", "/f.db", "/e.db", Path("/flag.db")),
        ("weights", "MUSIMO_WEIGHTS", "/f.safetensors", "/e.safetensors", Path("/flag.safetensors")),
        ("device", "MUSIMO_DEVICE", "cpu", "cuda:1", "mps"),
        ("jobs", "MUSIMO_JOBS", 997, 998, 0),
        ("batch_size", "MUSIMO_BATCH_SIZE", 5, 6, 7),
        ("max_per_artist", None, 5, None, 0),
        ("max_per_album", None, 5, None, 7),
    ],
)
def test_a_flag_beats_the_environment_beats_the_file_beats_the_default(
    home: Path, name: str, variable: str | None, in_file: object, in_environment: object, as_flag: object
) -> None:
    environment = {"MUSIMO_HOME": str(home)}
    default = getattr(load_settings(environment=environment), name)

    def setting(**flags: Any) -> object:
        value = getattr(load_settings(environment=environment, **flags), name)
        return str(value) if isinstance(value, Path) else value

    config(home, f"{name} = {in_file!r}")
    assert setting() == in_file != default
    if variable is not None:
        environment[variable] = str(in_environment)
        assert setting() == in_environment
        environment[variable] = ""
        assert setting() == in_file, "an empty variable is none"
        environment[variable] = str(in_environment)
    assert setting(**{name: None}) == (in_file if variable is None else in_environment)
    assert setting(**{name: as_flag}) == (str(as_flag) if isinstance(as_flag, Path) else as_flag)


def test_another_file_may_be_named_and_then_must_be_there(home: Path, tmp_path: Path) -> None:
    config(home, "jobs = 1")
    other = config(tmp_path, "jobs = 2")
    assert load_settings(other).jobs == 2
    assert load_settings().jobs == 1
    for bad in (tmp_path / "absent.toml", tmp_path):
        with pytest.raises(SettingsError, match=str(bad)):
            load_settings(bad)


def test_a_home_is_found_for_the_library(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    config(home, "library = '~/music.db'")
    assert load_settings().library == Path("/home/me/music.db")
    assert load_settings(library="~nobody-of-that-name/x.db").library == Path("~nobody-of-that-name/x.db")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("jobz = 3", "unknown setting 'jobz'"),
        ("jobs = 'many'", "jobs in .* must be a whole number, not 'many'"),
        ("jobs = 1.5", "must be a whole number, not 1.5"),
        ("jobs = true", "must be a whole number, not True"),
        ("jobs = -1", "jobs in .* is too small: -1"),
        ("batch_size = 0", "batch_size in .* is too small: 0"),
        ("library = 3", "library in .* must be text, not 3"),
        ("library = ''", "library in .* must be text, not ''"),
        ("device = ['cpu']", "device in .* must be text"),
        ("jobs = ", "is not valid TOML"),
        ("jobs = " + "9" * 5000, "is not valid TOML"),
        ("jobs = " + "[" * 20_000, "is not valid TOML"),
        ("[scan]\njobs = 3", "unknown setting 'scan'"),
    ],
)
def test_an_invalid_value_is_reported_with_its_file(home: Path, text: str, said: str) -> None:
    path = config(home, text)
    with pytest.raises(SettingsError, match=said) as caught:
        load_settings()
    assert str(path) in caught.value.message


def test_an_unknown_setting_lists_those_there_are(home: Path) -> None:
    config(home, "jobz = 3")
    with pytest.raises(SettingsError) as caught:
        load_settings()
    assert all(name in caught.value.hint for name in NAMES)


def test_bytes_that_are_no_text_are_no_toml(home: Path) -> None:
    (home / "config.toml").write_bytes(b"library = '\xff'")
    with pytest.raises(SettingsError, match="not valid TOML"):
        load_settings()


def test_an_invalid_variable_is_reported_as_of_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MUSIMO_JOBS", "2.5")
    with pytest.raises(
        SettingsError, match=r"the environment variable MUSIMO_JOBS must be a whole number, not '2\.5'"
    ):
        load_settings()
    monkeypatch.setenv("MUSIMO_JOBS", "3")
    assert load_settings().jobs == 3


def test_a_folder_without_permission_is_reported(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def is_file(path: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "is_file", is_file)
    with pytest.raises(SettingsError, match=r"cannot read the configuration file .*: Permission denied"):
        load_settings()


def test_own_moods_are_a_table_of_points(home: Path) -> None:
    file = config(home, "jobs = 2\n[moods]\ncosy = [0.7, 0.25]\nStorm = [0, 1]\n")
    assert load_settings(file).moods == {"cosy": (0.7, 0.25), "Storm": (0, 1)}
    assert load_settings(environment={"MUSIMO_HOME": str(home / "elsewhere")}).moods == {}


@pytest.mark.parametrize(
    "text",
    [
        "moods = 3",
        "[moods]\ncosy = 0.7",
        "[moods]\ncosy = [0.7]",
        "[moods]\ncosy = [0.7, 1.5]",
        "[moods]\ncosy = [0.7, nan]",
        "[moods]\ncosy = ['0.7', '0.2']",
        "[moods]\ncosy = [true, 0.2]",
        "[moods]\n'two words' = [0.7, 0.2]",
        "[moods]\n'' = [0.7, 0.2]",
    ],
)
def test_what_is_no_mood_is_an_error(home: Path, text: str) -> None:
    with pytest.raises(SettingsError, match="mood"):
        load_settings(config(home, text))


def test_recipes_lie_beside_the_file_or_in_their_folder(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    file = home / "config.toml"
    tables = "\n".join(
        f"[playlists.{name}]\nquery = 'mood calm'\npath = '{path}'"
        for name, path in {"a": "a.m3u", "b": "/lists/b.m3u", "c": "~/c.m3u"}.items()
    )
    file.write_text(tables)
    paths = {name: str(recipe.path) for name, recipe in load_settings().playlists.items()}
    assert paths == {"a": str(home / "a.m3u"), "b": "/lists/b.m3u", "c": "/home/me/c.m3u"}
    for folder, expected in {"lists": home / "lists", "~/Lists": "/home/me/Lists"}.items():
        file.write_text(f"playlists_folder = '{folder}'\n{tables}")
        assert str(load_settings().playlists["a"].path) == f"{expected}/a.m3u"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("playlists = 3", "playlists in"),
        ("playlists.calm = 3", "[playlists.calm] in"),
        ("[playlists.calm]\npath = 'a.m3u'", "has no query"),
        ("[playlists.calm]\nquery = 'mood calm'", "has no path"),
        ("[playlists.calm]\nquery = 3\npath = 'a.m3u'", "query in [playlists.calm]"),
        ("[playlists.calm]\nquery = 'mood calm'\npath = ' '", "path in [playlists.calm]"),
        ("[playlists.calm]\nquery = 'x'\npath = 'a.m3u'\nformat = 'pls'", "unknown key 'format'"),
        (
            "[playlists.a]\nquery = 'x'\npath = 'a.m3u'\n[playlists.b]\nquery = 'x'\npath = 'a.m3u'",
            "[playlists.b]",
        ),
        ("playlists_folder = 3", "playlists_folder"),
    ],
)
def test_a_wrong_recipe_is_reported_with_file_table_and_key(home: Path, text: str, said: str) -> None:
    (home / "config.toml").write_text(text)
    with pytest.raises(SettingsError) as raised:
        load_settings()
    assert said in raised.value.message
    assert str(home / "config.toml") in raised.value.message


def test_a_byte_order_mark_is_skipped(home: Path) -> None:
    (home / "config.toml").write_bytes(b"\xef\xbb\xbfmax_per_artist = 3\r\n")
    assert load_settings(environment={"MUSIMO_HOME": str(home)}).max_per_artist == 3


def test_a_notation_of_keys(home: Path) -> None:
    assert load_settings(environment={"MUSIMO_HOME": str(home)}).key_notation is None
    config(home, "key_notation = 'camelot'")
    assert load_settings(environment={"MUSIMO_HOME": str(home)}).key_notation == "camelot"
    for wrong in ("'8A'", "8", "['camelot']"):
        config(home, f"key_notation = {wrong}")
        with pytest.raises(SettingsError, match="must be musical, camelot, openkey"):
            load_settings(environment={"MUSIMO_HOME": str(home)})


def test_globs_to_exclude(home: Path) -> None:
    config(home, "exclude = ['Old', '*.wav']")
    assert load_settings(environment={"MUSIMO_HOME": str(home)}).exclude == ("Old", "*.wav")
    for wrong in ("'Old'", "[1]", "['/']"):
        config(home, f"exclude = {wrong}")
        with pytest.raises(SettingsError, match="exclude in"):
            load_settings(environment={"MUSIMO_HOME": str(home)})


@pytest.mark.parametrize("folders", ["~/.local/share/musimo", RuntimeError(), KeyError()])
def test_without_a_home_a_library_must_be_named(
    folders: str | Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def find(name: str, appauthor: bool) -> str:
        if isinstance(folders, Exception):
            raise folders
        return folders

    for which in ("user_data_dir", "user_config_dir"):
        monkeypatch.setattr(f"platformdirs.{which}", find)
    settings = load_settings(environment={})
    with pytest.raises(SettingsError, match="HOME is not set") as raised:
        open_database(settings.library, create=True)
    assert "MUSIMO_HOME" in raised.value.hint
    assert load_settings(environment={}, library=tmp_path / "a.db").library == tmp_path / "a.db"
