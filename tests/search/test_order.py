"""Orders of a list, and the distances between neighbors."""

from __future__ import annotations

from itertools import pairwise, permutations

import numpy as np
import pytest

from musimo.errors import UsageError
from musimo.records import Tags, TempoKey, Track
from musimo.search.order import MAX_FLOW_TRACKS, flow, mood_arc, reorder
from musimo.search.rows import SimilarTrack
from musimo.search.track_distances import key_steps, mood_distance, pairwise_distances, tempo_ratio


def track(
    arousal: float | None = 0.5,
    valence: float | None = 0.5,
    tempo: float | None = None,
    key: str | None = None,
    number: int = 1,
) -> Track:
    tempo_key = TempoKey(tempo, 1.0, key, 1.0) if tempo or key else None
    return Track(number, b"/m/%d.mp3" % number, Tags(), 180.0, number, valence, arousal, tempo_key=tempo_key)


class TestDistances:
    def test_moods_lie_on_the_plane(self) -> None:
        assert mood_distance(track(0.5, 0.1), track(0.1, 0.4)) == pytest.approx(0.5)
        assert mood_distance(track(None, 0.1), track()) is None

    @pytest.mark.parametrize(
        ("one", "other", "ratio"),
        [(120, 120, 1), (120, 60, 1), (60, 240, 1), (100, 110, 1.1), (100, 55, 1.1), (100, 150, 0.75)],
    )
    def test_a_tempo_and_its_double_are_one(self, one: float, other: float, ratio: float) -> None:
        assert tempo_ratio(track(tempo=one), track(tempo=other)) == pytest.approx(ratio)

    @pytest.mark.parametrize(
        ("one", "other", "steps"),
        [
            ("C major", "C major", 0),
            ("C major", "G major", 1),
            ("C major", "F major", 1),
            ("C major", "A minor", 1),
            ("A minor", "E minor", 1),
            ("C major", "E minor", 2),
            ("C major", "C minor", 4),
            ("C major", "F# major", 6),
            ("C major", "Gb major", 6),
            ("C major", "D# minor", 7),
            ("Bb major", "A# major", 0),
            ("B♭ minor", "A♯ minor", 0),
        ],
    )
    def test_keys_lie_on_the_circle_of_fifths(self, one: str, other: str, steps: int) -> None:
        assert key_steps(track(key=one), track(key=other)) == steps
        assert key_steps(track(key=other), track(key=one)) == steps

    def test_unknown_values_are_neither_near_nor_far(self) -> None:
        assert tempo_ratio(track(tempo=100), track(key="C major")) is None
        assert key_steps(track(tempo=100), track(key="C major")) is None
        assert key_steps(track(key="H dur"), track(key="C major")) is None
        unknown = track(None, None)
        assert pairwise_distances([unknown, unknown]).tolist() == [[3, 3], [3, 3]]
        known = [track(0.5, 0.5, 100, "C major"), track(0.7, 0.5, 200, "G major")]
        assert pairwise_distances(known)[0, 1] == pytest.approx(1 + 0 + 1 / 3.5)
        assert pairwise_distances([track(tempo=100), track(tempo=100 * 2**0.5)])[0, 1] == pytest.approx(
            0 + 2 + 1
        )

    def test_all_at_once_are_the_same_as_two_at_a_time(self) -> None:
        random = np.random.default_rng(0)
        names = [f"{tonic} {mode}" for tonic in ("C", "D", "F#", "Bb", "A") for mode in ("major", "minor")]
        tracks = [
            track(float(random.random()), 0.5, float(random.uniform(50, 200)), str(random.choice(names)))
            for _ in range(12)
        ]
        distances = pairwise_distances(tracks)
        for i, a in enumerate(tracks):
            for j, b in enumerate(tracks):
                ratio, steps, distance = tempo_ratio(a, b), key_steps(a, b), mood_distance(a, b)
                assert ratio is not None
                assert steps is not None
                assert distance is not None
                expected = distance / 0.2 + abs(np.log2(ratio)) / 0.25 + steps / 3.5
                assert distances[i, j] == pytest.approx(expected)


class TestMoodArc:
    def test_it_rises_to_the_middle_and_falls(self) -> None:
        arousals = [0.9, 0.1, 0.5, 0.3, 0.7]
        order = mood_arc([track(arousal) for arousal in arousals])
        assert [arousals[position] for position in order] == [0.1, 0.5, 0.9, 0.7, 0.3]

    def test_unknown_values_are_neutral_and_ties_are_sorted_by_valence(self) -> None:
        assert mood_arc([track(0.9), track(None), track(0.1)]) == [2, 0, 1]
        assert mood_arc([track(0.5, 0.9), track(0.5, 0.1)]) == [1, 0]
        assert mood_arc([]) == []


class TestFlow:
    def test_the_first_stays_and_the_rest_follows_in_small_steps(self) -> None:
        assert flow([track(arousal) for arousal in (0.2, 0.8, 0.4, 0.6, 0.3)]) == [0, 4, 2, 3, 1]
        tempi = [track(tempo=tempo) for tempo in (100, 140, 55, 120)]
        assert flow(tempi) == [0, 2, 3, 1]
        keys = [track(key=key) for key in ("C major", "D major", "A minor", "G major")]
        assert flow(keys) == [0, 2, 3, 1]

    @pytest.mark.parametrize("seed", range(5))
    def test_it_is_close_to_the_shortest_path(self, seed: int) -> None:
        random = np.random.default_rng(seed)
        tracks = [track(a, v, random.uniform(60, 120)) for a, v in random.random((7, 2)).tolist()]
        distances = pairwise_distances(tracks)

        def length(way: tuple[int, ...]) -> float:
            return sum(float(distances[a, b]) for a, b in pairwise(way))

        shortest = min(length((0, *rest)) for rest in permutations(range(1, 7)))
        assert length(tuple(flow(tracks))) <= 1.05 * shortest

    def test_few_tracks_and_too_many(self) -> None:
        assert flow([]) == []
        assert flow([track()]) == [0]
        assert flow([track(0.1), track(0.9)]) == [0, 1]
        assert sorted(flow([track()] * 5)) == [*range(5)]
        with pytest.raises(UsageError, match="at most"):
            flow([track()] * (MAX_FLOW_TRACKS + 1))


def test_rows_get_new_ranks_and_keep_their_similarity() -> None:
    rows = [SimilarTrack(rank, 1 / rank, track(arousal)) for rank, arousal in enumerate((0.9, 0.1, 0.5), 1)]
    assert reorder(rows, "similarity") == rows
    reordered = reorder(rows, "mood")
    assert [(row.rank, row.similarity, row.track.arousal) for row in reordered] == [
        (1, 1 / 2, 0.1),
        (2, 1.0, 0.9),
        (3, 1 / 3, 0.5),
    ]
