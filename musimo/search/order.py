"""In which order the rows of a list are told: by rank, as an arc of moods, or with small jumps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final, Literal, TypeVar, get_args

import numpy as np
from numpy.typing import NDArray

from musimo.errors import UsageError
from musimo.records import Track
from musimo.search.track_distances import Floats, jumps
from musimo.search.rows import MoodTrack, SimilarTrack

Order = Literal["similarity", "mood", "flow"]
ORDERS: Final[tuple[Order, ...]] = get_args(Order)
MOST: Final = 500  # tracks of a flow: every one is compared with every other
LONGEST_MOVED: Final = 3  # tracks of a stretch that is moved; longer ones gain little (Or, 1976)
GAIN: Final = 1e-9  # of an exchange; below it is rounding

Places = NDArray[np.int64]
Listed = TypeVar("Listed", SimilarTrack, MoodTrack)


def reorder(rows: Sequence[Listed], order: Order) -> list[Listed]:
    """The same rows in another order, ranked anew.

    Parameters
    ----------
    rows : best first
    order : ``similarity`` leaves them; ``mood`` and ``flow`` see :func:`arc`, :func:`flow`

    Raises
    ------
    UsageError : too many rows for a flow
    """
    tracks = [row.track for row in rows]
    match order:
        case "similarity":
            return list(rows)
        case "mood":
            places = arc(tracks)
        case "flow":
            places = flow(tracks)
    return [replace(rows[place], rank=rank) for rank, place in enumerate(places, 1)]


def arc(tracks: Sequence[Track]) -> list[int]:
    """Places of the tracks from calm to excited and back: the most excited is in the middle.

    Every other track by arousal leads up, from the calmest on, and those between lead down again. Of equal
    arousal the less pleasant counts as calmer; what is not known is neutral.
    """
    moods = [(_or_neutral(track.arousal), _or_neutral(track.valence)) for track in tracks]
    rising = sorted(range(len(tracks)), key=lambda place: (moods[place], place))
    return rising[::2] + rising[1::2][::-1]


def flow(tracks: Sequence[Track]) -> list[int]:
    """Places of the tracks, the first one first, with small jumps from each to the next.

    Jumps are those of :mod:`musimo.search.track_distances`. From the first track on, the nearest that is left comes
    next; then stretches are turned around or moved as long as that shortens the sum of all jumps.

    Raises
    ------
    UsageError : there are more than 500
    """
    if len(tracks) > MOST:
        raise UsageError(
            f"a flow has {MOST} tracks at most, not {len(tracks)}", "list fewer: -n, --duration, --where"
        )
    apart = jumps(tracks)
    return _untangled(_nearest_next(apart), apart)


def _nearest_next(apart: Floats) -> list[int]:
    left = [*range(len(apart))]
    way = left[:1]
    del left[:1]
    while left:
        way.append(left.pop(int(np.argmin(apart[way[-1], left]))))
    return way


def _untangled(way: list[int], apart: Floats) -> list[int]:
    """The way after all turns and moves of stretches that shorten it; its first place stays."""
    at = np.array(way, np.int64)
    while True:
        better = _turned(at, apart)
        if better is None:
            better = _moved(at, apart)
        if better is None:
            return [int(place) for place in at]
        at = better


def _turned(at: Places, apart: Floats) -> Places | None:
    """The way with the first stretch turned around that is worth it; None where none is (2-opt)."""
    for start in range(1, len(at) - 1):
        before, first, lasts = at[start - 1], at[start], at[start + 1 :]
        gain = apart[before, first] - apart[before, lasts]
        gain[:-1] += apart[lasts[:-1], lasts[1:]] - apart[first, lasts[1:]]  # after the last nothing comes
        best = int(np.argmax(gain))
        if gain[best] > GAIN:
            end = start + best + 2
            return np.concatenate([at[:start], at[start:end][::-1], at[end:]])
    return None


def _moved(at: Places, apart: Floats) -> Places | None:
    """The way with the first short stretch put elsewhere that is worth it; None where none is (Or-opt)."""
    for size in range(1, LONGEST_MOVED + 1):
        for start in range(1, len(at) - size + 1):
            stretch, rest = at[start : start + size], np.delete(at, range(start, start + size))
            before, after = at[start - 1], at[start + size : start + size + 1]
            left = apart[before, stretch[0]] + (apart[stretch[-1], after] - apart[before, after]).sum()
            for ends in (stretch, stretch[::-1]):
                cost = apart[rest, ends[0]]  # of standing after each of the rest
                cost[:-1] += apart[ends[-1], rest[1:]] - apart[rest[:-1], rest[1:]]
                best = int(np.argmin(cost))
                if left - cost[best] > GAIN:
                    return np.concatenate([rest[: best + 1], ends, rest[best + 1 :]])
    return None


def _or_neutral(value: float | None) -> float:
    return 0.5 if value is None else value
