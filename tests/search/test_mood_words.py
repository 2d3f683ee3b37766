"""Words for moods."""

from __future__ import annotations

from math import atan2, degrees, hypot

import pytest

from musimo.errors import UsageError
from musimo.search.mood_suggestions import suggest, word_keys
from musimo.search.mood_vocabulary import FORMS, WORDS
from musimo.search.mood_words import (
    MOODS,
    QUADRANTS,
    RADIUS,
    RUSSELL,
    cancel,
    parse_point,
    point_of,
    quadrant_of,
)

EVERYDAY = (
    "relaxing party focus chill epic romantic workout sleep mellow upbeat melancholy study fun nostalgic"
)


def test_russells_words_lie_on_a_circle_at_his_angles() -> None:
    for word, angle in RUSSELL.items():
        valence, arousal = MOODS[word]
        assert hypot(valence - 0.5, arousal - 0.5) == pytest.approx(RADIUS)
        assert degrees(atan2(arousal - 0.5, valence - 0.5)) % 360 == pytest.approx(angle)
    assert all(0 <= value <= 1 for point in MOODS.values() for value in point)


def test_quadrants_are_their_middles() -> None:
    assert point_of("calm") == (0.75, 0.25)
    assert point_of("tense") == (0.25, 0.75)
    assert [point_of(name) for name in QUADRANTS] == [*QUADRANTS.values()]


def test_several_words_are_averaged_however_they_are_written() -> None:
    assert point_of("calm sad") == point_of(" Sad,  CALM ") == (0.5, 0.25)
    assert point_of("happy happy tense") == pytest.approx((1.75 / 3, 0.75))


def test_own_words_come_first() -> None:
    own = {"Cosy": (0.7, 0.1), "calm": (0.5, 0.0)}
    assert point_of("cosy", own) == (0.7, 0.1)
    assert point_of("calm", own) == (0.5, 0.0)
    assert point_of("calm") == (0.75, 0.25)


def test_a_word_that_is_not_known_lists_those_that_are() -> None:
    with pytest.raises(UsageError, match="no mood 'calmm'") as caught:
        point_of("happy calmm", {"cosy": (0.7, 0.1)})
    assert "did you mean calm?" in caught.value.hint
    assert all(word in caught.value.hint for word in (*MOODS, "cosy"))
    with pytest.raises(UsageError):
        point_of(" , ")


def test_a_point_is_two_numbers_or_words() -> None:
    assert parse_point("0.2, 0.8") == ((0.2, 0.8), False)
    assert parse_point("calm") == ((0.75, 0.25), True)
    assert parse_point("calm,sad") == ((0.5, 0.25), True)
    for wrong in ("0.2", "0.2,0.3,0.4", "0.2 0.3", ""):
        with pytest.raises(UsageError):
            parse_point(wrong)


def test_everyday_words_are_known_and_in_the_quadrant_that_anyone_expects() -> None:
    assert len(MOODS) >= 200
    expected = "calm happy calm calm happy calm happy calm calm happy sad calm happy calm"
    assert [quadrant_of(point_of(word)) for word in EVERYDAY.split()] == expected.split()


def test_every_form_is_of_a_word_and_no_word_has_two_points() -> None:
    assert set(FORMS.values()) <= set(MOODS)
    assert not set(WORDS) & (MOODS.keys() - WORDS.keys())
    keys = [word_keys(word)[0] for word in MOODS]
    assert len(set(keys)) == len(keys)
    assert not {word_keys(form)[0] for form in FORMS} & set(keys)
    for form, word in FORMS.items():
        assert point_of(form) == MOODS[word]


@pytest.mark.parametrize(
    ("typed", "word"),
    [
        *[
            ("Chill-Out", "chill"),
            ("chillout", "chill"),
            ("LAID BACK", "laid back"),
            ("laidback", "laid back"),
        ],
        *[("feelgood", "feel good"), ("easy-listening", "easy listening"), ("lo-fi", "lofi")],
        *[("glücklich", "happy"), ("gluecklich", "happy"), ("GLU\u0308CKLICH", "happy"), ("traurig", "sad")],
        *[("mélancolique", "melancholic"), ("melancolique", "melancholic"), ("tranquilo", "calm")],
        *[("fête", "party"), ("fiesta", "party"), ("Spaß", "fun"), ("spass", "fun"), ("sueno", "sleep")],
    ],
)
def test_spelling_variants_and_translations(typed: str, word: str) -> None:
    assert point_of(typed) == MOODS[word]


def test_moods_of_several_words_stand_among_others() -> None:
    both = point_of("laid back, epic")
    assert both == point_of("epic laid back")
    assert both == pytest.approx(
        [(a + b) / 2 for a, b in zip(MOODS["laid back"], MOODS["epic"], strict=True)]
    )
    own = {"after the rain": (0.6, 0.2)}
    assert point_of("After the rain", own) == (0.6, 0.2)


def test_opposites_cancel() -> None:
    for opposites in ("happy sad", "tense, calm", "party boring", "traurig glücklich"):
        assert cancel(opposites)
    for together in ("happy", "happy happy", "calm sad", "happy tense", "dark energetic", "mellow chill"):
        assert not cancel(together)
    assert not cancel("plain odd", {"plain": (0.5, 0.45), "odd": (0.5, 0.55)})  # neutral before


QUADRANT_OF = {name: quadrant_of(point) for name, point in MOODS.items()}


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        *[
            ("calmm", "calm"),
            ("hapy", "happy"),
            ("clam", "calm"),
            ("peacefull", "peaceful"),
        ],
        *[
            ("dreamily", "dreamy"),
            ("madness", "mad"),
            ("romantically", "romantic"),
            ("depressive", "depressing"),
        ],
        *[("mellancholly", "melancholy"), ("wrkout", "workout"), ("energetik", "energetic")],
    ],
)
def test_forms_and_misspellings_suggest_their_word(typed: str, meant: str) -> None:
    assert suggest(typed, QUADRANT_OF) == meant


def test_words_spelled_like_others_suggest_nothing() -> None:
    for typed in (
        "warn",
        "lose",
        "heaven",
        "cheerless",
        "joyless",
        "unromantic",
        "powerless",
        "expensive",
        "fester",
    ):
        assert suggest(typed, QUADRANT_OF) is None, typed
    assert suggest("calmless", {"calmness": "calm"}) is None
    assert suggest("love", {"lone": "sad", "live": "happy"}) is None
    assert suggest("lovee", {"love": "happy"}) == "love"
    assert suggest("dreamry", {"dreamy": "calm", "dreary": "sad"}) is None  # either may be meant


def test_no_word_would_suggest_its_opposite_if_it_were_not_known() -> None:
    angles = {name: atan2(point[1] - 0.5, point[0] - 0.5) for name, point in MOODS.items()}
    for word in MOODS:
        others = {name: quadrant for name, quadrant in QUADRANT_OF.items() if name != word}
        meant = suggest(word, others)
        if meant is not None:
            apart = abs(degrees(angles[word] - angles[meant])) % 360
            assert min(apart, 360 - apart) <= 90, (word, meant)
