"""Tags heard: genres, instruments, voices, moods and decades that a network hears in the audio."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from musimo.records.fields import number

HEARD: Final = 0.5
"""A score from which on a tag is set: networks are calibrated so that it is."""

SCORE_DTYPE: Final = np.dtype("<f2")
"""Of stored scores: float16 rounds them by a thousandth. Whether a tag is set is decided after rounding."""

TAG_NAME: Final = re.compile(r"[a-z0-9]+( [a-z0-9]+)*")
"""How a network names a tag: lower case, words one space apart, as ``hip hop``."""

MAX_TAGS: Final = 500
MAX_TAG_NAME: Final = 40  # characters

GENRES: Final = frozenset(
    {
        *(
            "alternative",
            "ambient",
            "blues",
            "classic rock",
            "classical",
            "country",
            "dance",
            "easy listening",
        ),
        *("electronic", "experimental", "folk", "funk", "hard rock", "hip hop", "house", "indian", "indie"),
        *("jazz", "metal", "new age", "oldies", "opera", "pop", "progressive rock", "punk", "reggae", "rnb"),
        *("rock", "soul", "techno"),
    }
)
"""Tags that are genres."""

SCORE_DIGITS: Final = 3


@dataclass(frozen=True, slots=True)
class HeardTag:
    """A tag that is heard in a track; the score is 0.5..1."""

    tag: str
    score: float

    def as_dict(self) -> dict[str, object]:
        """Return the fields of the JSON contract."""
        return {"tag": self.tag, "score": number(self.score, SCORE_DIGITS)}


Heard = tuple[HeardTag, ...]
"""The tags set for one track, strongest first."""


@dataclass(frozen=True, slots=True)
class HeardScores:
    """Scores of all tags for n tracks.

    Parameters
    ----------
    track_ids : [shape=(n,)], ascending
    tags : names
    scores : [shape=(n, n_tags), float32], 0..1; from 0.5 on a tag is set
    """

    track_ids: NDArray[np.int64]
    tags: tuple[str, ...]
    scores: NDArray[np.float32]


def no_tags() -> NDArray[np.float32]:
    """Return the scores of a network that hears no tags."""
    return np.empty(0, np.float32)


def stored_scores(scores: NDArray[np.floating[Any]]) -> NDArray[np.float16]:
    """Return scores as they are stored."""
    return np.asarray(scores, SCORE_DTYPE)


def set_tags(tags: Sequence[str], scores: NDArray[np.floating[Any]]) -> Heard:
    """Return the tags whose stored scores [shape=(n_tags,)] say that they are heard, strongest first."""
    pairs = zip(tags, stored_scores(scores).tolist(), strict=True)
    heard = [HeardTag(tag, score) for tag, score in pairs if score >= HEARD]
    return tuple(sorted(heard, key=lambda one: (-one.score, one.tag)))


def strongest_genre(heard: Heard | None) -> str | None:
    """Return the genre that is heard most; None where none is."""
    return next((one.tag for one in heard or () if one.tag in GENRES), None)


def heard_fields(heard: Heard | None) -> Mapping[str, object]:
    """Return the field of the JSON contract; null where the model hears no tags, or nothing is analyzed."""
    return {"heard": None if heard is None else [one.as_dict() for one in heard]}


def check_tag_names(tags: Sequence[object]) -> tuple[str, ...]:
    """Return names of tags; raise ValueError where they are no names, or too many, or one comes twice."""
    names = tuple(tag for tag in tags if isinstance(tag, str) and len(tag) <= MAX_TAG_NAME)
    if len(names) < len(tags) or not all(map(TAG_NAME.fullmatch, names)):
        raise ValueError("names of tags are words in lower case, one space apart")
    if len(names) > MAX_TAGS or len(set(names)) < len(names):
        raise ValueError(f"more than {MAX_TAGS} tags, or one of them twice")
    return names
