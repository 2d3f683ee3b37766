"""Walks from one sound to another, on paper where they can be: sounds around a circle."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from musimo.emotion.space import unit
from musimo.records import FloatArray
from musimo.search.diversify import GroupKeys
from musimo.search.sound_path import PathSpace, angles, choose_sound_path, points_on_arc, tracks_per_leg
from musimo.search.space import Ids


def at(*degrees: float) -> FloatArray:
    """Unit vectors of the plane."""
    turned = np.radians(degrees)
    return np.stack([np.cos(turned), np.sin(turned)], axis=1).astype(np.float32)


def space(vectors: FloatArray, artists: Sequence[str | None] = (), cap: int | None = None) -> PathSpace:
    """Sounds whose ids are their positions."""

    def nearest(vector: FloatArray, k: int) -> Ids:
        return np.argsort(-(vectors @ vector), kind="stable")[:k]

    def groups(ids: Ids) -> dict[int, GroupKeys]:
        return {id_: (artists[id_] if artists else None,) for id_ in ids.tolist()}

    return PathSpace(nearest, lambda ids: vectors[ids], groups, (cap,))


def path(
    vectors: FloatArray, n: int, artists: Sequence[str | None] = (), cap: int | None = None
) -> list[int]:
    """From the first sound to the last."""
    ends = vectors[[0, -1]]
    keys: list[GroupKeys] = [(artists[0],), (artists[-1],)] if artists else [(None,), (None,)]
    [leg] = choose_sound_path(space(vectors, artists, cap), ends, [0, len(vectors) - 1], keys, n)
    return leg


def test_angles_are_divided_by_pi() -> None:
    assert angles(at(0), at(0, 45, 90, 180))[0] == pytest.approx([0, 0.25, 0.5, 1], abs=1e-3)


def test_points_are_evenly_spaced_on_the_arc() -> None:
    assert points_on_arc(at(0)[0], at(90)[0], 2) == pytest.approx(at(30, 60), abs=1e-6)
    assert points_on_arc(at(20)[0], at(20)[0], 2) == pytest.approx(at(20, 20), abs=1e-6)
    assert points_on_arc(at(0)[0], at(90)[0], 0).shape[0] == 0


def test_tracks_are_distributed_by_the_length_of_legs() -> None:
    assert tracks_per_leg(at(0, 30, 90), 6) == [2, 4]
    assert tracks_per_leg(at(0, 45, 90), 3) in ([1, 2], [2, 1])
    assert tracks_per_leg(at(0, 45, 90), 0) == [0, 0]
    assert tracks_per_leg(at(7, 7, 7), 4) == [2, 2]


def test_a_path_along_a_circle_takes_the_tracks_on_the_targets() -> None:
    """Ends at 0° and 90°, sounds at every 10°: two between are those at 30° and 60°."""
    assert path(at(*range(0, 91, 10)), 2) == [3, 6]
    assert path(at(*range(0, 91, 10)), 8) == [1, 2, 3, 4, 5, 6, 7, 8]


def test_nothing_behind_the_start_or_beyond_the_end_is_on_the_path() -> None:
    """-10° is farther from the end than the start is, and 100° from the start than the end is."""
    assert path(at(0, -10, 45, 100, 90), 3) == [2]
    assert path(at(0, -10, 100, 90), 3) == []


def test_a_path_does_not_turn_back_if_one_exists_that_does_not() -> None:
    """In a crowd of three dimensions there is one for four steps; of its steps none loses on either side."""
    vectors = unit(np.random.default_rng(1).standard_normal((2000, 3)))
    leg = path(vectors, 4)
    assert len(leg) == 4
    cosines = vectors[[0, *leg, 1999]] @ vectors[[0, 1999]].T
    assert (np.diff(cosines[:, 0]) <= 1e-6).all()
    assert (np.diff(cosines[:, 1]) >= -1e-6).all()


def test_slipping_back_a_little_is_preferred_to_skipping_a_target() -> None:
    """Between x and y lie, on both sides of the plane, sounds of which the second gains .5 and loses .01."""
    vectors = unit([(1, 0, 0), (0.7, 0.2, 0.7), (0.2, 0.19, -1), (0, 1, 0)])
    leg = path(vectors, 2)
    cosines = vectors[leg] @ vectors[[0, 3]].T
    assert leg == [1, 2]
    assert 0 < cosines[0, 1] - cosines[1, 1] <= 0.02


def test_each_of_several_equal_sounds_is_listed_once() -> None:
    assert sorted(path(at(0, 45, 45, 45, 90), 3)) == [1, 2, 3]


def test_no_artist_has_more_than_the_cap_and_the_ends_count() -> None:
    """Sounds in pairs at 30° and 31° and at 60° and 61°; one of a pair may be another band's."""
    vectors = at(0, 30, 31, 60, 61, 90)
    assert path(vectors, 2, ["a", "b", "c", "b", "d", "e"], 1) in ([1, 4], [2, 3])
    assert path(vectors, 2, ["b", "b", "c", "b", "d", "e"], 1) == [2, 4]
    assert path(vectors, 2, ["a", "b", "b", "b", "b", "e"], 1) in ([1], [2], [3], [4])
    assert path(vectors, 2, ["b"] * 6, 1) == []


def test_legs_share_no_track() -> None:
    vectors = at(*range(0, 91, 5))
    legs = choose_sound_path(space(vectors), vectors[[0, 9, 18]], [0, 9, 18], [(None,)] * 3, 16)
    assert [len(leg) for leg in legs] == [8, 8]
    assert sorted(legs[0] + legs[1]) == [1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15, 16, 17]


def test_a_stop_outside_is_no_sound_of_the_terrain() -> None:
    vectors = at(0, 30, 60, 90)
    [leg] = choose_sound_path(space(vectors), at(0, 90), [None, None], [(None,)] * 2, 4)
    assert leg == [0, 1, 2, 3], "an exact copy of a stop is left out by its id alone"


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1), st.integers(2, 12), st.integers(3, 20), st.sampled_from([None, 1, 2]))
def test_every_step_of_a_random_path_gains(seed: int, n: int, dimensions: int, cap: int | None) -> None:
    random = np.random.default_rng(seed)
    vectors = unit(random.standard_normal((150, dimensions)))
    artists = [str(artist) for artist in random.integers(0, 60, 150)]
    leg = path(vectors, n, artists, cap)
    assert len({*leg} | {0, 149}) == len(leg) + 2
    cosines = vectors[[0, *leg, 149]] @ vectors[[0, 149]].T
    gained = cosines[:, 1] - cosines[:, 0]
    assert (np.diff(gained) >= -1e-6).all()
    counts = Counter(artists[id_] for id_ in (0, *leg, 149))
    assert cap is None or max(counts.values()) <= max(cap, 1 + (artists[0] == artists[149]))
