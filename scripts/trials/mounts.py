"""File systems that appear and disappear: mounts as root, the closest substitute for other users."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

IS_ROOT = os.geteuid() == 0
BLOCKS = (1 << 16, 1 << 12, 1)  # bytes; ever smaller, to fill a disk completely


def can_mount(folder: Path) -> bool:
    """Return whether this user can mount; in a container, even root may not."""
    if not IS_ROOT:
        return False
    probe = folder / "probe"
    probe.mkdir(exist_ok=True)
    if subprocess.run(
        ["mount", "-t", "tmpfs", "none", str(probe)], capture_output=True, check=False
    ).returncode:
        return False
    _unmount(probe)
    return True


@contextmanager
def small_disk(folder: Path, size_mb: int) -> Iterator[Path]:
    """Mount a file system of that size within the block."""
    folder.mkdir()
    _mount("-t", "tmpfs", "-o", f"size={size_mb}m", "none", str(folder))
    try:
        yield folder
    finally:
        _unmount(folder)


def fill(disk: Path) -> Path:
    """Write a file that takes all free space; return it."""
    ballast = disk / "ballast"
    with ballast.open("ab", buffering=0) as file:
        for block in BLOCKS:
            try:
                while True:
                    file.write(bytes(block))
            except OSError:
                continue
    return ballast


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Make ``folder`` read-only within the block; as root, by a mount."""
    if IS_ROOT:
        _mount("--bind", str(folder), str(folder))
        _mount("-o", "remount,ro,bind", str(folder))
    else:
        folder.chmod(0o555)
    try:
        yield
    finally:
        if IS_ROOT:
            _unmount(folder)
        else:
            folder.chmod(0o755)


class Drive:
    """A folder that can disappear, leaving an empty one, and reappear unchanged.

    Parameters
    ----------
    files : its content
    point : its mount point
    mounts : whether to mount, or to rename folders
    """

    def __init__(self, files: Path, point: Path, *, mounts: bool) -> None:
        self._files, self._point, self._mounts = files, point, mounts

    def plug(self) -> None:
        """Make it appear."""
        if self._mounts:
            self._point.mkdir(exist_ok=True)
            _mount("--bind", str(self._files), str(self._point))
        else:
            if self._point.exists():
                self._point.rmdir()
            self._files.rename(self._point)

    def pull(self) -> None:
        """Make it disappear, even if in use, leaving an empty folder."""
        if self._mounts:
            _unmount(self._point)
        else:
            self._point.rename(self._files)
            self._point.mkdir()


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True)


def _unmount(folder: Path) -> None:
    subprocess.run(["umount", "--lazy", str(folder)], check=True)
