"""What the documents tell people to type can be typed: every line is read by the real command line."""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from musimo.cli.main import cli
from musimo.cli.playlists import LISTS

ROOT = Path(__file__).parent.parent
# A command or an option follows; "musimo 0.1.0" is the name of a row in a table.
CALL = re.compile(r"(?:^|\s|/)musimo (?=[a-z-])")
ENDS = {"|", "||", "&", "&&", ";", ">"}
DOCUMENTS = (
    "README.md",
    "CONTRIBUTING.md",
    *(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md"))),
)
INLINE = re.compile(r"`musimo ([a-z][^`…]*)`")


def code_lines(document: str) -> Iterator[str]:
    """Yield lines of ``sh`` fences, those after ``$`` in ``console`` fences, and indented lines."""
    language = ""
    for line in (ROOT / document).read_text("utf-8").splitlines():
        if line.startswith("```"):
            language = "" if language else line.removeprefix("```").strip()
            continue
        indented = not language and line.startswith("    ")
        if language == "sh" or indented or (language == "console" and line.startswith("$ ")):
            yield line.strip()


def calls(line: str) -> Iterator[list[str]]:
    """Arguments of every call of musimo in a line of a shell."""
    words = shlex.shlex(line.removeprefix("$ "), posix=True, punctuation_chars=True)
    words.whitespace_split = True
    call: list[str] = []
    for word in [*words, ";"]:
        if word in ENDS:
            names = [word.rpartition("/")[2] for word in call]
            if "musimo" in names:
                yield call[names.index("musimo") + 1 :]
            call = []
        else:
            call.append(word)


LINES = [
    (document, line)
    for document in DOCUMENTS
    for line in code_lines(document)
    if CALL.search(line) and not line.startswith(("git clone", "`scripts/"))
]


def parsed(arguments: list[str]) -> click.Context:
    """As the command line reads them; nothing is run."""
    group = cli.make_context("musimo", list(arguments))
    name, command, rest = cli.resolve_command(group, [*group._protected_args, *group.args])
    assert command is not None
    return command.make_context(name, rest, parent=group)


@pytest.mark.parametrize(("document", "line"), LINES, ids=[line for _, line in LINES])
def test_what_is_to_be_typed_is_understood(document: str, line: str) -> None:
    found = list(calls(line))
    assert found, f"{document} has a line that calls nothing"
    for arguments in found:
        parsed(arguments)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_commands_within_sentences_are_understood(document: str) -> None:
    text = (ROOT / document).read_text("utf-8")
    for call in INLINE.findall(text):
        words = shlex.split(call)
        known = cli.get_command(click.Context(cli), words[0])
        assert known is not None, f"{document}: there is no command {words[0]!r}"
        options = {
            name for parameter in known.params for name in (*parameter.opts, *parameter.secondary_opts)
        }
        for word in words:
            if word.startswith("--"):
                assert word in options, f"{document}: {words[0]} has no option {word}"


def test_the_readme_is_short_and_its_links_lead_somewhere() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    assert len(text.splitlines()) <= 150
    for target in re.findall(r"\]\(([^)#]+)", text):
        assert (ROOT / target).exists(), target


def test_lines_are_found_and_wrong_ones_are_refused() -> None:
    assert len([line for document, line in LINES if document == "docs/cookbook.md"]) >= 12
    assert len([line for document, line in LINES if document == "README.md"]) >= 3
    assert len({document for document, _ in LINES}) >= 8
    assert [*calls("$ musimo mood 'a b' -n 2 | less # musimo x")] == [["mood", "a b", "-n", "2"]]
    assert [*calls("0 6 * * * musimo -q scan ~/M && musimo playlists")] == [
        ["-q", "scan", "~/M"],
        ["playlists"],
    ]
    for wrong in (["frobnicate"], ["mood", "--frobnicate"], ["path", "A"]):
        with pytest.raises(click.UsageError):
            parsed(wrong)


def test_recipes_of_the_cookbook_are_understood() -> None:
    text = (ROOT / "docs/cookbook.md").read_text("utf-8")
    start = text.index("    playlists_folder")
    table = tomllib.loads(
        "\n".join(line.strip() for line in text[start : text.index("\n`musimo playlists")].splitlines())
    )
    assert len(table["playlists"]) == 2
    for recipe in table["playlists"].values():
        arguments = shlex.split(recipe["query"])
        assert arguments[0] in LISTS
        parsed(arguments)


def test_there_are_sixteen_in_order() -> None:
    numbers = re.findall(r"^\*\*(\d+)\. ", (ROOT / "docs/cookbook.md").read_text("utf-8"), re.MULTILINE)
    assert numbers == [str(n) for n in range(1, 17)]
