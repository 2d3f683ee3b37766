"""``musimo scan``: hear folders of music into the library."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from musimo.cli.context import Invocation, pass_invocation, shown
from musimo.cli.interrupt import gentle_interrupt
from musimo.cli.options import analysis_options, coverage_option

if TYPE_CHECKING:
    from collections.abc import Iterator

    from musimo.library.scan.events import Audit, ScanEvent


@click.command("scan")
@click.argument("folders", nargs=-1, required=True, type=click.Path())
@analysis_options
@coverage_option
@click.option("--retry-failed", is_flag=True, help="Try files again that failed before.")
@click.option(
    "--verify",
    is_flag=True,
    help="Open unchanged files too, and compare their sound and tags with what is known; those that failed"
    " before only with --retry-failed.",
)
@click.option("--accept-missing", is_flag=True, help="Believe that files are gone, however many.")
@click.option("--keep-model", is_flag=True, help="Stay with the model that answers; a new one has to wait.")
@click.option("--wait", is_flag=True, help="Wait while another musimo writes to the library.")
@click.option("--json", "as_json", is_flag=True, help="Print the audit as JSON.")
@pass_invocation
def command(
    invocation: Invocation,
    /,
    folders: tuple[str, ...],
    device: str | None,
    jobs: int | None,
    batch_size: int | None,
    coverage: str,
    retry_failed: bool,
    verify: bool,
    accept_missing: bool,
    keep_model: bool,
    wait: bool,
    as_json: bool,
) -> int:
    """Walk FOLDERS, read tags, hear what is new or changed, store and index it.

    A file whose size and time of change are as they were is not opened, unless with --verify.
    Ctrl-C finishes the batch in hand; the next scan goes on from there.
    A folder that holds a file named .notmusic is left alone.

    \b
      musimo scan ~/Music
      musimo scan --coverage full ~/Music     every second, for similar --from and --to
    """
    import os

    from musimo.library.scan.scan import ScanOptions
    from musimo.output.scan import audit_json, audit_lines

    library = invocation.library(device=device, jobs=jobs, batch_size=batch_size)
    options = ScanOptions(
        jobs=library.settings.jobs,
        batch_size=library.settings.batch_size,
        coverage="full" if coverage == "full" else "windows",
        retry_failed=retry_failed,
        verify=verify,
        accept_missing=accept_missing,
    )
    paths = [os.path.expanduser(os.fsencode(folder)) for folder in folders]  # noqa: PTH111 - knows every name
    with gentle_interrupt(invocation, "the batch") as pressed:
        events = library.scan_events(paths, options, lambda: bool(pressed), wait=wait, keep_model=keep_model)
        audit = _follow(invocation, events)
    click.echo(audit_json(audit) if as_json else audit_lines(audit), nl=False)
    if audit.interrupted:
        return 130
    return 3 if audit.failed or audit.refused else 0


def _follow(invocation: Invocation, events: Iterator[ScanEvent]) -> Audit:
    """Draw the bar and tell the notes while a scan runs; returns its audit."""
    import sys

    from tqdm import tqdm

    from musimo.library.scan.events import (
        FileFailed,
        FileStored,
        FolderRefused,
        Indexing,
        Planned,
        SoundChanged,
    )
    from musimo.output.text import safe

    hidden = invocation.quiet or not sys.stderr.isatty()
    bar = tqdm(desc="hearing", unit="track", disable=hidden, dynamic_ncols=True, smoothing=0.05)
    with bar:
        for event in events:
            if isinstance(event, Planned):
                bar.reset(total=event.to_hear)
                if event.again:
                    invocation.note(
                        f"{event.again} of the library's sounds have no tempo and key yet, or older ones:"
                        " a scan of their folders hears them again"
                    )
            elif isinstance(event, Indexing):
                invocation.step(event)
            elif isinstance(event, FileStored):
                bar.update()
                if invocation.verbose:
                    bar.clear()
                    invocation.note(f"{event.arrival}: {shown(event.path)}")
            elif isinstance(event, SoundChanged):
                bar.clear()
                invocation.note(
                    f"the sound of {shown(event.path)} changed, its size and time did not: "
                    "if you did not change it, look at a copy of it"
                )
            elif isinstance(event, FileFailed):
                bar.update()
                bar.clear()
                invocation.note(f"failed: {shown(event.path)}: {safe(event.reason)}")
            elif isinstance(event, FolderRefused):
                bar.clear()
                invocation.note(
                    f"nothing of {shown(event.path)} was marked missing: {event.reason}\n"
                    "if its files are really gone: musimo scan --accept-missing FOLDER"
                )
            else:
                audit: Audit = event
    return audit
