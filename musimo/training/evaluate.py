"""Cross-validation nobody can argue with: groups stay together, every method meets the same folds."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from musimo.training.baselines import BASELINES, clip_statistics
from musimo.training.clips import grouped_folds
from musimo.training.config import TrainingConfig
from musimo.training.metrics import METRICS, figures
from musimo.training.train import Epoch, LabelledFeatures, Training, predict

NETWORK = "MASE-Net"


@dataclass(frozen=True, slots=True)
class FoldPredictions:
    """What each method says of the clips of one fold, none of which it has met.

    Parameters
    ----------
    fold : its number, from 0
    epochs, best_epoch : how long the network was trained, and which epoch its inner validation chose
    targets : [shape=(n, 2)], 1-9 scale
    predictions : by name of the method, [shape=(n, 2)]
    """

    fold: int
    epochs: int
    best_epoch: int
    targets: NDArray[np.float64]
    predictions: Mapping[str, NDArray[np.float64]]


def cross_validate(
    data: LabelledFeatures, groups: Sequence[str], config: TrainingConfig, folder: Path
) -> Iterator[Epoch | FoldPredictions]:
    """Train on all folds but one, predict that one, for each fold; yields every epoch and every fold.

    Parameters
    ----------
    data, groups : clips, and what must not be torn apart
    folder : keeps finished folds and the state of the one at work, so that a later call goes on from there
    """
    folder.mkdir(parents=True, exist_ok=True)
    statistics = clip_statistics(data.features)
    fold_of = grouped_folds(groups, data.ratings, config.n_folds, config.seed)
    for fold in range(config.n_folds):
        report = folder / f"fold-{fold}.json"
        if not report.is_file():
            known, asked = np.flatnonzero(fold_of != fold), np.flatnonzero(fold_of == fold)
            training = inner_training(
                data.part(known),
                [groups[int(i)] for i in known],
                replace(config, seed=config.seed + fold),
                folder / f"fold-{fold}.pt",
            )
            yield from training.epochs()
            test = data.part(asked)
            predictions = {
                name: baseline(statistics[known], data.ratings[known], statistics[asked])
                for name, baseline in BASELINES.items()
            }
            predictions[NETWORK] = predict(training.network, training.means, training.sds, test.features)
            best = max(epoch.number for epoch in training.history if epoch.best)
            _save(FoldPredictions(fold, len(training.history), best, test.ratings, predictions), report)
            (folder / f"fold-{fold}.pt").unlink(missing_ok=True)
        yield _load(report)


def inner_training(
    data: LabelledFeatures, groups: Sequence[str], config: TrainingConfig, checkpoint: Path | None = None
) -> Training:
    """Training that keeps a share of its own clips, whole groups, apart to choose the epoch by."""
    inner = grouped_folds(groups, data.ratings, round(1 / config.inner_share), config.seed)
    train, validation = data.part(np.flatnonzero(inner != 0)), data.part(np.flatnonzero(inner == 0))
    return Training(train, validation, config, checkpoint)


Figures = dict[str, dict[str, dict[str, float]]]
"""method -> metric -> ``valence``, ``valence_sd``, ``arousal``, ``arousal_sd``; without what is undefined."""


def summarize_folds(folds: Sequence[FoldPredictions]) -> Figures:
    """Mean and sample SD over folds of every metric."""
    summary: Figures = {}
    for method in folds[0].predictions:
        per_fold = [figures(fold.targets, fold.predictions[method]) for fold in folds]
        summary[method] = {}
        for metric in METRICS:
            values = np.array([fold[metric] for fold in per_fold])
            mean, sd = values.mean(axis=0), values.std(axis=0, ddof=1)
            if np.isnan(mean).any():  # a constant correlates with nothing
                continue
            summary[method][metric] = {
                "valence": float(mean[0]),
                "valence_sd": float(sd[0]),
                "arousal": float(mean[1]),
                "arousal_sd": float(sd[1]),
            }
    return summary


def table(summary: Figures) -> str:
    """The figures as Markdown: one row a method and dimension, mean ± SD over folds."""
    lines = ["| | " + " | ".join(METRICS) + " |", "|---|" + "---|" * len(METRICS)]
    for dimension in ("valence", "arousal"):
        for method, metrics in summary.items():
            cells = [
                f"{metrics[name][dimension]:.3f} ± {metrics[name][dimension + '_sd']:.3f}"
                if name in metrics
                else "–"
                for name in METRICS
            ]
            lines.append(f"| {dimension}, {method} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _save(fold: FoldPredictions, path: Path) -> None:
    document = {
        "fold": fold.fold,
        "epochs": fold.epochs,
        "best_epoch": fold.best_epoch,
        "targets": fold.targets.tolist(),
        "predictions": {name: values.tolist() for name, values in fold.predictions.items()},
    }
    path.write_text(json.dumps(document), encoding="utf-8")


def _load(path: Path) -> FoldPredictions:
    document = json.loads(path.read_text(encoding="utf-8"))
    return FoldPredictions(
        document["fold"],
        document["epochs"],
        document["best_epoch"],
        np.array(document["targets"]),
        {name: np.array(values) for name, values in document["predictions"].items()},
    )
