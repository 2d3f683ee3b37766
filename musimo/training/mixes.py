"""Music that nobody made: recordings mixed or cross-faded, faster or slower, equalised, in other rooms.

A network that learns what another one hears needs many sounds, not many labels; these come without limit.
All chance comes from the generator that is handed in.
"""

from __future__ import annotations

import numpy as np
from scipy import fft

from musimo.records import FloatArray

SPEED = 0.18  # most by which a recording is faster or slower: a little under three semitones
TILT_DB = 3.0  # most that a recording gets brighter or darker, an octave
PEAK_DB = 10.0  # most that one region is raised or lowered
PEAK_OCTAVES = 1.0  # standard deviation of that region
PEAK_HZ = (80.0, 8000.0)
SECOND_DB = (-14.0, 0.0)  # of the second recording below the first, after both are brought to one level
LEVEL_DB = (-8.0, 4.0)
NOISE_DB = (-45.0, -12.0)  # below the music
REVERB_S = (0.3, 2.5)  # until 60 dB below
WET_DB = (-16.0, -3.0)
P_SINGLE, P_CROSS_FADE = 0.25, 0.25  # the rest sound together
P_NOISE, P_REVERB = 0.2, 0.25
FADE_S = (0.5, 8.0)
QUIET = 1e-5  # RMS under which a recording is silence, and is not brought to any level
EQ_RANGE_DB = 24.0  # no band is raised or lowered more, or hiss that nobody heard would be


def mix(first: FloatArray, second: FloatArray, rate: int, n: int, rng: np.random.Generator) -> FloatArray:
    """A new sound of two.

    Parameters
    ----------
    first, second : (>= `required_samples(n)`,) mono, full scale = 1
    rate : Hz
    n : samples of the answer

    Returns
    -------
    (n,) float32, never beyond full scale
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
    one = one * _amplitude(rng.uniform(*LEVEL_DB))
    return np.asarray(one / max(float(np.abs(one).max(initial=0)), 1.0), dtype=np.float32)


def required_samples(n: int) -> int:
    """Samples of a recording that `mixture` takes for ``n`` of its own, however fast it plays them."""
    return round(n * (1 + SPEED)) + 1


def _change_speed_and_eq(samples: FloatArray, rate: int, n: int, rng: np.random.Generator) -> FloatArray:
    """Another speed and another equaliser, both in one pass through the spectrum."""
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
    """Amplitude at each frequency: a tilt about 1 kHz and one peak or dip."""
    octave = np.log2(hertz / np.float32(1000))
    centre = rng.uniform(*np.log2(np.array(PEAK_HZ) / 1000))
    decibels = octave * np.float32(rng.uniform(-TILT_DB, TILT_DB))
    decibels += np.float32(rng.uniform(-PEAK_DB, PEAK_DB)) * np.exp(
        -0.5 * np.square((octave - np.float32(centre)) / np.float32(PEAK_OCTAVES))
    )
    return np.asarray(10 ** (np.clip(decibels, -EQ_RANGE_DB, EQ_RANGE_DB) / 20), dtype=np.float32)


def _cross_fade(one: FloatArray, other: FloatArray, rate: int, rng: np.random.Generator) -> FloatArray:
    """From one to the other at equal power, somewhere between a quarter and three quarters."""
    n = len(one)
    middle, width = rng.uniform(0.25, 0.75) * n, rng.uniform(*FADE_S) * rate
    angle = np.clip((np.arange(n, dtype=np.float32) - middle) / width + 0.5, 0, 1) * np.float32(np.pi / 2)
    return np.asarray(one * np.cos(angle) + other * np.sin(angle), dtype=np.float32)


def _add_reverb(samples: FloatArray, rate: int, rng: np.random.Generator) -> FloatArray:
    """With the reverberation of noise that dies away exponentially."""
    seconds = rng.uniform(*REVERB_S)
    times = np.arange(round(seconds * rate), dtype=np.float32) / np.float32(rate)
    echo = rng.standard_normal(len(times), dtype=np.float32) * 10 ** (-3 * times / np.float32(seconds))
    echo /= np.sqrt(np.square(echo).sum())
    size = fft.next_fast_len(len(samples) + len(echo), real=True)
    wet = fft.irfft(fft.rfft(samples, size) * fft.rfft(echo, size), size)[: len(samples)]
    return np.asarray(samples + wet * _amplitude(rng.uniform(*WET_DB)), dtype=np.float32)


def _pink_noise(n: int, rng: np.random.Generator) -> FloatArray:
    """Noise of equal power an octave, RMS 1."""
    size = fft.next_fast_len(n, real=True)
    spectrum = fft.rfft(rng.standard_normal(size, dtype=np.float32))
    spectrum /= np.sqrt(np.maximum(np.arange(len(spectrum), dtype=np.float32), 1))
    noise = fft.irfft(spectrum, size)[:n]
    return np.asarray(noise / _rms(noise), dtype=np.float32)


def _rms(samples: FloatArray) -> float:
    return float(np.sqrt(np.square(samples).mean()))


def _amplitude(decibels: float) -> np.float32:
    return np.float32(10 ** (decibels / 20))
