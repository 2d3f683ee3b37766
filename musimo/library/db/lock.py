"""One writer at a time: a lock file beside the library, released when its process ends in any way.

SQLite protects a library from two scans; the lock keeps them from analyzing the same files twice. Queries do
not need it.
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

POLL_S = 0.5  # between attempts to take a held lock: soon enough for people, and no load
WINDOWS_OFFSET = 2**30  # on Windows a locked byte is unreadable, so one behind the text is locked
HELD = (errno.EACCES, errno.EAGAIN, errno.EDEADLK)


@contextmanager
def hold(
    library: Path,
    *,
    wait: bool = False,
    stop: Callable[[], bool] = lambda: False,
    on_wait: Callable[[str], None] = lambda _: None,
) -> Iterator[bool]:
    """Hold the lock of a library while the block runs.

    Parameters
    ----------
    library : the SQLite file; its folder exists
    wait : wait for another process that holds it, instead of raising
    stop : called while waiting; True ends the wait, and the block gets False
    on_wait : called once with a message that names the other process

    Raises
    ------
    LibraryError : another process holds it, or the lock file cannot be created
    """
    path = library.resolve()
    path = path.with_name(f"{path.name}.lock")
    handle = _take(path)
    reported = False
    while handle is None:
        if not wait:
            raise LibraryError(
                f"{holder(path)} is writing to the library {library}",
                "wait for it: musimo scan --wait FOLDER; queries are answered meanwhile",
            )
        if stop():
            yield False
            return
        if not reported:
            on_wait(f"waiting: {holder(path)} is writing to the library {library}")
            reported = True
        time.sleep(POLL_S)
        handle = _take(path)
    try:
        yield True
    finally:
        with suppress(OSError):  # Windows cannot remove an open file
            path.unlink()
        os.close(handle)


def holder(path: Path) -> str:
    """Return who wrote the lock file at ``path``, as the subject of a sentence."""
    try:
        signed: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        host = "" if signed["host"] == socket.gethostname() else f" on {signed['host']}"
        return f"another musimo (process {int(signed['pid'])}{host}, since {signed['since']})"
    except (OSError, ValueError, KeyError, TypeError):  # just created, or just released
        return "another musimo"


def _take(path: Path) -> int | None:
    """Lock the file and sign it; return None where another process holds it."""
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
            os.close(handle)  # removed by its last holder between opening and locking: try again
    except OSError as error:
        full = error.errno == errno.ENOSPC
        hint = (
            "free some space there"
            if full
            else "create its folder, change its permissions, or work on a copy"
        )
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
