"""Write files atomically: completely or not at all."""

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
    """Write ``data`` to ``path``: write a file beside it, flush it to disk, and rename it over ``path``.

    An existing file keeps its permissions; a symbolic link is followed and kept. A path that is not a regular
    file, such as ``/dev/stdout``, is written to directly.

    Raises
    ------
    MusimoError : the file cannot be written; an existing one is unchanged
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
            f"cannot write {path}: {why}",
            "name another path, or check that its folder exists and is writable",
        ) from error


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """Yield the path of an empty file beside ``target``; flush it and rename it over ``target`` at the end.

    If the block raises, ``target`` is unchanged.

    Parameters
    ----------
    target : path of a regular file or of none; not a symbolic link

    Raises
    ------
    OSError : ``target`` cannot be replaced, or exists and is not a regular file
    """
    if target.exists() and not target.is_file():
        raise OSError(errno.EINVAL, "It is not a regular file", str(target))
    handle, name = tempfile.mkstemp(prefix=".musimo-", suffix=".tmp", dir=target.parent)
    os.close(handle)  # other libraries take a name
    beside = Path(name)
    try:
        yield beside
        beside.chmod(_mode(target))
        with beside.open("r+b") as file:
            os.fsync(file.fileno())
        beside.replace(target)
    except BaseException:  # including Ctrl-C
        beside.unlink(missing_ok=True)
        raise
    _sync_folder(target.parent)


def _replace(target: Path, data: bytes) -> None:
    with replacing(target) as beside:
        beside.write_bytes(data)


def _mode(target: Path) -> int:
    """Return the permissions of the existing file, or those of a new one."""
    try:
        return stat.S_IMODE(target.stat().st_mode)
    except FileNotFoundError:
        mask = os.umask(0o077)  # it cannot be read without setting it
        os.umask(mask)
        return 0o666 & ~mask


def _sync_folder(folder: Path) -> None:
    """Flush the rename to disk, where the system can flush folders."""
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
