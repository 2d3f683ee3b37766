"""Plan which windows of a track are analyzed."""

from __future__ import annotations

from math import ceil, isfinite

import numpy as np

from musimo.errors import UsageError
from musimo.records import FloatArray, SlidingPlan, Window, WindowPlan

WINDOW_S = 45.0  # as in the paper
CENTERS = (1 / 6, 1 / 2, 5 / 6)  # of the track: the middles of its three thirds
WINDOWS_PER_CALL = len(CENTERS)  # windows of a track predicted in one call: all of most tracks

MIN_WINDOW_S = 5.0  # a phrase; to reach 45 s, shorter audio would be repeated more than nine times
MIN_HOP_S = 0.5  # a tenth of the shortest window: readings that overlap more differ by chance only
MAX_WINDOWS = 20_000  # in one track: 28 h at a hop of 5 s, in less than 1 MB of messages
SAME_S = 0.01  # windows that start this close together are one


def sliding_plan(window_s: float = WINDOW_S, hop_s: float = 5.0) -> SlidingPlan:
    """Return a plan of sliding windows.

    Parameters
    ----------
    window_s : length of each window, 5..45 s
    hop_s : from the start of one window to the start of the next, 0.5 s..window_s

    Raises
    ------
    UsageError : a value is out of range
    """
    if not (isfinite(window_s) and MIN_WINDOW_S <= window_s <= WINDOW_S):
        raise UsageError(
            f"a window of {window_s:g} s is not within {MIN_WINDOW_S:g}..{WINDOW_S:g} s",
            f"the network was trained on {WINDOW_S:g} s; shorter windows are repeated to that length",
        )
    if not (isfinite(hop_s) and MIN_HOP_S <= hop_s <= window_s):
        raise UsageError(
            f"a hop of {hop_s:g} s is not within {MIN_HOP_S:g}..{window_s:g} s",
            "a longer hop would skip audio; readings closer together differ by chance only",
        )
    return SlidingPlan(window_s, hop_s)


def plan_windows(duration_s: float, plan: WindowPlan) -> tuple[Window, ...]:
    """Return the windows of a track, in order of time, all inside [0, duration_s].

    Parameters
    ----------
    duration_s : duration of the track
    plan : which windows. ``windows``: 45 s around 1/6, 1/2 and 5/6 of the track; where these overlap, they
        merge into one span, which is covered by as many windows as fit it best. ``full``: as many windows as
        cover every second. A track of at most 45 s is one window either way. `SlidingPlan`: one window per
        hop; the last one ends with the track, less than a hop after the one before. `Window`: as many windows
        as cover every second of that passage inside the track. Several `Window`: these.
    """
    if isinstance(plan, tuple):
        return plan
    if isinstance(plan, SlidingPlan):
        return slide(0.0, duration_s, plan)
    if isinstance(plan, Window):
        start_s, end_s = min(plan.start_s, duration_s), min(plan.end_s, duration_s)
        n = max(1, ceil((end_s - start_s) / WINDOW_S))
        return (Window(start_s, end_s),) if n == 1 else _spread(start_s, end_s, n)
    if duration_s <= WINDOW_S:
        return (Window(0.0, duration_s),)
    if plan == "full":
        return _spread(0.0, duration_s, ceil(duration_s / WINDOW_S))
    return tuple(
        window
        for start_s, end_s in _merged_spans(duration_s)
        for window in _spread(start_s, end_s, max(1, round((end_s - start_s) / WINDOW_S)))
    )


def tile(samples: FloatArray, n: int) -> FloatArray:
    """Return exactly ``n`` samples: cut, or repeated. Zero padding would change the features."""
    return samples[:n] if len(samples) >= n else np.resize(samples, n)


def slide(start_s: float, end_s: float, plan: SlidingPlan) -> tuple[Window, ...]:
    """Return a window at every hop inside a passage, and one at its end."""
    room_s = end_s - start_s - plan.window_s
    if room_s <= SAME_S:
        return (Window(start_s, end_s),)
    n = ceil((room_s - SAME_S) / plan.hop_s)  # windows that start before the last one
    starts_s = [start_s + hop * plan.hop_s for hop in range(n)]
    return (
        *(Window(start, start + plan.window_s) for start in starts_s),
        Window(start_s + room_s, end_s),
    )


def _merged_spans(duration_s: float) -> list[tuple[float, float]]:
    """Return the windows around the centers, clipped to the track, overlapping ones merged."""
    spans: list[tuple[float, float]] = []
    for center in CENTERS:
        start_s = max(0.0, center * duration_s - WINDOW_S / 2)
        end_s = min(duration_s, center * duration_s + WINDOW_S / 2)
        if spans and start_s < spans[-1][1]:
            start_s = spans.pop()[0]
        spans.append((start_s, end_s))
    return spans


def _spread(start_s: float, end_s: float, n: int) -> tuple[Window, ...]:
    """Return ``n`` windows of 45 s, evenly spread over a span; a single one is centered."""
    room_s = end_s - start_s - WINDOW_S
    shares = [0.5] if n == 1 else [i / (n - 1) for i in range(n)]
    starts_s = [start_s + room_s * share for share in shares]
    return tuple(Window(start, min(start + WINDOW_S, end_s)) for start in starts_s)
