"""Which stretches of a track are heard."""

from __future__ import annotations

from math import ceil

import numpy as np

from musimo.records import Coverage, FloatArray, Window

WINDOW_S = 45.0  # one clip, as in the paper
CENTRES = (1 / 6, 1 / 2, 5 / 6)  # of the track: the middles of its three thirds
TOGETHER = len(CENTRES)  # clips of a track that pass the network at once: all of most tracks


def place_windows(duration_s: float, coverage: Coverage) -> tuple[Window, ...]:
    """Windows of a track, in order of time, all inside [0, duration_s].

    Parameters
    ----------
    duration_s : length of the track
    coverage : ``windows``: 45 s around 1/6, 1/2 and 5/6 of the track; where these overlap, they merge into
        one span that is heard in as many windows as fit it best. ``full``: as many as it takes to
        hear every second. A track of at most 45 s is one window either way.
    """
    if duration_s <= WINDOW_S:
        return (Window(0.0, duration_s),)
    if coverage == "full":
        return _spread(0.0, duration_s, ceil(duration_s / WINDOW_S))
    return tuple(
        window
        for start_s, end_s in _spans(duration_s)
        for window in _spread(start_s, end_s, max(1, round((end_s - start_s) / WINDOW_S)))
    )


def tile(samples: FloatArray, n: int) -> FloatArray:
    """Exactly ``n`` samples: cut, or the sound again and again, for silence in its place would be heard."""
    return samples[:n] if len(samples) >= n else np.resize(samples, n)


def _spans(duration_s: float) -> list[tuple[float, float]]:
    """The windows around the centres, clipped to the track, with those that overlap merged."""
    spans: list[tuple[float, float]] = []
    for centre in CENTRES:
        start_s = max(0.0, centre * duration_s - WINDOW_S / 2)
        end_s = min(duration_s, centre * duration_s + WINDOW_S / 2)
        if spans and start_s < spans[-1][1]:
            start_s = spans.pop()[0]
        spans.append((start_s, end_s))
    return spans


def _spread(start_s: float, end_s: float, n: int) -> tuple[Window, ...]:
    """``n`` windows of 45 s spread evenly from one end of a span to the other; a single one is centred."""
    room_s = end_s - start_s - WINDOW_S
    shares = [0.5] if n == 1 else [i / (n - 1) for i in range(n)]
    starts_s = [start_s + room_s * share for share in shares]
    return tuple(Window(start, min(start + WINDOW_S, end_s)) for start in starts_s)
