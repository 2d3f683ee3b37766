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

    from musimo.library.scan.events import Audit, RootMayHaveMoved, ScanEvent
    from musimo.records import Coverage


@click.command("scan")
@click.argument("folders", nargs=-1, required=True, type=click.Path())
@analysis_options
@coverage_option
@click.option("--retry-failed", is_flag=True, help="Retry files that failed before.")
@click.option(
    "--verify",
    is_flag=True,
    help="Also open unchanged files and compare audio and tags with the library. Files that "
    "failed before need --retry-failed as well.",
)
@click.option("--accept-missing", is_flag=True, help="Accept any number of missing files.")
@click.option("--keep-model", is_flag=True, help="Keep the active model; do not analyze with a new one yet.")
@click.option(
    "--exclude",
    multiple=True,
    metavar="GLOB",
    help="Skip files and folders like 'Old' or 'Live/*.wav'. Repeatable. The setting exclude does so always.",
)
@click.option("--strict", is_flag=True, help="Exit with 3 also for failures that were known before.")
@click.option("--wait", is_flag=True, help="Wait if another process is writing to the library.")
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
    exclude: tuple[str, ...],
    strict: bool,
    wait: bool,
    as_json: bool,
) -> int:
    """Scan FOLDERS and analyze new and changed tracks.

    Files with unchanged size and modification time are not opened, except with --verify. Ctrl-C finishes the
    current batch; the next scan continues there. Folders that contain a file named .notmusic are skipped, and
    so are recycle bins and snapshots. A file that failed before, and has not changed, does not make the exit
    code 3 again.

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
        exclude=exclude,
    )
    with gentle_interrupt(invocation, "the batch") as pressed:
        events = library.scan_events(
            folders, options, lambda: bool(pressed), wait=wait, keep_model=keep_model
        )
        audit, moved = _follow(invocation, events)
    failed = audit.has_failed or (strict and audit.failed > 0)
    if as_json or failed or audit.interrupted or not invocation.quiet:
        click.echo(audit_json(audit, moved) if as_json else audit_lines(audit, moved), nl=False)
    if audit.interrupted:
        return INTERRUPTED
    return SOME_FAILED if failed else DONE


def _follow(invocation: Invocation, events: Iterator[ScanEvent]) -> tuple[Audit, list[RootMayHaveMoved]]:
    """Draw the bar and print notes while a scan runs; return its audit, and roots to relocate."""
    import sys

    from tqdm import tqdm

    from musimo.library.scan.events import (
        ContentChanged,
        FileFailed,
        FileStored,
        FolderRefused,
        Planned,
        RootMayHaveMoved,
    )
    from musimo.output.text import safe
    from musimo.records.indexing import Indexing

    moved: list[RootMayHaveMoved] = []
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
            elif isinstance(event, RootMayHaveMoved):
                moved.append(event)
            else:
                audit: Audit = event
    return audit, moved
