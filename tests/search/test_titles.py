"""Titles that cannot be of one recording."""

from __future__ import annotations

import pytest

from musimo.search.titles import contradiction


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("So What", "So What"),
        ("So What", "SO WHAT (2011 Remaster)"),
        ("Don't Stop", "Dont Stop"),
        ("Symphony No. 5: II. Andante", "symphony no 5 - II - andante"),
        ("Symphony No. V", "Symphony No. 5"),
        ("Part One", "Part 1"),
        ("The Planets", "The Planets: Mars"),
        ("Café", "Cafe\u0301"),
        (None, "Anything"),
        ("", "Anything"),
        ("春の海", "春の海"),
    ],
)
def test_titles_of_one_recording(first: str | None, second: str | None) -> None:
    assert contradiction(first, second) is None
    assert contradiction(second, first) is None


@pytest.mark.parametrize(
    ("first", "second", "why"),
    [
        ("Symphony No. 5", "Symphony No. 6", "5 and 6"),
        ("Suite, Part 1", "Suite, Part 2", "1 and 2"),
        ("Suite, Part One", "Suite, Part Two", "1 and 2"),
        ("Sonata: II. Theme", "Sonata: III. Theme", "2 and 3"),
        ("Sonata, Op. 27 No. 1", "Sonata, Op. 27 No. 2", "27, 1 and 27, 2"),
        ("Ambient", "Ambient 2.5", "not at all and 2, 5"),
        ("Sonata: Allegro", "Sonata: Presto", "allegro, presto"),
        ("One", "One (live)", "live"),
        ("One (Instrumental)", "One", "instrumental"),
        ("You Lose...", "Main Theme", "no word in common"),
    ],
)
def test_titles_of_two_recordings(first: str, second: str, why: str) -> None:
    assert why in (contradiction(first, second) or "")
    assert contradiction(second, first)


@pytest.mark.parametrize(("roman", "number"), [("ii", 2), ("iv", 4), ("ix", 9), ("xiv", 14), ("xxxix", 39)])
def test_roman_numbers(roman: str, number: int) -> None:
    assert contradiction(f"Part {roman.upper()}", f"Part {number}") is None
    assert contradiction(f"Part {roman.upper()}", f"Part {number + 1}")
