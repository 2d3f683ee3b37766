"""Distances between tracks in mood, tempo and key: what listeners notice where one track follows another.

- Mood: Euclidean distance on the 0..1 plane of valence and arousal.
- Tempo: the ratio in octaves modulo 1, since a tempo and its double share a pulse: 0 to 0.5.
- Key: steps on the circle of fifths, plus one between major and minor; a key and its relative are one step
  apart, as on the Camelot wheel. 0 to 7.

Each is divided by its mean between two random tracks, so that they can be added. Where a value is unknown,
that mean stands in: neither near nor far.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import hypot, log2
from typing import Final

import numpy as np
from numpy.typing import NDArray

from musimo.records import Track
from musimo.search.keys import circle_position

MEAN_MOOD_DISTANCE: Final = 0.2  # measured: .195 among 380 tracks of very different music
MEAN_TEMPO_DISTANCE: Final = 0.25  # octaves, for tempi spread evenly over an octave
MEAN_KEY_DISTANCE: Final = 3.5  # steps, over the 24 keys: 3 on the circle, and half a step between the modes

Floats = NDArray[np.float64]


def mood_distance(a: Track, b: Track) -> float | None:
    """Return the distance on the 0..1 plane; None if a mood is unknown."""
    if a.valence is None or a.arousal is None or b.valence is None or b.arousal is None:
        return None
    return hypot(a.valence - b.valence, a.arousal - b.arousal)


def tempo_ratio(a: Track, b: Track) -> float | None:
    """Return the tempo of ``b`` over that of ``a``, modulo octaves: 0.71 to 1.41; None if unknown."""
    tempi = [tempo_of(track) for track in (a, b)]
    if tempi[0] is None or tempi[1] is None:
        return None
    octaves = log2(tempi[1] / tempi[0])
    return float(2 ** (octaves - round(octaves)))


def key_steps(a: Track, b: Track) -> int | None:
    """Return the steps between two keys, 0 to 7; None if one is unknown."""
    positions = [circle_position(key_of(track)) for track in (a, b)]
    if positions[0] is None or positions[1] is None:
        return None
    (fifths, minor), (other_fifths, other_minor) = positions[0], positions[1]
    return abs((fifths - other_fifths + 6) % 12 - 6) + (minor != other_minor)


def tempo_of(track: Track) -> float | None:
    """Return the estimated tempo in beats per minute; None if unknown."""
    return (track.tempo_key.tempo if track.tempo_key else None) or None


def key_of(track: Track) -> str | None:
    """Return the estimated key; None if unknown."""
    return track.tempo_key.key if track.tempo_key else None


def pairwise_distances(tracks: Sequence[Track]) -> Floats:
    """Return the sum of the three distances for each pair [shape=(n, n)]; 3 where nothing is known."""
    moods = np.array([[_or_nan(track.valence), _or_nan(track.arousal)] for track in tracks]).reshape(-1, 2)
    tempi = np.log2(np.array([_or_nan(tempo_of(track)) for track in tracks]))
    octaves = tempi[:, None] - tempi
    keys = [circle_position(key_of(track)) or (np.nan, np.nan) for track in tracks]
    fifths, minor = np.array(keys, np.float64).reshape(-1, 2).T
    around = np.abs((fifths[:, None] - fifths + 6) % 12 - 6)
    parts = (
        np.linalg.norm(moods[:, None] - moods, axis=2) / MEAN_MOOD_DISTANCE,
        np.abs(octaves - np.rint(octaves)) / MEAN_TEMPO_DISTANCE,
        (around + np.abs(minor[:, None] - minor)) / MEAN_KEY_DISTANCE,
    )
    return np.asarray(sum(np.nan_to_num(part, nan=1.0) for part in parts), np.float64)


def _or_nan(value: float | None) -> float:
    return np.nan if value is None else value
