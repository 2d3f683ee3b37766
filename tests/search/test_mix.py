"""Mixes of a length."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, count

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from musimo.search.mix import N_SPARE, fill, mix, tolerance_s


def test_the_tolerance_is_one_percent_and_at_least_five_seconds() -> None:
    assert tolerance_s(3600) == 36
    assert tolerance_s(60) == 5


def test_the_top_rows_are_taken_if_their_duration_is_right() -> None:
    assert fill([60, 60, 60, 60], 180) == [0, 1, 2]
    assert fill([62, 62, 60, 60], 120) == [0, 1]


def test_the_cheapest_exchange_is_made() -> None:
    """Of ways to five minutes, 200 s with the 100 s at the third position is the cheapest."""
    assert fill([200, 150, 100, 50, 50], 300) == [0, 2]
    assert fill([180, 180, 110, 120], 300) == [0, 3]


def test_all_rows_are_taken_if_they_are_too_short() -> None:
    assert fill([60, 70], 3600) == [0, 1]
    assert fill([], 60) == []


def test_the_nearest_duration_is_taken_if_none_is_right() -> None:
    assert fill([200.0, 200.0, 200.0], 500) == [0, 1]
    assert fill([200.0, 200.0, 200.0], 550) == [0, 1, 2]


def test_rows_of_unknown_or_excessive_length_are_left_out() -> None:
    lengths = [None, 7200.0, 100.0, 0.0, 200.0]
    assert mix(lengths, lambda length: length, 300) == [100.0, 200.0]
    assert mix([7200.0], lambda length: length, 300) == []


def test_it_reads_no_more_than_it_needs() -> None:
    def endless(length_s: float, most: int) -> Iterator[float]:
        for read in count(1):
            assert read <= most, "read on"
            yield length_s

    assert len(mix(endless(100, 6), lambda length: length, 600)) == 6
    assert len(mix(endless(70, 3 + N_SPARE), lambda length: length, 180)) == 3, "170 s are not within reach"


@settings(max_examples=50)
@given(st.lists(st.integers(20, 400), min_size=1, max_size=9), st.integers(60, 900))
def test_no_other_choice_is_better(lengths: list[int], duration_s: int) -> None:
    """Compared with all subsets: within half the tolerance if any subset is, and at the least cost."""
    chosen = fill([float(length) for length in lengths], duration_s)
    assert chosen == sorted({*chosen})
    total = sum(lengths[position] for position in chosen)
    if sum(lengths) < duration_s or chosen == [*range(len(chosen))]:
        return
    ways = [way for n in range(len(lengths) + 1) for way in combinations(range(len(lengths)), n)]
    off = {way: abs(sum(lengths[position] for position in way) - duration_s) for way in ways}
    rounding = duration_s / 2000 * len(lengths)
    assert abs(total - duration_s) <= max(min(off.values()), tolerance_s(duration_s) / 2) + rounding
    right = [way for way in ways if off[way] <= tolerance_s(duration_s) / 2 - rounding]
    costs = [sum(position * lengths[position] for position in way) for way in right]
    cost = sum(position * lengths[position] for position in chosen)
    assert not costs or cost <= min(costs) + rounding * len(lengths)


@pytest.mark.parametrize("duration_s", [600.0, 2700.0, 36_000.0])
def test_random_rankings_reach_the_duration(duration_s: float) -> None:
    lengths = np.random.default_rng(0).uniform(90, 420, 400).tolist()
    chosen = mix(list(enumerate(lengths)), lambda row: row[1], duration_s)
    assert abs(sum(length for _, length in chosen) - duration_s) <= tolerance_s(duration_s)
    ranks = [rank for rank, _ in chosen]
    assert ranks == sorted(ranks)
    assert max(ranks) < len(ranks) + 16
