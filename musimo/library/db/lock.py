"""One writer at a time: a lock beside the library that ends with the process that holds it, however it ends.

SQLite keeps two scans from harming a library; the lock keeps them from hearing the same music twice. Who only
asks never meets it.
"""

from __future__ import annotations

import errno
import json
import os
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from musimo.errors import LibraryError

POLL_S = 0.5  # between looks at a lock another holds: soon enough for people, and no load
WINDOWS_OFFSET = 2**30  # Windows keeps others from reading what is locked, so a byte behind the text is
HELD = (errno.EACCES, errno.EAGAIN, errno.EDEADLK)


@contextmanager
def hold(
    library: Path,
    *,
    wait: bool = False,
    stop: Callable[[], bool] = lambda: False,
    on_wait: Callable[[str], None] = lambda _: None,
) -> Iterator[bool]:
    """Hold the library at ``library`` while the block runs.

    Parameters
    ----------
    library : the SQLite file; its folder exists
    wait : wait until another has let go, instead of raising
    stop : asked while waiting; True ends the wait, and the block gets False
    on_wait : told once, in a sentence, whom the wait is for

    Raises
    ------
    LibraryError : another process holds it, or the folder takes no lock
    """
    path = library.resolve()
    path = path.with_name(f"{path.name}.lock")
    handle = _take(path)
    told = False
    while handle is None:
        if not wait:
            raise LibraryError(
                f"{holder(path)} is writing to the library {library}",
                "wait for it: musimo scan --wait FOLDER; questions are answered meanwhile",
            )
        if stop():
            yield False
            return
        if not told:
            on_wait(f"waiting: {holder(path)} is writing to the library {library}")
            told = True
        time.sleep(POLL_S)
        handle = _take(path)
    try:
        yield True
    finally:
        with suppress(OSError):  # Windows removes no open file
            path.unlink()
        os.close(handle)


def holder(path: Path) -> str:
    """Who wrote the lock file at ``path``, as a subject of a sentence."""
    try:
        says: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        host = "" if says["host"] == socket.gethostname() else f" on {says['host']}"
        return f"another musimo (process {int(says['pid'])}{host}, since {says['since']})"
    except (OSError, ValueError, KeyError, TypeError):  # it has only just been made, or let go
        return "another musimo"


def _take(path: Path) -> int | None:
    """Lock the file and sign it; None where another holds it."""
    try:
        while True:
            handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
            try:
                if not _lock(handle):
                    os.close(handle)
                    return None
                if _is_at(path, handle):
                    _sign(handle)
                    return handle
            except BaseException:
                os.close(handle)
                raise
            os.close(handle)  # its last holder removed it between opening and locking: once more
    except OSError as error:
        full = error.errno == errno.ENOSPC
        hint = "free some space there" if full else "make its folder and its rights fit, or work on a copy"
        raise LibraryError(f"cannot lock {path}: {error.strerror}", hint) from error


def _lock(handle: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(handle, WINDOWS_OFFSET, os.SEEK_SET)
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in HELD:
            return False
        raise
    return True


def _is_at(path: Path, handle: int) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


def _sign(handle: int) -> None:
    since = datetime.now(UTC).isoformat(timespec="seconds")
    signed = {"pid": os.getpid(), "host": socket.gethostname(), "since": since}
    os.ftruncate(handle, 0)
    os.lseek(handle, 0, os.SEEK_SET)
    os.write(handle, json.dumps(signed).encode())
