"""Tags: synonyms merged and calibrated on paper, and a head that learns them."""

from __future__ import annotations

from math import log

import numpy as np
import pytest
import torch

from musimo.emotion.mase_net import MaseNet
from musimo.records.heard import check_tag_names
from musimo.training.head_training import HeadData, add_harmony_inputs
from musimo.training.metrics import Matrix
from musimo.training.tag_training import (
    MIN_SHARE,
    MSD,
    MTT,
    STEEPNESS,
    SYNONYMS,
    TAGS,
    TagConfig,
    TagTargets,
    merge,
    train_tags,
)
from tests.training.miniature import tag_words
from tests.training.test_distill import SMALL

NAMES = [*tag_words(MSD), *tag_words(MTT)]


def scores(n: int, **columns: Matrix | float) -> Matrix:
    """Probabilities of one half, but for the given words; both teachers' where both have one."""
    found = np.full((n, len(NAMES)), 0.5)
    for word, values in columns.items():
        for column, name in enumerate(NAMES):
            if name == word.replace("_", " "):
                found[:, column] = values
    return found


def test_every_word_of_the_teachers_is_one_of_one_tag() -> None:
    for kind, n in ((MSD, 50), (MTT, 48)):  # all but "loud" and "quiet"
        words = [word for synonyms in SYNONYMS.values() for word in synonyms.get(kind, ())]
        assert len(words) == len(set(words)) == n
        assert not {"loud", "quiet"} & {*words}
    assert check_tag_names(TAGS) == TAGS


def test_synonyms_are_merged_by_their_mean_logit() -> None:
    merged = merge(scores(3, alternative=0.9, alternative_rock=0.1, jazz=0.2), NAMES)
    assert merged.shape == (3, len(TAGS))
    assert merged[0, TAGS.index("alternative")] == pytest.approx(0, abs=1e-9)
    assert merged[0, TAGS.index("jazz")] == pytest.approx(log(1 / 4), abs=1e-4)
    assert merged[0, TAGS.index("soul")] == 0


def test_each_teacher_has_its_own_words() -> None:
    """Both have "rock": a probability of .9 by one of them gives half of its logit."""
    given = scores(1)
    given[0, NAMES.index("rock")] = 0.9
    assert merge(given, NAMES)[0, TAGS.index("rock")] == pytest.approx(log(9) / 2, abs=1e-4)
    given[0, 50 + NAMES[50:].index("rock")] = 0.9
    assert merge(given, NAMES)[0, TAGS.index("rock")] == pytest.approx(log(9), abs=1e-4)


def test_probabilities_of_0_and_1_are_finite() -> None:
    assert np.isfinite(merge(scores(1, jazz=0.0, soul=1.0), NAMES)).all()


def some_music(n: int) -> Matrix:
    rng = np.random.default_rng(6)
    given = rng.uniform(0, 1, (n, len(NAMES)))
    given[:, NAMES.index("jazz")] = np.linspace(0.1, 0.3, n)
    given[:, NAMES.index("sexy")] = np.linspace(1e-5, 1e-4, n)
    given[:, NAMES.index("chill")] = rng.permutation(np.linspace(0.0, 0.4, n))
    given[:, NAMES.index("chillout")] = 0.5
    return given


def test_a_tag_is_set_for_the_share_that_the_teachers_expect() -> None:
    n = 1000
    given = some_music(n)
    targets = TagTargets.fit(given, NAMES)
    shares = dict(zip(TAGS, targets.shares, strict=True))
    assert shares["jazz"] == pytest.approx(0.2)
    assert shares["chill"] == pytest.approx(1 - (1 - 0.2) * (1 - 0.5))
    assert shares["sexy"] == MIN_SHARE, "people hardly wrote it"
    logits = targets.logits(given, NAMES)
    np.testing.assert_allclose((logits > 0).mean(axis=0), targets.shares, atol=2 / n)
    np.testing.assert_allclose(logits.std(axis=0), STEEPNESS)
    highest = np.argsort(-given[:, NAMES.index("jazz")])[:200]
    assert (logits[highest, TAGS.index("jazz")] > 0).all()


def test_thresholds_are_those_of_the_music_they_were_fitted_to() -> None:
    given = some_music(1000)
    targets = TagTargets.fit(given, NAMES)
    without_jazz = scores(4, jazz=0.05)
    with_jazz = scores(4, jazz=0.4)
    column = TAGS.index("jazz")
    assert (targets.logits(without_jazz, NAMES)[:, column] < 0).all()
    assert (targets.logits(with_jazz, NAMES)[:, column] > 0).all()


def clips(n: int, seed: int) -> tuple[HeadData, Matrix]:
    """Tags in turn depend on one fused value, and on one harmony value; both are set for some clips."""
    rng = np.random.default_rng(seed)
    fused, harmony = rng.normal(0, 1, (n, 64)), rng.normal(0, 1, (n, 5))
    both = np.stack([4 * fused[:, 0] - 3, 4 * harmony[:, 1] + 2], axis=1)
    logits = both[:, np.arange(len(TAGS)) % 2]
    return HeadData(
        torch.from_numpy(fused).float(), torch.from_numpy(harmony).float(), torch.zeros(n, 2)
    ), logits


def test_a_tag_head_learns_and_leaves_the_network_alone() -> None:
    torch.manual_seed(0)
    labeled, unlabeled = clips(200, 1), clips(600, 2)
    network = add_harmony_inputs(MaseNet(SMALL), labeled[0].harmony)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    config = TagConfig(n_batches=250, units=16, learning_rate=1e-2, weight_decay=0.0)
    trained = train_tags(network, labeled, unlabeled, config, seed=0)

    assert (trained.config.n_tags, trained.config.tag_units) == (len(TAGS), 16)
    assert not trained.training
    after = trained.state_dict()
    assert {name.split(".")[0] for name in after.keys() - before.keys()} == {"tag_head"}
    for name, tensor in before.items():
        torch.testing.assert_close(after[name], tensor, rtol=0, atol=0)
        torch.testing.assert_close(network.state_dict()[name], tensor, rtol=0, atol=0)

    data, wanted = clips(200, 3)
    with torch.no_grad():
        found = trained.tag_logits(data.fused, data.harmony).numpy()
        of_labeled = trained.tag_logits(labeled[0].fused, labeled[0].harmony).numpy()
    for tag in range(len(TAGS)):
        assert np.corrcoef(found[:, tag], wanted[:, tag])[0, 1] > 0.8
    shares = (labeled[1] > 0).mean(axis=0)
    assert 0.1 < shares[0] < 0.4 < 0.6 < shares[1]
    np.testing.assert_allclose((of_labeled > 0).mean(axis=0), shares, atol=1.01 / 200)
