"""Mix blocks of decoded audio, of any sample rate and format, to mono at 22,050 Hz."""

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

MARGIN_S = 0.05  # audio given to the resampler before the window starts; its filter is some 1.5 ms long
MIN_RATE, MAX_RATE = 1_000, 6_000_000  # Hz: below telephony; above DSD512, which is decoded at 2.8 MHz
MAX_SAMPLE = 1e12  # well above 2**31, the full scale of integers kept as floats; powers of it fit in float32
BLOCK_SIZE = 65_536  # samples resampled at once: enough for Python's overhead to be small

# Power of the sum of the channels over the sum of their powers: 2 for equal channels of stereo, 1 for
# unrelated ones, 0 for opposite ones. Below 0.1 the mean is 13 dB quieter than the channels: in stereo they
# correlate by less than -0.9 over a whole block, which wide or delayed stereo does not.
MIN_POWER_OF_SUM = 0.1

AudioBlock = tuple[int, FloatArray]
"""Sample rate in Hz, and mono samples [shape=(n,)] at that rate."""


@dataclass(frozen=True, slots=True)
class DecodedWindow:
    """What could be decoded of a window.

    Parameters
    ----------
    samples : mono at 22,050 Hz [shape=(n,), float32]; audio after a gap directly follows audio before it
    missing_s : total of the gaps, where audio is damaged; excludes what is missing at the end
    """

    samples: FloatArray
    missing_s: float = 0.0


def mean_of_channels(channels: Iterable[NDArray[np.number[Any]]]) -> FloatArray:
    """Return the mean of the channels, float32, full scale = 1; one channel where they cancel.

    Not libswresample's downmix, which weights the channels of stereo by 0.707 each: 3 dB louder than the same
    audio in mono.

    Channels of opposite phase cancel in the mean, though listeners hear them: where the mean loses nearly all
    power (see ``MIN_POWER_OF_SUM``), the first channel that has at least half the power of the strongest one
    is returned instead.

    Parameters
    ----------
    channels : arrays [shape=(n,)] of one type: float, int16, int32, or uint8 around 128
    """
    arrays = list(channels)
    total = arrays[0].astype(np.float32)
    for array in arrays[1:]:
        total += array.astype(np.float32, copy=False)
    kind = arrays[0].dtype
    if kind == np.uint8:
        total -= 128 * len(arrays)
    total *= np.float32(1 / (len(arrays) * _full_scale(kind)))
    if len(arrays) == 1:
        return total
    powers = [_power(_scaled(array)) for array in arrays]
    if len(arrays) ** 2 * _power(total) >= MIN_POWER_OF_SUM * sum(powers):
        return total
    return _scaled(
        next(array for array, power in zip(arrays, powers, strict=True) if power >= max(powers) / 2)
    )


def anchor_before(start: int, rate: int) -> tuple[int, int]:
    """Return where to start the resampler for sample ``start`` at 22,050 Hz.

    Returns
    -------
    anchor : sample at ``rate``, a margin earlier, that coincides with a sample at 22,050 Hz: resampling from
        there gives the same samples as resampling from the beginning of the track
    offset : samples at 22,050 Hz from the anchor to ``start``
    """
    shared = gcd(rate, SAMPLE_RATE)  # instants per second at which samples of both rates coincide
    ticks = max(0, floor((start / SAMPLE_RATE - MARGIN_S) * shared))
    return ticks * (rate // shared), start - ticks * (SAMPLE_RATE // shared)


def resample(blocks: Iterable[AudioBlock]) -> Iterator[FloatArray]:
    """Resample blocks to 22,050 Hz; the first sample out coincides with the first sample in.

    The rate may change from block to block, as it does in chained streams.

    Raises
    ------
    AudioError
        Stage ``decode``: the rate is not plausible; from 1 Hz, minutes of audio would become days.
    """
    resampler, rate = None, 0
    for block_rate, samples in blocks:
        if resampler is None or block_rate != rate:
            if not MIN_RATE <= block_rate <= MAX_RATE:
                raise AudioError("decode", f"a sample rate of {block_rate} Hz is not plausible")
            if resampler is not None:
                yield from _arrays(resampler.resample(None))
            resampler, rate = av.AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE), block_rate
        frame = av.AudioFrame.from_ndarray(samples[np.newaxis], format="flt", layout="mono")
        frame.sample_rate = rate
        yield from _arrays(resampler.resample(frame))
    if resampler is not None:
        yield from _arrays(resampler.resample(None))


def check_finite(samples: FloatArray) -> FloatArray:
    """Return the samples unchanged.

    Raises
    ------
    AudioError
        Stage ``decode``: they contain NaN, infinity or absurd values, as damaged float files do.
    """
    peak = np.abs(samples).max(initial=0)
    if not np.isfinite(peak):
        raise AudioError("decode", "its samples are not finite numbers")
    if peak > MAX_SAMPLE:
        raise AudioError("decode", "its samples are too large to be audio")
    return samples


def cut(arrays: Iterable[FloatArray], start: int, n: int) -> FloatArray:
    """Return samples ``start`` to ``start + n`` of the concatenated arrays, or as many as there are."""
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


def _scaled(channel: NDArray[np.number[Any]]) -> FloatArray:
    """Return one channel, float32, full scale = 1."""
    middle = 128 if channel.dtype == np.uint8 else 0
    return np.asarray((channel.astype(np.float32) - middle) * np.float32(1 / _full_scale(channel.dtype)))


def _power(samples: FloatArray) -> float:
    return float(np.dot(samples, samples))


def _full_scale(kind: np.dtype[Any]) -> float:
    """Return the value that stands for 1 in a sample format."""
    return 1.0 if kind.kind == "f" else 2.0 ** (8 * kind.itemsize - 1)


def _arrays(frames: Iterable[av.AudioFrame | None]) -> Iterator[FloatArray]:
    for frame in frames:
        if frame is not None and frame.samples:
            yield frame.to_ndarray()[0].astype(np.float32, copy=False)
