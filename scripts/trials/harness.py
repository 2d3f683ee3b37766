"""Harness of the trials: excerpts of music, musimo as a process, and its output."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from scripts.process_memory import descendants

JOBS = 2
BATCH = 4  # small, so that a scan of a few dozen tracks has many batches to be killed in
IN_HAND = 4 * JOBS  # per worker: one file in work, one queued, and two messages that wait
PATIENCE_S = 120.0  # timeout of what normally takes seconds
POLL_S = 0.001
ROOT = Path(__file__).resolve().parents[2]

MUSIMO = (sys.executable, "-P", "-c", "from musimo.cli.main import main; main()")

# A scan whose workers log the path of every file they analyze, one per line.
SCANNER = """
import os, sys
from musimo.library.scan import workers
workers.COMMAND = (sys.executable, "-P", "-c", os.environ["TRIAL_WORKER"])
workers.MAX_IDLE_S = float(os.environ.get("TRIAL_SILENCE_S", workers.MAX_IDLE_S))
exec(os.environ.get("TRIAL_PRELUDE", ""))
from musimo.cli.main import main
main()
"""
WORKER = """
import os
from musimo.library.scan import worker
from musimo.records import ExtractedWindow

original = worker.extract_to_end
log = os.open(os.environ["TRIAL_LOG"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)

def extract_and_log(path, coverage, wanted):
    first = True
    for message in original(path, coverage, wanted):
        if first and isinstance(message, ExtractedWindow):
            os.write(log, path.replace(b"\\n", b"?") + b"\\n")
            first = False
        yield message

worker.extract_to_end = extract_and_log
worker.main()
"""

Row = dict[str, Any]


@dataclass
class Trial:
    """One row of the table: what was done, how often, and what was lost."""

    name: str
    times: int = 0
    lost: list[str] = field(default_factory=list)
    remark: str = ""

    def check(self, holds: bool, what: str) -> None:
        """Record ``what`` as lost if the condition does not hold."""
        if not holds:
            self.lost.append(what)


@dataclass(frozen=True)
class CommandResult:
    """Exit code and output of a command."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Row:
        """Return its JSON document; empty if it printed none."""
        read: Row = json.loads(self.out) if self.out.startswith("{") else {}
        return read

    def __str__(self) -> str:
        return f"code {self.code}: {self.err.strip()[-300:]}"


class ScanProcess:
    """A running musimo process; its messages are collected as they arrive."""

    def __init__(self, command: Sequence[str | Path], environment: dict[str, str]) -> None:
        self.process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            text=True,
            start_new_session=True,
        )
        self.notes: list[str] = []
        self._out: list[str] = []
        streams = (self.process.stderr, self.notes), (self.process.stdout, self._out)
        self._readers = [threading.Thread(target=_gather, args=pair, daemon=True) for pair in streams]
        for reader in self._readers:
            reader.start()

    @property
    def stored(self) -> list[str]:
        """Return the paths of the files reported as stored."""
        return [
            note.partition(": ")[2].rstrip("\n")
            for note in self.notes
            if note.startswith(("new: ", "moved: "))
        ]

    def wait_until(self, happened: Callable[[], bool]) -> bool:
        """Wait for a condition; return False if the process ends before."""
        deadline = time.monotonic() + PATIENCE_S
        while self.process.poll() is None and time.monotonic() < deadline:
            if happened():
                return True
            time.sleep(POLL_S)
        return happened()

    def wait_stored(self, n: int) -> bool:
        """Wait until ``n`` files are reported as stored."""
        return self.wait_until(lambda: len(self.stored) >= n)

    def wait_noted(self, n: int) -> bool:
        """Wait until there are ``n`` messages."""
        return self.wait_until(lambda: len(self.notes) >= n)

    def wait_worker(self) -> bool:
        """Wait until it has a worker process."""
        return self.wait_until(lambda: bool(self.workers()))

    def workers(self) -> list[int]:
        """Return its worker processes."""
        return descendants(self.process.pid)[1:]

    def interrupt(self) -> None:
        """Send Ctrl-C as a terminal does: to the process group."""
        os.killpg(self.process.pid, signal.SIGINT)

    def end(self) -> CommandResult:
        """Wait for the end of the process."""
        try:
            code = self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
            self.notes.append(f"killed: it did not end within {PATIENCE_S:.0f} s\n")
        for reader in self._readers:
            reader.join()
        for stream in (self.process.stdout, self.process.stderr):
            assert stream is not None
            stream.close()
        return CommandResult(code, "".join(self._out), "".join(self.notes))


