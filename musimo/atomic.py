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

NOT_REGULAR = "It is not a regular file"


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
        raise _cannot_write(path, error) from error


def make_folder(path: Path) -> None:
    """Make the folder of ``path`` where it is absent; raise MusimoError if that is impossible."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _cannot_write(path, error) from error


def check_writable(path: Path, *, make: bool = False) -> None:
    """Raise the MusimoError that :func:`write_atomically` would; write nothing.

    Parameters
    ----------
    path : of the file
    make : as if :func:`make_folder` came first
    """
    try:
        error = _obstacle(path.resolve(), make=make)
    except (OSError, RuntimeError, ValueError) as unresolved:
        raise _cannot_write(path, unresolved) from unresolved
    if error is not None:
        raise _cannot_write(path, error)


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
        raise OSError(errno.EINVAL, NOT_REGULAR, str(target))
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


def _obstacle(target: Path, *, make: bool) -> OSError | None:
    if target.is_dir():
        return OSError(errno.EINVAL, NOT_REGULAR)
    if target.exists() and not target.is_file():
        return None if os.access(target, os.W_OK) else _error(errno.EACCES)
    above = next(folder for folder in target.parents if os.path.lexists(folder))
    if above != target.parent and not make:
        return _error(errno.ENOENT)
    if not above.is_dir():
        return _error(errno.EEXIST if make and above == target.parent else errno.ENOTDIR)
    return None if os.access(above, os.W_OK) else _error(errno.EACCES)


def _error(number: int) -> OSError:
    return OSError(number, os.strerror(number))


def _cannot_write(path: Path, error: Exception) -> MusimoError:
    why = getattr(error, "strerror", None) or str(error)
    return MusimoError(
        f"cannot write {path}: {why}", "name another path, or check that its folder exists and is writable"
    )


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
