"""Mixes: exact lengths, deterministic by seed, and each effect where it is measurable."""

import numpy as np
import pytest

from musimo.training import mixes
from musimo.training.mixes import mix, required_samples

RATE, N = 8000, 16_000


def tone(hertz: float, seed: int = 0) -> np.ndarray:
    """A tone in a little noise, long enough for any speed."""
    n = required_samples(N)
    hiss = np.random.default_rng(seed).normal(0, 1e-3, n)
    return (0.3 * np.sin(2 * np.pi * hertz * np.arange(n) / RATE) + hiss).astype(np.float32)


@pytest.mark.parametrize("seed", range(12))
def test_mixes_have_the_requested_length(seed: int) -> None:
    mixed = mix(3 * tone(440), 3 * tone(1000), RATE, N, np.random.default_rng(seed))
    assert mixed.shape == (N,)
    assert mixed.dtype == np.float32
    assert np.isfinite(mixed).all()
    assert mixed.any()


def test_mixes_depend_on_the_seed() -> None:
    first, again, other = (
        mix(tone(440), tone(1000), RATE, N, np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.allclose(first, other, atol=1e-3)


def test_silence_stays_silence() -> None:
    silence = np.zeros(required_samples(N), np.float32)
    for seed in range(8):
        assert not mix(silence, silence, RATE, N, np.random.default_rng(seed)).any()


def test_speed_shifts_a_tone_within_its_limit() -> None:
    peaks = []
    for seed in range(30):
        played = mixes._change_speed_and_eq(tone(1000), RATE, N, np.random.default_rng(seed))
        peaks.append(np.abs(np.fft.rfft(played)).argmax() * RATE / N)
    assert max(peaks) <= 1000 * (1 + mixes.SPEED) + 1
    assert min(peaks) >= 1000 / (1 + mixes.SPEED) - 1
    assert max(peaks) - min(peaks) > 150


def test_cross_fade_has_equal_power() -> None:
    one, other = np.full(N, 1, np.float32), np.full(N, 1j.imag, np.float32)
    rng = np.random.default_rng(0)
    faded = mixes._cross_fade(one, np.zeros(N, np.float32), RATE // 4, rng)
    back = mixes._cross_fade(np.zeros(N, np.float32), other, RATE // 4, np.random.default_rng(0))
    np.testing.assert_allclose(faded**2 + back**2, 1, atol=1e-5)
    assert faded[0] == pytest.approx(1)
    assert faded[-1] == pytest.approx(0, abs=1e-6)


def test_pink_noise_has_equal_power_per_octave() -> None:
    noise = mixes._pink_noise(2**16, np.random.default_rng(0))
    power = np.abs(np.fft.rfft(noise)) ** 2
    octaves = [power[2**k : 2 ** (k + 1)].sum() for k in range(8, 15)]
    assert max(octaves) / min(octaves) < 1.3


def test_a_low_pass_removes_what_is_above_a_random_frequency() -> None:
    """Its edge is within a hertz or two, and what is below stays."""
    rate, n, edges = 22_050, 2**14, []
    sound = np.random.default_rng(0).normal(0, 0.1, n).astype(np.float32)
    before = np.fft.rfft(sound)
    for seed in range(8):
        filtered = mixes._low_pass(sound, rate, np.random.default_rng(seed))
        assert filtered.dtype == np.float32
        after = np.fft.rfft(filtered)
        edge = int(np.flatnonzero(np.abs(after) > 0.01)[-1])
        np.testing.assert_allclose(after[: edge + 1], before[: edge + 1], atol=1e-3)
        np.testing.assert_allclose(after[edge + 1 :], 0, atol=1e-3)
        edges.append(edge * rate / n)
    low, high = mixes.LOW_PASS_HZ
    assert low - 10 < min(edges) < 6_000 < 7_000 < max(edges) < high


def test_some_mixes_have_less_bandwidth_than_others(monkeypatch: pytest.MonkeyPatch) -> None:
    filtered = []

    def counted(samples: np.ndarray, *_: object) -> np.ndarray:
        filtered.append(len(samples))
        return samples

    monkeypatch.setattr(mixes, "_low_pass", counted)
    for seed in range(60):
        mix(tone(440)[:600], tone(1000)[:600], RATE, 500, np.random.default_rng(seed))
    assert len(filtered) / 60 == pytest.approx(mixes.P_LOW_PASS, abs=0.15)
