"""Train a network from a configuration: figures by cross-validation, then weights and their model card.

    python scripts/train.py CONFIG --data FOLDER --out FOLDER

Stop it whenever you like: the same command goes on where it stopped. Needs the extra ``train``.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import torch

from musimo.audio.features import FEATURE_ID
from musimo.emotion.weights import ModelCard, load_weights, save_weights
from musimo.errors import MusimoError, UsageError
from musimo.training.card import model_card
from musimo.training.clips import cached_features, ratings_of
from musimo.training.config import load_config
from musimo.training.evaluate import FoldPredictions, cross_validate, inner_training, summarize_folds, table
from musimo.training.train import Epoch, LabelledFeatures


def main() -> int:
    """Run the command line; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("config", type=Path)
    parser.add_argument("--data", type=Path, required=True, help="folder of the data set")
    parser.add_argument("--out", type=Path, required=True, help="folder for cache, checkpoints and results")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads(), help="cores to use")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    try:
        train(options.config, options.data, options.out, options.threads)
    except MusimoError as error:
        print(f"{error.message}\n{error.hint}".strip(), file=sys.stderr)
        return 1
    return 0


def train(config_path: Path, data_folder: Path, out: Path, threads: int) -> None:
    """Features, folds, figures, weights, card."""
    config = load_config(config_path)
    recipe = out / "recipe.txt"
    if recipe.is_file() and recipe.read_text(encoding="utf-8") != repr(config):
        raise UsageError(f"{out} holds the work of another recipe", "name another folder with --out")
    out.mkdir(parents=True, exist_ok=True)
    recipe.write_text(repr(config), encoding="utf-8")
    clips = import_module(f"musimo.training.datasets.{config.dataset}").load(data_folder)
    print(f"{len(clips)} clips", flush=True)
    data = LabelledFeatures(cached_features(clips, out / "features", threads), ratings_of(clips))
    groups = [clip.group for clip in clips]

    folds = []
    for step in cross_validate(data, groups, config, out):
        if isinstance(step, FoldPredictions):
            folds.append(step)
            print(f"fold {step.fold}: {step.epochs} epochs, best {step.best_epoch}", flush=True)
        else:
            print(line(step), flush=True)
    summary = summarize_folds(folds)
    print(table(summary), flush=True)

    training = inner_training(
        data, groups, replace(config, seed=config.seed + config.n_folds), out / "final.pt"
    )
    for epoch in training.epochs():
        print(line(epoch), flush=True)
    figures = {f"{config.n_folds} folds grouped by artist, ratings 1-9, mean and SD": summary}
    card = ModelCard(config.version, FEATURE_ID, config.network, config.training_data.strip(), figures)
    path = save_weights(out, training.network, training.means, training.sds, card)
    text = model_card(load_weights(path, FEATURE_ID), summary, folds, config)
    (out / "MODEL_CARD.md").write_text(text, encoding="utf-8")
    print(f"{path}\n{out / 'MODEL_CARD.md'}")


def line(epoch: Epoch) -> str:
    """One line of progress."""
    mark = " *" if epoch.best else ""
    return (
        f"{epoch.number:3d}  training {epoch.training_loss:.4f}  validation {epoch.validation_loss:.4f}"
        f"  rate {epoch.learning_rate:.1e}{mark}"
    )


if __name__ == "__main__":
    sys.exit(main())
