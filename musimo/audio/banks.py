"""Filter banks and matrices of the features, float32, computed once per process and never modified.

Kept by hand because librosa, which has them all, takes seconds to import and is not needed to scan; tests
hold each against librosa's.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from musimo.records import FloatArray

MEL_GROUP = 16  # neighboring mel filters multiplied at once: their frequency bins overlap

Group = tuple[tuple[int, int], tuple[int, int], FloatArray]
"""Bins [low, high), filters [first, last), and their weights (high - low, last - first)."""

Band = tuple[int, int, int]
"""Bins [low, high), and how many of them are averaged for the peak and for the valley."""


@lru_cache
def hann(n_fft: int) -> FloatArray:
    """Return a periodic Hann window [shape=(n_fft,)]."""
    phase = np.arange(n_fft) / n_fft
    return (0.5 - 0.5 * np.cos(2 * np.pi * phase)).astype(np.float32)


def mel_edges(n_mels: int, fmin: float, fmax: float) -> NDArray[np.float64]:
    """Return the frequencies, Hz, where the triangles of `mel` start, peak and end [shape=(n_mels + 2,)]."""
    return np.asarray(_mel_to_hz(np.linspace(_hz_to_mel(fmin), _hz_to_mel(fmax), n_mels + 2)))


@lru_cache
def mel(sample_rate: int, n_fft: int, n_mels: int, fmin: float, fmax: float) -> FloatArray:
    """Return a mel filter bank [shape=(n_fft // 2 + 1, n_mels)].

    Triangles of equal area on Slaney's mel scale (Auditory Toolbox, 1998).
    """
    edges = mel_edges(n_mels, fmin, fmax)
    low, center, high = edges[:-2], edges[1:-1], edges[2:]
    f = _bin_frequencies(sample_rate, n_fft)[:, np.newaxis]
    triangles = np.minimum((f - low) / (center - low), (high - f) / (high - center)).clip(min=0)
    return (triangles * 2 / (high - low)).astype(np.float32)


@lru_cache
def mel_groups(sample_rate: int, n_fft: int, n_mels: int, fmin: float, fmax: float) -> tuple[Group, ...]:
    """Return the mel filter bank in groups of filters, each restricted to its nonzero bins.

    Multiplying by groups takes an eighth of the operations of the full matrix.
    """
    bank = mel(sample_rate, n_fft, n_mels, fmin, fmax)
    groups: list[Group] = []
    for first in range(0, n_mels, MEL_GROUP):
        weights = bank[:, first : first + MEL_GROUP]
        used = np.flatnonzero(weights.any(axis=1))
        low, high = int(used[0]), int(used[-1]) + 1
        last = first + weights.shape[1]
        groups.append(((low, high), (first, last), np.ascontiguousarray(weights[low:high])))
    return tuple(groups)


@lru_cache
def chroma(
    sample_rate: int, n_fft: int, n_chroma: int, tuning: float, ctroct: float, octwidth: float
) -> FloatArray:
    """Return a chroma filter bank [shape=(n_fft // 2 + 1, n_chroma)], from C upward.

    Source: Ellis, "Chroma feature analysis", 2007. Each bin is distributed over the pitch classes by a
    Gaussian of its distance from them, as wide as the bin, and weighted by a Gaussian of its octave, centered
    ``ctroct`` octaves above 27.5 Hz.
    """
    a440 = 440.0 * 2 ** (tuning / n_chroma)
    f = np.arange(1, n_fft) * sample_rate / n_fft
    pitch = n_chroma * np.log2(f / (a440 / 16))  # in classes above A0
    pitch = np.concatenate(
        [[pitch[0] - 1.5 * n_chroma], pitch]
    )  # 0 Hz has no pitch: far below, between two classes
    width = np.append(np.maximum(np.diff(pitch), 1), 1)[:, np.newaxis]
    half = round(n_chroma / 2)
    distance = (pitch[:, np.newaxis] - np.arange(n_chroma) + half) % n_chroma - half
    weights = np.exp(-0.5 * (2 * distance / width) ** 2)
    weights /= np.linalg.norm(weights, axis=1, keepdims=True)
    weights *= np.exp(-0.5 * ((pitch / n_chroma - ctroct) / octwidth) ** 2)[:, np.newaxis]
    from_c = np.roll(weights, -3 * (n_chroma // 12), axis=1)  # the first class was A
    return np.ascontiguousarray(from_c[: n_fft // 2 + 1], dtype=np.float32)


@lru_cache
def contrast_bands(
    sample_rate: int, n_fft: int, n_bands: int, fmin: float, quantile: float
) -> tuple[Band, ...]:
    """Return the bands of spectral contrast: below ``fmin``, then octaves, the last one open-ended.

    Source: Jiang et al., ICME 2002, as in librosa: every band but the first starts one bin below its edge;
    every band but the last leaves its highest bin to the next, although that bin counts for the quantile.
    """
    f = _bin_frequencies(sample_rate, n_fft)
    edges = [0.0, *(fmin * 2.0**octave for octave in range(n_bands + 1))]
    bands: list[Band] = []
    for k in range(n_bands + 1):
        low = int(np.searchsorted(f, edges[k], "left")) - (k > 0)
        high = len(f) if k == n_bands else int(np.searchsorted(f, edges[k + 1], "right"))
        n = max(1, round(quantile * (high - low)))
        bands.append((low, high - (k < n_bands), n))
    return tuple(bands)


@lru_cache
def dct(n_mels: int, n_mfcc: int) -> FloatArray:
    """Return an orthonormal DCT-II matrix [shape=(n_mels, n_mfcc)]."""
    n, k = np.arange(n_mels)[:, np.newaxis], np.arange(n_mfcc)
    scale = np.where(k == 0, np.sqrt(1 / n_mels), np.sqrt(2 / n_mels))
    return np.asarray(scale * np.cos(np.pi / n_mels * (n + 0.5) * k), np.float32)


@lru_cache
def tonnetz(n_chroma: int) -> FloatArray:
    """Return the matrix of the tonal centroid [shape=(n_chroma, 6)] (Harte, Sandler and Gasser, AMCMM 2006).

    Sine and cosine on the circles of fifths (radius 1), minor thirds (1) and major thirds (0.5).
    """
    semitone = np.arange(n_chroma)[:, np.newaxis] * 12 / n_chroma
    angle = np.pi * semitone * np.repeat([7 / 6, 3 / 2, 2 / 3], 2)
    sine_or_cosine = np.where(np.arange(6) % 2 == 0, np.sin(angle), np.cos(angle))
    return np.asarray(sine_or_cosine * np.repeat([1, 1, 0.5], 2), np.float32)


def _bin_frequencies(sample_rate: int, n_fft: int) -> NDArray[np.float64]:
    return np.arange(n_fft // 2 + 1) * sample_rate / n_fft


# Slaney's scale: linear up to 1 kHz, 3 mels every 200 Hz, then logarithmic, 27 mels every factor of 6.4
_KNEE_HZ, _KNEE_MEL, _LOG_STEP = 1000.0, 15.0, np.log(6.4) / 27


def _hz_to_mel(hz: float) -> float:
    return hz * 3 / 200 if hz < _KNEE_HZ else _KNEE_MEL + float(np.log(hz / _KNEE_HZ)) / _LOG_STEP


def _mel_to_hz(mels: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(mels < _KNEE_MEL, mels * 200 / 3, _KNEE_HZ * np.exp(_LOG_STEP * (mels - _KNEE_MEL)))
