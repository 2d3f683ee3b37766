"""How fast a sound's beat is, from the mel rows of its features alone.

Onset strength is the half-wave rectified rise of the log-mel spectrum, averaged over its bands, and its
autocorrelation tells after how long it repeats. A tempo is told by the mean height at the first multiples of
its beat, weighed by the listener's preference for medium ones (Ellis, "Beat tracking by dynamic
programming", 2007). Frames are 23 ms apart; multiples of the beat, and parabolas through the peaks, tell it
to a few parts in ten thousand.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from musimo.audio.features import DEFINITION as FEATURES
from musimo.records import FloatArray

Vector = NDArray[np.float64]

FRAMES_PER_S = FEATURES.sample_rate / FEATURES.hop_length
EDGE = FEATURES.n_fft // 2 // FEATURES.hop_length  # frames at either end that hear the zeros beyond it


@dataclass(frozen=True, slots=True)
class Definition:
    """Every number that a tempo depends on, beside those of the features.

    Chosen on 118 piano pieces, rendered from scores in one tempo, of which 94 come out right and 10 at half
    or twice of it; and by how far the windows of 291 recordings agree.
    """

    slowest: float = 40.0  # beats a minute
    fastest: float = 200.0
    n_multiples: int = 4  # of the beat, a bar of most music; with more, a tempo that drifts is lost
    preferred: float = 120.0  # beats a minute
    octaves: float = 0.9  # standard deviation of the preference, as Ellis has it
    blur: float = 1.0  # frames, standard deviation: hands, and frames themselves, are no more exact
    trend_s: float = 2.0  # a swell over so long is no onset
    n_steps: int = 400  # tempi that are tried, 0.4 % apart: less than the width of a peak
    halves: float = 0.95  # of the peaks' height: where it is as high half-way, the beat is there too
    faintest: float = 0.15  # dB, SD of onset strength: steady tones and noise have less, all music more
    least: float = 0.15  # height of the peaks: above it windows of one track agree; shuffled onsets have 0.08


DEFINITION = Definition()

LONGEST = 60 * FRAMES_PER_S / DEFINITION.slowest  # frames between beats
N_LAGS = int(DEFINITION.n_multiples * (LONGEST + 3)) + 3  # as far as refining it can lead, and a parabola


def pulse(features: FloatArray) -> Vector:
    """How much the onsets of a clip repeat after each lag.

    Parameters
    ----------
    features : (n_frames, 193), as :func:`musimo.audio.features.extract` gives them; nothing heard twice

    Returns
    -------
    (N_LAGS,) autocorrelation of its onset strength, 1 at a lag of 0 frames; 0 at lags of more than half the
    clip, and all 0 where nothing happens
    """
    d = DEFINITION
    told = np.zeros(N_LAGS)
    mel = features[EDGE : len(features) - EDGE, : FEATURES.n_mels]
    if len(mel) < d.trend_s * FRAMES_PER_S:
        return told
    rise = np.diff(mel, axis=0)
    onsets = np.maximum(rise, 0, out=rise).mean(axis=1, dtype=np.float64)
    onsets -= _trend(onsets, round(d.trend_s * FRAMES_PER_S))
    if onsets.std() < d.faintest:
        return told
    n = len(onsets)
    size = 2 ** (n + N_LAGS).bit_length()
    blur = np.exp(-0.5 * (2 * np.pi * np.fft.rfftfreq(size) * d.blur) ** 2)
    repeated = np.fft.irfft(np.abs(np.fft.rfft(onsets, size) * blur) ** 2, size)
    lags = np.arange(min(N_LAGS, n // 2))
    told[: len(lags)] = repeated[: len(lags)] / repeated[0] * n / (n - lags)  # fewer frames meet at long lags
    return told


def tell_tempo(pulse: Vector) -> tuple[float | None, float]:
    """Tempo of a sound.

    Parameters
    ----------
    pulse : (N_LAGS,), mean over the clips of a sound

    Returns
    -------
    beats a minute, None where there is no beat; and how sure that is, 0..1: the mean height of the peaks
    """
    d = DEFINITION
    tempi = np.geomspace(d.slowest, d.fastest, d.n_steps)
    heights = _height(pulse, 60 * FRAMES_PER_S / tempi)
    preference = np.exp(-0.5 * (np.log2(tempi / d.preferred) / d.octaves) ** 2)
    is_peak = (heights[1:-1] >= heights[:-2]) & (heights[1:-1] >= heights[2:])  # and no slope that goes on
    best = 1 + int(np.argmax((heights * preference)[1:-1] * is_peak))
    confidence = float(np.clip(heights[best] * is_peak[best - 1], 0, 1))
    if confidence < d.least:
        return None, confidence
    lag = _refined(pulse, float(60 * FRAMES_PER_S / tempi[best]))
    while 120 * FRAMES_PER_S / lag <= d.fastest and _height(pulse, lag, 0.5) > d.halves * _height(pulse, lag):
        lag /= 2
    return 60 * FRAMES_PER_S / lag, confidence


def _trend(onsets: Vector, length: int) -> Vector:
    """Moving mean; the ends go on as they are."""
    padded = np.pad(onsets, (length // 2, length - 1 - length // 2), mode="edge")
    return np.convolve(padded, np.full(length, 1 / length), "valid")


def _height(pulse: Vector, lag: Vector | float, shift: float = 0.0) -> Vector:
    """Mean of the autocorrelation at multiples of a lag, or ``shift`` lags before each."""
    multiples = np.arange(1, DEFINITION.n_multiples + 1) - shift
    at = np.multiply.outer(multiples, lag)
    return np.asarray(np.interp(at, np.arange(len(pulse)), pulse).mean(axis=0))


def _refined(pulse: Vector, lag: float) -> float:
    """The lag by the peaks near its multiples, of those that are there; the last tells it most exactly."""
    least = _height(pulse, lag)
    for multiple in range(1, DEFINITION.n_multiples + 1):
        near = round(multiple * lag)
        peak = near - 1 + int(np.argmax(pulse[near - 1 : near + 2]))
        before, top, after = pulse[peak - 1 : peak + 2]
        if top >= least and before <= top >= after and before + after < 2 * top:
            lag = float(peak + 0.5 * (before - after) / (before + after - 2 * top)) / multiple
    return lag
