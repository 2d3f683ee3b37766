"""Where trials happen: short pieces of music, musimo as a process of its own, and what it says."""

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
IN_HAND = 4 * JOBS  # a worker: one it hears, one between, and two messages that wait
PATIENCE_S = 120.0  # for what takes seconds where nothing is wrong
POLL_S = 0.001
ROOT = Path(__file__).resolve().parents[2]

MUSIMO = (sys.executable, "-P", "-c", "from musimo.cli.main import main; main()")

# A scan whose decoders write down every file they hear, each in one line: path of the file.
SCANNER = """
import os, sys
from musimo.library.scan import workers
workers.COMMAND = (sys.executable, "-P", "-c", os.environ["TRIAL_WORKER"])
workers.SILENCE_S = float(os.environ.get("TRIAL_SILENCE_S", workers.SILENCE_S))
exec(os.environ.get("TRIAL_PRELUDE", ""))
from musimo.cli.main import main
main()
"""
WORKER = """
import os
from musimo.library.scan import worker
from musimo.records import ExtractedWindow

honest = worker.extract_to_end
log = os.open(os.environ["TRIAL_LOG"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)

def hear(path, coverage, wanted):
    first = True
    for message in honest(path, coverage, wanted):
        if first and isinstance(message, ExtractedWindow):
            os.write(log, path.replace(b"\\n", b"?") + b"\\n")
            first = False
        yield message

worker.extract_to_end = hear
worker.main()
"""

Row = dict[str, Any]


@dataclass
class Trial:
    """One row of the table: what was done, how often, and what was lost by it."""

    name: str
    times: int = 0
    lost: list[str] = field(default_factory=list)
    remark: str = ""

    def check(self, holds: bool, what: str) -> None:
        """Note ``what`` as lost where it does not hold."""
        if not holds:
            self.lost.append(what)


