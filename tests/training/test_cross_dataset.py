"""The matrix of data sets: figures by hand, order and titles of its rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from musimo.training.clips import LabeledClip
from musimo.training.cross_dataset import BANDWIDTH, UNTRAINED, EvaluationSet, cross_section
from musimo.training.datasets.catalog import DatasetConfig
from musimo.training.rated_dataset import RatedDataset

TARGETS = np.array([[8.0, 7], [2, 8], [3, 2], [7, 3]])


def evaluated(quadrants: tuple[str, ...] = ("Q1", "Q2", "Q3", "Q4")) -> EvaluationSet:
    return EvaluationSet("b", TARGETS, ["w", "x", "y", "z"], quadrants)


def test_figures_by_hand() -> None:
    opposite = 10 - TARGETS[:, :1]
    (row,) = evaluated().rows("a", 9, {"m": [np.concatenate([opposite, TARGETS[:, 1:]], axis=1)]})
    assert [round(each.value, 9) for each in row.r] == [-1, 1]
    assert [each.value for each in row.aucs.values()] == [0, 1, 0, 0]
    (plain,) = evaluated(("",) * 4).rows("a", 9, {"m": [TARGETS]})
    assert plain.aucs == {}


def test_rows_are_ordered_by_test_set() -> None:
    at = evaluated()
    rows = at.rows(UNTRAINED, None, {BANDWIDTH: [TARGETS]}) + at.rows("a", 9, {"m|n": [TARGETS]})
    rows += at.rows("b", None, {"m": [TARGETS]})
    firsts = [line.split(" | ")[0].strip("| ") for line in cross_section(rows).splitlines()[2:5]]
    assert firsts == ["b out of fold, m", "a → b, m&#124;n", "b, bandwidth alone"]


def test_shared_artists_are_left_out_of_training() -> None:
    def rated(name: str, *groups: str) -> RatedDataset:
        clips = [LabeledClip(str(i), Path(str(i)), group, float(i), 5.0) for i, group in enumerate(groups)]
        features = [np.full((2, 3), i, dtype=np.float32) for i in range(len(groups))]
        ratings = np.array([(float(i), 5.0) for i in range(len(groups))])
        return RatedDataset(DatasetConfig(name), clips, features, ratings)

    one, other = rated("one", "a", "b", "clip 2", "a"), rated("other", "a", "c", "clip 2")
    left = one.without_artists_of(other)
    assert left.groups == ["b", "clip 2"]
    assert (left.ratings[:, 0].tolist(), [clip[0, 0] for clip in left.features]) == ([1, 2], [1, 2])
    assert (left.name, left.clip_set) == ("one-without-other",) * 2, "results are kept apart"
    assert one.without_artists_of(rated("third", "d")) is one
