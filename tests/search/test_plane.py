"""The plane of moods: distances, percentiles, mixes, quadrants."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from musimo.search.plane import Plane, dominant_quadrant, in_tiers, percentiles, quadrant_counts


def plane(*points: tuple[float, float]) -> Plane:
    return Plane(np.arange(1, len(points) + 1), np.array(points, np.float32).reshape(-1, 2))


def test_percentiles_are_mid_ranks() -> None:
    """Of valences .4 .5 .5 .6: below and half of the equal ones are 0 + .5, 1 + 1, 1 + 1, 3 + .5 of four."""
    points = np.array([(0.4, 0.1), (0.5, 0.1), (0.5, 0.1), (0.6, 0.1)], np.float32)
    assert percentiles(points)[:, 0] == pytest.approx([0.125, 0.5, 0.5, 0.875])
    assert percentiles(points)[:, 1] == pytest.approx([0.5] * 4), "where all are equal, all are in the middle"
    assert percentiles(points[:1]).tolist() == [[0.5, 0.5]]
    assert percentiles(points[:0]).shape == (0, 2)


@given(st.lists(st.integers(0, 20), min_size=1, max_size=40))
def test_percentiles_keep_the_order_and_have_their_mean_in_the_middle(values: list[int]) -> None:
    column = np.array(values, np.float32) / 20
    ranks = percentiles(np.stack([column, 1 - column], axis=1))
    assert ranks.mean(axis=0) == pytest.approx([0.5, 0.5], abs=1e-5)
    assert ranks[:, 0] + ranks[:, 1] == pytest.approx(np.ones(len(values)), abs=1e-5)
    assert ((column[:, None] < column) == (ranks[:, 0][:, None] < ranks[:, 0])).all()


def test_percentiles_separate_points_near_the_middle() -> None:
    crowded = plane((0.50, 0.52), (0.51, 0.51), (0.52, 0.50), (0.53, 0.53))
    assert next(crowded.relative().nearest((1, 1)))[0] == 4
    [(nearest, distance), *_] = crowded.relative().nearest((0.125, 0.625))
    assert (nearest, distance) == (1, 0)


def test_nearest_are_sorted_by_distance_and_then_by_id() -> None:
    ranked = list(plane((0.5, 0.9), (0.5, 0.5), (0.5, 0.1), (0.8, 0.5)).nearest((0.5, 0.5)))
    assert [id_ for id_, _ in ranked] == [2, 4, 1, 3]
    assert [distance for _, distance in ranked] == pytest.approx([0, 0.3, 0.4, 0.4], abs=1e-6)


def test_only_allowed_contents_remain() -> None:
    whole = plane((0.1, 0), (0.2, 0), (0.3, 0))
    assert whole.only(None) is whole
    some = whole.only(np.array([9, 3, 1]))
    assert some.ids.tolist() == [1, 3]
    assert some.points[:, 0] == pytest.approx([0.1, 0.3])
    assert len(whole.only(np.empty(0, np.int64)).ids) == len(plane().only(np.array([1])).ids) == 0
    assert whole.without({2, 7}).ids.tolist() == [1, 3]


def test_a_mix_holds_all_within_its_spread_in_the_order_of_its_seed() -> None:
    crowd = plane(*((0.01 * n, 0.0) for n in range(100)))
    mixes = [[id_ for id_, _ in crowd.shuffled_within((0.5, 0), 0.101, seed)] for seed in (1, 1, 2)]
    assert sorted(mixes[0]) == [*range(41, 62)]
    assert mixes[0] == mixes[1]
    assert mixes[0] != mixes[2]
    assert mixes[0] != sorted(mixes[0])
    assert sorted(mixes[0]) == sorted(mixes[2]) == crowd.within((0.5, 0), 0.101).ids.tolist()


def test_tiers_rank_the_nearest_tenth_by_sound_and_then_the_next() -> None:
    """Thirty in order of distance, the farther the more alike: tiers of three, each turned around."""
    requested: list[Sequence[int]] = []

    def similarities(ids: list[int]) -> dict[int, float]:
        requested.append(ids)
        return {id_: id_ / 30 for id_ in ids if id_ != 5}

    rows = in_tiers(((n, n / 100) for n in range(1, 31)), 30, 2, similarities)
    assert [next(rows)[0] for _ in range(3)] == [3, 2, 1]
    assert len(requested) == 1, "no more is compared than is wanted"
    assert next(rows) == (6, 0.06, 0.2)
    assert next(rows)[0] == 4, "what has no sound vector is left out"
    assert [id_ for id_, _, _ in in_tiers(iter([(1, 0.1), (2, 0.2)]), 30, 5, similarities)] == [2, 1]


def test_quadrants_are_counted_and_a_dominant_one_is_recognized() -> None:
    points = np.array([(0.9, 0.9), (0.5, 0.5), (0.1, 0.9), (0.1, 0.1), (0.9, 0.1), (0.8, 0.49)], np.float32)
    assert quadrant_counts(points) == {"happy": 2, "tense": 1, "sad": 1, "calm": 2}
    assert dominant_quadrant({"happy": 76, "tense": 24, "sad": 0, "calm": 0}) == "happy"
    assert dominant_quadrant({"happy": 75, "tense": 25, "sad": 0, "calm": 0}) is None
    assert dominant_quadrant({"happy": 0, "tense": 0, "sad": 0, "calm": 19}) is None, "a handful says nothing"
    assert dominant_quadrant(quadrant_counts(points[:0])) is None