@dataclass(frozen=True)
class Done:
    """What a command came to."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Row:
        """Its JSON document; empty where it printed none."""
        read: Row = json.loads(self.out) if self.out.startswith("{") else {}
        return read

    def __str__(self) -> str:
        return f"code {self.code}: {self.err.strip()[-300:]}"


class Running:
    """A musimo that runs; what it notes is gathered as it comes."""

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
        """Paths of the files it told to be stored."""
        return [
            note.partition(": ")[2].rstrip("\n")
            for note in self.notes
            if note.startswith(("new: ", "moved: "))
        ]

    def wait_until(self, happened: Callable[[], bool]) -> bool:
        """Wait for something; False where the process ends before."""
        deadline = time.monotonic() + PATIENCE_S
        while self.process.poll() is None and time.monotonic() < deadline:
            if happened():
                return True
            time.sleep(POLL_S)
        return happened()

    def wait_stored(self, n: int) -> bool:
        """Wait until it told of ``n`` stored files."""
        return self.wait_until(lambda: len(self.stored) >= n)

    def wait_noted(self, n: int) -> bool:
        """Wait until it told of ``n`` things."""
        return self.wait_until(lambda: len(self.notes) >= n)

    def wait_worker(self) -> bool:
        """Wait until it has a decoder."""
        return self.wait_until(lambda: bool(self.workers()))

    def workers(self) -> list[int]:
        """Its worker processes."""
        return descendants(self.process.pid)[1:]

    def interrupt(self) -> None:
        """Ctrl-C, as a terminal sends it: to the whole group."""
        os.killpg(self.process.pid, signal.SIGINT)

    def end(self) -> Done:
        """Wait for its end."""
        try:
            code = self.process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
            self.notes.append(f"killed, for it did not end within {PATIENCE_S:.0f} s\n")
        for reader in self._readers:
            reader.join()
        for stream in (self.process.stdout, self.process.stderr):
            assert stream is not None
            stream.close()
        return Done(code, "".join(self._out), "".join(self.notes))


class Stage:
    """A place for trials.

    Parameters
    ----------
    place : an empty folder, for everything that is made
    pieces : folder of short music files; it is copied from, never changed
    draw : all chance
    prelude : Python that a scan runs first
    """

    def __init__(self, place: Path, pieces: Path, draw: random.Random, prelude: str = "") -> None:
        self.place = place
        self.pieces = pieces
        self.draw = draw
        self._log = place / "heard.log"
        self._n_folders = 0
        self._environment = os.environ | {
            "MUSIMO_HOME": str(place / "home"),
            "PYTHONPATH": str(ROOT),
            "TRIAL_WORKER": WORKER,
            "TRIAL_LOG": str(self._log),
            "TRIAL_PRELUDE": prelude,
        }

    def folder(self) -> Path:
        """A fresh folder."""
        self._n_folders += 1
        made = self.place / f"{self._n_folders}"
        made.mkdir()
        return made

    def copy_pieces(self, folder: Path) -> Path:
        """A copy of all pieces, as a folder that does not exist yet."""
        shutil.copytree(self.pieces, folder)
        return folder

    def ask(self, library: Path, *command: str | Path) -> Done:
        """Run a command to its end."""
        done = subprocess.run(
            [*MUSIMO, "--library", library, *command],
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_S,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def start_scan(self, library: Path, *arguments: str | Path, **environment: str) -> Running:
        """Start a scan that tells of every file and ends with its audit as JSON."""
        options = ("--jobs", str(JOBS), "--batch-size", str(BATCH), "--device", "cpu", "--json")
        command = (sys.executable, "-P", "-c", SCANNER, "-v", "--library", library, "scan", *options)
        return Running([*command, *arguments], self._environment | environment)

    def scan(self, library: Path, *arguments: str | Path) -> Done:
        """Scan to the end."""
        return self.start_scan(library, *arguments).end()

    def n_heard(self) -> int:
        """How many times a file was heard since the stage was set."""
        return self._log.read_bytes().count(b"\n") if self._log.exists() else 0

    def export(self, library: Path, folder: Path | None = None) -> list[Row]:
        """Every track without its id, with its path inside ``folder``, in order of path."""
        printed = self.ask(library, "export", "--format", "jsonl").out
        rows = [json.loads(line) for line in printed.splitlines()]
        for row in rows:
            del row["id"]
            if folder is not None:
                row["path"] = os.path.relpath(row["path"], folder)
        return sorted(rows, key=lambda row: str(row["path"]))

    def answers(self, library: Path) -> list[str]:
        """What three questions are answered: one of a sound, one of a mood, one of all."""
        some = self.ask(library, "export", "--format", "jsonl").out
        first = json.loads(some.splitlines()[0])["id"] if some else 0
        asked = [("similar", str(first)), ("mood", "--valence", "0.6", "--arousal", "0.4"), ("export",)]
        return [self.ask(library, *question, "--json").out for question in asked]

    def rows(self, library: Path) -> int:
        """Tracks in the library, asked of SQLite itself; 0 where there is no library yet."""
        if not library.exists() or not library.stat().st_size:
            return 0
        with closing(sqlite3.connect(library)) as connection:
            if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'tracks'").fetchone():
                return 0
            return int(connection.execute("SELECT count(*) FROM tracks").fetchone()[0])


def whole(library: Path) -> bool:
    """Whether SQLite finds nothing wrong with the library."""
    with closing(sqlite3.connect(library)) as connection:
        sound = connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return sound and not connection.execute("PRAGMA foreign_key_check").fetchall()


def adds_up(audit: Row) -> bool:
    """Whether every file that was seen has one outcome."""
    outcomes = ("new", "changed", "moved", "unchanged", "failed", "ignored")
    return bool(audit) and audit["seen"] == sum(audit[name] for name in outcomes)


def difference(found: Sequence[Row], wanted: Sequence[Row]) -> str:
    """What is not as it should be; empty for nothing."""
    if list(found) == list(wanted):
        return ""
    for ours, theirs in zip(found, wanted, strict=False):
        if ours != theirs:
            fields = [name for name in theirs if ours.get(name) != theirs[name]]
            return f"{theirs['path']} differs in {', '.join(fields)}"
    return f"{len(found)} tracks instead of {len(wanted)}"


def _gather(stream: IO[str], lines: list[str]) -> None:
    lines.extend(iter(stream.readline, ""))
