"""Describe harmony and rhythm of a window, from the chroma and mel spectrogram of its features.

Valence depends on mode, consonance and pulse, which a network trained on few ratings is slow to learn by
itself. Key profiles are those of Krumhansl and Kessler (1982); the magnitudes of a chroma vector's Fourier
transform, which are invariant to transposition, describe the quality of a chord (Quinn, 2006).
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from musimo.records import DoubleArray, FloatArray

MEL_COLUMNS, CHROMA_COLUMNS = slice(0, 128), slice(168, 180)
FRAMES_PER_S = 22_050 / 512
KEY_S = 3.0  # length of segments: long enough for a key to show, short enough to follow it
TRIAD_S = (0.5, 1.5)  # lengths of segments: a beat, and a chord
LAGS = (13, 17, 22, 28, 36, 46, 60, 87)  # frames between beats, 200 down to 30 per minute, in seven bands
REGISTERS = (slice(0, 20), slice(20, 70), slice(70, 128))  # mel bands: bass, middle, treble
MIN_FRAMES = 2 * LAGS[-1]  # 4 s, which the slowest beat needs; shorter audio is repeated
TINY = 1e-9  # prevents division by zero in silence
N_HARMONY = 109

MAJOR_KEY = np.array([6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88])
MINOR_KEY = np.array([6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17])
MAJOR, MINOR, DIMINISHED = (0, 4, 7), (0, 3, 7), (0, 3, 6)  # semitones above the root


def harmony_features(features: FloatArray) -> FloatArray:
    """Compute mode, consonance, harmonic change and pulse of a window.

    Parameters
    ----------
    features : [shape=(n_frames, 193)], not normalized; less than 4 s are repeated

    Returns
    -------
    [shape=(109,), float32], finite even for silence; invariant to transposition, because keys, chords and
    intervals are relative
    """
    features = np.tile(features, (-(-MIN_FRAMES // len(features)), 1))
    chroma = np.maximum(features[:, CHROMA_COLUMNS], 0, dtype=np.float64)
    mel = features[:, MEL_COLUMNS]
    rise = np.maximum(mel[1:] - mel[:-1], 0)
    parts = [_key(chroma), _intervals(chroma), _clarity(chroma)]
    parts += [_triads(_segments(chroma, seconds)) for seconds in TRIAD_S]
    parts += [_pulse(rise.mean(axis=1, dtype=np.float64))]
    parts += [_attacks(rise[:, rows].mean(axis=1, dtype=np.float64)) for rows in REGISTERS]
    return np.concatenate(parts).astype(np.float32)


def _segments(chroma: DoubleArray, seconds: float) -> DoubleArray:
    """Average the chroma over segments of that length [shape=(n, 12)]; an incomplete last one is dropped."""
    length = min(round(seconds * FRAMES_PER_S), len(chroma))
    count = len(chroma) // length
    means: DoubleArray = chroma[: count * length].reshape(count, length, 12).mean(axis=1)
    return means


def _key_strengths(chroma: DoubleArray, profile: DoubleArray) -> DoubleArray:
    """Correlate chroma with a key profile on each of the twelve tonics: (..., 12) -> (..., 12)."""
    centered = chroma - chroma.mean(axis=-1, keepdims=True)
    centered = centered / (np.linalg.norm(centered, axis=-1, keepdims=True) + TINY)
    template = (profile - profile.mean()) / np.linalg.norm(profile - profile.mean())
    return np.asarray(centered @ np.stack([np.roll(template, root) for root in range(12)], axis=1))


def _key(chroma: DoubleArray) -> DoubleArray:
    """Compute strength and stability of major and minor, and the pitch classes above the tonic: 20 values."""
    overall, segments = chroma.mean(axis=0), _segments(chroma, KEY_S)
    major, minor = _key_strengths(overall, MAJOR_KEY), _key_strengths(overall, MINOR_KEY)
    majors, minors = (_key_strengths(segments, p).max(axis=1) for p in (MAJOR_KEY, MINOR_KEY))
    movement_rate = np.abs(np.diff(segments, axis=0)).mean() if len(segments) > 1 else 0.0
    tonic = int(np.maximum(major, minor).argmax())
    strengths = [
        major.max(),
        minor.max(),
        major.max() - minor.max(),
        major.max() - minor[major.argmax()],
        majors.mean(),
        minors.mean(),
        (majors - minors).mean(),
        movement_rate,
    ]
    return np.concatenate([strengths, np.roll(overall, -tonic) / (overall.sum() + TINY)])


def _intervals(chroma: DoubleArray) -> DoubleArray:
    """Compute simultaneous intervals, by frame, by segment and overall: 24 values."""
    overall, segments = chroma.mean(axis=0), _segments(chroma, KEY_S)
    total = overall.sum() + TINY
    spectra = [
        np.abs(np.fft.rfft(x))[..., 1:].reshape(-1, 6).mean(axis=0) for x in (chroma, segments, overall)
    ]
    together = [overall @ np.roll(overall, semitones) for semitones in range(1, 7)]
    return np.concatenate([*(s / total for s in spectra), together / (overall @ overall + TINY)])


def _clarity(chroma: DoubleArray) -> DoubleArray:
    """Compute mean and SD of the entropy of each frame's pitch classes: 2 values."""
    share = chroma / (chroma.sum(axis=1, keepdims=True) + TINY)
    entropy = -(share * np.log(share + TINY)).sum(axis=1)
    return np.array([entropy.mean(), entropy.std()])


