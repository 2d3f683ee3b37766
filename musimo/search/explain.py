"""What a track and the one it was found for have in common, and what not: in numbers that are stored."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from musimo.library.db.folding import fold
from musimo.records import Descriptors, FloatArray, Track
from musimo.records.fields import MOOD_DIGITS, SCORE_DIGITS, length, number
from musimo.records.scale import Scale
from musimo.search.track_distances import KEY_JUMP, MOOD_JUMP, TEMPO_JUMP, key_of, key_steps, tempo_ratio
from musimo.search.space import MIXTURES, By

ALIKE_SOUND: Final = 0.2  # cosine: two SDs of those of tracks drawn at random, whose mean is 0
NEAR: Final = 0.5  # of a jump: what is not farther counts as alike

Places = Callable[[Descriptors, Mapping[str, float]], FloatArray]
"""Unit vectors of sounds [shape=(n, d)] in a mixture of the blocks of the sound space."""

_GENRE_ENDS: Final = re.compile(r"[;,/|\0]+")
_ALONE: Final = {name: {name: 1.0} for name in ("statistics", "fused", "embedding")}


@dataclass(frozen=True, slots=True)
class Explanation:
    """How a track stands to the one it was found for.

    Parameters
    ----------
    seed : place of that one among the tracks asked with, from 0
    sound : cosine of the two sounds, as ``--by sound`` measures it before it takes off what is ordinary
    statistics, fused, embedding : cosines of the blocks of the sound space
    valence_difference, arousal_difference : of the track from the one asked with, -1..1
    tempo_ratio : of the track's tempo to the other's, without whole octaves, 0.71 to 1.41
    key_steps : on the circle of fifths, one more for another mode; 0..7
    key_relation : ``same``, ``relative``, ``fifth``, ``parallel`` or ``other``
    genres : that both tags name; None where one has none

    What is not known is None.
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

    @property
    def mood_distance(self) -> float | None:
        """On the 0..1 plane."""
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
        }


def explain(
    asked: Sequence[Track],
    asked_sounds: Descriptors,
    found: Sequence[Track],
    found_sounds: Descriptors,
    places: Places,
    by: By,
) -> list[Explanation]:
    """For each track that was found, how it stands to that of the asked ones which it is nearest to.

    Parameters
    ----------
    asked_sounds, found_sounds : a row a track
    places : of the sound space
    by : what nearest means
    """
    if not found:
        return []
    mixtures: dict[str, Mapping[str, float]] = {"by": MIXTURES[by], "sound": MIXTURES["sound"], **_ALONE}
    cosines = {
        name: places(found_sounds, mixture) @ places(asked_sounds, mixture).T
        for name, mixture in mixtures.items()
    }
    nearest = cosines["by"].argmax(axis=1).tolist()
    return [
        _explained(asked[seed], track, seed, {name: float(c[place, seed]) for name, c in cosines.items()})
        for place, (track, seed) in enumerate(zip(found, nearest, strict=True))
    ]


def alike(explanation: Explanation) -> dict[str, bool]:
    """What of an explanation is alike and what is not, by name; without what is not known.

    Sounds are alike whose cosine tracks drawn at random hardly reach; moods, tempi and keys that are at most
    half as far apart as those of two tracks drawn at random; genres of which one is shared.
    """
    one = explanation
    octaves = None if one.tempo_ratio is None else abs(float(np.log2(one.tempo_ratio)))
    limits = {
        "mood": (one.mood_distance, MOOD_JUMP),
        "tempo": (octaves, TEMPO_JUMP),
        "key": (one.key_steps, KEY_JUMP),
    }
    near = {name: apart <= NEAR * jump for name, (apart, jump) in limits.items() if apart is not None}
    genre = {} if one.genres is None else {"genre": bool(one.genres)}
    return {"sound": one.sound >= ALIKE_SOUND, **near, **genre}


def genres_of(track: Track) -> list[str]:
    """The genres that a tag names, as it writes them."""
    return [part.strip() for part in _GENRE_ENDS.split(track.tags.genre or "") if part.strip()]


def _explained(asked: Track, found: Track, seed: int, cosines: dict[str, float]) -> Explanation:
    steps = key_steps(asked, found)
    return Explanation(
        seed=seed,
        sound=cosines["sound"],
        statistics=cosines["statistics"],
        fused=cosines["fused"],
        embedding=cosines["embedding"],
        valence_difference=_difference(asked.valence, found.valence),
        arousal_difference=_difference(asked.arousal, found.arousal),
        tempo_ratio=tempo_ratio(asked, found),
        key_steps=steps,
        key_relation=None if steps is None else _relation(key_of(asked), key_of(found), steps),
        genres=_shared(genres_of(asked), genres_of(found)),
    )


def _relation(asked: str | None, found: str | None, steps: int) -> str:
    """What musicians call the relation of two keys so many steps apart."""
    (tonic, mode), (other_tonic, other_mode) = ((key or " ").split(" ", 1) for key in (asked, found))
    if steps == 0:
        return "same"
    if steps == 1:
        return "relative" if mode != other_mode else "fifth"
    return "parallel" if tonic == other_tonic else "other"


def _difference(asked: float | None, found: float | None) -> float | None:
    return None if asked is None or found is None else found - asked


def _shared(asked: Sequence[str], found: Sequence[str]) -> tuple[str, ...] | None:
    if not asked or not found:
        return None
    known = {fold(genre) for genre in asked}
    return tuple(dict.fromkeys(genre for genre in found if fold(genre) in known))
