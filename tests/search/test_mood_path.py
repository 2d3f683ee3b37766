"""Lists whose moods go from one point to another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from musimo.search.mood_path import (
    DURATION_TOLERANCE,
    MoodPathCandidates,
    choose_mood_path,
    max_targets,
    points_on_line,
)


def candidates(
    points: list[tuple[float, float]],
    durations: Sequence[float],
    artists: list[Hashable | None] | None = None,
    cap: int | None = None,
) -> MoodPathCandidates:
    keys = [(artist,) for artist in artists or [None] * len(points)]
    return MoodPathCandidates(np.array(points, np.float32).reshape(-1, 2), np.array(durations), keys, (cap,))


ALONG = [(0.1 * n, 0.5) for n in range(11)]


def chosen(found: list[tuple[int, float]]) -> list[int]:
    return [position for position, _ in found]


def test_targets_are_evenly_spaced() -> None:
    assert points_on_line((0, 1), (1, 0), 3).tolist() == [[0, 1], [0.5, 0.5], [1, 0]]
    assert points_on_line((0, 1), (1, 0), 1).tolist() == [[0.5, 0.5]]
    assert max_targets(2700) == 45
    assert max_targets(1) == 2


def test_tracks_on_a_line_are_listed_from_one_end_to_the_other() -> None:
    """Eleven tracks of a minute stand on a line; six minutes are every other one of them."""
    found = choose_mood_path(candidates(ALONG, [60] * 11), (0, 0.5), (1, 0.5), 360)
    assert chosen(found) == [0, 2, 4, 6, 8, 10]
    assert [distance for _, distance in found] == pytest.approx([0] * 6, abs=1e-6)
    back = choose_mood_path(candidates(ALONG, [60] * 11), (1, 0.5), (0, 0.5), 360)
    assert chosen(back) == [10, 8, 6, 4, 2, 0]


def test_the_duration_is_corrected_where_it_adds_the_least_distance() -> None:
    """Six tracks of a minute, and beside each one of 75 s that is farther the later it comes. A minute and
    a quarter instead of one of the six makes 375 s; the first costs least.
    """
    points = [(0.2 * n, 0.5) for n in range(6)] + [(0.2 * n, 0.51 + 0.01 * n) for n in range(6)]
    found = choose_mood_path(candidates(points, [60] * 6 + [75] * 6), (0, 0.5), (1, 0.5), 375)
    assert sorted(chosen(found)) == [1, 2, 3, 4, 5, 6]
    assert chosen(found)[0] == 6


def test_no_artist_exceeds_the_cap() -> None:
    twice = [(0.1 * n, 0.5 + 0.1 * side) for side in (0, 1) for n in range(11)]
    artists: list[Hashable | None] = ["one"] * 11 + [None] * 11
    found = choose_mood_path(candidates(twice, [60] * 22, artists, 2), (0, 0.5), (1, 0.5), 660)
    assert len(found) == 11
    assert sum(position < 11 for position in chosen(found)) == 2


def test_too_few_tracks_make_a_shorter_list() -> None:
    assert sorted(chosen(choose_mood_path(candidates(ALONG[:3], [60] * 3), (0, 0.5), (1, 0.5), 3600))) == [
        0,
        1,
        2,
    ]
    assert choose_mood_path(candidates([], []), (0, 0), (1, 1), 600) == []
    assert chosen(choose_mood_path(candidates(ALONG, [60] * 11), (0, 0.5), (1, 0.5), 5)) == [5], (
        "one: the middle"
    )


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1), st.integers(1, 4), st.sampled_from([900.0, 1800.0, 2700.0]))
def test_random_libraries(seed: int, cap: int, duration_s: float) -> None:
    """No track twice, no artist beyond the cap, no turning back, and the length right where it can be."""
    random = np.random.default_rng(seed)
    points = random.random((300, 2))
    durations = random.uniform(100, 320, 300)
    artists: list[Hashable | None] = [int(artist) for artist in random.integers(0, 100, 300)]
    random_candidates = candidates([(v, a) for v, a in points], [*durations], artists, cap)
    found = chosen(choose_mood_path(random_candidates, (0.2, 0.2), (0.8, 0.9), duration_s))
    assert len({*found}) == len(found)
    assert max(Counter(artists[position] for position in found).values()) <= cap
    along = points[found] @ [0.6, 0.7]
    assert (np.diff(along) >= -1e-6).all()
    assert abs(durations[found].sum() - duration_s) <= DURATION_TOLERANCE * duration_s
