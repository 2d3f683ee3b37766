"""Segments on disk: a FAISS index, then ids and stamps, then a page of JSON that describes and verifies them.

The file begins as FAISS writes it, so ``faiss.read_index(name, faiss.IO_FLAG_MMAP_IFC)`` opens it too. It is
mapped, not read. FAISS trusts what it parses, so all but the vectors is verified first, by a CRC at every
opening, and the vectors too where they are few. Damage among many vectors shows only when all is read.
"""

from __future__ import annotations

import json
import mmap
import zlib
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from musimo.records import FloatArray
from musimo.search.index import NO_IDS, Header
from musimo.search.segment import Segment
from musimo.search.space import Ids

MAGIC = b"musimo-index-3\n"
OLDER = b"musimo-index-2\n"  # at the beginning of files of the format before, 2026
PAGE = 4096  # bytes of the description, at the end of the file
VERIFIED_BYTES = 32_000_000  # vectors of up to so many bytes are verified at every opening: 30 ms

Bytes = NDArray[np.uint8]


class OutdatedIndexError(ValueError):
    """An index file of another format, or of another release of FAISS: whole, but not to be used."""


@dataclass(frozen=True, slots=True)
class Description:
    """What an index file says of its segment.

    Parameters
    ----------
    header : what the index was built from
    stamp : drawn for this file, so that another part of the index can name it
    base : stamp of the base file that this one adds to; None where it stands alone
    """

    header: Header
    stamp: str
    base: str | None = None


def save(
    path: Path, segment: Segment, description: Description, removed: Ids = NO_IDS
) -> tuple[Segment, Description, Ids]:
    """Write a segment to a file, and return it mapped from there; errors as of :func:`load`."""
    import faiss

    with path.open("r+b") as file:
        writer = faiss.PyCallbackIOWriter(file.write)  # FAISS itself takes no name that is not UTF-8
        faiss.write_index(segment.index, writer)
        index_size = file.tell()
        for part in (segment.ids, segment.stamps, removed):
            file.write(np.ascontiguousarray(part, np.int64).data)
        file.flush()
        data = _mapped(file.fileno())
        start, stop = _vectors_range(data[:index_size])
        page = {
            **asdict(description),
            "faiss": faiss.__version__,
            "count": len(segment),
            "removed": len(removed),
            "dimension": segment.rows.shape[1],
            "size": len(data) + PAGE,
            "index_size": index_size,
            "vectors": [start, stop],
            "vectors_crc32": _crc32(data[start:stop]),
            "rest_crc32": _crc32(data[:start], data[stop:]),
        }
        encoded = json.dumps(page).encode()
        last = MAGIC + b"%08x " % zlib.crc32(encoded) + encoded + b"\n"
        if len(last) > PAGE:
            raise ValueError("the description of an index does not fit on its page")
        file.write(last.ljust(PAGE, b"\0"))
    return load(path)


def load(path: Path, *, whole: bool = False) -> tuple[Segment, Description, Ids]:
    """Map a segment; return it, its description, and the ids that it removes from its base.

    Parameters
    ----------
    whole : verify every vector, however many there are

    Raises
    ------
    OutdatedIndexError : it was written in another format
    ValueError : it is no index file, or damaged
    OSError : it cannot be read
    """
    if not path.is_file():  # a folder, a pipe
        raise FileNotFoundError(f"{path} is not a file")
    with path.open("rb") as file:
        data = _mapped(file.fileno())  # ValueError: it is empty
    try:
        page = _page(data, path)
        start, stop = page["vectors"]
        if _crc32(data[:start], data[stop:-PAGE]) != page["rest_crc32"]:
            raise ValueError(f"{path} is damaged")
        if whole or stop - start <= VERIFIED_BYTES:
            if _crc32(data[start:stop]) != page["vectors_crc32"]:
                raise ValueError(f"the vectors in {path} are damaged")
        else:
            _advise_random(data)
        sizes = (page["count"], page["count"], page["removed"])
        ids, stamps, removed = np.split(
            data[page["index_size"] : -PAGE].copy().view(np.int64), np.cumsum(sizes)[:2]
        )
        description = Description(Header(**page["header"]), page["stamp"], page["base"])
        return Segment(ids, stamps, _parsed(data[: page["index_size"]]), data), description, removed
    except (KeyError, TypeError, RuntimeError) as error:  # RuntimeError: FAISS cannot parse it
        raise ValueError(f"{path} is damaged: {error}") from error


def _page(data: Bytes, path: Path) -> dict[str, Any]:
    """Return the description of a whole file of this format."""
    import faiss

    last = data[-PAGE:].tobytes()
    if not last.startswith(MAGIC):
        if data[: len(OLDER)].tobytes() == OLDER:
            raise OutdatedIndexError(f"{path} was written by an older musimo")
        raise ValueError(f"{path} is not a musimo index of this format")
    crc, _, encoded = last[len(MAGIC) :].rstrip(b"\0").removesuffix(b"\n").partition(b" ")
    if crc != b"%08x" % zlib.crc32(encoded):
        raise ValueError(f"{path} is damaged")
    page: dict[str, Any] = json.loads(encoded)
    if page["size"] != len(data):
        raise ValueError(f"{path} is incomplete")
    if page["faiss"] != faiss.__version__:
        raise OutdatedIndexError(f"{path} was written by FAISS {page['faiss']}")
    return page


def _parsed(data: Bytes) -> Any:
    """Return the FAISS index in ``data``; its vectors stay where they are."""
    import faiss

    reader = faiss.ZeroCopyIOReader(faiss.swig_ptr(data), data.size)
    return faiss.read_index(reader, faiss.IO_FLAG_MMAP_IFC)


def _vectors_range(data: Bytes) -> tuple[int, int]:
    """Return where the vectors of a FAISS index begin and end in its bytes."""
    rows: FloatArray = Segment(NO_IDS, NO_IDS, _parsed(data), data).rows
    start = rows.ctypes.data - data.ctypes.data if rows.size else 0
    return start, start + rows.nbytes


def _mapped(handle: int) -> Bytes:
    return np.frombuffer(mmap.mmap(handle, 0, access=mmap.ACCESS_READ), np.uint8)


def _advise_random(data: Bytes) -> None:
    """Advise the system not to read ahead, as only a short list of many vectors is read."""
    mapped = getattr(data.base, "obj", None)
    if isinstance(mapped, mmap.mmap) and hasattr(mmap, "MADV_RANDOM"):
        with suppress(OSError):
            mapped.madvise(mmap.MADV_RANDOM)


def _crc32(*parts: Bytes) -> int:
    crc = 0
    for part in parts:
        crc = zlib.crc32(part.data, crc)
    return crc
