"""The training loop: it learns, stops early, resumes exactly, and never uses the test set."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import torch

from musimo.emotion.mase_net import MaseNet, MaseNetConfig
from musimo.errors import UsageError
from musimo.training.config import AugmentConfig, OptimizerConfig, TrainingConfig
from musimo.training.cross_validation import NETWORK, cross_validate, make_splits
from musimo.training.datasets.catalog import DatasetConfig
from musimo.training.progress import Row, T, Work
from musimo.training.training_loop import LabeledFeatures, Training, adam, collate, predict

CONFIG = TrainingConfig(
    dataset=DatasetConfig("none"),
    version="0",
    training_data="none",
    seed=5,
    n_folds=3,
    inner_share=0.25,
    network=MaseNetConfig(
        n_filters=(16, 16), pools=(2, 2), lstm_units=(6, 4), key_dim=4, dense_units=(12, 8), head_units=4
    ),
    optimizer=OptimizerConfig(max_epochs=4, batch_size=8, learning_rate=1e-2, patience=3),
    augment=AugmentConfig(probability=0.3),
)


def data(n: int, seed: int = 0, n_frames: int = 24) -> LabeledFeatures:
    """Clips whose level is their arousal and whose first chroma is their valence."""
    rng = np.random.default_rng(seed)
    ratings = rng.uniform(2, 8, (n, 2))
    features = rng.normal(0, 1, (n, n_frames, 193)).astype(np.float32)
    features[:, :, :128] += 3 * ratings[:, 1, None, None]
    features[:, :, 168] += ratings[:, 0, None]
    return LabeledFeatures(list(features), ratings)


def run(
    checkpoint: Path | None = None, epochs: int | None = None, config: TrainingConfig = CONFIG
) -> Training:
    training = Training(data(24), data(10, 1), config, checkpoint)
    for epoch in training.epochs():
        if epoch.number == epochs:
            break
    return training


def equal_weights(one: Training, other: Training) -> bool:
    states = one.network.state_dict(), other.network.state_dict()
    return all(torch.equal(states[0][name], states[1][name]) for name in states[0])


def test_it_learns() -> None:
    config = replace(
        CONFIG,
        network=replace(CONFIG.network, dropout=0.0, dense_dropout=0.0),
        optimizer=replace(CONFIG.optimizer, max_epochs=15, patience=15),
        augment=AugmentConfig(probability=0),
    )
    training = Training(data(48), data(16, 1), config)
    epochs = list(training.epochs())
    assert min(e.validation_loss for e in epochs) < 0.5 * epochs[0].validation_loss
    test = data(30, 2)
    predictions = predict(training.network, training.means, training.sds, test.features)
    assert np.corrcoef(predictions[:, 1], test.ratings[:, 1])[0, 1] > 0.8


def test_randomness_depends_on_the_seed_only() -> None:
    one, again, other = run(), run(), run(config=replace(CONFIG, seed=6))
    assert one.history == again.history
    assert equal_weights(one, again)
    assert one.history != other.history


def test_training_does_not_change_the_global_random_state() -> None:
    torch.manual_seed(3)
    expected = torch.rand(3)
    torch.manual_seed(3)
    run(epochs=1)
    assert torch.equal(torch.rand(3), expected)


def test_an_interrupted_run_resumes_exactly(tmp_path: Path) -> None:
    checkpoint = tmp_path / "run.pt"
    run(checkpoint, epochs=2)
    resumed, whole = run(checkpoint), run()
    assert [e.number for e in resumed.history] == [1, 2, 3, 4]
    assert resumed.history == whole.history
    assert equal_weights(resumed, whole)
    assert list(tmp_path.iterdir()) == [checkpoint]


def test_it_ends_with_the_weights_of_the_best_epoch() -> None:
    training = run()
    best = min(training.history, key=lambda e: e.validation_loss)
    assert [e.number for e in training.history if e.best][-1] == best.number
    again = run(epochs=best.number)
    assert all(torch.equal(again.best[k], v) for k, v in training.network.state_dict().items())


def stuck(recipe: OptimizerConfig) -> Training:
    """A training that learns nothing: no optimizer step, and no update of batch normalization."""
    training = Training(data(24), data(10, 1), replace(CONFIG, optimizer=recipe))
    training.optimizer.step = lambda closure=None: None  # type: ignore[method-assign]
    for module in training.network.modules():
        if isinstance(module, torch.nn.BatchNorm1d):
            module.momentum = 0.0
    return training


def test_early_stopping() -> None:
    training = stuck(replace(CONFIG.optimizer, max_epochs=50, patience=3))
    assert [e.best for e in training.epochs()] == [True, False, False, False]
    assert training.finished


def test_the_learning_rate_is_reduced_on_a_plateau() -> None:
    recipe = replace(CONFIG.optimizer, max_epochs=6, patience=6, plateau_patience=1, learning_rate=0.4)
    rates = [e.learning_rate for e in stuck(recipe).epochs()]
    assert rates == pytest.approx([0.4, 0.4, 0.4, 0.2, 0.2, 0.1])


def test_statistics_are_of_the_training_frames() -> None:
    train = data(24)
    training = Training(train, data(10, 1), CONFIG)
    frames = np.concatenate(train.features)
    np.testing.assert_allclose(training.means, frames.mean(axis=0), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(training.sds, frames.std(axis=0), rtol=1e-3)


def test_constant_features_do_not_divide_by_zero() -> None:
    silent = LabeledFeatures([np.zeros((24, 193), dtype=np.float32)] * 8, np.full((8, 2), 5.0))
    training = Training(silent, silent, replace(CONFIG, optimizer=replace(CONFIG.optimizer, max_epochs=1)))
    assert [np.isfinite(e.training_loss) for e in training.epochs()] == [True]


def test_the_l2_penalty_applies_to_dense_kernels_only() -> None:
    network = MaseNet(CONFIG.network)
    plain, penalised = adam(network, 1e-3, 1e-4).param_groups
    assert plain["weight_decay"] == 0
    assert penalised["weight_decay"] == 2e-4
    names = {id(p): name for name, p in network.named_parameters()}
    assert {names[id(p)] for p in penalised["params"]} == {
        "dense1.linear.weight",
        "dense2.linear.weight",
        *(f"heads.{i}.{layer}.weight" for i in (0, 1) for layer in ("hidden", "rating")),
    }
    assert len(plain["params"]) + 6 == len(names)


def test_collate_normalizes_and_pads() -> None:
    clips = [np.full((3, 2), 5, dtype=np.float32), np.full((2, 2), 1, dtype=np.float32)]
    means, sds = np.array([1, 3], dtype=np.float32), np.array([2, 4], dtype=np.float32)
    batch, lengths = collate(clips, means, sds)
    assert batch.tolist() == [[[2, 0.5]] * 3, [[0, -0.5]] * 2 + [[0, 0]]]
    assert lengths is not None
    assert lengths.tolist() == [3, 2]
    assert collate(clips[:1], means, sds)[1] is None


def data_set(n: int, n_groups: int) -> tuple[LabeledFeatures, list[str]]:
    return data(n), [f"g{i % n_groups}" for i in range(n)]


@pytest.mark.parametrize("how", ["folds", "holdout"])
def test_no_artist_is_in_two_sets_of_a_split(how: Literal["folds", "holdout"]) -> None:
    everything, groups = data_set(60, 24)
    splits = make_splits(groups, everything.ratings, replace(CONFIG, split=how, inner_share=0.15), 7)
    for split in splits:
        sets = [{groups[i] for i in part} for part in (split.train, split.validation, split.test)]
        assert all(sets)
        assert sum(len(part) for part in sets) == 24
        assert len(set().union(*sets)) == 24
    tested = np.concatenate([split.test for split in splits])
    if how == "folds":
        assert sorted(tested) == list(range(60))
    else:
        assert len(splits) == 1
        assert len(tested) == pytest.approx(0.15 * 60, abs=3)
        assert len(splits[0].validation) == pytest.approx(0.15 * 60, abs=3)


def test_a_held_out_test_is_the_same_for_every_seed() -> None:
    everything, groups = data_set(40, 20)
    config = replace(CONFIG, split="holdout")
    one, other = (make_splits(groups, everything.ratings, config, seed)[0] for seed in (1, 2))
    np.testing.assert_array_equal(one.test, other.test)


def test_too_few_artists_are_an_error_with_a_message() -> None:
    everything, groups = data_set(10, 2)
    with pytest.raises(UsageError, match="2 groups do not fill 3 folds"):
        make_splits(groups, everything.ratings, CONFIG, 0)


def test_cross_validation_predicts_every_clip_once_and_resumes(tmp_path: Path) -> None:
    everything, groups = data_set(30, 15)
    config = replace(CONFIG, optimizer=replace(CONFIG.optimizer, max_epochs=2))
    rows = []
    for event in cross_validate(everything, groups, config, 5, tmp_path):
        rows += [event] if isinstance(event, Row) else []
        if len(rows) == 3:
            break  # in the middle of the second fold
    assert [(row.part, row.number) for row in rows] == [
        ("seed 5 fold 1", 1),
        ("seed 5 fold 1", 2),
        ("seed 5 fold 2", 1),
    ]
    rest, folds = worked(cross_validate(everything, groups, config, 5, tmp_path))
    # the last known epoch is repeated: an interrupted consumer may not have received it
    assert [row.number for row in rest] == [1, 2, 1, 2]
    targets = np.concatenate([fold.targets for fold in folds])
    assert sorted(targets.tolist()) == sorted(everything.ratings.tolist())
    assert all(fold.predictions[NETWORK].shape == fold.targets.shape for fold in folds)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["fold-0.json", "fold-1.json", "fold-2.json"]


def worked(work: Work[T]) -> tuple[list[Row], T]:
    """Return the rows and the result of a work."""
    rows: list[Row] = []
    while True:
        try:
            event = next(work)
        except StopIteration as end:
            return rows, end.value
        rows += [event] if isinstance(event, Row) else []


def test_no_rating_of_a_fold_takes_part_in_predicting_it(tmp_path: Path) -> None:
    """Change the ratings of the first fold without changing the folds."""
    everything, groups = data_set(30, 30)
    config = replace(CONFIG, n_folds=2, optimizer=replace(CONFIG.optimizer, max_epochs=1))
    first = worked(cross_validate(everything, groups, config, 5, tmp_path / "1"))[1][0]
    inside = np.array([(everything.ratings == t).all(axis=1).argmax() for t in first.targets])
    nudged = everything.ratings.copy()
    nudged[inside] += 1e-6
    other = LabeledFeatures(everything.features, nudged)
    again = worked(cross_validate(other, groups, config, 5, tmp_path / "2"))[1][0]
    assert (again.targets != first.targets).all()
    for method, predictions in first.predictions.items():
        np.testing.assert_array_equal(again.predictions[method], predictions)


def test_the_concordance_loss_learns_too() -> None:
    config = replace(CONFIG, optimizer=replace(CONFIG.optimizer, loss="ccc", max_epochs=6, patience=6))
    losses = [epoch.validation_loss for epoch in Training(data(48), data(16, 1), config).epochs()]
    assert min(losses) < 0.9 * losses[0]
    assert max(losses) < 4  # two times 1 - CCC, which is 2 at most
