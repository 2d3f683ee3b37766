"""``musimo scan``: bring the library up to date with folders of music."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from musimo.cli.context import Invocation, pass_invocation, shown
from musimo.cli.exit_codes import DONE, INTERRUPTED, SOME_FAILED
from musimo.cli.interrupt import gentle_interrupt
from musimo.cli.options import analysis_options, coverage_option

if TYPE_CHECKING:
    from collections.abc import Iterator

    from musimo.library.scan.events import Audit, ScanEvent
    from musimo.records import Coverage


@click.command("scan")
@click.argument("folders", nargs=-1, required=True, type=click.Path())
@analysis_options
@coverage_option
@click.option("--retry-failed", is_flag=True, help="Try files again that failed before.")
@click.option(
    "--verify",
    is_flag=True,
    help="Open unchanged files too, and compare their audio and tags with the library; those that failed"
    " before only with --retry-failed.",
)
@click.option("--accept-missing", is_flag=True, help="Accept that files are gone, however many.")
@click.option("--keep-model", is_flag=True, help="Analyze with the active model, not with the one in use.")
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
    coverage: Coverage,
    retry_failed: bool,
    verify: bool,
    accept_missing: bool,
    keep_model: bool,
    wait: bool,
    as_json: bool,
) -> int:
    """Walk FOLDERS, read tags, analyze what is new or changed, store and index it.

    A file whose size and modification time are unchanged is not opened, unless with --verify.
    Ctrl-C finishes the batch in hand; the next scan goes on from there.
    A folder that holds a file named .notmusic is skipped.

    \b
      musimo scan ~/Music
      musimo scan --coverage full ~/Music     every second, for similar --from and --to
    """
    from musimo.library.scan.scan import ScanOptions
    from musimo.output.scan import audit_json, audit_lines

    library = invocation.library(device=device, jobs=jobs, batch_size=batch_size)
    options = ScanOptions(
        jobs=library.settings.jobs,
        batch_size=library.settings.batch_size,
        coverage=coverage,
        retry_failed=retry_failed,
        verify=verify,
        accept_missing=accept_missing,
    )
    with gentle_interrupt(invocation, "the batch") as pressed:
        events = library.scan_events(
            folders, options, lambda: bool(pressed), wait=wait, keep_model=keep_model
        )
        audit = _follow(invocation, events)
    click.echo(audit_json(audit) if as_json else audit_lines(audit), nl=False)
    if audit.interrupted:
        return INTERRUPTED
    return SOME_FAILED if audit.failed or audit.refused else DONE


def _follow(invocation: Invocation, events: Iterator[ScanEvent]) -> Audit:
    """Draw the bar and print notes while a scan runs; return its audit."""
    import sys

    from tqdm import tqdm

    from musimo.library.scan.events import (
        ContentChanged,
        FileFailed,
        FileStored,
        FolderRefused,
        Indexing,
        Planned,
    )
    from musimo.output.text import safe

    hidden = invocation.quiet or not sys.stderr.isatty()
    bar = tqdm(desc="analyzing", unit="track", disable=hidden, dynamic_ncols=True, smoothing=0.05)
    with bar:
        for event in events:
            if isinstance(event, Planned):
                bar.reset(total=event.n_files)
                if event.n_rehashed:
                    invocation.note(
                        f"{event.n_rehashed} files are read once, to recognize their audio by a better hash;"
                        " what is known of it stays"
                    )
                if event.n_outdated:
                    invocation.note(
                        f"{event.n_outdated} tracks of the library have no tempo and key yet, or older ones:"
                        " a scan of their folders analyzes them again"
                    )
            elif isinstance(event, Indexing):
                invocation.step(event)
            elif isinstance(event, FileStored):
                bar.update()
                if invocation.verbose:
                    bar.clear()
                    invocation.note(f"{event.arrival}: {shown(event.path)}")
            elif isinstance(event, ContentChanged):
                bar.clear()
                invocation.note(
                    f"the audio of {shown(event.path)} changed, its size and time did not: "
                    "if you did not change it, compare it with a copy"
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