class Harness:
    """Commands and scans in a scratch folder.

    Parameters
    ----------
    folder : an empty folder for all files
    excerpts : folder of short audio files; they are copied, never changed
    draw : random number generator
    prelude : Python code that a scan executes first
    """

    def __init__(self, folder: Path, excerpts: Path, draw: random.Random, prelude: str = "") -> None:
        self.root = folder
        self.excerpts = excerpts
        self.draw = draw
        self._log = folder / "heard.log"
        self._n_folders = 0
        self._environment = os.environ | {
            "MUSIMO_HOME": str(folder / "home"),
            "PYTHONPATH": str(ROOT),
            "TRIAL_WORKER": WORKER,
            "TRIAL_LOG": str(self._log),
            "TRIAL_PRELUDE": prelude,
        }

    def folder(self) -> Path:
        """Create a new folder."""
        self._n_folders += 1
        made = self.root / f"{self._n_folders}"
        made.mkdir()
        return made

    def copy_excerpts(self, folder: Path) -> Path:
        """Copy all excerpts to a folder that does not exist yet."""
        shutil.copytree(self.excerpts, folder)
        return folder

    def run_command(self, library: Path, *command: str | Path) -> CommandResult:
        """Run a command to its end."""
        done = subprocess.run(
            [*MUSIMO, "--library", library, *command],
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_S,
        )
        return CommandResult(done.returncode, done.stdout, done.stderr)

    def start_scan(self, library: Path, *arguments: str | Path, **environment: str) -> ScanProcess:
        """Start a scan that reports every file, and its audit as JSON."""
        options = ("--jobs", str(JOBS), "--batch-size", str(BATCH), "--device", "cpu", "--json")
        command = (sys.executable, "-P", "-c", SCANNER, "-v", "--library", library, "scan", *options)
        return ScanProcess([*command, *arguments], self._environment | environment)

    def scan(self, library: Path, *arguments: str | Path) -> CommandResult:
        """Run a scan to its end."""
        return self.start_scan(library, *arguments).end()

    def n_analyzed(self) -> int:
        """Return the number of files analyzed so far by all scans."""
        return self._log.read_bytes().count(b"\n") if self._log.exists() else 0

    def export(self, library: Path, folder: Path | None = None) -> list[Row]:
        """Return all tracks without their ids, with paths relative to ``folder``, ordered by path."""
        printed = self.run_command(library, "export", "--format", "jsonl").out
        rows = [json.loads(line) for line in printed.splitlines()]
        for row in rows:
            del row["id"]
            if folder is not None:
                row["path"] = os.path.relpath(row["path"], folder)
        return sorted(rows, key=lambda row: str(row["path"]))

    def query_results(self, library: Path) -> list[str]:
        """Return the output of three queries: similar, mood and export."""
        some = self.run_command(library, "export", "--format", "jsonl").out
        first = json.loads(some.splitlines()[0])["id"] if some else 0
        asked = [("similar", str(first)), ("mood", "--valence", "0.6", "--arousal", "0.4"), ("export",)]
        return [self.run_command(library, *query, "--json").out for query in asked]

    def rows(self, library: Path) -> int:
        """Return the number of tracks by SQL; 0 if there is no library yet."""
        if not library.exists() or not library.stat().st_size:
            return 0
        with closing(sqlite3.connect(library)) as connection:
            if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'tracks'").fetchone():
                return 0
            return int(connection.execute("SELECT count(*) FROM tracks").fetchone()[0])


def is_intact(library: Path) -> bool:
    """Return whether SQLite's integrity checks pass."""
    with closing(sqlite3.connect(library)) as connection:
        sound = connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return sound and not connection.execute("PRAGMA foreign_key_check").fetchall()


def audit_adds_up(audit: Row) -> bool:
    """Return whether every file seen has exactly one outcome."""
    outcomes = ("new", "changed", "moved", "unchanged", "failed", "ignored")
    return bool(audit) and audit["seen"] == sum(audit[name] for name in outcomes)


def difference(found: Sequence[Row], wanted: Sequence[Row]) -> str:
    """Return the first difference; empty if there is none."""
    if list(found) == list(wanted):
        return ""
    for ours, theirs in zip(found, wanted, strict=False):
        if ours != theirs:
            fields = [name for name in theirs if ours.get(name) != theirs[name]]
            return f"{theirs['path']} differs in {', '.join(fields)}"
    return f"{len(found)} tracks instead of {len(wanted)}"


def _gather(stream: IO[str], lines: list[str]) -> None:
    lines.extend(iter(stream.readline, ""))
