"""Progress bars on stderr, where it is a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from musimo.cli.context import Invocation


@contextmanager
def progress_bar(
    invocation: Invocation, name: str, unit: str, delay_s: float = 0
) -> Iterator[Callable[[int, int], None]]:
    """Draw a bar; call what is yielded with the steps done, and their total.

    Parameters
    ----------
    delay_s : nothing is drawn before
    """
    import sys

    from tqdm import tqdm

    hidden = invocation.quiet or not sys.stderr.isatty()
    with tqdm(desc=name, unit=unit, disable=hidden, delay=delay_s, dynamic_ncols=True, leave=False) as bar:

        def advance(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield advance
