"""Words for moods."""

from __future__ import annotations

from math import atan2, degrees, hypot

import pytest

from musimo.errors import UsageError
from musimo.search.mood_words import MOODS, QUADRANTS, RADIUS, RUSSELL, parse_point, point_of


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
