"""Cross-validation with grouped folds: artists are never split, and all methods use the same folds."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from musimo.atomic import write_atomically
from musimo.errors import UsageError
from musimo.training.baselines import BASELINES, stack_statistics
from musimo.training.config import TrainingConfig
from musimo.training.devices import CPU
from musimo.training.groups import grouped_folds
from musimo.training.metrics import Indices, Matrix
from musimo.training.progress import Row, Stage, Step, Work
from musimo.training.training_loop import Epoch, LabeledFeatures, Training, predict

NETWORK = "MASE-Net"
HOLDOUT_PARTS = (
    20  # artists are divided into this many parts; validation and test set take their share of them
)
NO_CLIPS: Indices = np.array([], dtype=np.int64)


@dataclass(frozen=True, slots=True)
class FoldPredictions:
    """Predictions of each method for the clips of one fold, none of which it was trained on.

    Parameters
    ----------
    fold : its number, from 0
    epochs, best_epoch : number of epochs trained, and the epoch with the lowest validation loss
    targets : on the 1-9 scale [shape=(n, 2)]
    predictions : by method [shape=(n, 2)]
    """

    fold: int
    epochs: int
    best_epoch: int
    targets: NDArray[np.float64]
    predictions: Mapping[str, NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Split:
    """Indices of clips: training set, validation set (for early stopping) and test set."""

    train: Indices
    validation: Indices
    test: Indices

    @property
    def train_and_validation(self) -> Indices:
        """Return both, sorted: the training set of methods without early stopping."""
        return np.sort(np.concatenate([self.train, self.validation]))


def make_splits(groups: Sequence[str], ratings: Matrix, config: TrainingConfig, seed: int) -> list[Split]:
    """Return the splits of one seed: one per fold, each clip tested once, or the single held-out split.

    No artist is in two of the three sets. The held-out split depends on ``config.seed`` only, so that all
    seeds are evaluated on the same clips.

    Raises
    ------
    UsageError : too few artists
    """
    try:
        if config.split == "holdout":
            return [_holdout(groups, ratings, config)]
        fold_of = grouped_folds(groups, ratings, config.n_folds, seed)
        return [
            inner_split(groups, ratings, config.inner_share, seed + fold, np.flatnonzero(fold_of == fold))
            for fold in range(config.n_folds)
        ]
    except ValueError as error:
        raise UsageError(f"the data set is too small: {error}", "use fewer folds") from error


def inner_split(
    groups: Sequence[str], ratings: Matrix, share: float, seed: int, test: Indices = NO_CLIPS
) -> Split:
    """Divide the clips that are not tested into training and validation set, by whole artists."""
    train = np.setdiff1d(np.arange(len(groups)), test)
    inner = grouped_folds([groups[i] for i in train], ratings[train], round(1 / share), seed)
    return Split(train[inner != 0], train[inner == 0], test)


def _holdout(groups: Sequence[str], ratings: Matrix, config: TrainingConfig) -> Split:
    n_parts = min(HOLDOUT_PARTS, len(set(groups)))
    size = max(1, round(n_parts * config.inner_share))
    part = grouped_folds(groups, ratings, n_parts, config.seed)
    test, validation = part < size, (size <= part) & (part < 2 * size)
    return Split(*(np.flatnonzero(which) for which in (~test & ~validation, validation, test)))


def cross_validate(
    data: LabeledFeatures,
    groups: Sequence[str],
    config: TrainingConfig,
    seed: int,
    folder: Path,
    device: torch.device = CPU,
    name: str = "",
) -> Work[list[FoldPredictions]]:
    """Train and predict every split of one seed; fit and predict the baselines on the same splits.

    Parameters
    ----------
    data, groups : features and ratings of the clips, and their groups
    config : the recipe
    seed : of the folds; the trainings of the folds count up from it
    folder : of finished folds and of the checkpoint, from which an interrupted call resumes
    device : where the networks are trained
    name : of the data set, for progress and log
    """
    folder.mkdir(parents=True, exist_ok=True)
    statistics = stack_statistics(data.features)
    folds = []
    for number, split in enumerate(make_splits(groups, data.ratings, config, seed)):
        report, state = folder / f"fold-{number}.json", folder / f"fold-{number}.pt"
        if not report.is_file():
            of_fold = replace(config, seed=seed + number)
            training = Training(data.part(split.train), data.part(split.validation), of_fold, state, device)
            yield from run_training(training, part_name(name, seed, number))
            predictions = baseline_predictions(
                statistics, data.ratings, split.train_and_validation, statistics[split.test]
            )
            test = data.part(split.test)
            predictions[NETWORK] = predict(training.network, training.means, training.sds, test.features)
            best = max(epoch.number for epoch in training.history if epoch.best)
            fold = FoldPredictions(number, len(training.history), best, test.ratings, predictions)
            save_folds([fold], report)
            if config.split == "folds":  # the network of a held-out split is the final one
                state.unlink(missing_ok=True)
        folds += load_folds(report)
    return folds


def part_name(name: str, seed: int, number: int) -> str:
    """Return the name of a fold's training in logs: ``deam-corrected seed 17 fold 1``."""
    return f"{name} seed {seed} fold {number + 1}".strip()


def run_training(training: Training, part: str) -> Work[None]:
    """Run a training to its end and yield a row per epoch; a resumed one repeats its last train epoch."""
    yield Stage(part, training.config.optimizer.max_epochs, len(training.history), "epoch")
    if training.history:
        yield _row(part, training.history[-1])
    for epoch in training.epochs():
        yield _row(part, epoch)
        yield Step()


def _row(part: str, epoch: Epoch) -> Row:
    values = {
        "training": epoch.training_loss,
        "validation": epoch.validation_loss,
        "rate": epoch.learning_rate,
        "seconds": epoch.seconds,
    }
    return Row(part, epoch.number, values, epoch.best)


def baseline_predictions(
    statistics: Matrix, ratings: Matrix, train: Indices, test: Matrix
) -> dict[str, Matrix]:
    """Fit each baseline to the clips ``train``; return its predictions of ``test`` [shape=(n, 2)]."""
    return {name: baseline(statistics[train], ratings[train], test) for name, baseline in BASELINES.items()}


def save_folds(folds: Sequence[FoldPredictions], path: Path) -> None:
    """Write folds as JSON, atomically."""
    documents = [
        {
            "fold": fold.fold,
            "epochs": fold.epochs,
            "best_epoch": fold.best_epoch,
            "targets": fold.targets.tolist(),
            "predictions": {name: values.tolist() for name, values in fold.predictions.items()},
        }
        for fold in folds
    ]
    write_atomically(path, json.dumps(documents).encode())


def load_folds(path: Path) -> list[FoldPredictions]:
    """Read the file written by `save_folds`."""
    return [
        FoldPredictions(
            document["fold"],
            document["epochs"],
            document["best_epoch"],
            np.array(document["targets"]),
            {name: np.array(values) for name, values in document["predictions"].items()},
        )
        for document in json.loads(path.read_text(encoding="utf-8"))
    ]
