"""Sound vectors of single windows: how they are stored and read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, select

from musimo.library.db import models
from musimo.library.db.queries import Store
from musimo.library.db.schema import windows
from musimo.records import FloatArray, Window

DTYPE = np.dtype("<f2")  # rounding changes a cosine by some 0.0001; half the bytes of float32


@dataclass(frozen=True, slots=True)
class WindowVectors:
    """Windows that have a sound vector, by content and time.

    Parameters
    ----------
    contents : (n,), ids of their contents, ascending
    windows : n of them
    vectors : (n, width), see :meth:`musimo.emotion.space.SoundSpace.block_vectors`
    """

    contents: NDArray[np.int64]
    windows: tuple[Window, ...]
    vectors: FloatArray


def to_blob(vector: FloatArray | None) -> bytes | None:
    """Encode a sound vector [shape=(width,)] as the library stores it."""
    return None if vector is None else np.asarray(vector, DTYPE).tobytes()


def window_vectors(store: Store, contents: Sequence[int], width: int) -> WindowVectors:
    """Return the windows of some contents whose sound vectors have ``width`` numbers.

    Windows analyzed before vectors were stored have none, and imported ones may have another width. One query
    asks for all: pass some thousand contents at most.
    """
    query = (
        select(windows.c.content_id, windows.c.start_s, windows.c.end_s, windows.c.place)
        .where(windows.c.model_id == models.id_of(store.model), windows.c.content_id.in_(contents))
        .where(func.length(windows.c.place) == width * DTYPE.itemsize)
        .order_by(windows.c.content_id, windows.c.start_s)
    )
    rows = store.rows(query)
    vectors = np.frombuffer(b"".join(row.place for row in rows), DTYPE).astype(np.float32)
    return WindowVectors(
        np.array([row.content_id for row in rows], np.int64),
        tuple(Window(row.start_s, row.end_s) for row in rows),
        vectors.reshape(len(rows), width),
    )
