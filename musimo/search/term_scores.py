"""Score the tracks of a library by the terms of a description.

Each term gives each track a value from 0 to 1; NaN where it is not known:

- a tag heard, a mood, a high or low tempo: the percentile, within the library, of the score, the closeness
  or the tempo, so that all count alike however a model spreads its scores;
- a genre in the tags of a file: 1 where it is among them, else 0;
- a tempo: 1 within the range, less with the distance in octaves; half and double tempo, which estimates
  confuse, count up to 0.6;
- a key: 1, or 0.5 for one that mixes well with it;
- years: 1, or less up to five years beside them.

The value of a word is the weighted mean of its terms that are known for a track, or the mean of the library
where none is. The score of a track is the mean over the words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from musimo.library.db.facts import TrackFacts
from musimo.library.db.folding import fold
from musimo.records import DoubleArray, HeardScores
from musimo.search.keys import compatible_keys
from musimo.search.plane import percentiles
from musimo.search.terms import (
    GenreTerm,
    HeardTerm,
    KeyTerm,
    MoodTerm,
    SpeedTerm,
    TempoTerm,
    Term,
    Wanted,
    Word,
    YearsTerm,
)

TEMPO_REACH: Final = 0.25  # octaves beside a range, at which the value is 0: 120 and 143 bpm
OTHER_OCTAVE: Final = 0.6
NEAR_KEY: Final = 0.5
YEARS_REACH: Final = 5.0
OTHER_GENRE_WEIGHT: Final = 0.25  # files say one genre of several that fit
CACHED: Final = 4_096  # genres of files; they repeat from track to track


class Scorer:
    """Scores for descriptions of one library.

    Parameters
    ----------
    facts : of its tracks
    heard : scores of the tags heard; tracks without them have NaN
    """

    def __init__(self, facts: TrackFacts, heard: HeardScores) -> None:
        self._facts = facts
        self._heard = heard
        self._places = _places(facts, heard)

    def score(self, words: Sequence[Word]) -> tuple[DoubleArray, list[DoubleArray]]:
        """Return the score of every track, 0..1 [shape=(n,)], and the values of each word [shape=(n,)]."""
        values = [self.word(word.wanted) for word in words]
        return np.mean(values, axis=0), values

    def word(self, wanted: Sequence[Wanted]) -> DoubleArray:
        """Return the value of a word for every track [shape=(n,)]."""
        total, weights = np.zeros(len(self._facts)), np.zeros(len(self._facts))
        for one in wanted:
            value = self.value(one)
            weight = np.where(np.isnan(value), 0.0, 1.0)
            if isinstance(one.term, GenreTerm):
                missing = value == (1.0 if one.negated else 0.0)
                weight[missing] = OTHER_GENRE_WEIGHT
            total += weight * np.nan_to_num(value)
            weights += weight
        known = weights > 0
        mean = total[known].mean() / weights[known].mean() if known.any() else 0.5
        scores: DoubleArray = np.divide(total, weights, out=np.full(len(total), mean), where=known)
        return scores

    def value(self, wanted: Wanted) -> DoubleArray:
        """Return the value of a term for every track [shape=(n,)]; NaN where it is not known."""
        value = self._value(wanted.term)
        return 1 - value if wanted.negated else value

    def _value(self, term: Term) -> DoubleArray:
        facts = self._facts
        match term:
            case HeardTerm(tag):
                return _ranks(self._scores_of(tag))
            case GenreTerm(forms=forms):
                return np.array([_has_genre(genre, forms) for genre in facts.genres.tolist()], np.float64)
            case MoodTerm(point=point):
                away = percentiles(facts.moods) - np.array(point, np.float32)
                return _ranks(-np.hypot(away[:, 0], away[:, 1], dtype=np.float64))
            case SpeedTerm(fast=fast):
                return _ranks(facts.tempi if fast else -facts.tempi)
            case TempoTerm(low=low, high=high):
                return _near_tempo(facts.tempi, low, high)
            case KeyTerm(keys=keys):
                return _near_key(facts.keys.tolist(), keys)
            case YearsTerm(first=first, last=last):
                beside = np.maximum(np.maximum(first - facts.years, facts.years - last), 0)
                return np.maximum(1 - beside / YEARS_REACH, 0)

    def _scores_of(self, tag: str) -> DoubleArray:
        scores = np.full(len(self._facts), np.nan)
        if tag in self._heard.tags:
            here = self._places >= 0
            column = self._heard.scores[:, self._heard.tags.index(tag)]
            scores[here] = column[self._places[here]]
        return scores


def _places(facts: TrackFacts, heard: HeardScores) -> NDArray[np.int64]:
    """Return the row of each track among the scores of tags; -1 where it has none [shape=(n,)]."""
    order = np.argsort(heard.track_ids)
    ids = heard.track_ids[order]
    at = np.searchsorted(ids, facts.track_ids)
    here = at < len(ids)
    here[here] = ids[at[here]] == facts.track_ids[here]
    places = np.full(len(facts), -1, np.int64)
    places[here] = order[at[here]]
    return places


def _ranks(values: DoubleArray) -> DoubleArray:
    """Return mid-ranks among the known values, 0..1; NaN stays."""
    ranks = np.full(len(values), np.nan)
    known = ~np.isnan(values)
    ordered = np.sort(values[known])
    below, not_above = (np.searchsorted(ordered, values[known], side) for side in ("left", "right"))
    ranks[known] = (below + not_above) / (2 * max(len(ordered), 1))
    return ranks


def _near_tempo(tempi: DoubleArray, low: float, high: float) -> DoubleArray:
    def near(factor: float) -> DoubleArray:
        octaves = np.maximum(np.maximum(np.log2(low / (tempi * factor)), np.log2(tempi * factor / high)), 0)
        return np.maximum(1 - octaves / TEMPO_REACH, 0)

    return np.maximum(near(1), OTHER_OCTAVE * np.maximum(near(2), near(0.5)))


def _near_key(keys: Sequence[str | None], wanted: Sequence[str]) -> DoubleArray:
    near = compatible_keys(wanted) if len(wanted) == 1 else ()
    values = {**dict.fromkeys(near, NEAR_KEY), **dict.fromkeys(wanted, 1.0)}
    return np.array([np.nan if key is None else values.get(key, 0.0) for key in keys], np.float64)


@lru_cache(CACHED)
def _has_genre(genre: str | None, forms: tuple[str, ...]) -> float:
    """Return whether a genre tag holds one of the names as whole words, as 1 or 0; NaN without a tag."""
    if genre is None or not genre.strip():
        return float("nan")
    return float(has_genre(genre, forms))


def has_genre(genre: str, forms: Sequence[str]) -> bool:
    """Return whether a genre tag holds one of the folded names, as whole words: ``rock`` is in Post-Rock."""
    text = f" {_spaced(fold(genre))} "
    return any(f" {_spaced(form)} " in text for form in forms)


def _spaced(text: str) -> str:
    return re.sub(r"[\W_]+", " ", text).strip()
