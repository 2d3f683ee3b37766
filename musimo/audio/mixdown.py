"""From blocks of decoded sound, at any rate and in any sample format, to mono at 22,050 Hz."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import floor, gcd
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from musimo.audio.features import SAMPLE_RATE
from musimo.errors import AudioError
from musimo.records import FloatArray

MARGIN_S = 0.05  # sound given to the resampler before it counts; its filter is some 1.5 ms long
MIN_RATE, MAX_RATE = 1_000, 6_000_000  # Hz: below any telephone; above DSD512, decoded to 2.8 MHz
MAX_SAMPLE = 1e12  # well above 2**31, the full scale of integers kept as floats; powers of it fit in float32
BLOCK = 65_536  # samples resampled at once: long enough that Python's share of the time is small

Block = tuple[int, FloatArray]
"""Sample rate in Hz, and mono samples (n,) at that rate."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """What could be decoded of a window.

    Parameters
    ----------
    samples : mono at 22,050 Hz, (n,) float32; what lies behind a hole follows what lies before it
    lacking_s : the holes, of sound that was there and is damaged; not what lacks at the end
    """

    samples: FloatArray
    lacking_s: float = 0.0


def mean_of_channels(channels: Iterable[NDArray[np.number[Any]]]) -> FloatArray:
    """Mono as the plain mean of the channels, float32, full scale = 1.

    libswresample's own float downmix weighs stereo by 0.707 each, which is 3 dB louder than the same
    sound in mono.

    Parameters
    ----------
    channels : arrays (n,) of one type: float, int16, int32, or uint8 around 128
    """
    arrays = list(channels)
    total = arrays[0].astype(np.float32)
    for array in arrays[1:]:
        total += array.astype(np.float32, copy=False)
    kind = arrays[0].dtype
    if kind == np.uint8:
        total -= 128 * len(arrays)
    total *= np.float32(1 / (len(arrays) * _full_scale(kind)))
    return total


def anchor_before(start: int, rate: int) -> tuple[int, int]:
    """Where to start the resampler for the sample ``start`` at 22,050 Hz.

    Returns
    -------
    anchor : sample at ``rate``, a margin before, at which a sample at 22,050 Hz falls too: from there the
        resampler gives the very samples that it would give from the beginning of the sound
    offset : samples at 22,050 Hz from the anchor to ``start``
    """
    shared = gcd(rate, SAMPLE_RATE)  # times a second that both clocks tick together
    ticks = max(0, floor((start / SAMPLE_RATE - MARGIN_S) * shared))
    return ticks * (rate // shared), start - ticks * (SAMPLE_RATE // shared)


def resample(blocks: Iterable[Block]) -> Iterator[FloatArray]:
    """Blocks at 22,050 Hz; the first sample out falls on the first sample in.

    The rate may change from block to block, as it does in chained streams.

    Raises
    ------
    AudioError
        ``decode``: the rate is none that sound is kept at; from 1 Hz, minutes of sound would become days.
    """
    resampler, rate = None, 0
    for block_rate, samples in blocks:
        if resampler is None or block_rate != rate:
            if not MIN_RATE <= block_rate <= MAX_RATE:
                raise AudioError("decode", f"no sound has a sample rate of {block_rate} Hz")
            if resampler is not None:
                yield from _arrays(resampler.resample(None))
            resampler, rate = av.AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE), block_rate
        frame = av.AudioFrame.from_ndarray(samples[np.newaxis], format="flt", layout="mono")
        frame.sample_rate = rate
        yield from _arrays(resampler.resample(frame))
    if resampler is not None:
        yield from _arrays(resampler.resample(None))


def plausible(samples: FloatArray) -> FloatArray:
    """The same samples.

    Raises
    ------
    AudioError
        ``decode``: there is NaN, infinity or an absurd value among them, as damaged float files hold.
    """
    peak = np.abs(samples).max(initial=0)
    if not np.isfinite(peak):
        raise AudioError("decode", "its samples are not finite numbers")
    if peak > MAX_SAMPLE:
        raise AudioError("decode", "its samples are too large to be sound")
    return samples


def cut(arrays: Iterable[FloatArray], start: int, n: int) -> FloatArray:
    """Samples ``start`` to ``start + n`` of what the arrays hold in a row, or as many as there are."""
    samples = np.empty(n, np.float32)
    filled = 0
    for array in arrays:
        skipped = min(start, len(array))
        start -= skipped
        taken = array[skipped : skipped + n - filled]
        samples[filled : filled + len(taken)] = taken
        filled += len(taken)
        if filled == n:
            break
    return samples[:filled]


def _full_scale(kind: np.dtype[Any]) -> float:
    """What the sample format calls 1."""
    return 1.0 if kind.kind == "f" else 2.0 ** (8 * kind.itemsize - 1)


def _arrays(frames: Iterable[av.AudioFrame | None]) -> Iterator[FloatArray]:
    for frame in frames:
        if frame is not None and frame.samples:
            yield frame.to_ndarray()[0].astype(np.float32, copy=False)
