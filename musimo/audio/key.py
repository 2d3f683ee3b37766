"""Estimate the key of a track from the chroma of its features.

The Krumhansl-Schmuckler algorithm: the mean chroma is correlated with a profile of each of the 24 keys. The
profiles are those of Albrecht and Shanahan, "The use of large corpora to train a new type of key-finding
algorithm", Music Perception 31(1), 2013.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from musimo.audio.features import PARAMETERS as FEATURES
from musimo.records import KEYS, DoubleArray, FloatArray

Profile = tuple[float, ...]

FIRST_CHROMA = FEATURES.n_mels + FEATURES.n_mfcc  # column of C
TINY = 1e-9  # prevents division by zero where there is no pitch


@dataclass(frozen=True, slots=True)
class KeyParameters:
    """Every number that a key depends on, besides those of the features.

    The names of the fields are part of the id that is stored with estimates. Of 112 pieces rendered from
    scores whose key is known, these profiles find 99; the best of five other pairs finds 96.

    Parameters
    ----------
    major, minor : profiles, from the tonic upward
    least : correlation below which no key is reported: noise has 0.24, all twelve tones at once 0.29,
        nineteen of 20 tracks more
    clear : lead over the second-best key that gives a confidence of 0.63: where two windows of one track
        agree in two cases of three
    """

    major: Profile = (0.238, 0.006, 0.111, 0.006, 0.137, 0.094, 0.016, 0.214, 0.009, 0.080, 0.008, 0.081)
    minor: Profile = (0.220, 0.006, 0.104, 0.123, 0.019, 0.103, 0.012, 0.214, 0.062, 0.022, 0.061, 0.052)
    least: float = 0.3
    clear: float = 0.1


PARAMETERS = KeyParameters()


def mean_chroma(features: FloatArray) -> DoubleArray:
    """Return the mean of each pitch class, from C upward [shape=(12,)].

    Parameters
    ----------
    features : [shape=(n_frames, 193)], as of :func:`musimo.audio.features.compute_features`
    """
    chroma = features[:, FIRST_CHROMA : FIRST_CHROMA + FEATURES.n_chroma]
    return np.asarray(chroma.mean(axis=0, dtype=np.float64))


def estimate_key(mean_chroma: DoubleArray) -> tuple[str | None, float]:
    """Estimate a key.

    Parameters
    ----------
    mean_chroma : [shape=(12,)], mean over the windows of a track

    Returns
    -------
    key : one of ``KEYS``; None where no key fits
    confidence : 0..1; near 0 where a second key fits as well
    """
    p = PARAMETERS
    profiles = np.stack([np.roll(mode, tonic) for mode in (p.major, p.minor) for tonic in range(12)])
    correlations = _standardize(profiles) @ _standardize(mean_chroma)
    second_best, best = np.sort(correlations)[-2:]
    if best < p.least:
        return None, 0.0
    return KEYS[int(np.argmax(correlations))], float(1 - np.exp((second_best - best) / p.clear))


def _standardize(rows: DoubleArray) -> DoubleArray:
    """Return centered rows of unit length: the inner product of two is their correlation."""
    centered = rows - rows.mean(axis=-1, keepdims=True)
    return np.asarray(centered / (np.linalg.norm(centered, axis=-1, keepdims=True) + TINY))
