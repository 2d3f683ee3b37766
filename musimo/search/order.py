"""Order of the rows of a list: by rank, as an arc of moods, or with small steps between neighbors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final, Literal, TypeVar, get_args

import numpy as np
from numpy.typing import NDArray

from musimo.errors import UsageError
from musimo.records import Track
from musimo.search.rows import FoundTrack, MoodTrack, SimilarTrack

if TYPE_CHECKING:
    from musimo.search.track_distances import Floats

Order = Literal["similarity", "mood", "flow"]
ORDERS: Final[tuple[Order, ...]] = get_args(Order)
MAX_FLOW_TRACKS: Final = 500  # since every pair is compared
MAX_MOVED: Final = 3  # tracks of a segment that is moved; longer ones gain little (Or, 1976)
MIN_GAIN: Final = 1e-9  # of an exchange; less is rounding

RankedTrack = TypeVar("RankedTrack", SimilarTrack, MoodTrack, FoundTrack)


def reorder(rows: Sequence[RankedTrack], order: Order) -> list[RankedTrack]:
    """Return the same rows in another order, with new ranks.

    Parameters
    ----------
    rows : best first
    order : ``similarity`` keeps their order; for ``mood`` and ``flow`` see :func:`mood_arc` and :func:`flow`

    Raises
    ------
    UsageError : there are too many rows for a flow
    """
    tracks = [row.track for row in rows]
    match order:
        case "similarity":
            return list(rows)
        case "mood":
            positions = mood_arc(tracks)
        case "flow":
            positions = flow(tracks)
    return [replace(rows[position], rank=rank) for rank, position in enumerate(positions, 1)]


def mood_arc(tracks: Sequence[Track]) -> list[int]:
    """Return the positions of the tracks from calm to excited and back, with the most excited in the middle.

    Sorted by arousal, the tracks alternate between the rising and the falling half. Ties in arousal are
    sorted by valence; unknown values count as neutral.
    """
    moods = [(_or_neutral(track.arousal), _or_neutral(track.valence)) for track in tracks]
    rising = sorted(range(len(tracks)), key=lambda position: (moods[position], position))
    return rising[::2] + rising[1::2][::-1]


def flow(tracks: Sequence[Track]) -> list[int]:
    """Return the positions of the tracks with a small distance from each to the next; the first stays first.

    Distances are those of :mod:`musimo.search.track_distances`. The nearest remaining track comes next;
    then segments are reversed (2-opt) or moved (Or-opt) while that reduces the sum of distances.

    Raises
    ------
    UsageError : there are more than 500 tracks
    """
    from musimo.search.track_distances import pairwise_distances

    if len(tracks) > MAX_FLOW_TRACKS:
        raise UsageError(
            f"--order flow takes at most {MAX_FLOW_TRACKS} tracks, not {len(tracks)}",
            "list fewer: -n, --duration, --where",
        )
    distances = pairwise_distances(tracks)
    return _improved(_nearest_neighbors(distances), distances)


def _nearest_neighbors(distances: Floats) -> list[int]:
    left = [*range(len(distances))]
    path = left[:1]
    del left[:1]
    while left:
        path.append(left.pop(int(np.argmin(distances[path[-1], left]))))
    return path


def _improved(path: list[int], distances: Floats) -> list[int]:
    """Return the path after all reversals and moves that shorten it; its first position stays."""
    at = np.array(path, np.int64)
    while True:
        better = _reversed_segment(at, distances)
        if better is None:
            better = _moved_segment(at, distances)
        if better is None:
            return [int(position) for position in at]
        at = better


def _reversed_segment(at: NDArray[np.int64], distances: Floats) -> NDArray[np.int64] | None:
    """Return the path with the first segment reversed that shortens it; None if there is none (2-opt)."""
    for start in range(1, len(at) - 1):
        before, first, lasts = at[start - 1], at[start], at[start + 1 :]
        gain = distances[before, first] - distances[before, lasts]
        gain[:-1] += distances[lasts[:-1], lasts[1:]] - distances[first, lasts[1:]]  # none follows the last
        best = int(np.argmax(gain))
        if gain[best] > MIN_GAIN:
            end = start + best + 2
            return np.concatenate([at[:start], at[start:end][::-1], at[end:]])
    return None


def _moved_segment(at: NDArray[np.int64], distances: Floats) -> NDArray[np.int64] | None:
    """Return the path with the first short segment moved that shortens it; None if there is none (Or-opt)."""
    for size in range(1, MAX_MOVED + 1):
        for start in range(1, len(at) - size + 1):
            segment, rest = at[start : start + size], np.delete(at, range(start, start + size))
            before, after = at[start - 1], at[start + size : start + size + 1]
            saved = distances[before, segment[0]]
            saved = saved + (distances[segment[-1], after] - distances[before, after]).sum()
            for ends in (segment, segment[::-1]):
                cost = distances[rest, ends[0]]  # of inserting after each of the rest
                cost[:-1] += distances[ends[-1], rest[1:]] - distances[rest[:-1], rest[1:]]
                best = int(np.argmin(cost))
                if saved - cost[best] > MIN_GAIN:
                    return np.concatenate([rest[: best + 1], ends, rest[best + 1 :]])
    return None


def _or_neutral(value: float | None) -> float:
    return 0.5 if value is None else value
