"""What two tracks have in common, by numbers worked out on paper."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from musimo.emotion.space import unit
from musimo.records import Descriptors, FloatArray, HeardTag, Tags, TempoKey, Track
from musimo.search.explain import alike, explain


def vectors(sounds: Descriptors, mixture: Mapping[str, float]) -> FloatArray:
    """A space of the blocks as they are."""
    parts = [unit(getattr(sounds, name)) * np.sqrt(weight) for name, weight in mixture.items()]
    return unit(np.concatenate(parts, axis=1))


def blocks(*rows: tuple[tuple[float, float], tuple[float, float]]) -> Descriptors:
    """Sounds by their statistics and their fused values; all embeddings are the same."""
    statistics, fused = (np.array([row[side] for row in rows], np.float32) for side in (0, 1))
    return Descriptors(np.ones((len(rows), 2), np.float32), statistics, fused)


def track(
    genre: str | None, valence: float | None, arousal: float | None, tempo_key: TempoKey | None = None
) -> Track:
    return Track(1, b"/m/a.mp3", Tags(genre=genre), 60.0, 1, valence, arousal, tempo_key=tempo_key)


SEED = track("Jazz; Soul", 0.5, 0.5, TempoKey(120, 1, "A minor", 1))
EAST, NORTH = (1.0, 0.0), (0.0, 1.0)


def test_every_number_compares_the_result_with_its_seed() -> None:
    found = track("soul/Pop", 0.8, 0.1, TempoKey(66, 1, "C major", 1))
    [one] = explain([SEED], blocks((EAST, EAST)), [found], blocks((EAST, NORTH)), vectors, "both")
    assert (one.statistics, one.fused, one.embedding) == pytest.approx((1, 0, 1))
    assert one.sound == pytest.approx(0.5)
    assert one.valence_difference == pytest.approx(0.3)
    assert one.arousal_difference == pytest.approx(-0.4)
    assert one.mood_distance == pytest.approx(0.5)
    assert one.tempo_ratio == pytest.approx(1.1)
    assert (one.key_relation, one.key_steps) == ("relative", 1)
    assert one.genres == ("soul",)
    assert alike(one) == {"sound": True, "mood": False, "tempo": False, "key": True, "genre": True}


def test_tags_heard_in_both_come_in_order_of_the_weaker_score() -> None:
    seed = replace(SEED, heard=(HeardTag("piano", 0.9), HeardTag("jazz", 0.8), HeardTag("solo", 0.6)))
    found = replace(SEED, heard=(HeardTag("jazz", 0.95), HeardTag("slow", 0.9), HeardTag("piano", 0.7)))
    for one, other, both in (
        (seed, found, ("jazz", "piano")),
        (seed, replace(found, heard=()), ()),
        (seed, SEED, None),
        (SEED, found, None),
    ):
        [why] = explain([one], blocks((EAST, EAST)), [other], blocks((EAST, EAST)), vectors, "both")
        assert why.heard == both


def test_the_nearest_of_several_seeds_depends_on_by() -> None:
    seeds = blocks((EAST, EAST), (NORTH, NORTH))
    found = [SEED, SEED]
    both = explain([SEED, SEED], seeds, found, blocks((NORTH, NORTH), (EAST, EAST)), vectors, "sound")
    assert [each.seed for each in both] == [1, 0]
    assert [each.sound for each in both] == pytest.approx([1, 1])
    assert explain([SEED], blocks((EAST, EAST)), [], blocks(), vectors, "both") == []


def test_unknown_values_are_none() -> None:
    bare = track(None, None, 0.5)
    [one] = explain([SEED], blocks((EAST, EAST)), [bare], blocks((NORTH, NORTH)), vectors, "both")
    assert (one.sound, one.statistics, one.fused, one.embedding) == pytest.approx((0, 0, 0, 1), abs=1e-6)
    assert (one.valence_difference, one.arousal_difference) == (None, 0.0)
    assert {one.tempo_ratio, one.key_steps, one.key_relation, one.genres} == {None}
    assert one.mood_distance is None
    assert alike(one) == {"sound": False}
    [one] = explain(
        [SEED], blocks((EAST, EAST)), [track("Metal", 0.5, 0.5)], blocks((EAST, EAST)), vectors, "both"
    )
    assert one.genres == ()
    assert alike(one) == {"sound": True, "mood": True, "genre": False}


@pytest.mark.parametrize(
    ("key", "relation"),
    [
        ("A minor", "same"),
        ("E minor", "fifth"),
        ("D minor", "fifth"),
        ("C major", "relative"),
        ("A major", "parallel"),
        ("F# major", "other"),
    ],
)
def test_relations_of_keys(key: str, relation: str) -> None:
    found = replace(SEED, tempo_key=TempoKey(120, 1, key, 1))
    [one] = explain([SEED], blocks((EAST, EAST)), [found], blocks((EAST, EAST)), vectors, "both")
    assert one.key_relation == relation
