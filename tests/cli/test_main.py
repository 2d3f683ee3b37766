"""The one door: help, options before the command, and every error as a sentence and an exit code."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from musimo import __version__
from musimo.cli import main
from musimo.cli.main import cli
from tests.catalog import Catalog, Entry, direction
from tests.cli.conftest import Shell

ANSWERS = ("similar", "mood", "path", "mood-path", "analyze", "show", "status", "errors", "export")
COMMANDS = (
    "scan",
    *ANSWERS,
    "tag",
    "import",
    "map",
    "playlists",
    "duplicates",
    "prune",
    "relocate",
    "reindex",
    "backup",
    "doctor",
)
QUESTIONS = [
    ("similar", "So What"),
    ("mood", "--valence", "0.5", "--arousal", "0.5"),
    ("mood", "calm"),
    ("path", "So What", "One"),
    ("mood-path", "--from", "calm", "--to", "happy", "--duration", "45m"),
    ("show", "So What"),
    ("status",),
    ("errors",),
    ("export",),
    ("export", "--analyses", "copy.jsonl"),
    ("tag",),
    ("map", "-o", "map.html"),
    ("duplicates",),
    ("prune",),
    ("relocate", "a", "b"),
    ("reindex",),
    ("backup", "copy.db"),
]


def test_every_promised_command_is_there_and_explains_itself(shell: Shell) -> None:
    assert {*COMMANDS} <= {*main.COMMANDS}
    for command in main.COMMANDS:
        for flag in ("--help", "-h"):
            ran = shell(command, flag)
            assert (ran.code, ran.err) == (0, b"")
            assert ran.out.startswith(f"Usage: musimo {command}".encode())
        assert b"--json" in ran.out
    for flag in ("--help", "-h"):
        ran = shell(flag)
        assert ran.code == 0
        assert b"130 interrupted" in ran.out
        assert b"--weights FILE" in ran.out
    assert shell("--version").out == f"musimo {__version__}\n".encode()


@pytest.mark.parametrize(
    ("command", "options"),
    [
        (
            "similar",
            "-n --limit --where --max-per-artist --max-per-album --no-diversity --not --min-similarity --by",
        ),
        ("similar", "--format -o -0 --print0 --relative-to --prefix --path-map --scale --device --jobs"),
        ("mood", "--valence --arousal --limit --where --max-per-artist --no-diversity --format --scale"),
        ("mood", "--relative --absolute --spread --seed --like --device --duration --order"),
        ("path", "--through --by -n --where --max-per-artist --no-diversity --format --device"),
        ("mood-path", "--from --to --duration --relative --where --no-diversity --format --scale"),
        ("export", "--limit --where --format --output --relative-to --analyses"),
        ("tag", "--where --write --yes --remove --keep-mtime --absolute --json"),
        ("scan", "--retry-failed --accept-missing --coverage --device --jobs --batch-size"),
        ("analyze", "--coverage --device --format --scale"),
        ("similar", "--from --to --duration --order --explain"),
        (
            "curve",
            "--window --hop --format --json --output --readings --fps --start-timecode --scale --device",
        ),
        ("playlists", "--list --dry-run --json"),
        ("duplicates", "--where --kind --format --json --output --print0"),
        ("map", "--output --format --view --colour --limit --where --max-per-artist --scale --json"),
    ],
)
def test_every_promised_option_is_there(shell: Shell, command: str, options: str) -> None:
    page = shell(command, "--help").out.decode()
    assert [option for option in options.split() if option not in page] == []


@pytest.mark.parametrize("arguments", QUESTIONS, ids=" ".join)
def test_without_a_library_a_question_is_an_error_that_says_what_to_do(
    shell: Shell, home: Path, arguments: tuple[str, ...]
) -> None:
    ran = shell(*arguments)
    assert (ran.code, ran.out) == (1, b"")
    assert ran.err.decode() == (
        f"error: there is no library at {home / 'library.db'}\nmake one: musimo scan FOLDER\n"
    )
    assert [*home.iterdir()] == []


@pytest.mark.parametrize("arguments", QUESTIONS, ids=" ".join)
def test_what_is_no_library_is_an_error_in_words(
    shell: Shell, home: Path, arguments: tuple[str, ...]
) -> None:
    (home / "library.db").write_text("a shopping list\n" * 100)
    ran = shell(*arguments)
    assert (ran.code, ran.out) == (1, b"")
    assert b"not a database" in ran.err
    assert b"--library FILE" in ran.err
    assert b"Traceback" not in ran.err


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("frobnicate",),
        ("--frobnicate",),
        ("similar",),
        ("scan",),
        ("analyze",),
        ("show",),
        ("show", "a", "b"),
        ("status", "now"),
        ("scan", "--jobs", "-1", "."),
        ("scan", "--jobs", "two", "."),
        ("scan", "--batch-size", "0", "."),
        ("scan", "--coverage", "half", "."),
    ],
    ids=" ".join,
)
def test_wrong_usage_is_said_on_stderr(shell: Shell, arguments: tuple[str, ...]) -> None:
    ran = shell(*arguments)
    assert (ran.code, ran.out) == (2, b"")
    assert b"Usage: musimo" in ran.err


def test_the_library_is_named_by_flag_or_environment_or_file(
    shell: Shell, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, name in enumerate(("default", "file", "environment", "flag"), 1):
        path = home / "library.db" if name == "default" else tmp_path / f"{name}.db"
        catalog = Catalog(path, tmp_path)
        catalog.add(*(Entry(f"{n}.mp3", direction(1, n)) for n in range(number)))

    def tracks(*options: str | Path) -> int:
        return int(shell(*options, "status", "--json").document["tracks"])

    assert tracks() == 1
    (home / "config.toml").write_text(f"library = '{tmp_path / 'file.db'}'\n")
    assert tracks() == 2
    monkeypatch.setenv("MUSIMO_LIBRARY", str(tmp_path / "environment.db"))
    assert tracks() == 3
    assert tracks("--library", tmp_path / "flag.db") == 4
    assert tracks("--config", home / "config.toml") == 3


def test_settings_that_cannot_be_are_an_error_before_anything_is_done(shell: Shell, home: Path) -> None:
    (home / "config.toml").write_text("jobz = 3\n")
    ran = shell("scan", home)
    assert ran.code == 1
    assert ran.err.startswith(b"error: unknown setting 'jobz'")
    ran = shell("--config", home / "absent.toml", "status")
    assert ran.code == 1
    assert b"absent.toml" in ran.err
    assert not (home / "library.db").exists()


def test_only_the_verbose_are_told_where_an_error_arose(shell: Shell) -> None:
    assert b"Traceback" not in shell("status").err
    assert b"Traceback" in shell("-v", "status").err


def test_ctrl_c_while_a_question_is_answered(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    from musimo.api import Library

    def interrupted(self: Library) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Library, "status", interrupted)
    ran = shell("status")
    assert (ran.code, ran.out) == (130, b"")
    assert ran.err.strip() == b"interrupted"


@pytest.mark.parametrize("name", main.COMMANDS)
def test_the_help_of_musimo_says_of_a_command_what_its_own_help_says(name: str) -> None:
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    assert command.name == name
    assert " ".join((command.help or "").split("\n\n")[0].split()) == main.COMMANDS[name]


def test_every_command_there_is_can_be_asked_for() -> None:
    modules = Path(main.__file__).parent.glob("*.py")
    made = {path.stem for path in modules if "@click.command" in path.read_text("utf-8")}
    assert {main.MODULES.get(name, name) for name in main.COMMANDS} == made


@pytest.mark.parametrize("name", main.COMMANDS)
def test_the_help_of_a_command_has_an_example(shell: Shell, name: str) -> None:
    page = shell(name, "--help").out.decode()
    assert f"\n    musimo {name}" in page


@pytest.mark.parametrize(
    ("command", "formats"),
    [
        *[(name, "[table|json]") for name in ("show", "status")],
        *[(name, "[table|paths|json|jsonl|csv]") for name in ("analyze", "errors")],
    ],
)
def test_what_is_no_list_of_tracks_is_offered_in_no_format_of_a_playlist(
    shell: Shell, command: str, formats: str
) -> None:
    page = shell(command, "--help").out.decode()
    assert formats in page
    assert ("--print0" in page) == ("paths" in formats)
    assert "--path-map" not in page


def test_help_is_a_command_too(shell: Shell) -> None:
    assert shell("help").out == shell("--help").out
    for name in main.COMMANDS:
        assert shell("help", name).out == shell(name, "--help").out
    ran = shell("help", "simlar")
    assert (ran.code, ran.out) == (2, b"")
    assert b"Did you mean 'similar'?" in ran.err


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        *[("simlar", "similar"), ("Scan", "scan"), ("playlist", "playlists"), ("mood_path", "mood-path")],
        *[("search", "find"), ("info", "show"), ("serach", "find"), ("delete", "prune")],
    ],
)
def test_a_command_that_does_not_exist_names_the_one_that_is_meant(
    shell: Shell, typed: str, meant: str
) -> None:
    ran = shell(typed, "x")
    assert (ran.code, ran.out) == (2, b"")
    assert f"No such command '{typed}'. Did you mean '{meant}'?" in ran.err.decode()


def test_no_command_is_suggested_where_none_is_near(shell: Shell) -> None:
    assert b"mean" not in shell("frobnicate").err
    assert set(main.MEANT.values()) <= set(main.COMMANDS)
    assert not set(main.MEANT) & set(main.COMMANDS)
