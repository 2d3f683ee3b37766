"""Compute features: 193 values per frame, all from one short-time Fourier transform (the paper, section III).

Columns, in this order: 128 log-mel, 40 MFCC, 12 chroma, 7 spectral contrast, 6 tonnetz. `reference_features`
defines them as librosa calls. `compute_features` computes the same with NumPy alone, in float32 and several
times faster; importing librosa would cost each worker process seconds.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from hashlib import blake2b
from typing import Literal, NamedTuple

import numpy as np

from musimo.audio import banks
from musimo.records import FloatArray

SAMPLE_RATE = 22_050  # Hz, as in the paper


@dataclass(frozen=True, slots=True)
class FeatureParameters:
    """Every number that the features depend on, under librosa's names where it has one.

    The paper (section III) gives the features and their sizes; where it leaves a value open, it is librosa's
    default, except ``ref`` (1, not the maximum: level carries arousal) and ``tuning`` (0, not estimated: an
    estimate jumps between windows of one track). The names of the fields are part of the feature id.
    """

    sample_rate: int = SAMPLE_RATE  # Hz
    mono: str = "mean of channels"
    n_fft: int = 2048  # samples: 93 ms, 10.8 Hz per bin
    hop_length: int = 512  # samples: 43 frames per second
    window: str = "hann"
    pad_mode: Literal["constant"] = "constant"  # frames are centered; zeros beyond both ends
    n_mels: int = 128
    fmin: float = 0.0  # Hz
    fmax: float = SAMPLE_RATE / 2  # Hz
    mel_norm: str = "slaney"  # filters of equal area
    ref: float = 1.0  # power of 0 dB
    amin: float = 1e-10  # power below which a decibel value stops falling
    top_db: float = 80.0  # dB below the maximum of the window, below which it stops falling too
    n_mfcc: int = 40
    n_chroma: int = 12
    tuning: float = 0.0
    ctroct: float = 5.0  # center of the chroma weights, octaves above 27.5 Hz
    octwidth: float = 2.0  # octaves, standard deviation of the chroma weights
    n_bands: int = 6  # octave bands of contrast, besides the one below them
    contrast_fmin: float = 200.0  # Hz
    quantile: float = 0.02  # share of a band's bins that are averaged for its peak and its valley
    n_tonnetz: int = 6

    @property
    def id(self) -> str:
        """Id of these values, stored with everything computed from the features."""
        written = json.dumps(asdict(self), sort_keys=True).encode()
        return f"librosa{self.n_features}-{blake2b(written, digest_size=4).hexdigest()}"

    @property
    def n_features(self) -> int:
        """Values per frame."""
        return self.n_mels + self.n_mfcc + self.n_chroma + self.n_bands + 1 + self.n_tonnetz


PARAMETERS = FeatureParameters()
FEATURE_ID = PARAMETERS.id
N_FEATURES = PARAMETERS.n_features

SAME_FRAME = 128  # samples, a quarter of a hop: frames of repeated audio this close together are one
MIN_FRAMES = 128  # distinct ones; a shorter sound is looked at in finer steps
MAX_DISTINCT = 0.8  # of the frames: if more differ, as of 9 s repeated to 45 s, all are computed
FRAMES_AT_ONCE = 64  # half a megabyte of spectrum, which fits a core's cache


def reference_features(samples: FloatArray) -> FloatArray:
    """Compute the features by librosa, as their definition; see `compute_features`."""
    import librosa

    d = PARAMETERS
    rate = d.sample_rate
    magnitude = np.abs(
        librosa.stft(samples, n_fft=d.n_fft, hop_length=d.hop_length, window=d.window, pad_mode=d.pad_mode)
    )
    power = magnitude**2
    mel = librosa.feature.melspectrogram(
        S=power, sr=rate, n_mels=d.n_mels, fmin=d.fmin, fmax=d.fmax, norm=d.mel_norm
    )
    log_mel = librosa.power_to_db(mel, ref=d.ref, amin=d.amin, top_db=d.top_db)
    mfcc = librosa.feature.mfcc(S=log_mel, sr=rate, n_mfcc=d.n_mfcc)
    chroma = librosa.feature.chroma_stft(
        S=power, sr=rate, tuning=d.tuning, n_chroma=d.n_chroma, ctroct=d.ctroct, octwidth=d.octwidth
    )
    contrast = librosa.feature.spectral_contrast(
        S=magnitude, sr=rate, n_bands=d.n_bands, fmin=d.contrast_fmin, quantile=d.quantile
    )
    tonnetz = librosa.feature.tonnetz(chroma=chroma, sr=rate)
    return np.concatenate([log_mel, mfcc, chroma, contrast, tonnetz]).T.astype(np.float32)


def compute_features(samples: FloatArray) -> FloatArray:
    """Compute the features of audio; equal to `reference_features` except for float32 rounding.

    Parameters
    ----------
    samples : mono at 22,050 Hz [shape=(n,), float32]

    Returns
    -------
    [shape=(1 + n // 512, 193), float32]; [shape=(1938, 193)] for 45 s
    """
    return _features_of(_positions(samples)[:: PARAMETERS.hop_length])


def repeated_features(samples: FloatArray, n: int) -> FloatArray:
    """Compute the features of audio that is repeated to ``n`` samples, each distinct frame once.

    Frames of repeated audio recur: what a frame contains depends on the sample of the audio at which it
    begins. Of frames that begin within `SAME_FRAME` samples of each other one is computed, which makes short
    sounds several times faster. Frames at either end, which contain zeros, are computed as they are.

    Parameters
    ----------
    samples : mono at 22,050 Hz [shape=(m,), float32]
    n : samples to cover

    Returns
    -------
    [shape=(1 + n // 512, 193), float32], nearly equal to `compute_features` of ``numpy.resize(samples, n)``,
    and equal where few frames recur
    """
    period, d = len(samples), PARAMETERS
    step = min(SAME_FRAME, 2 ** int(np.log2(max(1, period / MIN_FRAMES))))  # a part of a hop
    if period / step > MAX_DISTINCT * n / d.hop_length:
        return compute_features(np.resize(samples, n))
    positions = _positions(np.resize(samples, n))
    starts = np.arange(0, len(positions), d.hop_length)
    inside = (starts >= d.n_fft // 2) & (starts <= n - d.n_fft // 2)
    phases = (starts[inside] - d.n_fft // 2) % period
    starts[inside] = d.n_fft // 2 + np.rint(phases / step).astype(np.int64) * step
    distinct, recurring = np.unique(starts, return_inverse=True)
    return _features_of(positions[distinct])[recurring]


def _features_of(frames: FloatArray) -> FloatArray:
    """Compute the features of frames [shape=(n, n_fft)]."""
    spectra = _spectra(frames)
    log_mel = _power_to_db(spectra.mel)
    chroma = _normalize(spectra.chroma, spectra.chroma.max(axis=1, keepdims=True))
    return np.concatenate(
        [
            log_mel,
            log_mel @ banks.dct(PARAMETERS.n_mels, PARAMETERS.n_mfcc),
            chroma,
            _power_to_db(spectra.peaks) - _power_to_db(spectra.valleys),
            _normalize(chroma, chroma.sum(axis=1, keepdims=True)) @ banks.tonnetz(PARAMETERS.n_chroma),
        ],
        axis=1,
    )


class _Spectra(NamedTuple):
    """Reductions of the spectrum of each frame."""

    mel: FloatArray  # (n_frames, 128) power
    chroma: FloatArray  # (n_frames, 12) power
    peaks: FloatArray  # (n_frames, 7) magnitude
    valleys: FloatArray  # (n_frames, 7) magnitude


def _spectra(frames: FloatArray) -> _Spectra:
    """Reduce the spectrum block by block, so that the whole spectrogram never exists."""
    d = PARAMETERS
    n_frames, n_bands = len(frames), d.n_bands + 1
    spectra = _Spectra(
        *(np.empty((n_frames, n), np.float32) for n in (d.n_mels, d.n_chroma, n_bands, n_bands))
    )
    mel_filters = banks.mel_groups(d.sample_rate, d.n_fft, d.n_mels, d.fmin, d.fmax)
    chroma_filters = banks.chroma(d.sample_rate, d.n_fft, d.n_chroma, d.tuning, d.ctroct, d.octwidth)
    bands = banks.contrast_bands(d.sample_rate, d.n_fft, d.n_bands, d.contrast_fmin, d.quantile)
    for block, magnitude in _magnitudes(frames):
        for k, (low, high, n) in enumerate(bands):
            ordered = np.sort(magnitude[:, low:high], axis=1)
            spectra.valleys[block, k] = ordered[:, :n].mean(axis=1)
            spectra.peaks[block, k] = ordered[:, -n:].mean(axis=1)
        power = np.square(magnitude, out=magnitude)
        for (low, high), (first, last), weights in mel_filters:
            spectra.mel[block, first:last] = power[:, low:high] @ weights
        spectra.chroma[block] = power @ chroma_filters
    return spectra


def _magnitudes(frames: FloatArray) -> Iterator[tuple[slice, FloatArray]]:
    """Yield blocks of magnitudes [shape=(n, n_fft // 2 + 1)], each overwritten by the next.

    Fresh arrays of this size come from the operating system, which costs as much as filling them.
    """
    n_frames, n_fft = frames.shape
    window = banks.hann(n_fft)
    windowed = np.empty((FRAMES_AT_ONCE, n_fft), np.float32)
    spectrum = np.empty((FRAMES_AT_ONCE, n_fft // 2 + 1), np.complex64)
    magnitude = np.empty(spectrum.shape, np.float32)
    for start in range(0, n_frames, FRAMES_AT_ONCE):
        block = slice(start, min(start + FRAMES_AT_ONCE, n_frames))
        n = block.stop - block.start
        np.multiply(frames[block], window, out=windowed[:n])
        np.fft.rfft(windowed[:n], out=spectrum[:n])
        yield block, np.abs(spectrum[:n], out=magnitude[:n])


def _positions(samples: FloatArray) -> FloatArray:
    """Return the frame at every sample as a view [shape=(n + 1, n_fft)], frame t centered on sample t."""
    padded = np.pad(samples, PARAMETERS.n_fft // 2)
    return np.lib.stride_tricks.sliding_window_view(padded, PARAMETERS.n_fft)


def _power_to_db(power: FloatArray) -> FloatArray:
    """Convert power to decibels, at most ``top_db`` below the maximum."""
    amin, ref = np.float32(PARAMETERS.amin), np.float32(PARAMETERS.ref)
    decibels = np.float32(10) * (np.log10(np.maximum(power, amin)) - np.log10(ref))
    limited: FloatArray = np.maximum(decibels, decibels.max() - np.float32(PARAMETERS.top_db))
    return limited


def _normalize(rows: FloatArray, norms: FloatArray) -> FloatArray:
    """Divide rows by their norms; a row whose norm is too small stays as it is."""
    divisors = norms.copy()
    divisors[norms < np.finfo(np.float32).tiny] = 1
    return rows / divisors
