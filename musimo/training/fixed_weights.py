"""Evaluate existing weights without training."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from musimo.emotion.network import build_network
from musimo.emotion.weights import Weights
from musimo.training.baselines import stack_statistics
from musimo.training.cross_validation import (
    NETWORK,
    NO_CLIPS,
    FoldPredictions,
    Split,
    baseline_predictions,
    make_splits,
)
from musimo.training.groups import grouped_folds
from musimo.training.progress import Stage, Step, Work
from musimo.training.rated_dataset import RatedDataset
from musimo.training.recipe import DistilRecipe, Recipe
from musimo.training.trainer import OutOfFold, TrainedNetwork, combine_folds


@dataclass(frozen=True, slots=True)
class FixedWeights:
    """`Trainer` of existing weights, with baselines on the folds of a recipe."""

    recipe: Recipe
    weights: Weights

    @property
    def description(self) -> str:
        """Return a description of the weights for the report."""
        return (
            f"The weights {self.weights.model_id}, evaluated without training; the other methods are fitted "
            "fold by fold. If these clips were in the training data of the weights, which cannot be "
            "verified, the figures do not generalize to other music."
        )

    def out_of_fold(self, rated: RatedDataset, seed: int, folder: Path) -> Work[OutOfFold]:
        """Return the network's predictions, and those of the baselines fold by fold; nothing is cached."""
        splits = _splits(rated, self.recipe, seed)
        yield Stage(f"evaluating, seed {seed}", len(splits), unit="fold")
        final = yield from self.train_final(rated)
        statistics, folds = stack_statistics(rated.features), []
        for number, split in enumerate(splits):
            test = split.test
            predictions = baseline_predictions(
                statistics, rated.ratings, split.train_and_validation, statistics[test]
            )
            predictions[NETWORK] = final.rate([rated.features[i] for i in test])
            folds.append(FoldPredictions(number, 0, 0, rated.ratings[test], predictions))
            yield Step()
        return combine_folds(folds, [split.test for split in splits], len(rated.clips))

    def train_final(self, rated: RatedDataset) -> Work[TrainedNetwork]:
        """Return the network of the weights."""
        yield from ()
        weights = self.weights
        return TrainedNetwork(
            build_network(weights), weights.means, weights.sds, weights.space, weights.card.tags
        )


def _splits(rated: RatedDataset, recipe: Recipe, seed: int) -> list[Split]:
    if not isinstance(recipe, DistilRecipe):
        return make_splits(rated.groups, rated.ratings, recipe, seed)
    fold_of = grouped_folds(rated.groups, rated.ratings, recipe.n_folds, seed)
    return [
        Split(np.flatnonzero(fold_of != fold), NO_CLIPS, np.flatnonzero(fold_of == fold))
        for fold in range(recipe.n_folds)
    ]
