"""What a result and its seed have in common, and what not, in stored numbers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from musimo.library.db.folding import fold
from musimo.records import Descriptors, FloatArray, Heard, Track
from musimo.records.fields import MOOD_DIGITS, SCORE_DIGITS, length, number
from musimo.records.scale import Scale
from musimo.search.space import MIXTURES, By
from musimo.search.track_distances import (
    MEAN_KEY_DISTANCE,
    MEAN_MOOD_DISTANCE,
    MEAN_TEMPO_DISTANCE,
    key_of,
    key_steps,
    tempo_ratio,
)

MIN_ALIKE_COSINE: Final = 0.2  # two standard deviations of the cosine of random tracks, whose mean is 0
MAX_ALIKE_SHARE: Final = 0.5  # of the mean distance of random tracks

MixtureVectors = Callable[[Descriptors, Mapping[str, float]], FloatArray]
"""Return unit vectors [shape=(n, d)] in a mixture of the blocks of the sound space."""

_GENRE_SEPARATORS: Final = re.compile(r"[;,/|\0]+")
_BLOCKS: Final = {name: {name: 1.0} for name in ("statistics", "fused", "embedding")}


@dataclass(frozen=True, slots=True)
class Explanation:
    """Comparison of a result with the seed that is nearest to it. Unknown values are None.

    Parameters
    ----------
    seed : position of the seed among the seeds, from 0
    sound : cosine of the sound vectors of ``--by sound``, before the hubness offset is subtracted
    statistics, fused, embedding : cosines of the blocks of the sound space
    valence_difference, arousal_difference : result minus seed, -1..1
    tempo_ratio : tempo of the result over that of the seed, modulo octaves, 0.71 to 1.41
    key_steps : on the circle of fifths, plus one for another mode; 0..7
    key_relation : ``same``, ``relative``, ``fifth``, ``parallel`` or ``other``
    genres : those in the tags of both; None where one has none
    heard : tags heard in both, those that are strongest in both first; None where they are not known
    """

    seed: int
    sound: float
    statistics: float
    fused: float
    embedding: float
    valence_difference: float | None
    arousal_difference: float | None
    tempo_ratio: float | None
    key_steps: int | None
    key_relation: str | None
    genres: tuple[str, ...] | None
    heard: tuple[str, ...] | None = None

    @property
    def mood_distance(self) -> float | None:
        """Euclidean distance on the 0..1 plane."""
        if self.valence_difference is None or self.arousal_difference is None:
            return None
        return float(np.hypot(self.valence_difference, self.arousal_difference))

    def as_dict(self, scale: Scale = "0-1") -> dict[str, object]:
        """Return the fields of the JSON contract; differences in mood are on ``scale``, cosines on none."""
        verdicts = alike(self)
        return {
            "seed": self.seed,
            "alike": [name for name, same in verdicts.items() if same],
            "unlike": [name for name, same in verdicts.items() if not same],
            "sound": number(self.sound, SCORE_DIGITS),
            "statistics": number(self.statistics, SCORE_DIGITS),
            "fused": number(self.fused, SCORE_DIGITS),
            "embedding": number(self.embedding, SCORE_DIGITS),
            "mood_distance": length(self.mood_distance, scale, MOOD_DIGITS),
            "valence_difference": length(self.valence_difference, scale, MOOD_DIGITS),
            "arousal_difference": length(self.arousal_difference, scale, MOOD_DIGITS),
            "tempo_ratio": number(self.tempo_ratio, MOOD_DIGITS),
            "key_relation": self.key_relation,
            "key_steps": self.key_steps,
            "genres": None if self.genres is None else list(self.genres),
            "heard": None if self.heard is None else list(self.heard),
        }


def explain(
    seeds: Sequence[Track],
    seed_sounds: Descriptors,
    found: Sequence[Track],
    found_sounds: Descriptors,
    vectors: MixtureVectors,
    by: By,
) -> list[Explanation]:
    """Compare each result with its nearest seed.

    Parameters
    ----------
    seed_sounds, found_sounds : one row per track
    vectors : of the sound space
    by : mixture in which the nearest seed is chosen
    """
    if not found:
        return []
    mixtures: dict[str, Mapping[str, float]] = {"by": MIXTURES[by], "sound": MIXTURES["sound"], **_BLOCKS}
    cosines = {
        name: vectors(found_sounds, mixture) @ vectors(seed_sounds, mixture).T
        for name, mixture in mixtures.items()
    }
    nearest = cosines["by"].argmax(axis=1).tolist()
    return [
        _explanation(seeds[seed], track, seed, {name: float(c[row, seed]) for name, c in cosines.items()})
        for row, (track, seed) in enumerate(zip(found, nearest, strict=True))
    ]


def alike(explanation: Explanation) -> dict[str, bool]:
    """Return by name what is alike (True) and what is not; unknown values have no entry.

    Sounds are alike if random tracks rarely reach their cosine. Moods, tempi and keys are alike at up to half
    the mean distance of random tracks, genres if one is shared.
    """
    one = explanation
    octaves = None if one.tempo_ratio is None else abs(float(np.log2(one.tempo_ratio)))
    limits = {
        "mood": (one.mood_distance, MEAN_MOOD_DISTANCE),
        "tempo": (octaves, MEAN_TEMPO_DISTANCE),
        "key": (one.key_steps, MEAN_KEY_DISTANCE),
    }
    near = {
        name: distance <= MAX_ALIKE_SHARE * mean
        for name, (distance, mean) in limits.items()
        if distance is not None
    }
    genre = {} if one.genres is None else {"genre": bool(one.genres)}
    return {"sound": one.sound >= MIN_ALIKE_COSINE, **near, **genre}


def genres_of(track: Track) -> list[str]:
    """Return the genres in a track's tag, as they are spelled there."""
    return split_genres(track.tags.genre or "")


