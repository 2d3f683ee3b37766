"""Gaps in decoded audio: time that the stream's clock counts, but no decoded frame covers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from math import inf

from av import AudioFrame

from musimo.records import Window

MIN_GAP_S = 0.1  # less may be the clock: FFmpeg is off by a quarter of a Vorbis block, 0.056 s at 8 kHz


class GapCounter:
    """Add up the gaps between frames that lie within a window.

    Decoders skip packets they cannot decode, and demuxers skip bytes that are no packet: the frames behind
    such damage follow immediately, and only their time stamps show the gap.

    Parameters
    ----------
    window : gaps outside of it do not count
    origin : time stamp of the first sample; None if the clock is unreliable, and nothing is counted
    time_base : a tick of the clock, s

    Attributes
    ----------
    missing_s : gaps counted so far, s
    """

    def __init__(self, window: Window, origin: int | None, time_base: Fraction | None) -> None:
        self._window = window
        self._clock = None if origin is None or time_base is None else (origin, float(time_base))
        self.missing_s = 0.0

    def watch(self, frames: Iterable[AudioFrame]) -> Iterator[AudioFrame]:
        """Yield the frames unchanged and count the gaps between them."""
        if self._clock is None:
            yield from frames
            return
        origin, tick_s = self._clock
        end_s = -inf  # of all frames so far: a frame from an earlier time makes no gap
        for frame in frames:  # thousands a second, so little is done for each
            length_s = frame.samples / frame.sample_rate
            if frame.pts is None:
                end_s += length_s
            else:
                begin_s = (frame.pts - origin) * tick_s
                if begin_s - end_s > MIN_GAP_S and end_s != -inf:
                    self._count(end_s, begin_s)
                end_s = max(end_s, begin_s + length_s)
            yield frame

    def _count(self, begin_s: float, end_s: float) -> None:
        within_s = min(end_s, self._window.end_s) - max(begin_s, self._window.start_s)
        self.missing_s += max(0.0, within_s)
