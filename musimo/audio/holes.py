"""Holes in a sound: time that its clock counts, and no decoded frame covers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from math import inf

from av import AudioFrame

from musimo.records import Window

HOLE_S = 0.1  # less may be the clock: FFmpeg is off by a quarter of a Vorbis block, 0.056 s at 8 kHz


class Holes:
    """Adds up the holes between frames that pass, as far as they lie within a window.

    Decoders pass over packets they cannot decode, and demuxers over bytes that are no packet: the frames
    behind such damage follow the ones before it at once, and only their time stamps tell.

    Parameters
    ----------
    window : of the sound; holes outside of it do not count
    origin : what the clock says at the first sample; None for a clock that is not to be trusted
    time_base : a tick of the clock, s
    """

    def __init__(self, window: Window, origin: int | None, time_base: Fraction | None) -> None:
        self._window = window
        self._clock = None if origin is None or time_base is None else (origin, float(time_base))
        self.lacking_s = 0.0

    def between(self, frames: Iterable[AudioFrame]) -> Iterator[AudioFrame]:
        """The same frames. Thousands pass in a second, so that little is asked of each."""
        if self._clock is None:
            yield from frames
            return
        origin, tick_s = self._clock
        end_s = -inf  # of all frames so far: what comes after an earlier one is no hole
        for frame in frames:
            length_s = frame.samples / frame.sample_rate
            if frame.pts is None:
                end_s += length_s
            else:
                begin_s = (frame.pts - origin) * tick_s
                if begin_s - end_s > HOLE_S and end_s != -inf:
                    self._count(end_s, begin_s)
                end_s = max(end_s, begin_s + length_s)
            yield frame

    def _count(self, begin_s: float, end_s: float) -> None:
        within_s = min(end_s, self._window.end_s) - max(begin_s, self._window.start_s)
        self.lacking_s += max(0.0, within_s)
