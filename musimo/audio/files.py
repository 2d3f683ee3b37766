"""Paths of any type, and files that may be anything."""

from __future__ import annotations

import errno
import locale
import os
import stat
from io import FileIO
from pathlib import Path

from musimo.audio.masks import Mask, apply_masks, find_masks
from musimo.errors import AudioError

AnyPath = bytes | str | Path

REASONS = {
    errno.ENOENT: "no such file, or a link to nothing",
    errno.EACCES: "no permission to read it",
    errno.EPERM: "no permission to read it",
    errno.ELOOP: "a link that leads back to itself",
    errno.EIO: "the disk cannot read it",
}


def path_bytes(path: AnyPath) -> bytes:
    """Return a path as the file system has it, with a leading ``~`` or ``~user`` expanded.

    A ``~user`` that the system does not know is left as written.
    """
    return os.path.expanduser(os.fsencode(path))  # noqa: PTH111 - pathlib raises for an unknown user


def holds_files(folder: bytes) -> bool:
    """Return whether a folder has any entry; an empty one may be the mount point of an absent drive."""
    try:
        with os.scandir(folder) as entries:
            return next(entries, None) is not None
    except OSError:
        return False


def typed_text(words: str) -> str:
    """Return words of a command line that the terminal encodes otherwise than as UTF-8, as they are meant."""
    try:
        words.encode()
    except UnicodeEncodeError:  # bytes that are not UTF-8: of a file name, or of another encoding
        try:
            return os.fsencode(words).decode(locale.getencoding())
        except (UnicodeError, LookupError):
            return words
    return words


class MusicFile(FileIO):
    """A regular file, open for reading, that raises `AudioError` even where FFmpeg reads.

    Its ``name`` is only ``sound`` and the file's suffix, which is all that FFmpeg uses: the full name may
    contain any byte. Tags that would cost a decoder time or memory are masked, see :mod:`musimo.audio.masks`.

    Raises
    ------
    AudioError
        Stage ``read``: it cannot be opened, is empty, or is a folder, pipe or device, which could block
        forever.
    """

    def __init__(self, path: AnyPath) -> None:
        try:
            self.path = Path(os.fsdecode(path))
            facts = self.path.stat()
            if not stat.S_ISREG(facts.st_mode):
                raise AudioError("read", "not a regular file")
            if not facts.st_size:
                raise AudioError("read", "the file is empty")
            super().__init__(self.path)
        except (OSError, ValueError) as error:
            raise AudioError("read", _reason(error)) from error
        self._masks: list[Mask] = []
        try:
            self._masks = find_masks(self)
        except AudioError:
            self.close()
            raise
        super().seek(0)
        self.name = "sound" + self.path.suffix.encode("ascii", "ignore").decode()

    def read(self, size: int | None = -1, /) -> bytes:
        """Read up to ``size`` bytes, masked."""
        try:
            position = self.tell()
            data = super().read(size) or b""
            return apply_masks(data, position, self._masks)
        except OSError as error:
            raise AudioError("read", _reason(error)) from error

    def seek(self, pos: int, whence: int = os.SEEK_SET, /) -> int:
        """Seek; return -1, which FFmpeg understands, where a damaged header gives a negative position."""
        try:
            return super().seek(pos, whence)
        except OSError:
            return -1


def _reason(error: OSError | ValueError) -> str:
    if isinstance(error, OSError) and error.errno is not None:
        return REASONS.get(error.errno, os.strerror(error.errno).lower())
    return "no file can have this name"
