"""Where single windows of a sound lie in the sound space of the model, written and read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import func, select

from musimo.library.db.queries import Store
from musimo.library.db.schema import models, windows
from musimo.records import FloatArray, Window

KIND = np.dtype("<f2")  # a cosine of rounded places is off by some 0.0001; half the bytes of float32


@dataclass(frozen=True, slots=True)
class PlacedWindows:
    """Windows that have a place, by sound and time.

    Parameters
    ----------
    contents : (n,), ids of their sounds, ascending
    windows : n of them
    places : (n, width), see :meth:`musimo.emotion.space.SoundSpace.block_vectors`
    """

    contents: NDArray[np.int64]
    windows: tuple[Window, ...]
    places: FloatArray


def stored(place: FloatArray | None) -> bytes | None:
    """A place [shape=(width,)] as a library keeps it."""
    return None if place is None else np.asarray(place, KIND).tobytes()


def placed_windows(store: Store, contents: Sequence[int], width: int) -> PlacedWindows:
    """Those windows of some sounds whose places have so many numbers.

    What was heard before places were kept has none, and what others brought may have some of another width.
    Not for more than some thousand sounds at once: they are asked for in one query.
    """
    query = (
        select(windows.c.content_id, windows.c.start_s, windows.c.end_s, windows.c.place)
        .join(models, models.c.id == windows.c.model_id)
        .where(models.c.name == store.model, windows.c.content_id.in_(contents))
        .where(func.length(windows.c.place) == width * KIND.itemsize)
        .order_by(windows.c.content_id, windows.c.start_s)
    )
    rows = store.rows(query)
    places = np.frombuffer(b"".join(row.place for row in rows), KIND).astype(np.float32)
    return PlacedWindows(
        np.array([row.content_id for row in rows], np.int64),
        tuple(Window(row.start_s, row.end_s) for row in rows),
        places.reshape(len(rows), width),
    )
