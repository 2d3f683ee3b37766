"""Keys: cadences and scales in all 24, and audio without a key."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from musimo.audio.features import compute_features
from musimo.audio.key import PARAMETERS, estimate_key, mean_chroma
from musimo.records import KEYS
from tests.sounds import Samples, noise, sine

RATE = 22_050
CADENCES = {  # of I IV V I and i iv V i, in semitones above the tonic
    "major": ((0, 4, 7), (5, 9, 12), (7, 11, 14), (0, 4, 7)),
    "minor": ((0, 3, 7), (5, 8, 12), (7, 11, 14), (0, 3, 7)),
}
SCALES = {"major": (0, 2, 4, 5, 7, 9, 11, 12), "minor": (0, 2, 3, 5, 7, 8, 11, 12)}  # the minor one harmonic


def tone(semitones: float, seconds: float) -> Samples:
    """A tone above middle C with six overtones that fall off, as plucked or sung ones do."""
    hz = 261.63 * 2 ** (semitones / 12)
    overtones = [sine(hz * k, seconds, amplitude=0.2 / k) for k in range(1, 8)]
    return np.asarray(np.sum(overtones, axis=0), np.float32)


def cadence(mode: str, tonic: int) -> Samples:
    chords = [np.sum([tone(tonic + s, 0.8) for s in chord], axis=0) for chord in CADENCES[mode]]
    return np.asarray(np.concatenate(chords * 2), np.float32)


def scale(mode: str, tonic: int) -> Samples:
    """Up and down, with its first note held."""
    steps = (*SCALES[mode], *SCALES[mode][::-1])
    return np.concatenate([tone(tonic + s, 0.9 if s % 12 == 0 else 0.3) for s in steps])


def told(samples: NDArray[np.float32]) -> tuple[str | None, float]:
    return estimate_key(mean_chroma(compute_features(samples)))


@pytest.mark.parametrize("made", [cadence, scale])
@pytest.mark.parametrize("number", range(24), ids=lambda number: KEYS[number])
def test_all_keys(made: object, number: int) -> None:
    assert callable(made)
    key, confidence = told(made("major" if number < 12 else "minor", number % 12 - 5))
    assert key == KEYS[(number % 12 - 5) % 12 + (number // 12) * 12]
    assert confidence > 0.2


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros(10 * RATE, np.float32),
        noise(10),
        noise(45, seed=3),
        np.sum(
            [sine(261.63 * 2 ** (s / 12), 10, amplitude=0.05) for s in range(12)], axis=0, dtype=np.float32
        ),
    ],
    ids=["silence", "noise", "longer noise", "all twelve tones at once"],
)
def test_what_has_no_key(samples: Samples) -> None:
    assert told(samples) == (None, 0.0)


def test_level_changes_nothing() -> None:
    loud = cadence("minor", 2)
    assert told(loud / np.float32(100))[0] == told(loud)[0] == "D minor"


def test_two_keys_that_fit_equally_have_no_confidence() -> None:
    """C and G major, exactly half of each."""
    one, other = np.array(PARAMETERS.major), np.roll(PARAMETERS.major, 7)
    key, confidence = estimate_key(one + other)
    assert key in ("C major", "G major")
    assert confidence == pytest.approx(0, abs=1e-6)


@given(arrays(np.float64, 12, elements=st.floats(0, 1)), st.integers(0, 11))
def test_transposing_pitch_classes_turns_the_key(classes: NDArray[np.float64], semitones: int) -> None:
    key, confidence = estimate_key(classes)
    turned, as_sure = estimate_key(np.roll(classes, semitones))
    assert as_sure == pytest.approx(confidence, abs=1e-6)
    assert 0 <= confidence <= 1
    if key is None or confidence < 1e-6:  # where two fit as well, rounding decides
        return
    place = KEYS.index(key)
    assert turned == KEYS[(place % 12 + semitones) % 12 + place // 12 * 12]


@pytest.mark.parametrize("place", range(24), ids=lambda place: KEYS[place])
def test_each_profile_is_its_own_key(place: int) -> None:
    profile = np.roll(PARAMETERS.major if place < 12 else PARAMETERS.minor, place % 12)
    assert estimate_key(profile)[0] == KEYS[place]
