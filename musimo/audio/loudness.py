"""Loudness of music, measured from its mel spectrogram, and features relative to it.

A track's level is a decision of its mastering, not of its music: copies that differ by a gain must get the
same mood and the same sound vector. So the network sees features relative to the loudness of the whole track.
What is loud or soft within a track stays.

The measure follows ITU-R BS.1770-4: K-weighted power in overlapping blocks of 400 ms, gated at -70 LUFS and
at 10 LU below the mean of the blocks that remain. The weighting is applied to mel bands instead of samples,
and to the mean of the channels, so that values differ from a meter's by a few tenths, and for wide stereo by
up to 3 LU.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from musimo.audio import banks
from musimo.audio.features import PARAMETERS
from musimo.records import DoubleArray, ExtractedWindow, FloatArray

REFERENCE_LUFS = -14.0  # level that features are moved to: that of streaming services
BLOCK_FRAMES, BLOCK_HOP = 17, 4  # 395 ms, overlapping by three quarters
ABSOLUTE_GATE_LUFS = -70.0
RELATIVE_GATE_LU = -10.0
TINY = 1e-20  # power of digital silence

SHELF = (1.53512485958697, -2.69169618940638, 1.19839281085285), (1.0, -1.69065929318241, 0.73248077421585)
HIGH_PASS = (1.0, -2.0, 1.0), (1.0, -1.99004745483398, 0.99007225036621)
FILTER_RATE = 48_000  # Hz, of the coefficients above (BS.1770-4, tables 1 and 2)
OFFSET_DB = -59.645  # makes a sine of 997 Hz and full scale -3.01 LUFS, as BS.1770 demands


def loudness(log_mels: Sequence[FloatArray]) -> float:
    """Return the gated loudness of passages of one track together, LUFS; -inf if all are silent.

    Parameters
    ----------
    log_mels : the log-mel columns of features, or all of their columns [shape=(n_frames, >= 128)]
    """
    powers = np.concatenate([np.empty(0), *(_block_powers(log_mel) for log_mel in log_mels)])
    gated = powers[_lufs(powers) > ABSOLUTE_GATE_LUFS]
    if not len(gated):
        return -np.inf
    gated = gated[_lufs(gated) > _lufs(gated.mean()) + RELATIVE_GATE_LU]
    return float(_lufs(gated.mean()))


def gain_to_reference(track_lufs: float) -> np.float32:
    """Return the factor that gives samples of a track the reference loudness; 1 for silence."""
    return np.float32(10 ** ((REFERENCE_LUFS - track_lufs) / 20) if np.isfinite(track_lufs) else 1)


def network_input(window: ExtractedWindow) -> FloatArray:
    """Return the features of a window relative to its track."""
    return relative_features(window.features, window.track_lufs)


def relative_features(features: FloatArray, track_lufs: float) -> FloatArray:
    """Return features as they would be if the track had the reference loudness.

    Log-mel values and the first cepstral coefficient move; all others do not depend on level.

    Parameters
    ----------
    features : as of :func:`musimo.audio.features.compute_features` [shape=(n_frames, 193)]
    track_lufs : loudness of the whole track; features of a silent one stay as they are
    """
    if not np.isfinite(track_lufs):
        return features
    gain_db = np.float32(REFERENCE_LUFS - track_lufs)
    moved = features.copy()
    moved[:, : PARAMETERS.n_mels] += gain_db
    moved[:, PARAMETERS.n_mels] += gain_db * np.float32(np.sqrt(PARAMETERS.n_mels))  # of an orthonormal DCT
    return moved


def _block_powers(log_mel: FloatArray) -> DoubleArray:
    """Return the K-weighted power of each block; passages shorter than a block are one block."""
    frames = 10 ** (log_mel[:, : PARAMETERS.n_mels].astype(np.float64) / 10) @ _band_weights()
    sums = np.concatenate([[0.0], np.cumsum(frames)])
    starts = np.arange(0, max(1, len(frames) - BLOCK_FRAMES + 1), BLOCK_HOP)
    ends = np.minimum(starts + BLOCK_FRAMES, len(frames))
    return np.asarray((sums[ends] - sums[starts]) / (ends - starts))


def _lufs(power: DoubleArray | np.float64) -> NDArray[np.float64]:
    return np.asarray(10 * np.log10(np.maximum(power, TINY)) + OFFSET_DB)


@lru_cache
def _band_weights() -> DoubleArray:
    """Return the K-weighting of each mel band, times the width of the band: filters have equal areas."""
    d = PARAMETERS
    edges = banks.mel_edges(d.n_mels, d.fmin, d.fmax)
    gains = _gain(edges[1:-1], *SHELF) * _gain(edges[1:-1], *HIGH_PASS)
    return np.asarray(gains**2 * (edges[2:] - edges[:-2]) / 2)


def _gain(hertz: DoubleArray, numerator: Sequence[float], denominator: Sequence[float]) -> DoubleArray:
    """Return the magnitude of a digital filter at given frequencies."""
    z = np.exp(-2j * np.pi * hertz[:, np.newaxis] / FILTER_RATE * np.arange(3))
    return np.asarray(np.abs(z @ np.array(numerator)) / np.abs(z @ np.array(denominator)))
