"""Audio from standard input (``-``) and pipes (``<(COMMAND)``), written to temporary files to be analyzed."""

from __future__ import annotations

import os
import shutil
import signal
import stat
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import mkdtemp
from typing import IO, TYPE_CHECKING, Any, Final, TypeVar

from musimo.errors import AudioError, MusimoError, UsageError

if TYPE_CHECKING:
    from musimo.records import AnalyzedFile, FailedFile, Track

    Named = TypeVar("Named", bound=AnalyzedFile | FailedFile | Track)

STDIN: Final = "-"
STDIN_NAME: Final = "standard input"
OPEN_FILES: Final = ("/dev/fd/", "/dev/stdin", "/proc/")  # where process substitution names its pipe
CHUNK: Final = 2**20  # bytes
MAX_SIZE: Final = 2**34  # bytes: 27 hours of a CD; an endless pipe must not fill the disk


@dataclass(slots=True)
class Spool:
    """Temporary files, and what they are shown as."""

    folder: str = ""
    shown: dict[str, str] = field(default_factory=dict)  # by path of a temporary file
    _files: dict[str, str] = field(default_factory=dict)  # by what was typed

    def file_of(self, typed: str) -> str:
        """Return the path of a file with the audio that was named; any other name as it is."""
        if typed in self._files:
            return self._files[typed]
        if typed == STDIN:
            if sys.stdin is None or sys.stdin.isatty():
                raise UsageError("standard input is no file", "pipe one in: … | musimo analyze -")
            path = self._write(sys.stdin.buffer, STDIN_NAME)
        elif _is_pipe(typed):
            try:
                with open(typed, "rb") as pipe:  # noqa: PTH123
                    path = self._write(pipe, typed)
            except OSError as error:
                raise MusimoError(f"cannot read {typed}: {error.strerror}") from error
        else:
            return typed
        self._files[typed] = path
        return path

    def named(self, record: Named) -> Named:
        """Return a record of a file with the path it is shown as."""
        shown = self.shown.get(os.fsdecode(record.path_bytes))
        return record if shown is None else replace(record, path_bytes=os.fsencode(shown))

    def text(self, message: str) -> str:
        """Return a message in which files are called what they are shown as."""
        for path, shown in self.shown.items():
            message = message.replace(path, shown)
        return message

    def remove(self) -> None:
        """Delete the temporary files."""
        if self.folder:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _write(self, source: IO[bytes], shown: str) -> str:
        self.folder = self.folder or mkdtemp(prefix="musimo-")
        folder = Path(self.folder) / str(len(self.shown))
        path = folder / (Path(shown).name or STDIN_NAME)
        try:
            folder.mkdir()
            with path.open("wb") as file:
                size = 0
                while chunk := source.read(CHUNK):
                    size += len(chunk)
                    if size > MAX_SIZE:
                        raise MusimoError(f"{shown} does not end: it has more than {MAX_SIZE >> 30} GiB")
                    file.write(chunk)
        except OSError as error:
            raise MusimoError(
                f"cannot write {shown} to a temporary file: {error.strerror}",
                "free some space, or name another folder in the variable TMPDIR",
            ) from error
        self.shown[str(path)] = shown
        return str(path)


@contextmanager
def spooling() -> Iterator[Spool]:
    """Keep temporary files while a command runs; delete them at its end, whatever ends it."""
    spool = Spool()

    def end(number: int, _frame: Any) -> None:
        spool.remove()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    # not where a shell, nohup or a test has a handler of its own; and only the main thread may set one
    may_handle = threading.current_thread() is threading.main_thread()
    unhandled = [
        number
        for number in (signal.SIGTERM, signal.SIGHUP)
        if may_handle and signal.getsignal(number) is signal.SIG_DFL
    ]
    for number in unhandled:
        signal.signal(number, end)
    try:
        yield spool
    except AudioError as error:
        raise AudioError(error.stage, spool.text(error.reason)) from error
    except MusimoError as error:
        error.message, error.hint = spool.text(error.message), spool.text(error.hint)
        raise
    finally:
        for number in unhandled:
            signal.signal(number, signal.SIG_DFL)
        spool.remove()


def files_of(spool: Spool, typed: Sequence[str]) -> list[str]:
    """Return the paths of several files."""
    return [spool.file_of(one) for one in typed]


def _is_pipe(path: str) -> bool:
    """Return whether a path is a pipe that a shell has opened. A named pipe without a writer would block."""
    if not path.startswith(OPEN_FILES):
        return False
    try:
        return stat.S_ISFIFO(os.stat(path).st_mode)  # noqa: PTH116
    except (OSError, ValueError):
        return False