def split_genres(tag: str) -> list[str]:
    """Return the genres in a tag, as they are spelled there."""
    return [part.strip() for part in _GENRE_SEPARATORS.split(tag) if part.strip()]


def _explanation(seed_track: Track, found: Track, seed: int, cosines: dict[str, float]) -> Explanation:
    steps = key_steps(seed_track, found)
    return Explanation(
        seed=seed,
        sound=cosines["sound"],
        statistics=cosines["statistics"],
        fused=cosines["fused"],
        embedding=cosines["embedding"],
        valence_difference=_difference(seed_track.valence, found.valence),
        arousal_difference=_difference(seed_track.arousal, found.arousal),
        tempo_ratio=tempo_ratio(seed_track, found),
        key_steps=steps,
        key_relation=None if steps is None else _relation(key_of(seed_track), key_of(found), steps),
        genres=_shared(genres_of(seed_track), genres_of(found)),
        heard=_heard_in_both(seed_track.heard, found.heard),
    )


def _relation(key: str | None, other: str | None, steps: int) -> str:
    """Return the name of the relation of two keys that are so many steps apart."""
    (tonic, mode), (other_tonic, other_mode) = ((text or " ").split(" ", 1) for text in (key, other))
    if steps == 0:
        return "same"
    if steps == 1:
        return "relative" if mode != other_mode else "fifth"
    return "parallel" if tonic == other_tonic else "other"


def _difference(seed: float | None, found: float | None) -> float | None:
    return None if seed is None or found is None else found - seed


def _heard_in_both(seed: Heard | None, found: Heard | None) -> tuple[str, ...] | None:
    if seed is None or found is None:
        return None
    scores = {one.tag: one.score for one in found}
    both = {one.tag: min(one.score, scores[one.tag]) for one in seed if one.tag in scores}
    return tuple(sorted(both, key=lambda tag: (-both[tag], tag)))


def _shared(seed_genres: Sequence[str], found_genres: Sequence[str]) -> tuple[str, ...] | None:
    if not seed_genres or not found_genres:
        return None
    known = {fold(genre) for genre in seed_genres}
    return tuple(dict.fromkeys(genre for genre in found_genres if fold(genre) in known))
