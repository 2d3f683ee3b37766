"""How far two tracks are apart in mood, tempo and key: what an ear notices where one follows the other.

- Mood: the distance on the 0..1 plane of valence and arousal.
- Tempo: the ratio in octaves, without whole ones, for a tempo and its double are the same pulse: 0 to 0.5.
- Key: steps on the circle of fifths, and one more between major and minor, which lie on it with their
  relative; as on the wheel that DJs use. 0 to 7.

Each is counted in jumps, the mean between two tracks drawn at random, so that they can be added up. What is
not known of one of them counts one jump: neither near nor far.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import hypot, log2
from typing import Final

import numpy as np
from numpy.typing import NDArray

from musimo.records import Track

MOOD_JUMP: Final = 0.2  # measured: .195 among 380 tracks of much different music
TEMPO_JUMP: Final = 0.25  # octaves, of tempi spread evenly over one
KEY_JUMP: Final = 3.5  # steps, of the 24 keys: 3 on the circle, and half of one between the modes

_KEY: Final = re.compile(r"([A-G])([#♯b♭]?) (major|minor)")
_SEMITONES: Final = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_RAISED: Final = {"": 0, "#": 1, "♯": 1, "b": -1, "♭": -1}

Floats = NDArray[np.float64]


def mood_distance(a: Track, b: Track) -> float | None:
    """On the 0..1 plane; None where a mood is not known."""
    if a.valence is None or a.arousal is None or b.valence is None or b.arousal is None:
        return None
    return hypot(a.valence - b.valence, a.arousal - b.arousal)


def tempo_ratio(a: Track, b: Track) -> float | None:
    """How much faster ``b`` is than ``a``, without whole octaves: 0.71 to 1.41; None if not known."""
    beats = [tempo_of(track) for track in (a, b)]
    if beats[0] is None or beats[1] is None:
        return None
    octaves = log2(beats[1] / beats[0])
    return float(2 ** (octaves - round(octaves)))


def key_steps(a: Track, b: Track) -> int | None:
    """Steps between their keys, 0 to 7; None if not known."""
    places = [_place(key_of(track)) for track in (a, b)]
    if places[0] is None or places[1] is None:
        return None
    (fifths, minor), (other_fifths, other_minor) = places[0], places[1]
    return _around(fifths - other_fifths) + (minor != other_minor)


def tempo_of(track: Track) -> float | None:
    """Beats a minute as they were heard; None if not known."""
    return (track.tempo_key.tempo if track.tempo_key else None) or None


def key_of(track: Track) -> str | None:
    """Tonic and mode as they were heard; None if not known."""
    return track.tempo_key.key if track.tempo_key else None


def jumps(tracks: Sequence[Track]) -> Floats:
    """Of each track to each other [shape=(n, n)]: the sum of the three, 3 where nothing is known."""
    moods = np.array([[_number(track.valence), _number(track.arousal)] for track in tracks]).reshape(-1, 2)
    tempi = np.log2(np.array([_number(tempo_of(track)) for track in tracks]))
    octaves = tempi[:, None] - tempi
    keys = [_place(key_of(track)) or (np.nan, np.nan) for track in tracks]
    fifths, minor = np.array(keys, np.float64).reshape(-1, 2).T
    around = np.abs((fifths[:, None] - fifths + 6) % 12 - 6)
    parts = (
        np.linalg.norm(moods[:, None] - moods, axis=2) / MOOD_JUMP,
        np.abs(octaves - np.rint(octaves)) / TEMPO_JUMP,
        (around + np.abs(minor[:, None] - minor)) / KEY_JUMP,
    )
    return np.asarray(sum(np.nan_to_num(part, nan=1.0) for part in parts), np.float64)


def _place(key: str | None) -> tuple[int, bool] | None:
    """Where a key lies on the circle of fifths, C major and A minor at 0, and whether it is minor."""
    written = _KEY.fullmatch(key or "")
    if written is None:
        return None
    letter, accidental, mode = written.groups()
    minor = mode == "minor"
    relative_major = _SEMITONES[letter] + _RAISED[accidental] + 3 * minor
    return relative_major * 7 % 12, minor


def _around(fifths: int) -> int:
    return abs((fifths + 6) % 12 - 6)


def _number(value: float | None) -> float:
    return np.nan if value is None else value
