"""Estimate the tempo of a track from the mel spectrogram of its features.

Onset strength is the half-wave rectified increase of the log-mel spectrogram, averaged over its bands; peaks
of its autocorrelation are periods. A tempo is scored by the mean height at the first multiples of its beat,
weighted by a preference for medium tempi (Ellis, "Beat tracking by dynamic programming", 2007). Frames are 23
ms apart; multiples of the beat and parabolic interpolation of the peaks give a precision of a few parts in
ten thousand.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from musimo.audio.features import PARAMETERS as FEATURES
from musimo.records import DoubleArray, FloatArray

FRAMES_PER_S = FEATURES.sample_rate / FEATURES.hop_length
EDGE = FEATURES.n_fft // 2 // FEATURES.hop_length  # frames at either end that contain zero padding


@dataclass(frozen=True, slots=True)
class TempoParameters:
    """Every number that a tempo depends on, besides those of the features.

    The names of the fields are part of the id that is stored with estimates. Values were chosen on 118 piano
    pieces, rendered from scores in one tempo, of which 94 come out right and 10 at half or twice the tempo;
    and by how far the windows of 291 recordings agree.
    """

    slowest: float = 40.0  # beats per minute
    fastest: float = 200.0  # beats per minute
    n_multiples: int = 4  # of the beat, a bar of most music; with more, a tempo that drifts is lost
    preferred: float = 120.0  # beats per minute
    octaves: float = 0.9  # standard deviation of the preference, as in Ellis
    blur: float = 1.0  # frames, standard deviation: players and frames are no more exact
    trend_s: float = 2.0  # changes over this long are not onsets
    n_steps: int = 400  # tempi that are scored, 0.4 % apart: less than the width of a peak
    halves: float = 0.95  # of the peaks' height: where it is as high half-way, the beat is there too
    faintest: float = 0.15  # dB, SD of onset strength: steady tones and noise have less, all music more
    least: float = 0.15  # peak height: above it, windows of one track agree; shuffled onsets have 0.08


PARAMETERS = TempoParameters()

LONGEST = 60 * FRAMES_PER_S / PARAMETERS.slowest  # frames between beats
N_LAGS = int(PARAMETERS.n_multiples * (LONGEST + 3)) + 3  # as far as refinement can reach, and a parabola


def onset_autocorrelation(features: FloatArray) -> DoubleArray:
    """Return the autocorrelation of the onset strength of a window.

    Parameters
    ----------
    features : [shape=(n_frames, 193)], as of :func:`musimo.audio.features.compute_features`; not repeated

    Returns
    ------- [shape=(N_LAGS,)], 1 at a lag of 0 frames; 0 at lags of more than half the window, and all 0
    without onsets
    """
    p = PARAMETERS
    autocorrelation = np.zeros(N_LAGS)
    mel = features[EDGE : len(features) - EDGE, : FEATURES.n_mels]
    if len(mel) < p.trend_s * FRAMES_PER_S:
        return autocorrelation
    rise = np.diff(mel, axis=0)
    onsets = np.maximum(rise, 0, out=rise).mean(axis=1, dtype=np.float64)
    onsets -= _moving_mean(onsets, round(p.trend_s * FRAMES_PER_S))
    if onsets.std() < p.faintest:
        return autocorrelation
    n = len(onsets)
    size = 2 ** (n + N_LAGS).bit_length()
    blur = np.exp(-0.5 * (2 * np.pi * np.fft.rfftfreq(size) * p.blur) ** 2)
    circular = np.fft.irfft(np.abs(np.fft.rfft(onsets, size) * blur) ** 2, size)
    lags = np.arange(min(N_LAGS, n // 2))
    # Fewer frames overlap at long lags.
    autocorrelation[: len(lags)] = circular[: len(lags)] / circular[0] * n / (n - lags)
    return autocorrelation


def estimate_tempo(autocorrelation: DoubleArray) -> tuple[float | None, float]:
    """Estimate a tempo.

    Parameters
    ----------
    autocorrelation : [shape=(N_LAGS,)], mean over the windows of a track

    Returns
    -------
    tempo : beats per minute; None where there is no beat
    confidence : 0..1, the mean height of the peaks
    """
    p = PARAMETERS
    tempi = np.geomspace(p.slowest, p.fastest, p.n_steps)
    heights = _height(autocorrelation, 60 * FRAMES_PER_S / tempi)
    preference = np.exp(-0.5 * (np.log2(tempi / p.preferred) / p.octaves) ** 2)
    is_peak = (heights[1:-1] >= heights[:-2]) & (heights[1:-1] >= heights[2:])  # not a slope at an end
    best = 1 + int(np.argmax((heights * preference)[1:-1] * is_peak))
    confidence = float(np.clip(heights[best] * is_peak[best - 1], 0, 1))
    if confidence < p.least:
        return None, confidence
    lag = _refine(autocorrelation, float(60 * FRAMES_PER_S / tempi[best]))
    while 120 * FRAMES_PER_S / lag <= p.fastest and (
        _height(autocorrelation, lag, 0.5) > p.halves * _height(autocorrelation, lag)
    ):
        lag /= 2
    return 60 * FRAMES_PER_S / lag, confidence


def _moving_mean(onsets: DoubleArray, length: int) -> DoubleArray:
    """Return the moving mean, the ends extended by their last values."""
    padded = np.pad(onsets, (length // 2, length - 1 - length // 2), mode="edge")
    return np.convolve(padded, np.full(length, 1 / length), "valid")


def _height(autocorrelation: DoubleArray, lag: DoubleArray | float, shift: float = 0.0) -> DoubleArray:
    """Return the mean of the autocorrelation at multiples of a lag, or ``shift`` lags before each."""
    multiples = np.arange(1, PARAMETERS.n_multiples + 1) - shift
    at = np.multiply.outer(multiples, lag)
    return np.asarray(np.interp(at, np.arange(len(autocorrelation)), autocorrelation).mean(axis=0))


def _refine(autocorrelation: DoubleArray, lag: float) -> float:
    """Refine a lag by the peaks near its multiples; the last one that exists is the most exact."""
    least = _height(autocorrelation, lag)
    for multiple in range(1, PARAMETERS.n_multiples + 1):
        near = round(multiple * lag)
        peak = near - 1 + int(np.argmax(autocorrelation[near - 1 : near + 2]))
        before, top, after = autocorrelation[peak - 1 : peak + 2]
        if top >= least and before <= top >= after and before + after < 2 * top:
            lag = float(peak + 0.5 * (before - after) / (before + after - 2 * top)) / multiple
    return lag
