"""Writing a file whole or not at all."""

from __future__ import annotations

import errno
import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from musimo.errors import MusimoError


def write_atomically(path: Path, data: bytes) -> None:
    """Make ``data`` the content of ``path``: written beside it, flushed to the disk, then renamed over it.

    A file that is replaced keeps its permissions; a link is followed, and stays one. What is no regular
    file, such as ``/dev/stdout``, is written to as it is.

    Raises
    ------
    MusimoError : the file cannot be written; what was there before is untouched
    """
    try:
        target = path.resolve()
        if target.exists() and not target.is_file() and not target.is_dir():
            target.write_bytes(data)
        else:
            _replace(target, data)
    except (OSError, RuntimeError, ValueError) as error:  # a loop of links; a NUL in the name
        why = getattr(error, "strerror", None) or str(error)
        raise MusimoError(
            f"cannot write {path}: {why}", "name another place, or make its folder and its rights fit"
        ) from error


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """An empty file beside ``target``, to be filled by name; flushed and renamed over it when the block ends.

    Where the block raises, ``target`` is left as it was. ``target`` is no link; OSError is the caller's, as
    where it is neither a file nor nothing: a rename would put a file in the place of a device.
    """
    if target.exists() and not target.is_file():
        raise OSError(errno.EINVAL, "It is no regular file", str(target))
    handle, name = tempfile.mkstemp(prefix=".musimo-", suffix=".tmp", dir=target.parent)
    os.close(handle)  # a name is what other libraries take
    beside = Path(name)
    try:
        yield beside
        beside.chmod(_mode(target))
        with beside.open("r+b") as file:
            os.fsync(file.fileno())
        beside.replace(target)
    except BaseException:  # Ctrl-C too leaves nothing behind
        beside.unlink(missing_ok=True)
        raise
    _sync_folder(target.parent)


def _replace(target: Path, data: bytes) -> None:
    with replacing(target) as beside:
        beside.write_bytes(data)


def _mode(target: Path) -> int:
    """Permissions of the file that is replaced, or those a new one gets."""
    try:
        return stat.S_IMODE(target.stat().st_mode)
    except FileNotFoundError:
        mask = os.umask(0o077)  # there is no way to read it without setting it
        os.umask(mask)
        return 0o666 & ~mask


def _sync_folder(folder: Path) -> None:
    """Flush the rename; where folders cannot be flushed, the system does it in its own time."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError:
        pass
    finally:
        os.close(handle)
