"""The paper's three augmentations (section 4.B), applied to features instead of audio.

Features are computed once and cached, so the audio cannot be augmented in every epoch. Gain is exact on
features (except for frames at the floor of the decibel scale); transposition shifts the mel bands and rotates
chroma and tonnetz, without changing spectral contrast; time stretching repeats or drops frames.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from musimo.records import FloatArray
from musimo.training.config import AugmentConfig

MEL, MFCC, CHROMA, TONNETZ = slice(0, 128), slice(128, 168), slice(168, 180), slice(187, 193)
N_MELS, N_MFCC = 128, 40
# angle of one semitone on the circles of fifths, minor thirds and major thirds (Harte 2006)
TONNETZ_ANGLES = np.pi * np.array([7 / 6, 3 / 2, 2 / 3])
MEL_MAX_HZ = 11_025.0  # Hz, half the sample rate


def augment(clip: FloatArray, config: AugmentConfig, rng: np.random.Generator) -> FloatArray:
    """Return a randomly augmented clip: (n_frames, 193) -> (n, 193), not normalized."""
    if 0 < config.crop_frames < len(clip):
        start = int(rng.integers(len(clip) - config.crop_frames + 1))
        clip = clip[start : start + config.crop_frames]
    chosen = rng.random(3) < config.probability
    if chosen[0]:
        clip = stretch(clip, 1 + rng.uniform(-config.stretch, config.stretch))
    if chosen[1]:
        clip = transpose(clip, int(rng.integers(-config.semitones, config.semitones, endpoint=True)))
    if chosen[2]:
        clip = amplify(clip, rng.uniform(*config.gain))
    return clip


def amplify(clip: FloatArray, gain: float) -> FloatArray:
    """Multiply the amplitude: decibels shift together, of the cepstrum only the first coefficient."""
    louder = clip.copy()
    decibels = 20 * np.log10(gain)
    louder[:, MEL] += decibels
    louder[:, MFCC.start] += np.sqrt(N_MELS) * decibels
    return louder


def stretch(clip: FloatArray, rate: float) -> FloatArray:
    """Play faster (rate > 1) or slower at the same pitch and length; the clip repeats to fill its length.

    Frames are taken without interpolation, which would smooth differences between frames.
    """
    positions = np.rint(np.arange(len(clip)) * rate).astype(np.int64)
    stretched: FloatArray = clip[positions % len(clip)]
    return stretched


def transpose(clip: FloatArray, semitones: int) -> FloatArray:
    """Shift the pitch by a whole number of semitones."""
    if semitones == 0:
        return clip
    shifted = clip.copy()
    source = _source_bands(semitones)
    below = np.clip(np.floor(source).astype(np.int64), 0, N_MELS - 2)
    share = np.clip(source - below, 0, 1).astype(np.float32)
    mel = clip[:, MEL]
    shifted[:, MEL] = mel[:, below] * (1 - share) + mel[:, below + 1] * share
    shifted[:, MFCC] = shifted[:, MEL] @ _dct_matrix()
    shifted[:, CHROMA] = np.roll(clip[:, CHROMA], semitones, axis=1)
    planes = clip[:, TONNETZ].reshape(-1, 3, 2)  # sine and cosine on each circle
    turned = (planes[..., 1] + 1j * planes[..., 0]) * np.exp(1j * TONNETZ_ANGLES * semitones)
    shifted[:, TONNETZ] = np.stack([turned.imag, turned.real], axis=2).reshape(-1, 6)
    return shifted


def _hz_to_mel(hertz: NDArray[np.float64]) -> NDArray[np.float64]:
    """Convert to Slaney's mel scale: linear up to 1 kHz at 15 mel, then 27 mel for a factor of 6.4."""
    return np.where(
        hertz < 1000, hertz * 3 / 200, 15 + np.log(np.maximum(hertz, 1) / 1000) * 27 / np.log(6.4)
    )


def _mel_to_hz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(mel < 15, mel * 200 / 3, 1000 * np.exp((mel - 15) * np.log(6.4) / 27))


@cache
def _source_bands(semitones: int) -> NDArray[np.float64]:
    """Return the (fractional) mel band that each band's content comes from before transposition."""
    step = _hz_to_mel(np.array(MEL_MAX_HZ)) / (N_MELS + 1)  # bands are centered at steps 1..128
    centers = _mel_to_hz(np.arange(1, N_MELS + 1) * step)
    return _hz_to_mel(centers / 2 ** (semitones / 12)) / step - 1


@cache
def _dct_matrix() -> FloatArray:
    """Return the orthonormal DCT-II from log-mel to cepstrum [shape=(128, 40)]."""
    angles = np.pi * np.outer(np.arange(N_MELS) + 0.5, np.arange(N_MFCC)) / N_MELS
    cosines = np.cos(angles) * np.sqrt(2 / N_MELS)
    cosines[:, 0] /= np.sqrt(2)
    return np.asarray(cosines, dtype=np.float32)
