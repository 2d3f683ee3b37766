"""Hooks of the documentation: the command reference, and docstrings in a form that mkdocstrings renders.

MkDocs calls ``on_page_markdown`` (``hooks`` in mkdocs.yml); griffe loads ``DocstringExtension``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import click
from griffe import Extension, Object

from musimo.cli.main import cli

MARKER = "<!-- commands -->"
ROLE = re.compile(r":(?:class|func|meth|mod|attr):`~?([^`]+)`")
SECTION = re.compile(r"^(?:Parameters|Returns|Raises|Yields|Attributes)\n-+\n", re.MULTILINE)
ENTRY = re.compile(r"^(\S[^:\n]*?) : (.+)$", re.MULTILINE)


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Replace the marker by the help of every command, as the terminal shows it."""
    return markdown.replace(MARKER, "\n\n".join(command_help())) if MARKER in markdown else markdown


def command_help() -> Iterator[str]:
    """Yield the help of musimo, then of each of its commands, as Markdown."""
    root = click.Context(cli, info_name="musimo", max_content_width=100)
    yield f"## musimo\n\n```text\n{cli.get_help(root)}\n```"
    for name in cli.list_commands(root):
        command = cli.get_command(root, name)
        assert command is not None  # the group lists it
        text = command.get_help(click.Context(command, info_name=name, parent=root))
        yield f"## {name}\n\n```text\n{text}\n```"


def to_numpydoc(docstring: str) -> str:
    """Rewrite entries ``name : meaning``, whose meaning numpydoc takes for a type, and roles of Sphinx."""
    text = ROLE.sub(r"`\1`", docstring)
    head, *sections = re.split(SECTION, text)
    titles = SECTION.findall(text)
    return head + "".join(
        title + ENTRY.sub(r"\1\n    \2", section) for title, section in zip(titles, sections, strict=True)
    )


class DocstringExtension(Extension):
    """Rewrite every docstring by :func:`to_numpydoc` before it is parsed."""

    def on_object(self, *, obj: Object, **_: Any) -> None:
        """Rewrite the docstring of an object, if it has one."""
        if obj.docstring is not None:
            obj.docstring.value = to_numpydoc(obj.docstring.value)
