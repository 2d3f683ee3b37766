"""What the options before the command say, and the library they open."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from musimo.api import Library
    from musimo.library.scan.events import Indexing
    from musimo.output.answers import Answer
    from musimo.output.formats import Rendered
    from musimo.settings import Settings

SOON_S = 0.5  # an answer that takes no longer needs no bar


@dataclass(frozen=True, slots=True)
class Invocation:
    """The options before the command."""

    library_path: str | None
    weights: str | None
    config: str | None
    quiet: bool
    verbose: bool
    bars: list[Any] = field(default_factory=list)  # at most one: of the index that is being made
    left_out: list[bytes] = field(default_factory=list)  # paths that the format of a list cannot hold

    def settings(self, **flags: Any) -> Settings:
        """Settings with the flags of a command applied."""
        from pathlib import Path

        from musimo.settings import load_settings

        config = None if self.config is None else Path(self.config)
        return load_settings(config, library=self.library_path, weights=self.weights, **flags)

    def library(self, **flags: Any) -> Library:
        """The library these options and flags name."""
        from musimo.api import Library

        return Library(self.settings(**flags), on_notice=self.note, on_step=self.step)

    def report(self, text: str, *, nl: bool = True) -> None:
        """Print what a command did to stdout, unless quiet; not for results that were asked for."""
        if not self.quiet:
            click.echo(text, nl=nl)

    def leave_out(self, path: bytes, reason: str) -> None:
        """Say, even if quiet, that a list lacks a track; the exit code says so too."""
        self.left_out.append(path)
        self.note(f"left out {shown(path)}: {reason}", always=True)

    def note(self, sentence: str, *, always: bool = False) -> None:
        """Tell the user something, on stderr, unless quiet."""
        if always or not self.quiet:
            from musimo.output.text import safe_lines

            click.echo(safe_lines(sentence), err=True)

    def deliver(self, answer: Answer, rendered: Rendered, output: str | None) -> None:
        """Put an answer, as it is rendered, where it was asked for; see :func:`musimo.cli.answer.put`."""
        from musimo.cli.answer import put

        put(rendered.data, output)

    def step(self, step: Indexing) -> None:
        """Show how far an index is, where it takes long enough to wonder."""
        import sys

        if self.quiet or not sys.stderr.isatty():
            return
        if not self.bars:
            from tqdm import tqdm

            self.bars.append(tqdm(desc="indexing", unit="row", delay=SOON_S, leave=False, dynamic_ncols=True))
        [bar] = self.bars
        bar.total = step.total
        bar.update(step.done - bar.n)
        if step.done >= step.total:
            self.bars.pop().close()


def shown(path: bytes) -> str:
    """A path as notes tell it: on one line, whatever it holds."""
    from musimo.output.text import safe

    return safe(os.fsdecode(path))


pass_invocation = click.make_pass_decorator(Invocation)
