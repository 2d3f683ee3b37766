"""Random mixes of recordings: mixed or cross-faded, with changed speed, equalization, bandwidth,
reverberation and noise.

Distillation needs much audio but no labels; mixes extend the music without limit. All random numbers come
from the given generator.
"""

from __future__ import annotations

import numpy as np
from scipy import fft

from musimo.records import FloatArray

SPEED = 0.18  # maximum relative change of speed: a little under three semitones
TILT_DB = 3.0  # per octave, maximum
PEAK_DB = 10.0  # maximum gain of the peak
PEAK_OCTAVES = 1.0  # standard deviation of the peak
PEAK_HZ = (80.0, 8000.0)
SECOND_DB = (-14.0, 0.0)  # level of the second recording relative to the first
LOW_PASS_HZ = (4_000.0, 11_000.0)  # bandwidths of old recordings, low bitrates and low sampling rates
NOISE_DB = (-45.0, -12.0)  # relative to the music
REVERB_S = (0.3, 2.5)  # decay by 60 dB
WET_DB = (-16.0, -3.0)
P_SINGLE, P_CROSS_FADE = 0.25, 0.25  # otherwise both are mixed
P_NOISE, P_REVERB, P_LOW_PASS = 0.2, 0.25, 0.3
FADE_S = (0.5, 8.0)
QUIET = 1e-5  # RMS below which a recording is silence, and its level is not matched
EQ_RANGE_DB = 24.0  # maximum of the equalizer, so that it does not amplify inaudible hiss


def mix(first: FloatArray, second: FloatArray, rate: int, n: int, rng: np.random.Generator) -> FloatArray:
    """Return a random mix of two recordings.

    Parameters
    ----------
    first, second : mono, full scale = 1, at least `required_samples(n)` samples
    rate : Hz
    n : samples of the result
    rng : random number generator

    Returns
    -------
    float32, at about the level of the first recording [shape=(n,)]
    """
    one = _change_speed_and_eq(first, rate, n, rng)
    kind = rng.random()
    if kind >= P_SINGLE:
        other = _change_speed_and_eq(second, rate, n, rng)
        other *= np.float32(_rms(one) / max(_rms(other), QUIET) if _rms(one) > QUIET else 1)
        if kind < P_SINGLE + P_CROSS_FADE:
            one = _cross_fade(one, other, rate, rng)
        else:
            one = one + other * _amplitude(rng.uniform(*SECOND_DB))
    if rng.random() < P_REVERB:
        one = _add_reverb(one, rate, rng)
    if rng.random() < P_NOISE:
        one = one + _pink_noise(n, rng) * np.float32(_rms(one)) * _amplitude(rng.uniform(*NOISE_DB))
    if rng.random() < P_LOW_PASS:
        one = _low_pass(one, rate, rng)
    return one


def required_samples(n: int) -> int:
    """Return the samples of a recording that `mix` needs for ``n`` samples at any speed."""
    return round(n * (1 + SPEED)) + 1


def _change_speed_and_eq(samples: FloatArray, rate: int, n: int, rng: np.random.Generator) -> FloatArray:
    """Change speed and equalization in one pass through the spectrum."""
    speed = (1 + SPEED) ** rng.uniform(-1, 1)
    taken = samples[: round(n * speed)]
    size = fft.next_fast_len(len(taken), real=True)
    wanted = fft.next_fast_len(round(size / speed), real=True)
    spectrum = fft.rfft(taken, size)
    hertz = np.linspace(0, rate / 2, len(spectrum), dtype=np.float32)
    spectrum *= _equalizer(np.maximum(hertz, 20), rng)
    played = fft.irfft(spectrum, wanted)[:n] * np.float32(wanted / size)
    return np.resize(played, n).astype(np.float32)


def _equalizer(hertz: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Return the gain at each frequency: a tilt about 1 kHz and one peak or dip."""
    octave = np.log2(hertz / np.float32(1000))
    center = rng.uniform(*np.log2(np.array(PEAK_HZ) / 1000))
    decibels = octave * np.float32(rng.uniform(-TILT_DB, TILT_DB))
    decibels += np.float32(rng.uniform(-PEAK_DB, PEAK_DB)) * np.exp(
        -0.5 * np.square((octave - np.float32(center)) / np.float32(PEAK_OCTAVES))
    )
    return np.asarray(10 ** (np.clip(decibels, -EQ_RANGE_DB, EQ_RANGE_DB) / 20), dtype=np.float32)


def _cross_fade(one: FloatArray, other: FloatArray, rate: int, rng: np.random.Generator) -> FloatArray:
    """Cross-fade at equal power, centered between a quarter and three quarters."""
    n = len(one)
    middle, width = rng.uniform(0.25, 0.75) * n, rng.uniform(*FADE_S) * rate
    angle = np.clip((np.arange(n, dtype=np.float32) - middle) / width + 0.5, 0, 1) * np.float32(np.pi / 2)
    return np.asarray(one * np.cos(angle) + other * np.sin(angle), dtype=np.float32)


def _add_reverb(samples: FloatArray, rate: int, rng: np.random.Generator) -> FloatArray:
    """Add reverberation by exponentially decaying noise."""
    seconds = rng.uniform(*REVERB_S)
    times = np.arange(round(seconds * rate), dtype=np.float32) / np.float32(rate)
    echo = rng.standard_normal(len(times), dtype=np.float32) * 10 ** (-3 * times / np.float32(seconds))
    echo /= np.sqrt(np.square(echo).sum())
    size = fft.next_fast_len(len(samples) + len(echo), real=True)
    wet = fft.irfft(fft.rfft(samples, size) * fft.rfft(echo, size), size)[: len(samples)]
    return np.asarray(samples + wet * _amplitude(rng.uniform(*WET_DB)), dtype=np.float32)


def _low_pass(samples: FloatArray, rate: int, rng: np.random.Generator) -> FloatArray:
    """Remove what is above a random frequency, as resamplers and lossy encoders do: within a few hertz."""
    size = fft.next_fast_len(len(samples), real=True)
    spectrum = fft.rfft(samples, size)
    low, high = np.log(LOW_PASS_HZ)
    spectrum[round(np.exp(rng.uniform(low, high)) / rate * size) :] = 0
    return np.asarray(fft.irfft(spectrum, size)[: len(samples)], dtype=np.float32)


def _pink_noise(n: int, rng: np.random.Generator) -> FloatArray:
    """Return noise of equal power per octave, RMS 1."""
    size = fft.next_fast_len(n, real=True)
    spectrum = fft.rfft(rng.standard_normal(size, dtype=np.float32))
    spectrum /= np.sqrt(np.maximum(np.arange(len(spectrum), dtype=np.float32), 1))
    noise = fft.irfft(spectrum, size)[:n]
    return np.asarray(noise / _rms(noise), dtype=np.float32)


def _rms(samples: FloatArray) -> float:
    return float(np.sqrt(np.square(samples).mean()))


def _amplitude(decibels: float) -> np.float32:
    return np.float32(10 ** (decibels / 20))
