"""What the options before the command say, and the library they open."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from musimo.api import Library
    from musimo.settings import Settings


@dataclass(frozen=True, slots=True)
class Invocation:
    """The options before the command."""

    library_path: Path | None
    weights: Path | None
    config: Path | None
    quiet: bool
    verbose: bool

    def settings(self, **flags: Any) -> Settings:
        """Settings with the flags of a command applied."""
        from musimo.settings import load_settings

        return load_settings(self.config, library=self.library_path, weights=self.weights, **flags)

    def library(self, **flags: Any) -> Library:
        """The library these options and flags name."""
        from musimo.api import Library

        return Library(self.settings(**flags), on_notice=self.note)

    def note(self, sentence: str) -> None:
        """Tell the user something, on stderr, unless quiet."""
        if not self.quiet:
            from musimo.output.text import safe_lines

            click.echo(safe_lines(sentence), err=True)


def shown(path: bytes) -> str:
    """A path as notes tell it: on one line, whatever it holds."""
    from musimo.output.text import safe

    return safe(os.fsdecode(path))


pass_invocation = click.make_pass_decorator(Invocation)
