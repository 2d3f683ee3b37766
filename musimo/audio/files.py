"""Open files that may be anything, without the tags around their audio."""

from __future__ import annotations

import errno
import os
import stat
from io import FileIO
from pathlib import Path

from musimo.audio.extent import audio_extent
from musimo.audio.masks import Mask, apply_masks, find_masks
from musimo.audio.paths import AnyPath
from musimo.errors import AudioError

REASONS = {
    errno.ENOENT: "no such file, or a link to nothing",
    errno.EACCES: "no permission to read it",
    errno.EPERM: "no permission to read it",
    errno.ELOOP: "a link that leads back to itself",
    errno.EIO: "the disk cannot read it",
}


class MusicFile(FileIO):
    """A regular file, open for reading, that raises `AudioError` even where FFmpeg reads.

    Its ``name`` is only ``sound`` and the file's suffix, which is all that FFmpeg uses: the full name may
    contain any byte. Tags before and behind the audio are left out, see :mod:`musimo.audio.extent`; others
    that would cost a decoder time or memory are masked, see :mod:`musimo.audio.masks`.

    Parameters
    ----------
    path : of the file
    whole : leave nothing out
    span : start and end of the only part to be read, counted from where the audio starts

    Raises
    ------
    AudioError
        Stage ``read``: it cannot be opened, is empty, or is a folder, pipe or device, which could block
        forever.
    """

    def __init__(self, path: AnyPath, *, whole: bool = False, span: tuple[int, int] | None = None) -> None:
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
        self._size = facts.st_size
        self._start, self._end = 0, self._size
        try:
            if not whole:
                self._start, self._end = audio_extent(self)
            if span is not None:
                self._start, self._end = self._start + span[0], min(self._end, self._start + span[1])
            self._masks = find_masks(self)
            self.seek(0)
        except AudioError:
            self.close()
            raise
        self.name = "sound" + self.path.suffix.encode("ascii", "ignore").decode()

    @property
    def is_cut(self) -> bool:
        """Whether tags are left out."""
        return (self._start, self._end) != (0, self._size)

    def read(self, size: int | None = -1, /) -> bytes:
        """Read up to ``size`` bytes, masked."""
        try:
            position = self.tell()
            left = max(0, self._end - self._start - position)
            data = super().read(left if size is None or size < 0 else min(size, left)) or b""
            return apply_masks(data, position, self._masks)
        except OSError as error:
            raise AudioError("read", _reason(error)) from error

    def tell(self) -> int:
        """Return the position, from where the audio starts."""
        return super().tell() - self._start

    def seek(self, pos: int, whence: int = os.SEEK_SET, /) -> int:
        """Seek; return -1, which FFmpeg understands, where a damaged header gives a negative position."""
        if whence == os.SEEK_END:
            pos, whence = self._end - self._start + pos, os.SEEK_SET
        try:
            if whence == os.SEEK_SET:
                return super().seek(pos + self._start) - self._start if pos >= 0 else -1
            return super().seek(pos, whence) - self._start
        except OSError:
            return -1


def _reason(error: OSError | ValueError) -> str:
    if isinstance(error, OSError) and error.errno is not None:
        return REASONS.get(error.errno, os.strerror(error.errno).lower())
    return "no file can have this name"
