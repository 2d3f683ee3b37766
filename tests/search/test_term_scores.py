"""Scores on paper: four tracks, and what each term says of them."""

from __future__ import annotations

import numpy as np
import pytest

from musimo.library.db.facts import TrackFacts
from musimo.records import HeardScores
from musimo.search.term_scores import Scorer, has_genre
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

NAN = float("nan")
FACTS = TrackFacts(
    np.array([1, 2, 3, 4]),
    np.array([10, 20, 30, 40]),
    np.array(["Jazz", "Pop/Rock", None, "Acid Jazz; Funk"], object),
    np.array([1985, 1991, NAN, 1970]),
    np.array([[0.1, 0.1], [0.2, 0.9], [0.8, 0.8], [0.9, 0.2]], np.float32),
    np.array([120, 60, 240, NAN]),
    np.array(["A minor", "C major", "F# major", None], object),
)
HEARD = HeardScores(
    np.array([4, 1, 2]), ("piano", "jazz"), np.array([[0.9, 0.8], [0.2, 0.7], [0.5, 0.1]], np.float32)
)
SCORER = Scorer(FACTS, HEARD)


@pytest.mark.parametrize(
    ("term", "values"),
    [
        (HeardTerm("piano"), [1 / 6, 1 / 2, NAN, 5 / 6]),
        (HeardTerm("sitar"), [NAN] * 4),
        (GenreTerm("jazz", ("jazz",)), [1, 0, NAN, 1]),
        (MoodTerm("sad", (0.125, 0.1)), [7 / 8, 1 / 8, 5 / 8, 3 / 8]),
        (SpeedTerm(fast=True), [1 / 2, 1 / 6, 5 / 6, NAN]),
        (SpeedTerm(fast=False), [1 / 2, 5 / 6, 1 / 6, NAN]),
        (TempoTerm(120, 120), [1, 0.6, 0.6, NAN]),
        (KeyTerm("A minor", ("A minor",)), [1, 0.5, 0, NAN]),
        (YearsTerm(1980, 1989), [1, 0.6, NAN, 0]),
    ],
)
def test_values_of_terms(term: Term, values: list[float]) -> None:
    got = SCORER.value(Wanted(term))
    np.testing.assert_allclose(got, values, atol=1e-6)
    np.testing.assert_allclose(SCORER.value(Wanted(term, negated=True)), 1 - np.array(values), atol=1e-6)


def test_a_word_is_the_mean_of_what_is_known() -> None:
    jazz = (Wanted(HeardTerm("jazz")), Wanted(GenreTerm("jazz", ("jazz",))))
    # 1: heard 1/2, genre 1. 2: heard 1/6, another genre, which weighs a quarter. 4: heard 5/6, genre 1.
    known = [3 / 4, (1 / 6) / 1.25, 11 / 12]
    mean = (1.5 + 1 / 6 + 11 / 6) / (2 + 1.25 + 2)
    np.testing.assert_allclose(SCORER.word(jazz), [known[0], known[1], mean, known[2]], atol=1e-6)


def test_the_score_is_the_mean_over_the_words() -> None:
    words = [
        Word("jazz", (Wanted(GenreTerm("jazz", ("jazz",))),)),
        Word("80s", (Wanted(YearsTerm(1980, 1989)),)),
    ]
    scores, values = SCORER.score(words)
    np.testing.assert_allclose(scores, np.mean(values, axis=0))
    assert scores.argmax() == 0


def test_a_library_without_tags_heard_is_scored_by_the_rest() -> None:
    silent = Scorer(FACTS, HeardScores(np.empty(0, np.int64), (), np.empty((0, 0), np.float32)))
    assert np.isnan(silent.value(Wanted(HeardTerm("piano")))).all()
    np.testing.assert_allclose(silent.word((Wanted(HeardTerm("piano")),)), 0.5)


@pytest.mark.parametrize(
    ("genre", "form", "found"),
    [
        ("Post-Rock", "rock", True),
        ("Rockabilly", "rock", False),
        ("Hip-Hop", "hip hop", True),
        ("R&B", "r&b", True),
        ("Électronique", "electronique", True),
        ("Popcorn", "pop", False),
    ],
)
def test_genres_are_whole_words(genre: str, form: str, found: bool) -> None:
    assert has_genre(genre, (form,)) is found
