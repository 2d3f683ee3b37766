"""What two tracks have in common, by numbers worked out on paper."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from musimo.emotion.space import unit
from musimo.records import Descriptors, FloatArray, Tags, TempoKey, Track
from musimo.search.explain import alike, explain


def places(sounds: Descriptors, mixture: Mapping[str, float]) -> FloatArray:
    """A space of the blocks as they are."""
    parts = [unit(getattr(sounds, name)) * np.sqrt(weight) for name, weight in mixture.items()]
    return unit(np.concatenate(parts, axis=1))


def blocks(*rows: tuple[tuple[float, float], tuple[float, float]]) -> Descriptors:
    """Sounds by their statistics and their fused values; all embeddings are the same."""
    statistics, fused = (np.array([row[side] for row in rows], np.float32) for side in (0, 1))
    return Descriptors(np.ones((len(rows), 2), np.float32), statistics, fused)


def track(
    genre: str | None, valence: float | None, arousal: float | None, heard: TempoKey | None = None
) -> Track:
    return Track(1, b"/m/a.mp3", Tags(genre=genre), 60.0, 1, valence, arousal, tempo_key=heard)


SEED = track("Jazz; Soul", 0.5, 0.5, TempoKey(120, 1, "A minor", 1))
EAST, NORTH = (1.0, 0.0), (0.0, 1.0)


def test_every_number_is_of_the_track_against_its_seed() -> None:
    found = track("soul/Pop", 0.8, 0.1, TempoKey(66, 1, "C major", 1))
    [told] = explain([SEED], blocks((EAST, EAST)), [found], blocks((EAST, NORTH)), places, "both")
    assert (told.statistics, told.fused, told.embedding) == pytest.approx((1, 0, 1))
    assert told.sound == pytest.approx(0.5)
    assert told.valence_difference == pytest.approx(0.3)
    assert told.arousal_difference == pytest.approx(-0.4)
    assert told.mood_distance == pytest.approx(0.5)
    assert told.tempo_ratio == pytest.approx(1.1)
    assert (told.key_relation, told.key_steps) == ("relative", 1)
    assert told.genres == ("soul",)
    assert alike(told) == {"sound": True, "mood": False, "tempo": False, "key": True, "genre": True}


def test_of_several_seeds_the_nearest_is_told_by_what_was_listened_for() -> None:
    seeds = blocks((EAST, EAST), (NORTH, NORTH))
    found = [SEED, SEED]
    told = explain([SEED, SEED], seeds, found, blocks((NORTH, NORTH), (EAST, EAST)), places, "sound")
    assert [one.seed for one in told] == [1, 0]
    assert [one.sound for one in told] == pytest.approx([1, 1])
    assert explain([SEED], blocks((EAST, EAST)), [], blocks(), places, "both") == []


def test_what_is_not_known_is_not_told() -> None:
    bare = track(None, None, 0.5)
    [told] = explain([SEED], blocks((EAST, EAST)), [bare], blocks((NORTH, NORTH)), places, "both")
    assert (told.sound, told.statistics, told.fused, told.embedding) == pytest.approx((0, 0, 0, 1), abs=1e-6)
    assert (told.valence_difference, told.arousal_difference) == (None, 0.0)
    assert {told.tempo_ratio, told.key_steps, told.key_relation, told.genres} == {None}
    assert told.mood_distance is None
    assert alike(told) == {"sound": False}
    [told] = explain(
        [SEED], blocks((EAST, EAST)), [track("Metal", 0.5, 0.5)], blocks((EAST, EAST)), places, "both"
    )
    assert told.genres == ()
    assert alike(told) == {"sound": True, "mood": True, "genre": False}


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
    [told] = explain([SEED], blocks((EAST, EAST)), [found], blocks((EAST, EAST)), places, "both")
    assert told.key_relation == relation
