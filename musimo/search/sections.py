"""Files of arrays that are mapped, not read: one page that says what follows, then array after array.

The page is checked by its own CRC and by the size of the file, so that no array is looked for where there is
none. Each array has a CRC too, for whoever wants to read all of it: :meth:`Sections.check`.
"""

from __future__ import annotations

import json
import math
import mmap
import zlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO, Self

import numpy as np
from numpy.typing import NDArray

MAGIC = b"musimo-index-2\n"
PAGE = 4096  # bytes: of the first page, and what arrays are aligned to


class Writer:
    """Writes arrays one after the other, in parts; :meth:`close` writes the page that makes them a file.

    Parameters
    ----------
    file : empty, open for reading and writing
    """

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self._sections: dict[str, dict[str, Any]] = {}
        self._end = PAGE

    def append(self, name: str, part: NDArray[Any]) -> None:
        """Write rows of an array [shape=(m, ...)]; the first of a new name begin a new array."""
        data = np.ascontiguousarray(part)
        data_bytes = _bytes(data)
        if name not in self._sections or not self._sections[name]["shape"][0]:
            self._end = -(-self._end // PAGE) * PAGE
            shape = [0, *data.shape[1:]]
            self._sections[name] = {"start": self._end, "dtype": data.dtype.str, "shape": shape, "crc32": 0}
        section = self._sections[name]
        self.file.seek(self._end)
        self.file.write(data_bytes)
        section["crc32"] = zlib.crc32(data_bytes, section["crc32"])
        section["shape"][0] += len(data)
        self._end += data.nbytes

    def read(self, name: str, start: int, stop: int) -> NDArray[Any]:
        """Rows of an array that was written, fewer where there are fewer."""
        section = self._sections[name]
        dtype, (n, *row) = np.dtype(section["dtype"]), section["shape"]
        count, n_bytes = min(stop, n) - start, math.prod(row) * dtype.itemsize
        self.file.seek(section["start"] + start * n_bytes)
        return np.frombuffer(self.file.read(count * n_bytes), dtype).reshape(count, *row)

    def close(self, facts: Mapping[str, Any]) -> None:
        """Write the first page: ``facts``, and where the arrays lie."""
        page = json.dumps({"facts": dict(facts), "sections": self._sections, "size": self._end}).encode()
        first = MAGIC + b"%08x " % zlib.crc32(page) + page + b"\n"
        if len(first) > PAGE:
            raise ValueError("the facts of an index do not fit on its first page")
        self.file.truncate(self._end)
        self.file.seek(0)
        self.file.write(first.ljust(PAGE, b"\0"))
        self.file.flush()


@dataclass(frozen=True, slots=True)
class Sections:
    """Arrays as they lie in a file.

    Parameters
    ----------
    facts : what the file says of itself
    """

    facts: Mapping[str, Any]
    _sections: Mapping[str, Mapping[str, Any]]
    _bytes: NDArray[np.uint8]
    _mapped: mmap.mmap | None = None

    @classmethod
    def map(cls, path: Path) -> Self:
        """Map a file; only its first page is read.

        Raises
        ------
        ValueError : it is no such file, or not whole
        OSError : it cannot be read
        """
        if not path.is_file():  # a folder, a pipe
            raise FileNotFoundError(f"{path} is no file")
        with path.open("rb") as file:
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)  # ValueError: it is empty
        return replace(cls.over(np.frombuffer(mapped, np.uint8), str(path)), _mapped=mapped)

    @classmethod
    def over(cls, data: NDArray[np.uint8], name: str) -> Self:
        """Arrays in bytes that are a whole file; errors as of :meth:`map`."""
        first = data[:PAGE].tobytes()
        if not first.startswith(MAGIC):
            raise ValueError(f"{name} is not a musimo index of this format")
        crc, _, page = first[len(MAGIC) :].rstrip(b"\0").removesuffix(b"\n").partition(b" ")
        if crc != b"%08x" % zlib.crc32(page):
            raise ValueError(f"{name} is damaged")
        said = json.loads(page)
        if said["size"] != len(data):
            raise ValueError(f"{name} is not whole")
        return cls(said["facts"], said["sections"], data)

    def __contains__(self, name: str) -> bool:
        """Whether there is an array of that name."""
        return name in self._sections

    def array(self, name: str) -> NDArray[Any]:
        """An array as it lies there, unchecked."""
        section = self._sections[name]
        dtype, shape, start = np.dtype(section["dtype"]), section["shape"], section["start"]
        n_bytes = math.prod(shape) * dtype.itemsize
        array: NDArray[Any] = self._bytes[start : start + n_bytes].view(dtype).reshape(shape)
        return array

    def scattered(self, name: str) -> NDArray[Any]:
        """An array of which a few rows here and there are wanted: those beside them are not read ahead."""
        section, array = self._sections[name], self.array(name)
        if self._mapped is not None and array.nbytes and hasattr(mmap, "MADV_RANDOM"):
            with suppress(OSError):  # pages larger than ours: an advice not taken
                self._mapped.madvise(mmap.MADV_RANDOM, section["start"], array.nbytes)
        return array

    def checked(self, name: str) -> NDArray[Any]:
        """An array, read once to see that it is what was written; ValueError where it is not."""
        array = self.array(name)
        if zlib.crc32(_bytes(array)) != self._sections[name]["crc32"]:
            raise ValueError(f"the {name} of an index are damaged")
        return array

    def check(self) -> None:
        """Read every array; ValueError where one is not what was written."""
        for name in self._sections:
            self.checked(name)


def _bytes(array: NDArray[Any]) -> memoryview:
    return array.reshape(-1).view(np.uint8).data
