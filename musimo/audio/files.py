"""Opening a file that may be anything."""

from __future__ import annotations

import errno
import os
import stat
from io import FileIO
from pathlib import Path

from musimo.audio.id3 import id3_tags
from musimo.errors import AudioError

AnyPath = bytes | str | Path

FAULTS = {
    errno.ENOENT: "no such file, or a link to nothing",
    errno.EACCES: "no permission to read it",
    errno.EPERM: "no permission to read it",
    errno.ELOOP: "a link that leads back to itself",
    errno.EIO: "the disk cannot read it",
}


class MusicFile(FileIO):
    """A regular file, open for reading, whose faults speak plainly even where FFmpeg does the reading.

    Its ``name`` is the ending alone, all that FFmpeg looks at: the whole may hold any byte. What ID3 tags
    before the sound hold is read as zeros, which is their padding: FFmpeg would take minutes over 65,000
    frames, or over a compressed one, and sound needs no tags.

    Raises
    ------
    AudioError
        ``read``: it cannot be opened, is empty, or is a folder, pipe or device, which could block for ever.
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
            raise AudioError("read", _fault(error)) from error
        self._tags: list[tuple[int, int]] = []
        self._tags = [(start, end) for start, end in id3_tags(self) if end - start > 10]
        super().seek(0)
        self.name = "sound" + self.path.suffix.encode("ascii", "ignore").decode()

    def read(self, size: int | None = -1, /) -> bytes:
        """Up to ``size`` bytes."""
        try:
            place = self.tell()
            data = super().read(size) or b""
            return _blanked(data, place, self._tags)
        except OSError as error:
            raise AudioError("read", _fault(error)) from error

    def seek(self, pos: int, whence: int = os.SEEK_SET, /) -> int:
        """Move to a place; -1, which FFmpeg understands, where damaged headers lead before the beginning."""
        try:
            return super().seek(pos, whence)
        except OSError:
            return -1


def _blanked(data: bytes, place: int, tags: list[tuple[int, int]]) -> bytes:
    """Bytes read at ``place``, with zeros for flags and frames of the tags that reach into them."""
    for start, end in tags:
        for first, last in ((start + 5, start + 6), (start + 10, end)):
            low, high = max(first - place, 0), min(last - place, len(data))
            if low < high:
                data = data[:low] + bytes(high - low) + data[high:]
    return data


def _fault(error: OSError | ValueError) -> str:
    if isinstance(error, OSError) and error.errno is not None:
        return FAULTS.get(error.errno, os.strerror(error.errno).lower())
    return "no file can have this name"