def _triads(segments: DoubleArray) -> DoubleArray:
    """Compute clarity, mode, rate of change and intervals of chords in segments of one length: 21 values."""
    segments = segments / (np.linalg.norm(segments, axis=1, keepdims=True) + TINY)
    major, minor, diminished = (_triad(segments, intervals) for intervals in (MAJOR, MINOR, DIMINISHED))
    brightness = major.max(axis=1) - minor.max(axis=1)
    chord = np.where(brightness > 0, major.argmax(axis=1), 12 + minor.argmax(axis=1))
    steps = np.linalg.norm(np.diff(segments, axis=0), axis=1)
    changes = np.diff(chord) != 0
    modes = [major.max(axis=1).mean(), minor.max(axis=1).mean(), diminished.max(axis=1).mean()]
    movement = [steps.mean(), changes.mean()] if len(segments) > 1 else [0.0, 0.0]
    together = np.stack([(segments * np.roll(segments, k, axis=1)).sum(axis=1) for k in range(1, 7)], axis=1)
    return np.concatenate(
        [
            modes,
            [(brightness > 0).mean(), brightness.mean(), brightness.std()],
            movement,
            [len(np.unique(chord)) / 24],
            together.mean(axis=0),
            together.std(axis=0),
        ]
    )


def _triad(segments: DoubleArray, intervals: tuple[int, ...]) -> DoubleArray:
    """Return the cosine with a triad on each of the twelve roots [shape=(n, 12)]."""
    return np.asarray(sum(np.roll(segments, -i, axis=1) for i in intervals) / np.sqrt(3))


def _pulse(rise: DoubleArray) -> DoubleArray:
    """Compute tempo and strength of the beat from the autocorrelation of the onset strength: 12 values."""
    onsets = rise - rise.mean()
    size = 2 * len(onsets)
    power = np.abs(np.fft.rfft(onsets, size)) ** 2
    correlation = np.fft.irfft(power, size)[: LAGS[-1]]
    correlation = correlation / (correlation[0] + TINY)
    beat = LAGS[0] + int(correlation[LAGS[0] :].argmax())
    bands = [correlation[low:high].max() for low, high in pairwise(LAGS)]
    sd = onsets.std()
    shape = [sd, onsets.max() / (sd + TINY), (onsets > 2 * sd).mean() if sd > TINY else 0.0]
    return np.array([np.log(60 * FRAMES_PER_S / beat), correlation[beat], *shape, *bands])


def _attacks(rise: DoubleArray) -> DoubleArray:
    """Compute SD, relative mean deviation and skewness of the onset strength of a register: 3 values."""
    onsets = rise - rise.mean()
    sd = onsets.std() + TINY
    return np.array([onsets.std(), np.abs(onsets).mean() / sd, (onsets**3).mean() / sd**3])
