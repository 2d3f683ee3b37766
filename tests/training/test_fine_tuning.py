"""Fine-tuning: folds of artists over two data sets, with and without halves."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from musimo.emotion.mase_net import MaseNet
from musimo.training import fine_tuning
from musimo.training.clips import LabeledClip
from musimo.training.descriptors import Descriptors
from musimo.training.distilled import halves_of
from musimo.training.fine_tuning import PSEUDO_LABELER, LabeledClips, cross_validate, fine_tune, label_inputs
from musimo.training.groups import grouped_folds
from musimo.training.head_training import HeadsConfig
from musimo.training.metrics import Matrix
from musimo.training.trainer import combine_folds
from tests.training.test_distill import SMALL

pytest.importorskip("sklearn")
SETTINGS = HeadsConfig(n_batches=2, clips=4, labeled=4, unlabelled=4)


def described(n: int, seed: int) -> Descriptors:
    """Noise of two teachers."""
    rng = np.random.default_rng(seed)
    return Descriptors(
        rng.normal(0, 1, (n, 64)).astype(np.float32),
        rng.normal(0, 1, (n, 400)),
        rng.uniform(0, 1, (n, 8)),
        rng.normal(0, 1, (n, 6)),
        rng.normal(0, 1, (n, 5)).astype(np.float32),
    )


def clips(labels: Matrix, groups: Sequence[str], seed: int) -> LabeledClips:
    return LabeledClips(described(len(labels), seed), labels, list(groups))


@pytest.fixture(scope="module")
def backbone() -> MaseNet:
    torch.manual_seed(0)
    return MaseNet(SMALL).eval()


RATED = clips(np.random.default_rng(3).uniform(1, 9, (30, 2)), [f"a{n // 2}" for n in range(30)], 4)
HALVES = clips(
    np.array([(1.0, 1), (-1, 1), (-1, -1), (1, -1)] * 6), [f"a{n // 2 + 10}" for n in range(24)], 5
)  # five artists are in both
MUSIC = described(20, 6)


def test_no_artist_that_is_tested_is_trained_on(backbone: MaseNet, monkeypatch: pytest.MonkeyPatch) -> None:
    trained: list[tuple[LabeledClips, LabeledClips]] = []

    def recorded(network: MaseNet, rated: LabeledClips, halves: LabeledClips, *rest: Any) -> MaseNet:
        trained.append((rated, halves))
        return fine_tune(network, rated, halves, *rest)

    monkeypatch.setattr(fine_tuning, "fine_tune", recorded)
    folds = list(cross_validate(backbone, RATED, HALVES, MUSIC, SETTINGS, 3, 0))
    n_tested = 0
    shared: set[str] = set()
    for fold, sets in zip(folds, trained, strict=True):
        assert fold.halves is not None
        tested = set()
        for each, of in ((fold.rated, grouped(RATED)), (fold.halves, grouped(HALVES))):
            tested |= of[each.fold]
            n_tested += len(each.targets)
        shared |= grouped(RATED)[fold.rated.fold] & set(HALVES.groups)
        for whole, part in zip((RATED, HALVES), sets, strict=True):
            assert not tested & set(part.groups)
            assert set(part.groups) == set(whole.groups) - tested, "all others are trained on"
    assert n_tested == 30 + 24, "each clip is tested once"
    assert len(shared) == 5, "these are trained on in neither"


def grouped(clips: LabeledClips) -> dict[int, set[str]]:
    """Return the artists of each fold."""
    fold_of = grouped_folds(clips.groups, clips.labels, 3, 0)
    return {fold: {clips.groups[int(i)] for i in np.flatnonzero(fold_of == fold)} for fold in range(3)}


def test_no_fold_learns_from_its_own_ratings(backbone: MaseNet) -> None:
    """Without halves, and with several members."""
    settings = HeadsConfig(n_batches=2, clips=4, labeled=0, unlabelled=4, n_members=2)
    folds = list(cross_validate(backbone, RATED, None, MUSIC, settings, 5, 0))
    assert all(fold.halves is None for fold in folds)
    fold_of = grouped_folds(RATED.groups, RATED.labels, 5, 0)
    tested = [np.flatnonzero(fold_of == fold.rated.fold) for fold in folds]
    every = combine_folds([fold.rated for fold in folds], tested, 30).predictions
    assert PSEUDO_LABELER in every
    assert all(np.isfinite(values).all() for values in every.values())
    means = {round(float(value), 6) for value in every["mean rating"][:, 0]}
    assert len(means) == 5  # each fold met another mean, and none the mean of all
    assert round(float(RATED.labels[:, 0].mean()), 6) not in means


def test_each_teacher_is_a_block_of_its_own(backbone: MaseNet) -> None:
    widths = [block.shape for block in label_inputs(backbone, RATED.descriptors)]
    assert widths == [(30, 6), (30, 200), (30, 200), (30, 8), (30, 5), (30, 8)]


def test_parts_keep_clips_and_labels_together() -> None:
    left = RATED.without(["a0", "a14"])
    assert left.groups == RATED.groups[2:-2]
    np.testing.assert_array_equal(left.labels, RATED.labels[2:-2])
    np.testing.assert_array_equal(left.descriptors.teachers, RATED.descriptors.teachers[2:-2])
    both = Descriptors.concatenate([left.descriptors, MUSIC])
    np.testing.assert_array_equal(both.tags[26:], MUSIC.tags)


def test_halves_of_quadrants() -> None:
    """Happy, tense, sad, calm: valence and arousal."""
    quadrants = ("Q1", "Q2", "Q3", "Q4")
    labeled = [LabeledClip(name, Path(name), name, 5.0, 5.0, quadrant=name) for name in quadrants]
    assert halves_of(labeled).tolist() == [[1, 1], [-1, 1], [-1, -1], [1, -1]]
