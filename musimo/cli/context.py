"""The options before the command, and the library they open."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from musimo.api import Library
    from musimo.output.answers import Answer
    from musimo.output.rendering import Rendered
    from musimo.records.indexing import Indexing
    from musimo.settings import Settings

BAR_DELAY_S = 0.5  # what takes no longer needs no progress bar


@dataclass(frozen=True, slots=True)
class Invocation:
    """The options before the command.

    ``bars`` holds at most one progress bar, of an index that is built; ``left_out`` the paths that the format
    of a list cannot hold.
    """

    library_path: str | None
    weights: str | None
    config: str | None
    quiet: bool
    verbose: bool
    bars: list[Any] = field(default_factory=list)
    left_out: list[bytes] = field(default_factory=list)

    def settings(self, **flags: Any) -> Settings:
        """Return the settings, with the options of a command applied."""
        from pathlib import Path

        from musimo.settings import load_settings

        config = None if self.config is None else Path(self.config)
        return load_settings(config, library=self.library_path, weights=self.weights, **flags)

    def library(self, **flags: Any) -> Library:
        """Return the library that these options name."""
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
        """Print a note to stderr, unless quiet."""
        if always or not self.quiet:
            from musimo.output.text import safe_lines

            click.echo(safe_lines(sentence), err=True)

    def takes(self, answer: Answer, rendered: Rendered) -> bool:
        """Whether the invocation keeps the answer itself, as for a recipe; else it goes to the output."""
        return False

    def step(self, step: Indexing) -> None:
        """Show the progress of an index that is built, if it takes long."""
        import sys

        if self.quiet or not sys.stderr.isatty():
            return
        if not self.bars:
            from tqdm import tqdm

            bar = tqdm(desc="indexing", unit="row", delay=BAR_DELAY_S, leave=False, dynamic_ncols=True)
            self.bars.append(bar)
        [bar] = self.bars
        bar.total = step.total
        bar.update(step.done - bar.n)
        if step.done >= step.total:
            self.bars.pop().close()


def shown(path: bytes) -> str:
    """Return a path for notes: on one line, escaped."""
    from musimo.output.text import path_text

    return path_text(path)


pass_invocation = click.make_pass_decorator(Invocation)
