"""Arrays as a NumPy ``.npz``, which holds numbers and text alone, and nothing that would be unpickled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any
from zipfile import ZipFile

from numpy.lib.format import write_array
from numpy.typing import NDArray


def write_npz(file: IO[bytes], arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write arrays by name, as :func:`numpy.savez` does.

    Raises
    ------
    ValueError : an array of Python objects
    """
    with ZipFile(file, "w") as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as entry:
                write_array(entry, array, allow_pickle=False)
